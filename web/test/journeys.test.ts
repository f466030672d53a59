/** What people come for, start to end, in a real browser on a real relay. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { call } from '../../test/e2e/call.ts'
import { adminKey, eventually } from '../../test/e2e/harness.ts'
import type { Visit } from './browser.ts'
import { openVisit, settled, signInByKey, startBrowser } from './browser.ts'
import type { Stage } from './stage.ts'
import { startStage } from './stage.ts'

let stage: Stage
let browser: Browser
before(async () => {
  stage = await startStage()
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await stage?.close()
})

async function asOperator(): Promise<Visit> {
  const visit = await openVisit(browser, stage.url)
  await signInByKey(visit, adminKey)
  return visit
}

/** Ends the visit; nothing of it may have broken the policy or thrown. */
async function left({ context, complaints }: Visit): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
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
    const proof = page.getByRole('dialog').filter({ hasText: 'Is it still you?' })
    await proof.locator('input[name=admin_key]').fill(adminKey)
    await proof.getByRole('button', { name: 'Go on' }).click()
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
    const proof = page.getByRole('dialog').filter({ hasText: 'Is it still you?' })
    await proof.locator('input[name=admin_key]').fill(adminKey)
    await proof.getByRole('button', { name: 'Go on' }).click()
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
    const proof = page.getByRole('dialog').filter({ hasText: 'Is it still you?' })
    await proof.locator('input[name=admin_key]').fill(adminKey)
    await proof.getByRole('button', { name: 'Go on' }).click()
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
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: /command/ }).fill('trail')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Trail' }).waitFor()
    await page.getByRole('button', { name: 'Prove the chain' }).press('Enter')
    await page.getByText(/Proven: \d+ rows/).waitFor()
    await left(visit)
  })
})
