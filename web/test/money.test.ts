/** Money, from the order to the credit note and the fapiao; budgets; and the books that every number leads to. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../test/e2e/harness.ts'
import { texts as alerts } from '../pages/alerts/texts.ts'
import { texts as billing } from '../pages/billing/texts.ts'
import { texts as fapiao } from '../pages/fapiao/texts.ts'
import { texts as payments } from '../pages/payments/texts.ts'
import { subjectNames } from '../parts/said/names.ts'
import { orderStateWords } from '../parts/texts.ts'
import { settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asCustomer, asOperator, assertWell, button, choose, dialog, fill, open, prove } from './visits.ts'

const view = viewOf('zh-CN light 360')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

type Order = Readonly<Record<'id' | 'state' | 'pay' | 'currency', string>>

/** As the bank would say it. */
async function transferred(order: Order, reference: string): Promise<void> {
  const { pay: amount, currency } = order
  await hall.stage.ask(`/payments/${order.id}/confirm`, { amount, currency, reference })
}

describe('money', () => {
  test('credit is ordered by transfer, and the order is followed until it is there; the balance leads to the books', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/billing?account=globex')
    await button(page, say(billing.topUp)).click()
    await page.getByLabel(say(billing.amount)).fill('50.00')
    await page.getByText(say(billing.youPay), { exact: true }).waitFor()
    await button(page, say(billing.order)).click()
    await page.getByText(say(billing.reference), { exact: true }).waitFor()
    const { data } = (await hall.stage.ask('/payments?account=globex')) as { readonly data: readonly Order[] }
    const order = data.find(({ state }) => state === 'pending')
    assert.ok(order !== undefined)
    await transferred(order, 'bank-1')
    await page.getByText(say(billing.credited)).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('cell', { name: '$50.00', exact: true }).first().waitFor()
    const balance = page.locator('.stat', { hasText: say(billing.balance) })
    await balance.getByRole('link').click()
    await page.waitForURL(/tab=ledger/)
    const lots = page.getByRole('tab', { name: say(billing.lots), exact: true })
    await lots.click()
    await page.getByRole('link', { name: '$50.00', exact: true }).first().waitFor()
    await page.getByRole('tab', { name: say(billing.ledger), exact: true }).click()
    await page
      .getByRole('table', { name: say(billing.ledger) })
      .getByText('$50.00')
      .first()
      .waitFor()
    await assertWell(visit)
  })

  test('a customer asks for money back; the operator sees why, pays a part back, says that the transfer has left, and there is a credit note', async () => {
    const wish = { account: 'acme', usd: '30.00', method: 'manual', currency: 'USD' }
    const order = (await hall.stage.ask('/payments', wish)) as Order
    await transferred(order, 'bank-30')
    const customer = await asCustomer(hall, view)
    await open(customer, '/billing?tab=orders')
    const own = customer.page
    await own.getByRole('button', { name: customer.say(billing.open, { id: order.id }) }).click()
    await dialog(own).locator('summary').click()
    await own.getByLabel(customer.say(billing.askReason), { exact: true }).fill('not needed after all')
    await button(own, customer.say(billing.askRefundDo)).click()
    // A word or two of it may stand in another sentence as well.
    const [waits = ''] = customer
      .say(billing.refundWaits, { time: '|' })
      .split('|')
      .toSorted((one, other) => other.length - one.length)
    await own.locator('dialog').getByText(waits.trim()).waitFor()
    await own.keyboard.press('Escape')
    await own.getByText(customer.say(orderStateWords.refund_asked)).first().waitFor()
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/orders')
    await page.getByRole('row').getByText(say(orderStateWords.refund_asked)).first().waitFor()
    await open(visit, `/orders?state=refund-requested&order=${order.id}`)
    await page.getByRole('paragraph').filter({ hasText: 'not needed after all' }).waitFor()
    await button(page, say(payments.refund)).click()
    await page.locator('input[name=amount]').fill('10.00')
    await button(page, say(payments.refundDo)).click()
    await prove(visit)
    await button(page, say(payments.settle)).click()
    await page.locator('input[name=reference]').fill('bank-31')
    await button(page, say(payments.settleDo)).click()
    await page.getByRole('dialog').getByText(say(orderStateWords.partially_refunded), { exact: true }).waitFor()
    await own.reload()
    await own.getByRole('row').getByText(customer.say(orderStateWords.partially_refunded), { exact: true }).waitFor()
    await eventually(
      'the credit note',
      async () => {
        await open(visit, '/orders?tab=documents&kind=credit_note')
        return (await page.getByRole('row').getByText('-$10.00').count()) > 0 ? true : undefined
      },
      30_000,
    )
    await assertWell(visit)
    await assertWell(customer)
  })

  test('a customer adds a title and asks for a fapiao; the operator notes it as issued, and the file is the one that was given', async () => {
    const customer = await asCustomer(hall, view)
    const { page: own, say: sayOwn } = customer
    await open(customer, '/billing?tab=fapiao')
    await button(own, sayOwn(fapiao.addTitle)).click()
    await fill(dialog(own), { name: '山海科技', tax_id: '91110108MA01ABCD2X' })
    await button(own, sayOwn(fapiao.add)).click()
    await own.getByRole('cell', { name: '山海科技', exact: true }).waitFor()
    await button(own, sayOwn(fapiao.ask)).click()
    await dialog(own).locator('select[name=title]').selectOption('山海科技')
    await fill(dialog(own), { amount: '3.50' })
    await button(dialog(own), sayOwn(fapiao.askDo)).click()
    await own.getByText(sayOwn(fapiao.asked)).waitFor()
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/orders?tab=fapiao&state=requested')
    await choose(page, say(fapiao.actions, { name: '山海科技' }), say(fapiao.issue))
    await fill(dialog(page), { number: '26112000000000000007' })
    const buffer = Buffer.from('%PDF-1.7 of the journey')
    const file = { name: 'fapiao.pdf', mimeType: 'application/pdf', buffer }
    await page.locator('input[type=file]').setInputFiles(file)
    await button(dialog(page), say(fapiao.issueDo)).click()
    await page.getByText(say(fapiao.saved)).waitFor()
    await own.reload()
    const [download] = await Promise.all([
      own.waitForEvent('download'),
      own.getByRole('link', { name: '26112000000000000007' }).click(),
    ])
    assert.deepEqual(await readFile(await download.path()), buffer)
    await assertWell(visit)
    await assertWell(customer)
  })

  test('a transfer is confirmed from the list of orders, and a day is held against what the methods say', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    const { id } = await hall.stage.ask('/payments', {
      ...{ account: 'initech', usd: '20.00', method: 'manual', currency: 'USD' },
    })
    await open(visit, `/orders?order=${id}`)
    await button(page, say(payments.confirm)).click()
    await page.locator('input[name=reference]').fill('bank-2')
    await button(page, say(payments.confirmDo)).click()
    await prove(visit)
    await page.getByRole('dialog').getByText(say(orderStateWords.credited), { exact: true }).first().waitFor()
    await open(visit, '/orders')
    await button(page, say(payments.reconcile)).click()
    await button(dialog(page), say(payments.reconcileDo)).click()
    await dialog(page).getByText(say(payments.nothingToCompare)).waitFor()
    await assertWell(visit)
  })

  test('a code is redeemed, and what was given has an end of its own', async () => {
    const wish = { usd: '7.00', count: 1, credit_expires: '30d' }
    const { codes } = (await hall.stage.ask('/codes', wish)) as { readonly codes: readonly string[] }
    const customer = await asCustomer(hall, view)
    const { page, say } = customer
    await open(customer, '/billing')
    await button(page, say(billing.redeem)).click()
    await fill(dialog(page), { code: codes[0] ?? '' })
    await button(dialog(page), say(billing.redeemDo)).click()
    await page.getByText(say(billing.redeemed, { amount: '$7.00' })).waitFor()
    await page.getByRole('cell', { name: '$7.00', exact: true }).waitFor()
    await assertWell(customer)
  })
})

describe('budgets', () => {
  test('a budget is set for a project and removed again; what has reached a threshold is told', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/alerts?account=acme')
    await button(page, say(alerts.create)).click()
    const form = dialog(page, say(alerts.createTitle))
    await form.getByLabel(say(alerts.for), { exact: true }).selectOption('project')
    await fill(form, { which: 'search', usd: '12.34', model: 'kimi-k2' })
    await form.locator('select[name=period]').selectOption('week')
    await button(form, say(alerts.save)).click()
    const row = page.getByRole('row').filter({ hasText: '$12.34' })
    await row.waitFor()
    await button(row, say(alerts.removeOf, { name: 'search' })).click()
    await button(dialog(page), say(alerts.removeDo)).click()
    await row.waitFor({ state: 'detached' })
    // Whose it is stands by its name, as the relay knows it.
    await page
      .getByText(new RegExp(`${say(subjectNames.organisation)} umbrella`))
      .first()
      .waitFor()
    await settled(page)
    await assertWell(visit)
  })
})
