/** What people come for, start to end, in a real browser on a real relay. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { adminKey, eventually } from '../../test/e2e/harness.ts'
import type { Visit } from './browser.ts'
import { enter, openVisit, settled } from './browser.ts'
import type { Stage } from './stage.ts'
import { enterHall } from './stage.ts'

let stage: Stage
let browser: Browser
let leave: (() => Promise<void>) | undefined
before(async () => {
  ;({ stage, browser, leave } = await enterHall())
})
after(() => leave?.())

async function asOperator(): Promise<Visit> {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, { admin_key: adminKey })
  return visit
}

async function asCustomer(): Promise<Visit> {
  const visit = await openVisit(browser, stage.url)
  await enter(visit, stage.customer)
  return visit
}

/** Ends the visit; nothing of it may have broken the policy or thrown. */
async function left({ context, complaints }: Visit): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
}

/** Shows the key once more, where money or settings ask who it is. */
async function prove(page: Page): Promise<void> {
  const proof = page.getByRole('dialog').filter({ hasText: 'Is it still you?' })
  await proof.locator('input[name=admin_key]').fill(adminKey)
  await proof.getByRole('button', { name: 'Go on' }).click()
}

describe('the door', () => {
  test('a wrong key is refused with what to do, a right one comes in, and who signs out is out', async () => {
    const visit = await openVisit(browser, stage.url)
    const { page } = visit
    await page.goto('/keys')
    await page.getByRole('tab', { name: 'Admin key' }).click()
    await page.locator('input[name=admin_key]').fill('drover-admin-wrong-0123456789abcdef0123456789')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('Request id', { exact: false }).first().waitFor()
    await page.locator('input[name=admin_key]').fill(adminKey)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'API keys' }).waitFor()
    await page.getByRole('button', { name: /Signed in/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Drover' }).waitFor()
    assert.equal(await page.evaluate("fetch('/api/v1/keys').then(({ status }) => status)"), 401)
    await left(visit)
  })
})

describe('keys', () => {
  test('a key is made, shown once, calls a model, is rotated and ended', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/keys')
    await page.getByRole('button', { name: 'Create key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('journey')
    await dialog.getByLabel('Requests a minute').fill('60')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    const secret = await page.locator('.secret .grow').textContent()
    assert.match(secret ?? '', /^hs-live-/)
    const answer = await call(stage.url, {
      key: secret,
      body: { model: 'kimi-k2', messages: [{ role: 'user', content: 'hello' }] },
    })
    assert.equal(answer.status, 200, answer.text)
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Actions for journey' }).click()
    await page.getByRole('menuitem', { name: 'Revoke…' }).click()
    const confirm = page.getByRole('button', { name: 'Revoke key' })
    assert.equal(await confirm.isDisabled(), true)
    await page.getByRole('dialog').getByRole('textbox').fill('journey')
    await confirm.click()
    await page.getByText('journey is revoked.').waitFor()
    await eventually('the refusal', async () => {
      const { status } = await call(stage.url, { key: secret, body: { model: 'kimi-k2', messages: [] } })
      return status === 401 ? status : undefined
    })
    await left(visit)
  })
})

describe('requests', () => {
  test('a filter stands in the address, a call opens with its attempts and its receipt, pages go back by key', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/requests')
    await page.getByLabel('Status').selectOption('5xx')
    await page.waitForURL(/status=5xx/)
    await page
      .getByRole('button', { name: /Open call/ })
      .first()
      .click()
    await page.waitForURL(/call=/)
    const sheet = page.getByRole('dialog')
    await sheet.getByText('upstream_overloaded').first().waitFor()
    await sheet.getByRole('tab', { name: 'Receipt' }).click()
    await sheet.getByText('Charged').waitFor()
    await sheet.getByRole('tab', { name: 'Copy as code' }).click()
    await sheet.getByText('$DROVER_KEY').first().waitFor()
    const again = await sheet.getByRole('link', { name: 'Replay in the sandbox' }).getAttribute('href')
    assert.match(again ?? '', /^\/playground\?models=.+&from=/)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Clear' }).click()
    await settled(page)
    const firstRow = page.locator('tbody tr').first()
    const before = await firstRow.textContent()
    await page.getByRole('button', { name: 'Older' }).click()
    await page.waitForURL(/before=/)
    await settled(page)
    assert.notEqual(await firstRow.textContent(), before)
    await left(visit)
  })

  test('the tail shows a call that was just made, and asks once at a time', async () => {
    const visit = await asOperator()
    const { page } = visit
    const { key } = await stage.ask('/keys', { name: 'tail', account: 'acme' })
    await page.goto('/requests?live=1&model=o4-mini')
    await settled(page)
    const made = await call(stage.url, {
      key: String(key),
      body: { model: 'o4-mini', messages: [{ role: 'user', content: 'tail' }] },
    })
    await page.getByRole('button', { name: `Open call ${made.headers['x-request-id']}` }).waitFor()
    await left(visit)
  })
})

