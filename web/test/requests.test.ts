/** The log: filters in the address, one call in full, and the tail. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { call } from '../../test/e2e/call.ts'
import { adminKey, eventually } from '../../test/e2e/harness.ts'
import { texts as playground } from '../pages/playground/texts.ts'
import { texts as requests } from '../pages/requests/texts.ts'
import { pagerTexts } from '../parts/texts.ts'
import { settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asOperator, assertWell, button, open } from './visits.ts'

const view = viewOf('zh-CN dark 360')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

describe('requests', () => {
  test('a filter stands in the address, a call opens with its attempts, its receipt and its headers, pages go back by key', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/requests')
    await page.getByLabel(say(requests.status), { exact: true }).selectOption('5xx')
    await page.waitForURL(/status=5xx/)
    await page.getByRole('row').filter({ hasText: 'upstream_overloaded' }).locator('.row-link').first().click()
    await page.waitForURL(/call=/)
    const sheet = page.getByRole('dialog')
    await sheet.getByText('upstream_overloaded').first().waitFor()
    await sheet.getByRole('tab', { name: say(requests.receipt) }).click()
    await sheet.getByText(say(requests.charged), { exact: true }).waitFor()
    await sheet.getByRole('tab', { name: say(requests.asCode) }).click()
    await sheet.getByText('$DROVER_KEY').first().waitFor()
    const again = await sheet.getByRole('link', { name: say(requests.replay) }).getAttribute('href')
    assert.match(again ?? '', /^\/playground\?models=.+&from=/)
    await page.keyboard.press('Escape')
    await button(page, say(requests.clear)).click()
    await settled(page)
    const firstRow = page.locator('tbody tr').first()
    const before = await firstRow.textContent()
    await button(page, say(pagerTexts.older)).click()
    await page.waitForURL(/before=/)
    await settled(page)
    assert.notEqual(await firstRow.textContent(), before)
    await assertWell(visit)
  })

  test('a call says by its headers what its caller said and was told, and is asked again in the sandbox', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    const { key } = await hall.stage.ask('/keys', { name: 'replayed', account: 'acme' })
    const made = await call(hall.stage.url, {
      key: String(key),
      headers: { 'x-session-id': 'talk-1', 'x-drover-tags': 'team=search' },
      body: { model: 'kimi-k2', max_tokens: 77, messages: [{ role: 'user', content: 'once more' }] },
    })
    const id = String(made.headers['x-request-id'])
    // A store that nodes share hears of a call a moment after it was answered.
    await eventually('the call', async () => {
      const { status } = await call(hall.stage.url, { path: `/api/v1/calls/${id}`, key: adminKey })
      return status === 200 ? status : undefined
    })
    await open(visit, `/requests?call=${id}`)
    const sheet = page.getByRole('dialog')
    await sheet.getByRole('tab', { name: say(requests.headers) }).click()
    for (const name of ['x-request-id', 'x-drover-provider', 'x-drover-model', 'x-drover-attempts', 'x-drover-cost']) {
      const told = sheet.locator('.fact', { has: page.getByText(name, { exact: true }) }).locator('dd')
      assert.equal(await told.textContent(), String(made.headers[name]), name)
    }
    // A digest of what the conversation was called.
    await sheet.locator('.fact', { has: page.getByText('x-session-id', { exact: true }) }).waitFor()
    await sheet.getByText('team=search', { exact: true }).waitFor()
    await sheet.getByRole('tab', { name: say(requests.asCode) }).click()
    await sheet.getByRole('link', { name: say(requests.replay) }).click()
    await page.getByText(say(playground.replayOf, { id })).waitFor()
    assert.equal(await page.getByLabel(say(playground.message)).inputValue(), 'once more')
    await button(page, say(playground.send)).click()
    const answer = page.getByRole('region', { name: say(playground.answer, { model: 'kimi-k2' }) })
    await answer.getByText('once more').waitFor()
    await assertWell(visit)
  })
})

describe('the live tail', () => {
  test('shows a call that was just made', async () => {
    const visit = await asOperator(hall, view)
    const { page } = visit
    const { key } = await hall.stage.ask('/keys', { name: 'tail', account: 'acme' })
    await open(visit, '/requests?live=1&model=o4-mini')
    const made = await call(hall.stage.url, {
      key: String(key),
      body: { model: 'o4-mini', messages: [{ role: 'user', content: 'tail' }] },
    })
    await page.getByRole('button', { name: String(made.headers['x-request-id']) }).waitFor()
    await assertWell(visit)
  })

  test('asks once at a time, for one page, at most every two seconds, and not at all while nobody sees it', async () => {
    const visit = await asOperator(hall, view)
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
    await assertWell(visit)
  })
})
