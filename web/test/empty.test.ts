/** A relay on its first day: every page says that there is nothing, and what to do next; nothing of it is a refusal. */

import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import type { Relay } from '../../test/e2e/harness.ts'
import { adminKey, startRelay } from '../../test/e2e/harness.ts'
import { enter, openVisit, startBrowser } from './browser.ts'
import { paths } from './paths.ts'
import { viewOf } from './view.ts'
import { assertWell, open } from './visits.ts'

const view = viewOf('zh-CN light 360')

let relay: Relay
let browser: Browser
before(async () => {
  ;[relay, browser] = await Promise.all([startRelay({ config: 'providers: {}\n' }), startBrowser()])
})
after(async () => {
  await browser?.close()
  await relay?.stop()
})

/** Of things that are not there on the first day. */
const isThere = (path: string): boolean => !/acme|gpt-to-kimi|model=|no-such-page|find=/.test(path)

test('on an empty store no page is refused, and what is empty says the next command or has a button for it', async () => {
  const visit = await openVisit(browser, relay.url, view)
  await enter(visit, { admin_key: adminKey })
  const own = ['', '&tab=orders', '&tab=documents', '&tab=ledger', '&tab=details'].map(
    (more) => `/billing?account=default${more}`,
  )
  const faults: string[] = []
  for (const path of [...paths.filter(isThere), ...own]) {
    await open(visit, path)
    const { page } = visit
    for (const text of await page.locator('main [role=alert]').allInnerTexts()) faults.push(`${path}: ${text}`)
    const without = page.locator('.empty:not(:has(.command, a, button))')
    for (const text of await without.allInnerTexts()) faults.push(`${path}: nothing to do about "${text}"`)
  }
  assert.deepEqual(faults, [])
  await assertWell(visit)
})

test('every command that an empty page offers is one of the manual, with its flags', () => {
  const [root, web] = [join(import.meta.dirname, '..', '..'), join(import.meta.dirname, '..')]
  const manual = readFileSync(join(root, 'docs', 'reference', 'commands.md'), 'utf8').split(/^## /m)
  const said = globSync('{pages,parts}/**/*.tsx', { cwd: web }).flatMap((file) =>
    [...readFileSync(join(web, file), 'utf8').matchAll(/["'`\n](drover [a-z][^"'`\n]*)/g)].map(
      ([, text]) => text ?? '',
    ),
  )
  assert.ok(said.length >= 25, `${said.length} commands were found`)
  const wrong = said.filter((text) => {
    const headed = manual.map((section) => [section.split('\n', 1)[0]?.replace(/ [<[].*/, '') ?? '', section] as const)
    const [found] = headed
      .filter(([heading]) => `${text} `.startsWith(`${heading} `) && heading !== '')
      .sort(([one], [other]) => other.length - one.length)
    const flags = [...text.matchAll(/ (--[a-z-]+)/g)].map(([, flag]) => flag ?? '')
    return found === undefined || flags.some((flag) => !found[1].includes(`\`${flag}`))
  })
  assert.deepEqual(wrong, [])
})
