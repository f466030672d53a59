/** Who comes to the console and how they leave, in whichever view. */

import { strict as assert } from 'node:assert'
import type { Locator, Page } from 'playwright-core'
import { adminKey } from '../../test/e2e/harness.ts'
import { texts as doorTexts } from '../pages/door/texts.ts'
import { shellTexts } from '../pages/texts.ts'
import type { Visit } from './browser.ts'
import { enter, openVisit, settled } from './browser.ts'
import type { Hall } from './stage.ts'
import type { Shown } from './view.ts'

export type Place = Page | Locator

export const asOperator = async ({ browser, stage }: Hall, view: Shown): Promise<Visit> => {
  const visit = await openVisit(browser, stage.url, view)
  await enter(visit, { admin_key: adminKey })
  return visit
}

/** Who owns acme. */
export const asCustomer = async ({ browser, stage }: Hall, view: Shown): Promise<Visit> => {
  const visit = await openVisit(browser, stage.url, view)
  await enter(visit, stage.customer)
  return visit
}

/** The button of exactly this name. */
export const button = (place: Place, name: string): Locator => place.getByRole('button', { name, exact: true })

export const dialog = (page: Page, name?: string): Locator =>
  page.getByRole('dialog', name === undefined ? {} : { name, exact: true })

/** Fills in fields by their names in the form. */
export async function fill(place: Place, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await place.locator(`[name=${name}]`).fill(value)
}

/** Chooses in the menu behind a button. */
export async function choose(page: Page, menu: string | RegExp, entry: string): Promise<void> {
  await page.getByRole('button', typeof menu === 'string' ? { name: menu, exact: true } : { name: menu }).click()
  await page.getByRole('menuitem', { name: entry, exact: true }).click()
}

export async function open({ page }: Visit, path: string): Promise<void> {
  await page.goto(path)
  await settled(page)
}

/** Answers the question who it is, by the admin key or by what else is asked for. */
export async function prove(
  { page, say }: Visit,
  proof: Readonly<Record<string, string>> = { admin_key: adminKey },
): Promise<void> {
  const asked = dialog(page, say(doorTexts.proof))
  for (const [name, value] of Object.entries(proof)) await asked.locator(`input[name=${name}]`).fill(value)
  await button(asked, say(doorTexts.go)).click()
  await asked.waitFor({ state: 'detached' })
}

/** By the menu of the top bar. */
export async function signOut({ page, say }: Visit): Promise<void> {
  await choose(page, new RegExp(`^${say(shellTexts.account)}`), say(shellTexts.out))
}

export const inside = (page: Page): Promise<void> =>
  page.locator('nav, .menu-button').first().waitFor({ state: 'attached' })

/** Ends the visit: nothing of it may have broken the policy, thrown, or been wider than its place. */
export async function assertWell({ context, complaints }: Visit): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
}
