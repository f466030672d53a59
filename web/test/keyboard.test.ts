/** By keyboard alone: the palette, the way past the menu, dialogs, menus, tabs, tables; and each view of the gate. */

import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { eventually } from '../../test/e2e/harness.ts'
import { texts as keys } from '../pages/keys/texts.ts'
import { texts as requests } from '../pages/requests/texts.ts'
import { paletteTexts, shellTexts } from '../pages/texts.ts'
import { texts as trail } from '../pages/trail/texts.ts'
import { dialogTexts } from '../parts/texts.ts'
import { settled } from './browser.ts'
import type { Hall } from './stage.ts'
import { enterHall } from './stage.ts'
import { viewNames, viewOf } from './view.ts'
import { asOperator, assertWell, button, dialog, open } from './visits.ts'

const view = viewOf('en light 1440')

let hall: Hall
before(async () => {
  hall = await enterHall()
})
after(() => hall?.leave())

/** What has the focus: its text, or its name. */
/** What has the focus, once that is so: menus hand it on a moment after the key. */
const focusOn = async (page: Page, name: string): Promise<void> => {
  const said = (): Promise<string> =>
    page.evaluate(() => {
      const one = document.activeElement
      return one?.getAttribute('aria-label') ?? one?.textContent?.trim() ?? ''
    })
  await eventually(`the focus on "${name}"`, async () => ((await said()) === name ? true : undefined)).catch(
    async (late: unknown) => assert.fail(`${String(late)}; it is on "${await said()}"`),
  )
}

describe('by keyboard alone', () => {
  test('the palette leads to a page, to a request by its id, and changes theme and language', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/')
    const palette = page.getByRole('combobox', { name: say(paletteTexts.search) })
    const run = async (text: string): Promise<void> => {
      await page.keyboard.press('Control+k')
      await page.locator('.palette-input').fill(text)
      await page.keyboard.press('Enter')
      await page.locator('.palette-input').waitFor({ state: 'detached' })
    }
    await page.keyboard.press('/')
    await palette.fill('trail')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: say(trail.title), exact: true }).waitFor()
    await button(page, say(trail.prove)).press('Enter')
    await page.getByRole('status').filter({ hasText: /\d/ }).waitFor()
    const { data } = (await hall.stage.ask('/calls?limit=1')) as { readonly data: readonly { readonly id: string }[] }
    await run(data[0]?.id ?? '')
    await page.waitForURL(/\/requests\?call=/)
    await dialog(page)
      .getByRole('tab', { name: say(requests.receipt) })
      .waitFor()
    await page.keyboard.press('Escape')
    await dialog(page).waitFor({ state: 'detached' })
    await run(view.theme === 'dark' ? 'light' : 'dark')
    const theme = page.locator(`html[data-theme=${view.theme === 'dark' ? 'light' : 'dark'}]`)
    await theme.waitFor({ state: 'attached' })
    await run('language')
    await page.locator(`html[lang=${view.language === 'en' ? 'zh-CN' : 'en'}]`).waitFor({ state: 'attached' })
    await assertWell(visit)
  })

  test('the first stop leads past the menu; a dialog keeps the focus and gives it back; a menu is gone through by arrows', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/keys')
    await page.keyboard.press('Tab')
    await focusOn(page, say(shellTexts.skip))
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    await focusOn(page, say(keys.create))
    await page.keyboard.press('Enter')
    const form = dialog(page, say(keys.createTitle))
    await form.waitFor()
    for (let stop = 0; stop < 30; stop += 1) {
      await page.keyboard.press('Tab')
      const where = await page.evaluate(
        () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null,
      )
      assert.ok(where, `stop ${stop} is behind the dialog`)
    }
    await page.keyboard.press('Escape')
    await form.waitFor({ state: 'detached' })
    await focusOn(page, say(keys.create))
    const actions = button(page, say(keys.actions, { name: 'acme-production' }))
    await actions.focus()
    await page.keyboard.press('Enter')
    await page.locator('[role=menuitem]:focus').waitFor()
    await focusOn(page, say(keys.rotate))
    await page.keyboard.press('ArrowDown')
    await focusOn(page, say(keys.revoke))
    await page.keyboard.press('Enter')
    await page.getByLabel(say(dialogTexts.type, { what: 'acme-production' })).waitFor()
    await page.keyboard.press('Escape')
    await assertWell(visit)
  })

  test('tabs are changed by arrows, a table is sorted by Enter and scrolled by itself', async () => {
    const visit = await asOperator(hall, view)
    const { page, say } = visit
    await open(visit, '/billing?account=acme')
    const tabs = page.getByRole('tab')
    await tabs.first().focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForURL(/tab=orders/)
    assert.equal(await tabs.nth(1).getAttribute('aria-selected'), 'true')
    await open(visit, '/keys')
    const heading = page.getByRole('columnheader', { name: say(keys.name) })
    await heading.getByRole('button').press('Enter')
    assert.equal(await heading.getAttribute('aria-sort'), 'ascending')
    const frame = page.locator('.table-frame').first()
    await frame.focus()
    assert.equal(await frame.evaluate((one) => one === document.activeElement), true)
    await settled(page)
    await assertWell(visit)
  })
})

test('the journeys of the gate meet both languages, both themes, a phone and a desk, in every combination', () => {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname })
  const met = files.flatMap((file) =>
    [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/viewOf\('([^']+)'\)/g)].map(([, name]) => name),
  )
  assert.deepEqual([...new Set(met)].sort(), [...viewNames].sort())
})
