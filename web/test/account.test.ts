/** What people do about themselves and their organisation, in the console: each proof that is asked for again is given in its dialog. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { totpCode } from '../../src/identity/totp.ts'
import type { Relay } from '../../test/e2e/harness.ts'
import { startRelay } from '../../test/e2e/harness.ts'
import { texts as credentials } from '../pages/credentials/texts.ts'
import { texts as doors, signInTexts } from '../pages/door/texts.ts'
import { texts as members } from '../pages/members/texts.ts'
import { texts as projects } from '../pages/projects/texts.ts'
import { texts as security } from '../pages/security/texts.ts'
import { texts as settings } from '../pages/settings/texts.ts'
import { shellTexts } from '../pages/texts.ts'
import { trailWord } from '../parts/said/trail-words.ts'
import { dialogTexts } from '../parts/texts.ts'
import type { Visit } from './browser.ts'
import { enter, openVisit, startBrowser } from './browser.ts'
import { viewOf } from './view.ts'
import { assertWell, button, choose, dialog, fill, inside, open, prove as proveBy, signOut } from './visits.ts'

const view = viewOf('zh-CN dark 360')

const password = 'correct horse battery'
const ana = { email: 'ana@example.com', password }

const config = `plans:
  free: { rpm: 60, open: true }
  pro: { rpm: 5000, concurrency: 20, open: true, own_credentials_fee: "5%" }
signup: { open: true, plan: free, verify_mail: false }
providers:
  openai: { vendor: openai, base_url: "http://127.0.0.1:9/v1", allow_private: true, own_credentials: true, api_key: "env:FAKE_KEY" }
`

let relay: Relay
let browser: Browser
before(async () => {
  ;[relay, browser] = await Promise.all([startRelay({ config, env: { FAKE_KEY: 'sk-none' } }), startBrowser()])
})
after(async () => {
  await browser?.close()
  await relay?.stop()
})

const visit = (host = '127.0.0.1'): Promise<Visit> => openVisit(browser, `http://${host}:${relay.port}`, view)

/** Answers the question who it is, with the password and what else is asked for. */
const prove = (own: Visit, more: Readonly<Record<string, string>> = {}): Promise<void> =>
  proveBy(own, { password, ...more })