describe('the live tail', () => {
  test('asks once at a time, for one page, at most every two seconds, and not at all while nobody sees it', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.clock.install()
    const seen = { asked: 0, open: 0, openMax: 0, limits: new Set<string | null>() }
    const held: (() => Promise<void>)[] = []
    let holds = false
    await page.route('**/api/v1/calls?**', async (route) => {
      seen.asked += 1
      seen.open += 1
      seen.openMax = Math.max(seen.openMax, seen.open)
      seen.limits.add(new URL(route.request().url()).searchParams.get('limit'))
      const go = async (): Promise<void> => {
        await route.continue()
        seen.open -= 1
      }
      if (holds) held.push(go)
      else await go()
    })
    const now = (): Promise<number> => page.evaluate(() => Date.now())
    const beganMs = await now()
    await page.goto('/requests?live=1')
    await settled(page)
    for (let turn = 0; turn < 5; turn += 1) {
      await page.clock.fastForward(2_000)
      await settled(page)
    }
    const turns = Math.ceil(((await now()) - beganMs) / 2_000)
    assert.ok(seen.asked >= 4 && seen.asked <= turns + 1, `${seen.asked} in ${turns} turns`)
    holds = true
    await page.clock.runFor(30_000)
    assert.ok(held.length <= 1, 'a slow answer is waited for')
    holds = false
    for (const go of held) await go()
    const show = (state: 'hidden' | 'visible'): Promise<void> =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => value })
        document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
      }, state)
    await show('hidden')
    await settled(page)
    const before = seen.asked
    await page.clock.runFor(120_000)
    await settled(page)
    assert.equal(seen.asked, before, 'nothing is asked for a page that is hidden')
    await show('visible')
    await page.clock.fastForward(2_000)
    await eventually('it goes on', () => (seen.asked > before ? true : undefined))
    assert.deepEqual([seen.openMax, [...seen.limits]], [1, ['50']])
    await page.unrouteAll({ behavior: 'wait' })
    await left(visit)
  })
})

