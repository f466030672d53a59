/** Accounts that somebody else had their hands on, or wants to. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { AdminPorts } from '#admin/operation.ts'
import { makeAuthenticator } from '#identity/test-authenticator.ts'
import { totpCode } from '#identity/totp.ts'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser, origin } from './test-browser.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'
const victim = 'vi@example.com'

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' })
  return desk
}

/** The same people with or without a mail server. */
const mailing = ({ ports }: Desk, mails: boolean): void => {
  Object.assign(ports.identity, { mails: () => mails } satisfies Partial<AdminPorts['identity']>)
}

const proven = async (browser: Browser, action: string, ...asked: Parameters<Browser['ask']>) => {
  const told = await browser.ask('POST', '/session/step-up', { action, password })
  assert.equal(told.status, 200, JSON.stringify(told.json))
  return browser.ask(...asked)
}

const addPasskey = async (browser: Browser) => {
  const device = makeAuthenticator()
  const begun = await proven(browser, 'passkeys begin', 'POST', '/passkeys/begin', {})
  const options = begun.json['options'] as { readonly challenge: string; readonly user: { readonly id: string } }
  const response = device.make({ origin, site: 'relay.example', challenge: options.challenge }, options.user.id)
  assert.equal((await browser.ask('POST', '/passkeys', { ticket: begun.json['ticket'], response })).status, 200)
  return async (from: Browser) => {
    const asked = await from.ask('POST', '/session/passkey/begin', {})
    const { challenge } = asked.json['options'] as { readonly challenge: string }
    const answer = device.use({ origin, site: 'relay.example', challenge })
    return from.ask('POST', '/session/passkey', { ticket: asked.json['ticket'], response: answer })
  }
}

const addCodes = async (desk: Desk, browser: Browser, mail: string) => {
  await proven(browser, 'totp begin', 'POST', '/totp', {})
  const row = await desk.store.person(mail)
  const secret = row?.totp == null ? null : desk.ports.identity.openTotp(row.id, row.totp)
  assert.ok(secret !== null)
  const totp = totpCode(secret, Math.floor(desk.clock.nowMs() / 30_000))
  assert.equal((await browser.ask('POST', '/totp/confirm', { totp })).status, 200)
}

const resetByMail = async (desk: Desk, mail: string, to: string) => {
  const browser = openBrowser(desk, '198.51.100.1')
  await browser.ask('POST', '/password/forgotten', { email: mail })
  const told = await browser.ask('POST', '/password/reset', { token: linkIn(desk), password: to })
  assert.equal(told.status, 200, JSON.stringify(told.json))
  return browser
}

test('a link that was handed over proves no address: whoever reads its mail later has the account to themselves', async (context) => {
  const desk = await open(context)
  mailing(desk, false)
  const { link } = await desk.run('members invite', { account: 'acme', email: victim, role: 'admin' })
  const attacker = openBrowser(desk)
  const token = String(link).split('#')[1]
  const joined = await attacker.ask('POST', '/invitation', { token, password })
  assert.deepEqual([joined.status, (joined.json['person'] as { verified: boolean }).verified], [200, false])
  const usePasskey = await addPasskey(attacker)
  await addCodes(desk, attacker, victim)
  const key = (await attacker.ask('POST', '/keys', { name: 'mine' })).json['id']
  assert.equal((await usePasskey(openBrowser(desk))).status, 200, 'let in, as nobody is asked for mail')
  mailing(desk, true)
  assert.equal((await usePasskey(openBrowser(desk))).status, 200, 'nor afterwards')
  const owner = await resetByMail(desk, victim, 'another password 1')
  assert.equal((await desk.store.key(String(key)))?.revokedMs, desk.clock.nowMs())
  assert.deepEqual([desk.told.at(-1)?.id, desk.told.at(-1)?.revokedMs], [key, desk.clock.nowMs()])
  assert.equal((await attacker.ask('GET', '/session')).code, 'signed_out')
  assert.equal((await usePasskey(openBrowser(desk))).code, 'invalid_credentials')
  const mine = await owner.ask('POST', '/session', { email: victim, password: 'another password 1' })
  assert.deepEqual([mine.status, (mine.json['person'] as { totp: boolean }).totp], [200, false])
  assert.notEqual((await desk.store.person(victim))?.verifiedMs, null)
})

test('an invitation that was mailed proves the address; a reset then leaves passkeys and codes where they are', async (context) => {
  const desk = await open(context)
  await desk.run('members invite', { account: 'acme', email: victim, role: 'admin' })
  const browser = openBrowser(desk)
  const joined = await browser.ask('POST', '/invitation', { token: linkIn(desk), password })
  assert.equal((joined.json['person'] as { verified: boolean }).verified, true)
  const usePasskey = await addPasskey(browser)
  await addCodes(desk, browser, victim)
  const again = await resetByMail(desk, victim, 'another password 1')
  const told = await again.ask('POST', '/session', { email: victim, password: 'another password 1' })
  assert.equal(told.code, 'second_factor_required')
  assert.equal((await usePasskey(openBrowser(desk))).status, 200)
})

