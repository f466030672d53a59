/** What people do about themselves and their organisation, in the console: each proof that is asked for again is given in its dialog. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { totpCode } from '../../src/identity/totp.ts'
import type { Relay } from '../../test/e2e/harness.ts'
import { startRelay } from '../../test/e2e/harness.ts'
import type { Visit } from './browser.ts'
import { enter, openVisit, settled, startBrowser } from './browser.ts'

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

const visit = (host = '127.0.0.1'): Promise<Visit> => openVisit(browser, `http://${host}:${relay.port}`)

async function left({ context, complaints }: Visit): Promise<void> {
  assert.deepEqual(complaints, [])
  await context.close()
}

const open = async (page: Page, path: string): Promise<void> => {
  await page.goto(path)
  await settled(page)
}

/** Answers the question who it is, with the password and what else is asked for. */
async function prove(page: Page, more: Readonly<Record<string, string>> = {}): Promise<void> {
  const dialog = page.getByRole('dialog').filter({ hasText: 'Is it still you?' })
  for (const [name, value] of Object.entries({ password, ...more }))
    await dialog.locator(`input[name=${name}]`).fill(value)
  await dialog.getByRole('button', { name: 'Go on' }).click()
  await dialog.waitFor({ state: 'detached' })
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
  let recoveryCode = ''
  let secret = ''

  test('a customer signs up and is within', async () => {
    const door = await visit()
    await door.page.goto('/sign-up')
    for (const [name, value] of Object.entries({ organisation: 'Acme', name: 'Ana', ...ana }))
      await door.page.locator(`input[name=${name}]`).fill(value)
    await door.page.locator('form button[type=submit]').click()
    await door.page.locator('nav').first().waitFor({ state: 'attached' })
    await left(door)
  })

  test('an authenticator app is added by the code that the page shows, and the recovery codes are shown once', async () => {
    const own = await visit()
    const { page } = own
    await enter(own, ana)
    await open(page, '/security')
    await page.getByRole('button', { name: 'Add…' }).click()
    await page.getByRole('button', { name: 'Show the code to scan' }).click()
    await prove(page)
    secret = (await page.locator('.secret .grow').textContent()) ?? ''
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await page.locator('input[name=totp]').fill(codeOf(secret))
    await page.getByRole('button', { name: 'Confirm' }).click()
    recoveryCode = (await page.locator('.codes li').first().textContent()) ?? ''
    assert.ok(recoveryCode.length >= 8, recoveryCode)
    await page.getByRole('button', { name: 'I have kept them' }).click()
    await page.getByText('recovery codes are left').waitFor()
    await page.getByRole('cell', { name: 'totp.confirm' }).waitFor()
    await left(own)
  })

  test('whoever has lost the phone comes in with a recovery code, and proves themselves with both', async () => {
    const own = await visit()
    const { page } = own
    await page.goto('/')
    await page.locator('input[name=email]').fill(ana.email)
    await page.locator('input[name=password]').fill(password)
    const send = page.locator('form button[type=submit]')
    await send.click()
    await page.locator('input[name=totp]').waitFor()
    await page.getByRole('button', { name: 'use a recovery code' }).click()
    await page.locator('input[name=recovery_code]').fill(recoveryCode)
    await send.click()
    await page.locator('nav').first().waitFor({ state: 'attached' })
    await open(page, '/security')
    await page.getByRole('button', { name: 'Remove…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await prove(page, { totp: codeOf(secret, 1) })
    await page.getByRole('button', { name: 'Add…' }).waitFor()
    await left(own)
  })

  test('a passkey is added by its dialog and is the door from then on', async () => {
    const own = await visit('localhost')
    const { page } = own
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
    await open(page, '/security')
    await page.getByRole('button', { name: 'Add a passkey…' }).click()
    await page.getByLabel('What it is called').fill('laptop')
    await page.getByRole('button', { name: 'Ask the device' }).click()
    await prove(page)
    await page.getByRole('button', { name: 'Remove laptop' }).waitFor()
    await page.getByRole('button', { name: /Signed in/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.locator('nav').first().waitFor({ state: 'attached' })
    await left(own)
  })
})

describe('somebody’s organisation', () => {
  test('a plan is chosen with what changes before it does, and its customers bring credentials of their own', async () => {
    const own = await visit()
    const { page } = own
    await enter(own, ana)
    await open(page, '/credentials')
    await page.getByText('Your plan has none.').waitFor()
    await open(page, '/settings')
    await page.getByRole('button', { name: 'Choose the plan pro' }).click()
    await page.getByText('60 → 5,000').waitFor()
    await page.getByRole('button', { name: 'Change plan' }).click()
    await page.getByText('The plan is pro now.').waitFor()
    await open(page, '/credentials')
    await page.getByRole('button', { name: 'Add a credential' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Your plan charges 5%').waitFor()
    await dialog.locator('input[name=key]').fill('sk-own-of-ana-0123456789')
    await dialog.getByRole('button', { name: 'Add a credential' }).click()
    await prove(page)
    await page.getByRole('cell', { name: '…6789' }).waitFor()
    await left(own)
  })

  test('somebody is invited by a link and made billing; a project is made and archived', async () => {
    const own = await visit()
    const { page } = own
    await enter(own, ana)
    await open(page, '/members')
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.locator('input[name=email]').fill('bo@example.com')
    await page.locator('select[name=role]').selectOption('billing')
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    await prove(page)
    const link = (await page.locator('.secret .grow').textContent()) ?? ''
    await page.getByRole('button', { name: 'Done' }).click()
    const guest = await visit()
    // The relay of the test took whatever port was free, and does not know it as its address.
    await guest.page.goto(`/invitation${new URL(link).hash}`)
    await guest.page.locator('input[name=password]').fill(password)
    await guest.page.locator('form button[type=submit]').click()
    await guest.page.locator('nav').first().waitFor({ state: 'attached' })
    await left(guest)
    await open(page, '/members')
    await page.getByRole('row', { name: /bo@example.com Billing Yes/ }).waitFor()
    await open(page, '/projects')
    await page.getByRole('button', { name: 'Create project' }).click()
    await page.locator('input[name=name]').fill('search')
    await page.getByRole('dialog').getByRole('button', { name: 'Create project' }).click()
    await page.getByRole('button', { name: 'Actions for search' }).click()
    await page.getByRole('menuitem', { name: 'Archive…' }).click()
    await page.getByLabel('Type search to confirm').fill('search')
    await page.getByRole('button', { name: 'Archive project' }).click()
    await page.getByText('search is archived; 0 keys ended.').waitFor()
    await left(own)
  })

  test('a second organisation is made, and the menu leads from one to the other', async () => {
    const own = await visit()
    const { page } = own
    await enter(own, ana)
    await open(page, '/settings')
    await page.getByRole('button', { name: 'Make another…' }).click()
    await page.locator('input[name=name]').fill('Ana’s other one')
    await page.getByRole('button', { name: 'Make it' }).click()
    await page.locator('dd strong', { hasText: 'Ana’s other one' }).waitFor()
    await page.getByRole('button', { name: /Signed in/ }).click()
    await page.getByRole('menuitemcheckbox', { name: 'Acme · owner' }).click()
    await page.locator('dd strong', { hasText: 'Acme' }).waitFor()
    await left(own)
  })
})
