/** A migration, from the file to the end of it: planned with what audit and probe have found, started, watched, held by the hand, rehearsed, reported. */

import { strict as assert } from 'node:assert'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../../test/e2e/harness.ts'
import { texts as migrations } from '../pages/migrations/texts.ts'
import { dialogTexts, fileTexts } from '../parts/texts.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewOf } from './view.ts'
import { asOperator, assertWell, button, choose, dialog, open } from './visits.ts'

const view = viewOf('zh-CN dark 1440')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

const standing = (name: string): Promise<Readonly<Record<string, unknown>>> => hall.stage.ask(`/migrations/${name}`)

const file = `migration: glm-to-kimi
match: { models: [glm-5.2] }
baseline: { route: zhipu/glm-5.2 }
candidate: { route: moonshot/kimi-k2.6, param_policy: shim }
preflight: { conformance: off, health_check: { interval: 1ms, success_threshold: 1 } }
steps:
  - { set_weight: 25, pause: { duration: 24h } }
  - { set_weight: 100, bake: { duration: 24h } }
analysis:
  metrics:
    - { name: error-rate, relative: { max_ratio: 1.5 }, critical: true }
    - { name: completion-tokens, relative: { max_ratio: 1.25, min_ratio: 0.6 }, on_fail: pause }
`
/** What the audit has written of the code, and the probes of the candidate. */
const manifest = JSON.stringify({ schema: 1, call_sites: [{ name: 'billing', effects: [{ level: 'warning' }] }] })
const probe = JSON.stringify({ schema: 1, probes: [{ id: 'chat.plain', group: 'chat', verdict: 'passed' }] })
const json = (name: string, text: string) => ({ name, mimeType: 'application/json', buffer: Buffer.from(text) })

describe('migrations', () => {
  test('a plan says what is not possible and why; with another file it is possible, both sides are looked at, and it starts', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/migrations')
    await button(page, say(migrations.start)).click()
    const wizard = dialog(page, say(migrations.startTitle))
    const text = wizard.getByLabel(say(migrations.file), { exact: true })
    const [look, begin] = [button(wizard, say(migrations.plan)), button(wizard, say(migrations.startDo))]
    await text.fill(file.replace('moonshot/', 'nobody/'))
    await look.click()
    await wizard.locator('.note.bad').first().waitFor()
    assert.equal(await begin.isDisabled(), true)
    await text.fill(file)
    await wizard.locator('summary').click()
    const give = async (field: string, name: string, content: string): Promise<void> => {
      const file = json(name, content)
      await wizard.getByLabel(field, { exact: true }).setInputFiles(file)
      const read = say(fileTexts.read, { size: `${file.buffer.length} B` })
      await wizard.locator('.field').filter({ hasText: field }).getByText(read).waitFor()
    }
    await give(say(migrations.manifest), 'manifest.json', manifest)
    await give(say(migrations.probe), 'probe.json', '[]')
    await look.click()
    await wizard.getByRole('alert').filter({ hasText: 'drover probe' }).waitFor()
    await give(say(migrations.probe), 'probe.json', probe)
    await look.click()
    await wizard.getByText(say(migrations.takes), { exact: true }).waitFor()
    await wizard.getByRole('table', { name: say(migrations.plan) }).waitFor()
    await wizard.getByRole('table', { name: say(migrations.risks) }).waitFor()
    await button(wizard, say(migrations.preflight)).click()
    const checks = wizard.getByRole('table', { name: say(migrations.preflight) })
    await checks.getByText(say(migrations.okPassed), { exact: true }).first().waitFor()
    assert.equal(await checks.getByText(say(migrations.okFailed), { exact: true }).count(), 0)
    await begin.click()
    await page.waitForURL(/migrations\/glm-to-kimi/)
    await page.getByText(say(migrations.stepOf, { step: 1, steps: 2 }), { exact: true }).waitFor()
    // The relay's own sentence counts as the figures do.
    await page
      .locator('.note')
      .getByText(/step 1 of 2|1\/2/)
      .waitFor()
    await assertWell(visit)
  })

  test('its page has share, evidence, blast radius and cost; it is promoted with the name typed, prolonged, rehearsed, reported, and ended', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    const name = 'glm-to-kimi'
    await open(visit, `/migrations/${name}`)
    for (const figure of [migrations.now, migrations.blast, migrations.failed, migrations.providerCost] as const)
      await page.locator('.stat dt', { hasText: say(figure) }).waitFor()
    await page
      .getByRole('table', { name: say(migrations.evidence) })
      .getByRole('columnheader', { name: say(migrations.limit) })
      .waitFor()
    await button(page, say(migrations.promote)).click()
    const act = button(dialog(page), say(migrations.promote))
    assert.equal(await act.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: name })).fill(name)
    await dialog(page).getByLabel(say(migrations.reason)).fill('it was rehearsed elsewhere')
    await act.click()
    await page.getByText(say(migrations.stepOf, { step: 2, steps: 2 }), { exact: true }).waitFor()
    await page
      .getByRole('table', { name: say(migrations.log) })
      .getByText('it was rehearsed elsewhere')
      .waitFor()
    const more = say(migrations.moreOf, { name })
    await choose(page, more, `${say(migrations.extend)}…`)
    await dialog(page).locator('select[name=by]').selectOption('6h')
    await button(dialog(page), say(migrations.extend)).click()
    await dialog(page).waitFor({ state: 'detached' })
    await choose(page, more, say(migrations.drill))
    await button(dialog(page), say(migrations.drillDo)).click()
    await dialog(page).getByText(say(migrations.drillGood)).waitFor()
    await page.keyboard.press('Escape')
    const [download] = await Promise.all([page.waitForEvent('download'), choose(page, more, say(migrations.report))])
    const report = await readFile(await download.path())
    assert.match(report.toString(), /glm-to-kimi/)
    await choose(page, more, `${say(migrations.abort)}…`)
    await page.getByLabel(say(dialogTexts.type, { what: name })).fill(name)
    await button(dialog(page), say(migrations.abort)).click()
    await eventually('the end', async () => (/abort/.test(String((await standing(name))['state'])) ? true : undefined))
    await open(visit, '/migrations')
    await button(page, say(migrations.verify)).click()
    const file = { name: 'report.html', mimeType: 'text/html', buffer: report }
    await dialog(page).getByLabel(say(migrations.reportFile)).setInputFiles(file)
    await button(dialog(page), say(migrations.verifyDo)).click()
    for (const fact of [migrations.intact, migrations.follows, migrations.page, migrations.own] as const) {
      const name = page.getByText(say(fact), { exact: true })
      const answer = dialog(page).locator('.fact', { has: name }).locator('dd')
      assert.equal(await answer.textContent(), say(migrations.yes), say(fact))
    }
    await assertWell(visit)
  })

  test('a person pauses, goes on, and rolls back with the name typed', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    const name = 'gpt-to-kimi'
    await open(visit, '/migrations')
    await page.getByRole('link', { name }).click()
    await page.getByRole('heading', { name }).waitFor()
    for (const verb of ['pause', 'resume'] as const) {
      await button(page, say(migrations[verb])).click()
      await button(dialog(page), say(migrations[verb])).click()
      await dialog(page).waitFor({ state: 'detached' })
    }
    await button(page, say(migrations.rollback)).click()
    const act = button(dialog(page), say(migrations.rollback))
    assert.equal(await act.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: name })).fill(name)
    await act.click()
    await eventually('the rollback', async () => {
      const { state, weight } = await standing(name)
      return /roll/.test(String(state)) && weight === 0 ? state : undefined
    })
    await assertWell(visit)
  })
})
