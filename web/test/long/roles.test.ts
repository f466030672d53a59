/** Every page × role × tenant: nobody is led to a page that is refused to them, and by whatever address nothing is told of another customer. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { call } from '../../../test/e2e/call.ts'
import type { Visit } from '../browser.ts'
import { enter, openVisit, settled } from '../browser.ts'
import { ownPaths, paths } from '../paths.ts'
import type { Stage } from '../stage.ts'
import { enterHall } from '../stage.ts'

const roles = ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'] as const
type Role = (typeof roles)[number]

/** Names of customers that acme must not hear of. */
const others = ['globex', 'initech', 'umbrella']

let stage: Stage
let browser: Browser
let leave: (() => Promise<void>) | undefined
before(async () => {
  ;({ stage, browser, leave } = await enterHall())
})
after(() => leave?.())

const password = 'correct horse battery'

const asOperator = async (role: Role): Promise<Visit> => {
  const { key } = await stage.ask('/keys', { name: `walk-${role}`, admin: true, role })
  const visit = await openVisit(browser, stage.url)
  await enter(visit, { admin_key: String(key) })
  return visit
}

const asCustomer = async (role: Role): Promise<Visit> => {
  const email = `${role}@acme.example`
  const { link } = await stage.ask('/members/invitations', { account: 'acme', email, role })
  const body = { token: new URL(String(link)).hash.slice(1), password, name: role }
  const joined = await call(stage.url, { path: '/api/v1/invitation', key: null, body })
  assert.ok(joined.status < 300, joined.text)
  const visit = await openVisit(browser, stage.url)
  await enter(visit, { email, password })
  return visit
}

const menuOf = (page: Page): Promise<readonly string[]> =>
  page
    .locator('nav')
    .first()
    .locator('a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''))

/** Opens a path; gives what the relay refused on the way. */
async function refusalsOn(page: Page, path: string): Promise<readonly string[]> {
  const refused: string[] = []
  const hear = (answer: { status: () => number; url: () => string }): void => {
    if (answer.status() >= 400) refused.push(`${path}: ${answer.status()} of ${new URL(answer.url()).pathname}`)
  }
  page.on('response', hear)
  await page.goto(path)
  await settled(page)
  page.off('response', hear)
  return refused
}

for (const [tenant, enter] of [
  ['the operator', asOperator],
  ['a customer', asCustomer],
] as const)
  describe(tenant, () => {
    for (const role of roles)
      test(role, async () => {
        const visit = await enter(role)
        const { page } = visit
        await page.goto('/')
        await settled(page)
        const menu = await menuOf(page)
        assert.ok(menu.length >= 8, menu.join())
        const refused: string[] = []
        for (const path of menu) refused.push(...(await refusalsOn(page, path)))
        assert.deepEqual(refused, [], 'nobody is led to what is refused to them')
        if (tenant === 'a customer')
          for (const path of [...paths, ...ownPaths, '/billing?account=globex', '/keys?account=globex']) {
            await refusalsOn(page, path)
            const text = await page.locator('main').innerText()
            // A refusal may repeat the name that the address has.
            const told = others.filter((name) => text.replaceAll(`'${name}'`, '').includes(name))
            assert.deepEqual(told, [], `${path} tells of them`)
          }
        assert.deepEqual(visit.complaints, [])
        await visit.context.close()
      })
  })