describe('money', () => {
  test('credit is ordered by transfer, and the order is followed until it is there', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/billing?account=globex')
    await page.getByRole('button', { name: 'Top up' }).click()
    await page.getByLabel('Credit, USD').fill('50.00')
    await page.getByText('You pay').waitFor()
    await page.getByRole('button', { name: 'Order' }).click()
    await page.getByText('Reference', { exact: true }).waitFor()
    const { data } = (await stage.ask('/payments?account=globex')) as {
      readonly data: readonly Record<string, string>[]
    }
    const order = data.find(({ state }) => state === 'pending')
    await stage.ask(`/payments/${order?.['id']}/confirm`, {
      amount: order?.['pay'],
      currency: order?.['currency'],
      reference: 'bank-1',
    })
    await page.getByText('Paid. The credit is yours.').waitFor()
    await left(visit)
  })

  test('a customer asks for money back; the operator sees why, pays a part back, says that the transfer has left, and there is a credit note', async () => {
    const order = await stage.ask('/payments', { account: 'acme', usd: '30.00', method: 'manual', currency: 'USD' })
    const transfer = { amount: order['pay'], currency: order['currency'], reference: 'bank-30' }
    await stage.ask(`/payments/${order['id']}/confirm`, transfer)
    const customer = await asCustomer()
    await customer.page.goto('/billing?tab=orders')
    await customer.page.getByRole('button', { name: `Show order ${order['id']}` }).click()
    await customer.page.getByText('Ask for the money back').click()
    await customer.page.getByLabel('Why').fill('not needed after all')
    await customer.page.getByRole('button', { name: 'Ask', exact: true }).click()
    await customer.page.getByText(/You asked for the money back on/).waitFor()
    const visit = await asOperator()
    const { page } = visit
    await page.goto(`/orders?state=refund-requested&order=${order['id']}`)
    await page.getByRole('paragraph').filter({ hasText: 'not needed after all' }).waitFor()
    await page.getByRole('button', { name: 'Refund…' }).click()
    await page.locator('input[name=amount]').fill('10.00')
    await page.getByRole('button', { name: 'Refund', exact: true }).click()
    await prove(page)
    await page.getByRole('button', { name: 'What became of it…' }).click()
    await page.locator('input[name=reference]').fill('bank-31')
    await page.getByRole('button', { name: 'Note', exact: true }).click()
    await page.getByRole('dialog').getByText('Refunded in part', { exact: true }).waitFor()
    await customer.page.reload()
    await customer.page.getByRole('row', { name: /Refunded in part/ }).waitFor()
    const note = page.getByRole('row', { name: /acme Credit note .*-\$10\.00/ })
    await eventually(
      'the credit note',
      async () => {
        await page.goto('/orders?tab=documents&kind=credit_note')
        await settled(page)
        return (await note.count()) > 0 ? true : undefined
      },
      30_000,
    )
    await left(visit)
    await left(customer)
  })

  test('a customer adds a title and asks for a fapiao; the operator notes it as issued, and the file is the one that was given', async () => {
    const customer = await asCustomer()
    await customer.page.goto('/billing?tab=fapiao')
    await customer.page.getByRole('button', { name: 'Add a title' }).click()
    await customer.page.getByLabel('Name').fill('山海科技')
    await customer.page.getByLabel('Tax id').fill('91110108MA01ABCD2X')
    await customer.page.getByRole('button', { name: 'Add', exact: true }).click()
    await customer.page.getByRole('cell', { name: '山海科技', exact: true }).waitFor()
    await customer.page.getByRole('button', { name: 'Ask for a fapiao' }).click()
    await customer.page.getByLabel('Title', { exact: true }).selectOption('山海科技')
    await customer.page.getByLabel('Amount, CNY').fill('3.50')
    await customer.page.getByRole('button', { name: 'Ask', exact: true }).click()
    await customer.page.getByText('Asked for. It waits for the operator.').waitFor()
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/orders?tab=fapiao&state=requested')
    await page.getByRole('button', { name: 'Actions for 山海科技' }).click()
    await page.getByRole('menuitem', { name: 'Note as issued…' }).click()
    await page.getByLabel('Number').fill('26112000000000000007')
    const buffer = Buffer.from('%PDF-1.7 of the journey')
    await page.getByLabel('File').setInputFiles({ name: 'fapiao.pdf', mimeType: 'application/pdf', buffer })
    await page.getByRole('button', { name: 'Issued', exact: true }).click()
    await page.getByText('Noted.').waitFor()
    await customer.page.reload()
    const [download] = await Promise.all([
      customer.page.waitForEvent('download'),
      customer.page.getByRole('link', { name: '26112000000000000007' }).click(),
    ])
    assert.deepEqual(await readFile(await download.path()), buffer)
    await left(visit)
    await left(customer)
  })

  test('usage is told apart by key, and its table comes as CSV', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/usage')
    await page.getByLabel('By', { exact: true }).selectOption('key')
    await page.getByRole('link', { name: 'acme-production' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'CSV' }).click(),
    ])
    assert.match(download.suggestedFilename(), /^drover-usage-.*\.csv$/)
    await left(visit)
  })
})

describe('migrations', () => {
  test('a person pauses, goes on, and rolls back with the name typed', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/migrations')
    await page.getByRole('link', { name: 'gpt-to-kimi' }).click()
    await page.getByRole('heading', { name: 'gpt-to-kimi' }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click()
    await page.getByRole('button', { name: 'Roll back' }).click()
    const act = page.getByRole('dialog').getByRole('button', { name: 'Roll back' })
    assert.equal(await act.isDisabled(), true)
    await page.getByLabel('Type gpt-to-kimi to confirm').fill('gpt-to-kimi')
    await act.click()
    await eventually('the rollback', async () => {
      const { state, weight } = await stage.ask('/migrations/gpt-to-kimi')
      return /roll/.test(String(state)) && weight === 0 ? state : undefined
    })
    await left(visit)
  })
})