test('a link for a new password that an operator hands over proves no address either', async (context) => {
  const desk = await open(context)
  mailing(desk, false)
  const { link } = await desk.run('members invite', { account: 'acme', email: victim, role: 'admin' })
  await openBrowser(desk).ask('POST', '/invitation', { token: String(link).split('#')[1], password })
  const handed = await desk.run('people reset', { email: victim })
  const token = String(handed['link']).split('#')[1]
  assert.equal(
    (await openBrowser(desk).ask('POST', '/password/reset', { token, password: 'x y z 1234567' })).status,
    200,
  )
  assert.equal((await desk.store.person(victim))?.verifiedMs, null)
})

test('a reset by mail proves the address of somebody who signed up: their credit follows', async (context) => {
  const desk = await open(context)
  await openBrowser(desk).ask('POST', '/sign-up', { email: victim, password, organisation: 'Vi Ltd' })
  const state = async () => ((await desk.run('signups list'))['data'] as { state: string }[])[0]?.state
  assert.equal(await state(), 'unverified')
  await resetByMail(desk, victim, 'another password 1')
  assert.equal(await state(), 'waiting')
})

test('sign-up tells neither who is known nor who is a customer: the same answer for a name that is taken', async (context) => {
  const desk = await open(context)
  await openBrowser(desk).ask('POST', '/sign-up', { email: victim, password, organisation: 'Vi Ltd' })
  const told = []
  for (const [email, organisation] of [
    [victim, 'Vi Ltd'],
    [victim, 'New Ltd'],
    ['new@example.com', 'Vi Ltd'],
    ['new2@example.com', 'acme'],
  ] as const) {
    const before = (await desk.store.trail({ limit: 1000, after: null })).length
    const { status, json } = await openBrowser(desk).ask('POST', '/sign-up', { email, password, organisation })
    assert.deepEqual(desk.letters.at(-1)?.addresses, [email])
    told.push([status, json, (await desk.store.trail({ limit: 1000, after: null })).length - before])
  }
  for (const one of told) assert.deepEqual(one, [200, { state: 'mail_sent', session: null }, 1])
  const names = (await desk.store.organisations({ limit: 100, after: null })).map(({ name }) => name)
  assert.equal(names.filter((name) => /^Vi Ltd [0-9a-f]{6}$/.test(name)).length, 1)
  const both = await Promise.all(
    ['One', 'Two'].map((organisation) =>
      openBrowser(desk).ask('POST', '/sign-up', { email: 'race@example.com', password, organisation }),
    ),
  )
  assert.deepEqual(
    both.map(({ json }) => json['state']),
    ['mail_sent', 'mail_sent'],
  )
})

test('a sign-in that a reset overtakes opens nothing: neither by the old password nor by a passkey that is gone', async (context) => {
  const desk = await open(context)
  mailing(desk, false)
  const { link } = await desk.run('members invite', { account: 'acme', email: victim, role: 'admin' })
  const browser = openBrowser(desk)
  await browser.ask('POST', '/invitation', { token: String(link).split('#')[1], password })
  const usePasskey = await addPasskey(browser)
  mailing(desk, true)
  const { identity } = desk.ports
  const overtaken = async (
    part: 'store' | 'passwords',
    name: string,
    signIn: () => Promise<{ code: string | undefined }>,
  ) => {
    const room = identity[part] as unknown as Record<string, (...given: unknown[]) => Promise<unknown>>
    const original = room[name]
    let isFirst = true
    Object.assign(identity, {
      [part]: {
        ...room,
        [name]: async (...given: unknown[]) => {
          const answer = await original?.(...given)
          if (isFirst) {
            isFirst = false
            await resetByMail(desk, victim, `another password ${name}`)
          }
          return answer
        },
      },
    })
    const { code } = await signIn()
    Object.assign(identity, { [part]: room })
    return code
  }
  const fresh = openBrowser(desk)
  assert.equal(await overtaken('store', 'passkey', () => usePasskey(fresh)), 'invalid_credentials')
  const old = 'another password passkey'
  const byPassword = () => fresh.ask('POST', '/session', { email: victim, password: old })
  assert.equal(await overtaken('passwords', 'matches', byPassword), 'invalid_credentials')
  assert.deepEqual(await desk.store.sessions((await desk.store.person(victim))?.id ?? ''), [])
  assert.equal(fresh.cookie(), null)
})
