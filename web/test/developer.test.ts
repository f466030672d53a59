/** What developers come for: the door, a first call, keys, models and prices, usage. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { call } from '../../test/e2e/call.ts'
import { adminKey, eventually } from '../../test/e2e/harness.ts'
import { signInTexts } from '../pages/door/texts.ts'
import { texts as keys } from '../pages/keys/texts.ts'
import { texts as models } from '../pages/models/texts.ts'
import { texts as quickstart } from '../pages/quickstart/texts.ts'
import { texts as usage } from '../pages/usage/texts.ts'
import { chartTexts, dialogTexts } from '../parts/texts.ts'
import { openVisit, settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asCustomer, asOperator, assertWell, button, choose, dialog, fill, open, signOut } from './visits.ts'

const view = viewOf('en dark 360')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

const asked = { model: 'kimi-k2', messages: [{ role: 'user', content: 'hello' }] }

describe('the door', () => {
  test('a wrong key is refused with what to do, a right one comes in, and who signs out is out', async () => {
    const visit = await openVisit(hall.browser, hall.stage.url, view)
    const { page, say } = visit
    await page.goto('/keys')
    await page.getByRole('tab', { name: say(signInTexts.adminKey) }).click()
    await fill(page, { admin_key: 'drover-admin-wrong-0123456789abcdef0123456789' })
    await button(page, say(signInTexts.enter)).click()
    await page.getByRole('alert').locator('.mono').first().waitFor()
    await fill(page, { admin_key: adminKey })
    await button(page, say(signInTexts.enter)).click()
    await page.getByRole('heading', { name: say(keys.title) }).waitFor()
    await signOut(visit)
    await page.getByRole('heading', { name: say(signInTexts.title) }).waitFor()
    assert.equal(await page.evaluate("fetch('/api/v1/keys').then(({ status }) => status)"), 401)
    await assertWell(visit)
  })
})

describe('keys', () => {
  test('a key with models, limits, addresses and an end is made, shown once, calls, is rotated with an overlap, and ended', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/keys')
    await button(page, say(keys.create)).click()
    const form = dialog(page, say(keys.createTitle))
    const wish = {
      name: 'journey',
      account: 'acme',
      models: 'kimi-k2',
      rpm: '60',
      budget: '5.00',
      addresses: '127.0.0.1',
    }
    await fill(form, wish)
    await form.locator('[name=budget_period]').selectOption('day')
    await form.locator('[name=expires]').selectOption('30d')
    await button(form, say(keys.create)).click()
    const made = dialog(page, say(keys.made))
    const first = await made.locator('.secret .grow').textContent()
    assert.match(first ?? '', /^hs-live-/)
    const answer = await call(hall.stage.url, { key: first, body: asked })
    assert.equal(answer.status, 200, answer.text)
    const other = await call(hall.stage.url, { key: first, body: { ...asked, model: 'glm-5' } })
    assert.ok(other.status >= 400, 'a model that it may not call')
    await button(made, say(keys.done)).click()
    await choose(page, say(keys.actions, { name: 'journey' }), say(keys.rotate))
    const rotating = dialog(page, say(keys.rotateTitle, { name: 'journey' }))
    await rotating.locator('[name=overlap]').selectOption('1h')
    await button(rotating, say(keys.rotateDo)).click()
    const second = (await rotating.locator('.secret .grow').textContent()) ?? ''
    assert.notEqual(second, first)
    await button(rotating, say(keys.done)).click()
    for (const key of [first, second]) assert.equal((await call(hall.stage.url, { key, body: asked })).status, 200)
    const rows = page.getByRole('row').filter({ hasText: 'journey' })
    await rows.getByText(say(keys.ending), { exact: true }).waitFor()
    const successor = rows.filter({ has: page.getByText(say(keys.active), { exact: true }) })
    await button(successor, say(keys.actions, { name: 'journey' })).click()
    await page.getByRole('menuitem', { name: say(keys.revoke), exact: true }).click()
    const confirm = button(page, say(keys.revokeDo))
    assert.equal(await confirm.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: 'journey' })).fill('journey')
    await confirm.click()
    await page.getByText(say(keys.revokedNow, { name: 'journey' })).waitFor()
    await eventually('the refusal', async () => {
      const { status } = await call(hall.stage.url, { key: second, body: asked })
      return status === 401 ? status : undefined
    })
    await assertWell(visit)
  })
})

describe('the first call', () => {
  test('a new test key goes into the code of every client, and the call of curl is answered by the sandbox', async () => {
    const visit = await asCustomer(hall, view)
    const { page, say } = visit
    await open(visit, '/quickstart')
    await page.getByRole('link', { name: say(quickstart.make) }).click()
    await button(page, say(keys.create)).first().click()
    const form = dialog(page, say(keys.createTitle))
    await fill(form, { name: 'quick' })
    await form.locator('[name=kind]').selectOption('test')
    await button(form, say(keys.create)).click()
    const made = dialog(page, say(keys.made))
    const key = (await made.locator('.secret .grow').textContent()) ?? ''
    await made.getByRole('link', { name: say(keys.everyClient) }).click()
    await settled(page)
    assert.equal(await page.getByLabel(say(quickstart.key)).inputValue(), key, 'the key is there without being typed')
    assert.ok(!page.url().includes(key), 'and not in the address')
    const clients = page.getByRole('tab')
    const names = await clients.allTextContents()
    for (const name of ['curl', 'Python', 'Node', 'LangChain', 'Vercel AI', 'Claude Code', 'Codex CLI'])
      assert.ok(names.includes(name), `${name} is not among ${names.join(', ')}`)
    assert.ok(names.length > 7, names.join(', '))
    for (const name of names) {
      await page.getByRole('tab', { name, exact: true }).click()
      const code = (await page.locator('.tab-panel .code').allTextContents()).join('\n')
      assert.ok(code.includes(hall.stage.url), `${name} has the base URL`)
      if (name !== 'Codex CLI') assert.ok(code.includes(key), `${name} has the key`)
    }
    await page.getByRole('tab', { name: 'curl', exact: true }).click()
    const command = (await page.locator('.tab-panel .code code').textContent()) ?? ''
    const { model } = JSON.parse(/-d '(.*)'/s.exec(command)?.[1] ?? '') as { model: string }
    const answer = await call(hall.stage.url, { key, body: { ...asked, model } })
    assert.equal(answer.status, 200, answer.text)
    await assertWell(visit)
  })
})

describe('models and prices', () => {
  test('a model is found by name, and says what it costs here and there, how much it takes, and whether it is there', async () => {
    const visit = await asCustomer(hall, view)
    const { page, say } = visit
    await open(visit, '/models')
    await page.getByRole('searchbox', { name: say(models.find) }).fill('gpt-4.1-mini')
    await page.waitForURL(/find=gpt-4.1-mini/)
    await page.getByRole('button', { name: 'kimi-k2' }).first().waitFor({ state: 'detached' })
    await button(page, `gpt-4.1-mini ${say(models.open, { model: 'gpt-4.1-mini' })}`).click()
    const detail = dialog(page, 'gpt-4.1-mini')
    for (const name of [models.official, models.saving, models.context, models.takes, models.status] as const)
      await detail.getByText(say(name), { exact: true }).waitFor()
    await detail.getByText(say(models.up), { exact: true }).waitFor()
    await detail.getByText('10%').first().waitFor()
    await assertWell(visit)
  })
})

describe('usage', () => {
  test('is told apart by key, beside the time before and with a forecast; the chart is a table too, and the table comes as CSV', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/usage')
    await page.getByText(say(usage.forecast), { exact: true }).waitFor()
    await page.getByLabel(say(usage.by), { exact: true }).selectOption('key')
    await page.getByRole('link', { name: 'acme-production' }).waitFor()
    await button(page, `${say(chartTexts.asTable)}: ${say(usage.perDay)}`).click()
    await page
      .getByRole('table', { name: say(usage.perDay) })
      .getByRole('columnheader', { name: say(usage.lastTime) })
      .waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, say(usage.csv)).click()])
    assert.match(download.suggestedFilename(), /^drover-usage-.*\.csv$/)
    assert.match((await readFile(await download.path())).toString(), /^day,.*\r?\n.*acme-production/)
    await assertWell(visit)
  })
})