describe('playground', () => {
  test('two models answer one message from the sandbox', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/playground?models=kimi-k2,gpt-4.1')
    await page.getByLabel('Message').fill('side by side')
    await page.getByLabel('Message').press('Control+Enter')
    await page.getByRole('region', { name: 'Answer of kimi-k2' }).getByText('side by side').waitFor()
    const second = page.getByRole('region', { name: 'Answer of gpt-4.1' })
    await second.getByText('side by side').waitFor()
    const first = page.getByRole('region', { name: 'Answer of kimi-k2' })
    await page.getByRole('button', { name: 'Remove kimi-k2' }).click()
    await first.waitFor({ state: 'detached' })
    assert.equal(await second.getByText('side by side').count(), 0, 'no lane shows what stood in its place before')
    await left(visit)
  })

  test('a call that was made is asked again in the sandbox', async () => {
    const visit = await asOperator()
    const { page } = visit
    const { key } = await stage.ask('/keys', { name: 'replayed', account: 'acme' })
    const made = await call(stage.url, {
      key: String(key),
      body: { model: 'kimi-k2', max_tokens: 77, messages: [{ role: 'user', content: 'once more' }] },
    })
    const id = made.headers['x-request-id']
    // A store that nodes share hears of a call a moment after it was answered.
    await eventually('the call', async () => {
      const { status } = await call(stage.url, { path: `/api/v1/calls/${id}`, key: adminKey })
      return status === 200 ? status : undefined
    })
    await page.goto(`/playground?models=kimi-k2&from=${id}`)
    await page.getByText(`What call ${id} asked, asked again.`).waitFor()
    assert.equal(await page.getByLabel('Message').inputValue(), 'once more')
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('region', { name: 'Answer of kimi-k2' }).getByText('once more').waitFor()
    await left(visit)
  })

  test('a model calls a tool that it was given, and the call is there as code', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/playground?models=kimi-k2')
    await page.getByLabel('Message').fill('use the tool')
    await page.locator('summary', { hasText: 'Tools' }).click()
    await page.getByRole('button', { name: 'Fill in an example' }).first().click()
    await page.getByRole('button', { name: 'Send' }).click()
    await page.getByText('wants weather called with').waitFor()
    await page.getByRole('button', { name: 'Copy as code' }).click()
    await page.getByRole('tab', { name: 'Python' }).click()
    await page.getByText('"name": "weather"').waitFor()
    await left(visit)
  })
})

describe('what the operator looks after', () => {
  test('the store as a file is changed, the difference is seen, and only then applied', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/configuration?tab=store')
    const file = page.getByRole('textbox', { name: 'The store as a file' })
    await file.fill('plans:\n  journey: { rpm: 7 }\n')
    await page.getByRole('button', { name: 'Show the difference' }).click()
    await page.getByRole('cell', { name: 'plan journey' }).waitFor()
    await page.getByRole('button', { name: 'Apply…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Apply' }).click()
    await prove(page)
    await page.getByText('one change is in force').waitFor()
    const { data } = (await stage.ask('/plans')) as { readonly data: readonly Record<string, unknown>[] }
    assert.equal(data.find(({ name }) => name === 'journey')?.['rpm'], 7)
    await left(visit)
  })

  test('a setting of drover.yaml is changed by its field: the difference is seen, then the file is written and in force', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/configuration')
    await page.getByRole('searchbox').fill('limits.kimi')
    await page.getByLabel('kimi.rpm').fill('5900')
    await page.getByRole('button', { name: 'Show the difference' }).click()
    const difference = page.getByRole('dialog', { name: 'The difference' })
    await difference.getByText(/^\+ .*rpm: 5900/).waitFor()
    await difference.getByRole('button', { name: 'Write the file' }).click()
    await prove(page)
    await page.getByText('Written. It is in force for the next call.').waitFor()
    assert.match(await readFile(stage.relay.configFile, 'utf8'), /kimi: \{ per: account, rpm: 5900, tpm: 9000000/)
    await eventually('the limit', async () =>
      JSON.stringify(await stage.ask('/rules')).includes('5900') ? true : undefined,
    )
    await left(visit)
  })

  test('a transfer is confirmed from the list of orders, and a proposal of a price is taken', async () => {
    const visit = await asOperator()
    const { page } = visit
    const { id } = await stage.ask('/payments', { account: 'initech', usd: '20.00', method: 'manual', currency: 'USD' })
    await page.goto(`/orders?order=${id}`)
    await page.getByRole('button', { name: 'Confirm the transfer…' }).click()
    await page.locator('input[name=reference]').fill('bank-2')
    await page.getByRole('button', { name: 'Confirm', exact: true }).click()
    await prove(page)
    await page.getByRole('dialog').getByText('Credited', { exact: true }).waitFor()
    await page.goto('/prices')
    await page.getByRole('button', { name: 'Take the proposal for gpt-4.1' }).click()
    await page.getByText('2.00 → 1.80').waitFor()
    await page.getByRole('button', { name: 'Take it' }).click()
    await page.getByText('No proposals').waitFor()
    await left(visit)
  })
})

describe('by keyboard alone', () => {
  test('the palette leads to a page', async () => {
    const visit = await asOperator()
    const { page } = visit
    await page.goto('/')
    await settled(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: /command/ }).fill('trail')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Trail' }).waitFor()
    await page.getByRole('button', { name: 'Prove the chain' }).press('Enter')
    await page.getByText(/Proven: \d+ rows/).waitFor()
    await left(visit)
  })
})
