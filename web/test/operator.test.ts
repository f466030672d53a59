/** What the operator sells and to whom: customers, plans, prices, margins. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { texts as customers } from '../pages/customers/texts.ts'
import { texts as margins } from '../pages/margins/texts.ts'
import { texts as prices } from '../pages/prices/texts.ts'
import { dialogTexts } from '../parts/texts.ts'
import { settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asOperator, assertWell, button, choose, dialog, fill, open, prove } from './visits.ts'

const view = viewOf('en light 360')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

const planNamed = async (name: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
  const { data } = (await hall.stage.ask('/plans')) as { readonly data: readonly Record<string, unknown>[] }
  return data.find((plan) => plan['name'] === name)
}

describe('customers and plans', () => {
  test('a plan is made and changed; an account is made on it, given credit, suspended with its name typed, and resumed', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/customers')
    await button(page, say(customers.addPlan)).click()
    await fill(dialog(page), { name: 'gold', rpm: '120', credit: '3.00' })
    await button(dialog(page), say(customers.addPlan)).click()
    await button(page, say(customers.editTitle, { name: 'gold' })).click()
    await fill(dialog(page), { rpm: '240' })
    await button(dialog(page), say(customers.set)).click()
    await dialog(page).waitFor({ state: 'detached' })
    assert.equal((await planNamed('gold'))?.['rpm'], 240)
    await button(page, say(customers.create)).click()
    const form = dialog(page, say(customers.createTitle))
    await fill(form, { name: 'hooli' })
    await form.locator('select[name=plan]').selectOption('gold')
    await button(form, say(customers.create)).click()
    const menu = say(customers.actions, { name: 'hooli' })
    await choose(page, menu, say(customers.grant))
    await fill(dialog(page), { usd: '12.50', reason: 'a welcome' })
    await dialog(page).locator('select[name=kind]').selectOption('promo')
    await dialog(page).locator('select[name=expires]').selectOption('30d')
    await button(dialog(page), say(customers.grantDo)).click()
    await prove(visit)
    await page
      .getByRole('status')
      .filter({ hasText: /hooli.*\$1\d\.50/ })
      .waitFor()
    await choose(page, menu, say(customers.setPlan))
    await dialog(page).locator('select[name=plan]').selectOption('free')
    await button(dialog(page), say(customers.set)).click()
    await page.getByText(say(customers.saved, { name: 'hooli' })).waitFor()
    await choose(page, menu, say(customers.suspend))
    const act = button(dialog(page), say(customers.suspendDo))
    assert.equal(await act.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: 'hooli' })).fill('hooli')
    await act.click()
    await page.getByText(say(customers.suspended, { name: 'hooli' })).waitFor()
    await choose(page, menu, say(customers.resume))
    await page.getByText(say(customers.resumed, { name: 'hooli' })).waitFor()
    const { data } = (await hall.stage.ask('/accounts?limit=1000')) as { readonly data: Record<string, unknown>[] }
    assert.equal(data.find(({ name }) => name === 'hooli')?.['plan'], 'free')
    await assertWell(visit)
  })
})

describe('the price book', () => {
  test('a proposal is taken once its difference was seen', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/prices')
    await button(page, say(prices.takeTitle, { model: 'gpt-4.1' })).click()
    await page.getByText('2.00 → 1.80').waitFor()
    await button(page, say(prices.takeDo)).click()
    await page.getByText(say(prices.noDiff)).waitFor()
    await assertWell(visit)
  })

  test('a price is set, stands in the history with why, and is withdrawn after a second question', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/prices')
    await button(page, say(prices.set)).click()
    await fill(dialog(page), { model: 'o4-mini', input: '0.77', output: '3.33', note: 'a trial', account: 'globex' })
    await button(dialog(page), say(prices.setDo)).click()
    await page.getByText(say(prices.setNow, { model: 'o4-mini' })).waitFor()
    await page.getByRole('searchbox', { name: say(prices.find) }).fill('o4-mini')
    await page.getByRole('button', { name: `o4-mini ${say(prices.open)}` }).click()
    const history = dialog(page, say(prices.history, { model: 'o4-mini' }))
    await history.getByText('0.77').waitFor()
    const withdraw = history.getByRole('button', { name: say(prices.withdrawOf, { from: '' }).split(' ')[0] ?? '' })
    await withdraw.click()
    await history.getByText(say(prices.withdrawWhy)).waitFor()
    await withdraw.click()
    await history.getByText(say(prices.withdrawn), { exact: true }).waitFor()
    await assertWell(visit)
  })
})

describe('margins', () => {
  test('are told apart by customer, and providers are asked what is left there', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/margins')
    await page.getByLabel(say(margins.by), { exact: true }).selectOption('account')
    await settled(page)
    await page
      .getByRole('table', { name: say(margins.title) })
      .getByText('acme', { exact: true })
      .waitFor()
    await button(page, say(margins.ask)).click()
    await page.getByRole('table', { name: say(margins.balances) }).waitFor()
    await assertWell(visit)
  })
})
