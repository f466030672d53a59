/** What the operator looks after: providers, routes, rules, notifications, configuration, the trail, health. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../test/e2e/harness.ts'
import { texts as configuration } from '../pages/configuration/texts.ts'
import { texts as nodes } from '../pages/nodes/texts.ts'
import { texts as providers } from '../pages/providers/texts.ts'
import { texts as routing } from '../pages/routing/texts.ts'
import { texts as rules } from '../pages/rules/texts.ts'
import { texts as trail } from '../pages/trail/texts.ts'
import { texts as webhooks } from '../pages/webhooks/texts.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asOperator, assertWell, button, dialog, open, prove } from './visits.ts'

const view = viewOf('en dark 1440')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

describe('traffic', () => {
  test('a provider is tested; each says its keys, breakers, latencies and what it has taken', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/providers')
    await button(page, say(providers.testOf, { name: 'moonshot' })).click()
    await page
      .getByText(/^moonshot/)
      .filter({ hasText: /ms|s）|s\)/ })
      .first()
      .waitFor()
    await page.getByText(say(providers.up), { exact: true }).first().waitFor()
    const routes = page.getByRole('table', { name: say(providers.routes) })
    await routes.getByText(say(providers.closed), { exact: true }).first().waitFor()
    const row = page
      .getByRole('table', { name: say(providers.title) })
      .getByRole('row')
      .filter({ hasText: 'moonshot' })
    assert.match((await row.getByRole('link', { name: /^\$/ }).textContent()) ?? '', /^\$\d/)
    await assertWell(visit)
  })

  test('routing is a picture: a model, its tiers, its targets with their shares', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/routing?find=gpt-4.1-mini')
    const route = page.getByRole('region', { name: 'gpt-4.1-mini' })
    const tier = route.getByRole('list', { name: say(routing.tier, { tier: 1 }), exact: true })
    assert.ok((await tier.getByRole('listitem').count()) >= 1)
    await tier
      .getByText(say(routing.share, { share: '' }).trim(), { exact: false })
      .first()
      .waitFor()
    await route.getByRole('list', { name: say(routing.tier, { tier: 2 }), exact: true }).waitFor()
    await assertWell(visit)
  })

  test('limits and guardrails stand as they are in force', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/rules')
    await page
      .getByRole('table', { name: say(rules.limits) })
      .getByText('kimi', { exact: true })
      .waitFor()
    const guards = page.getByRole('table', { name: say(rules.guardrails) })
    await guards.getByText(say(rules.redact), { exact: true }).waitFor()
    await guards.getByText(say(rules.block), { exact: true }).waitFor()
    await assertWell(visit)
  })
})

describe('notifications', () => {
  test('a recipient is sent a test, and what could not be delivered is told again', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/webhooks')
    await button(page, say(webhooks.testOf, { name: 'hook' })).click()
    await page.getByText(say(webhooks.reached, { name: 'hook' })).waitFor()
    await page.getByLabel(say(webhooks.state), { exact: true }).selectOption('delivered')
    await page.waitForURL(/state=delivered/)
    const row = page
      .getByRole('table', { name: say(webhooks.deliveries) })
      .getByRole('row')
      .filter({ hasText: 'hook' })
      .first()
    await row.getByRole('button').click()
    await page.getByText(say(webhooks.replayed, { recipient: 'hook' })).waitFor()
    await assertWell(visit)
  })
})

describe('configuration', () => {
  test('the store as a file is changed, the difference is seen, and only then applied', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/configuration?tab=store')
    const text = page.getByRole('textbox', { name: say(configuration.file) })
    await text.fill('providers:\n  moved: { vendor: openai, api_key: "env:FAKE_KEY" }\n')
    await button(page, say(configuration.preview)).click()
    // In the language of the visit, and its secret stays where it is.
    const where = view.language === 'en' ? /providers\.moved\.api_key: refers to/ : /providers\.moved\.api_key：引用了/
    await page.getByRole('alert').getByText(where).waitFor()
    await text.fill('plans:\n  journey: { rpm: 7 }\n')
    await button(page, say(configuration.preview)).click()
    await page.getByRole('cell', { name: 'plan journey' }).waitFor()
    await button(page, say(configuration.apply)).click()
    await button(dialog(page), say(configuration.applyDo)).click()
    await prove(visit)
    await page.getByText(say(configuration.applied, { count: 1 })).waitFor()
    const { data } = (await hall.stage.ask('/plans')) as { readonly data: readonly Record<string, unknown>[] }
    assert.equal(data.find(({ name }) => name === 'journey')?.['rpm'], 7)
    await assertWell(visit)
  })

  test('a setting of drover.yaml is changed by its field: the difference is seen, then the file is written and in force', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/configuration')
    await page.getByRole('searchbox').fill('limits.kimi')
    await page.getByLabel('kimi.rpm').fill('5900')
    await button(page, say(configuration.preview)).click()
    const difference = dialog(page, say(configuration.difference))
    await difference.getByText(/^\+ .*rpm: 5900/).waitFor()
    await button(difference, say(configuration.write)).click()
    await prove(visit)
    await page.getByText(say(configuration.written)).waitFor()
    assert.match(await readFile(hall.stage.relay.configFile, 'utf8'), /kimi: \{ per: account, rpm: 5900, tpm: 9000000/)
    await eventually('the limit', async () =>
      JSON.stringify(await hall.stage.ask('/rules')).includes('5900') ? true : undefined,
    )
    await assertWell(visit)
  })
})

describe('what has happened', () => {
  test('the trail is searched, a change opens with before and after, and the chain is proven', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/trail')
    await page.getByRole('searchbox', { name: say(trail.find) }).fill('accounts.create')
    await page.locator('tbody .row-link').first().click()
    await dialog(page).getByText(say(trail.nothing)).waitFor()
    await dialog(page).locator('.code').first().waitFor()
    await page.keyboard.press('Escape')
    await button(page, say(trail.prove)).click()
    await page
      .getByRole('status')
      .filter({ hasText: say(trail.proven, { rows: '' }).slice(0, 3) })
      .waitFor()
    await assertWell(visit)
  })

  test('health says what it looks at, and who shares the store', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/nodes')
    await page.getByText(say(nodes.ready), { exact: true }).waitFor()
    const checks = page.getByRole('table', { name: say(nodes.health) })
    assert.ok((await checks.getByText(say(nodes.good), { exact: true }).count()) >= 2)
    await assertWell(visit)
  })
})