/** Signs in by the form; gives the button that sends it. */
async function knock({ page }: Visit) {
  await page.goto('/')
  await fill(page, ana)
  const send = page.locator('form button[type=submit]')
  await send.click()
  return send
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The code that an app shows `stepsAhead` of now: one that was used is never taken again. */
function codeOf(secret: string, stepsAhead = 0): string {
  const bits = [...secret.replace(/[^A-Z2-7]/gi, '').toUpperCase()]
    .map((letter) => base32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const bytes = bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []
  return totpCode(Uint8Array.from(bytes), Math.floor(Date.now() / 30_000) + stepsAhead)
}

describe('somebody’s own account', () => {
  let recoveryCodes: readonly string[] = []
  let secret = ''

  test('a customer signs up and is within', async () => {
    const door = await visit()
    await door.page.goto('/sign-up')
    for (const [name, value] of Object.entries({ organisation: 'Acme', name: 'Ana', ...ana }))
      await door.page.locator(`input[name=${name}]`).fill(value)
    await door.page.locator('form button[type=submit]').click()
    await inside(door.page)
    await assertWell(door)
  })

  test('an authenticator app is added by the code that the page shows, and the recovery codes are shown once', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/security')
    await button(page, say(security.add)).click()
    await button(page, say(security.totpBegin)).click()
    await prove(own)
    secret = (await page.locator('.secret .grow').textContent()) ?? ''
    await page.getByRole('img', { name: say(security.totpPicture) }).waitFor()
    await page.locator('input[name=totp]').fill(codeOf(secret))
    await button(page, say(security.totpConfirm)).click()
    await page.locator('.codes li').first().waitFor()
    recoveryCodes = await page.locator('.codes li').allTextContents()
    assert.ok(recoveryCodes.every((code) => code.length >= 8) && recoveryCodes.length === 10, recoveryCodes.join())
    await button(page, say(security.done)).click()
    await page.getByText(say(security.codesLeft, { count: 10 })).waitFor()
    await page.getByRole('cell', { name: say(trailWord('totp.confirm')) }).waitFor()
    await assertWell(own)
  })

  test('the code of the app is asked for at the door, and a wrong one is refused', async () => {
    const own = await visit()
    const { page } = own
    const send = await knock(own)
    await page.locator('input[name=totp]').fill('000000')
    await send.click()
    await page.getByRole('alert').waitFor()
    await page.locator('input[name=totp]').fill(codeOf(secret, 1))
    await send.click()
    await inside(page)
    await assertWell(own)
  })

  test('whoever has lost the phone comes in with a recovery code, and proves themselves with both', async () => {
    const own = await visit()
    const { page, say } = own
    const send = await knock(own)
    await page.locator('input[name=totp]').waitFor()
    await button(page, say(doors.useRecovery)).click()
    await page.locator('input[name=recovery_code]').fill(recoveryCodes[0] ?? '')
    await send.click()
    await inside(page)
    await open(own, '/security')
    await button(page, say(security.remove)).click()
    await button(dialog(page, say(security.totpOffTitle)), say(security.removeDo)).click()
    const asked = dialog(page, say(doors.proof))
    await button(asked, say(doors.useRecovery)).click()
    await prove(own, { recovery_code: recoveryCodes[1] ?? '' })
    await button(page, say(security.add)).waitFor()
    await assertWell(own)
  })

  test('a passkey is added by its dialog and is the door from then on', async () => {
    const own = await visit('localhost')
    const { page, say } = own
    const tools = await page.context().newCDPSession(page)
    await tools.send('WebAuthn.enable')
    await tools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await enter(own, ana)
    await open(own, '/security')
    await button(page, say(security.passkeyAdd)).click()
    await page.getByLabel(say(security.passkeyName)).fill('laptop')
    await button(page, say(security.passkeyDo)).click()
    await prove(own)
    await button(page, say(security.passkeyOffTitle, { name: 'laptop' })).waitFor()
    await signOut(own)
    await button(page, say(signInTexts.passkey)).click()
    await inside(page)
    await assertWell(own)
  })
})

describe('somebody’s organisation', () => {
  test('a plan is chosen with what changes before it does, and its customers bring credentials of their own', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/credentials')
    await page.getByText(say(credentials.closed)).waitFor()
    await open(own, '/settings')
    await button(page, say(settings.chooseOf, { name: 'pro' })).click()
    await page.getByText('60 → 5,000').waitFor()
    await button(page, say(settings.chooseDo)).click()
    await page.getByText(say(settings.chosen, { name: 'pro' })).waitFor()
    await open(own, '/credentials')
    await button(page, say(credentials.add)).click()
    const form = dialog(page, say(credentials.addTitle))
    await form.getByText(say(credentials.feeOwn, { fee: '5%' })).waitFor()
    await fill(form, { key: 'sk-own-of-ana-0123456789' })
    await button(form, say(credentials.add)).click()
    await prove(own)
    await page.getByRole('cell', { name: '…6789' }).waitFor()
    await assertWell(own)
  })

  test('somebody is invited by a link as billing, made a viewer, and removed with their address typed', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/members')
    await button(page, say(members.invite)).click()
    await fill(page, { email: 'bo@example.com' })
    await page.locator('select[name=role]').selectOption('billing')
    await button(dialog(page), say(members.invite)).click()
    await prove(own)
    const link = (await page.locator('.secret .grow').textContent()) ?? ''
    await button(page, say(members.done)).click()
    const guest = await visit()
    // The relay of the test took whatever port was free, and does not know it as its address.
    await guest.page.goto(`/invitation${new URL(link).hash}`)
    await guest.page.locator('input[name=password]').fill(password)
    await guest.page.locator('form button[type=submit]').click()
    await inside(guest.page)
    await assertWell(guest)
    await open(own, '/members')
    const row = page.getByRole('row').filter({ hasText: 'bo@example.com' })
    await row.getByText(say(members.billing), { exact: true }).waitFor()
    const actions = say(members.actions, { name: 'bo@example.com' })
    await choose(page, actions, say(members.change))
    await page.locator('select[name=role]').selectOption('viewer')
    await button(dialog(page), say(members.changeDo)).click()
    await prove(own)
    await row.getByText(say(members.viewer), { exact: true }).waitFor()
    await choose(page, actions, say(members.remove))
    const remove = button(dialog(page), say(members.removeDo))
    assert.equal(await remove.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: 'bo@example.com' })).fill('bo@example.com')
    await remove.click()
    await prove(own)
    await row.waitFor({ state: 'detached' })
    await assertWell(own)
  })

  test('a project is made, renamed and archived with its name typed', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/projects')
    await button(page, say(projects.create)).first().click()
    await fill(page, { name: 'find', regions: 'eu' })
    await button(dialog(page), say(projects.create)).click()
    await choose(page, say(projects.actions, { name: 'find' }), say(projects.rename))
    await fill(page, { name: 'search' })
    await button(dialog(page), say(projects.save)).click()
    await choose(page, say(projects.actions, { name: 'search' }), say(projects.archive))
    await page.getByLabel(say(dialogTexts.type, { what: 'search' })).fill('search')
    await button(page, say(projects.archiveDo)).click()
    await page.getByText(say(projects.archivedNow, { name: 'search', count: 0 })).waitFor()
    await assertWell(own)
  })

  test('a second organisation is made, and the menu leads from one to the other', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/settings')
    await button(page, say(settings.another)).click()
    await page.locator('input[name=name]').fill('Ana’s other one')
    await button(page, say(settings.anotherDo)).click()
    await page.locator('dd strong', { hasText: 'Ana’s other one' }).waitFor()
    await page.getByRole('button', { name: new RegExp(`^${say(shellTexts.account)}`) }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Acme · owner' }).click()
    await page.locator('dd strong', { hasText: 'Acme' }).waitFor()
    await assertWell(own)
  })
  test('its account is closed for good by its owner, with the name typed: keys end, and what is left is said', async () => {
    const own = await visit()
    const { page, say } = own
    await enter(own, ana)
    await open(own, '/settings')
    await button(page, say(settings.closeDo)).click()
    const act = button(dialog(page), say(settings.closeNow))
    assert.equal(await act.isDisabled(), true)
    await page.getByLabel(say(dialogTexts.type, { what: 'Acme' })).fill('Acme')
    await act.click()
    await prove(own)
    await page.getByText(say(settings.closed, { amount: '$0.00' })).waitFor()
    await assertWell(own)
  })
})

test('somebody who owns nothing closes their sign-in, and comes in no more', async () => {
  const eve = { email: 'eve@example.com', password }
  const own = await visit()
  const { page, say } = own
  await page.goto('/sign-up')
  await fill(page, { organisation: 'Eves', name: 'Eve', ...eve })
  await page.locator('form button[type=submit]').click()
  await inside(page)
  await open(own, '/settings')
  await button(page, say(settings.closeDo)).click()
  await page.getByLabel(say(dialogTexts.type, { what: 'Eves' })).fill('Eves')
  await button(dialog(page), say(settings.closeNow)).click()
  await prove(own)
  await dialog(page).waitFor({ state: 'detached' })
  await open(own, '/security')
  await button(page, say(security.closeDo)).click()
  await page.getByLabel(say(dialogTexts.type, { what: eve.email })).fill(eve.email)
  await button(dialog(page), say(security.closeNow)).click()
  await prove(own)
  await page.getByRole('heading', { name: say(signInTexts.title) }).waitFor()
  await fill(page, eve)
  await page.locator('form button[type=submit]').click()
  await page.getByRole('alert').waitFor()
  await assertWell(own)
})
