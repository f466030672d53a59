import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { totpCode } from '#identity/totp.ts'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'
const ana = 'ana@example.com'

const signUp = async (desk: Desk, browser: Browser): Promise<void> => {
  const told = await browser.ask('POST', '/sign-up', { email: ana, password, organisation: 'Ana Ltd' })
  assert.deepEqual([told.status, told.json['state'], browser.cookie()], [200, 'mail_sent', null])
  assert.equal((await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })).status, 200)
}

const open = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' })
  const browser = openBrowser(desk)
  await signUp(desk, browser)
  return { desk, browser }
}

const signIn = (browser: Browser, more: object = {}) =>
  browser.ask('POST', '/session', { email: ana, password, ...more })

test('sign-up: nobody is let in before the mail address is proven; then credit comes, and the account is their own', async (context) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' })
  const browser = openBrowser(desk)
  await browser.ask('POST', '/sign-up', { email: ana, password, organisation: 'Ana Ltd' })
  const early = await signIn(browser)
  assert.deepEqual([early.status, early.code, browser.cookie()], [403, 'permission_denied', null])
  const told = await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  assert.deepEqual([told.json['role'], told.json['operator']], ['owner', false])
  const credit = await browser.ask('GET', '/credits/default')
  assert.equal(credit.json['account'], told.json['account'])
  const [signup] = (await desk.run('signups list'))['data'] as { state: string; account: string }[]
  assert.deepEqual([signup?.state, signup?.account], ['waiting', told.json['account']])
  assert.equal((await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })).code, 'not_found')
  const made = await browser.ask('POST', '/keys', { name: 'app' })
  assert.match(String(made.json['key']), /^hs-live-/)
})

test('letters of sign-up to one address have a bound, from however many addresses they are asked for', async (context) => {
  const { desk } = await open(context)
  const before = desk.letters.length
  const codes: (string | undefined)[] = []
  for (let number = 0; number < 6; number += 1) {
    const stranger = openBrowser(desk, `198.51.100.${number}`)
    codes.push((await stranger.ask('POST', '/sign-up', { email: ana, password, organisation: 'Evil' })).code)
  }
  // The first of five was her own.
  assert.equal(desk.letters.length - before, 4)
  assert.deepEqual(codes.slice(4), ['rate_limit_exceeded', 'rate_limit_exceeded'])
})

test('whoever is signed in as a customer may do what visitors may: another sign-up is proven in the same browser', async (context) => {
  const { desk, browser } = await open(context)
  assert.equal((await browser.ask('GET', '/sign-up')).status, 200)
  const told = await browser.ask('POST', '/sign-up', { email: 'bo@example.com', password, organisation: 'Bo Ltd' })
  assert.equal(told.json['state'], 'mail_sent')
  const proven = await browser.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  assert.equal((proven.json['person'] as { readonly email: string }).email, 'bo@example.com')
  const signups = (await desk.run('signups list'))['data'] as readonly { readonly state: string }[]
  assert.ok(!signups.some(({ state }) => state === 'unverified'))
})

test('sign-up with an address that is known looks the same, and tells its owner', async (context) => {
  const { desk } = await open(context)
  const stranger = openBrowser(desk, '198.51.100.7')
  const told = await stranger.ask('POST', '/sign-up', {
    email: ana,
    password: 'another password',
    organisation: 'Evil',
  })
  assert.deepEqual([told.status, told.json], [200, { state: 'mail_sent', session: null }])
  assert.match(desk.letters.at(-1)?.mail.subject ?? '', /have an account/)
  assert.deepEqual(desk.letters.at(-1)?.addresses, [ana])
  assert.equal((await stranger.ask('POST', '/session', { email: ana, password: 'another password' })).status, 401)
})

test('the cookie is bound to host and https; the session is listed, ended and over in its time', async (context) => {
  const { desk, browser } = await open(context)
  const told = await signIn(browser)
  assert.match(told.cookie ?? '', /^__Host-drover=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure$/)
  assert.ok(!JSON.stringify(told.json).includes(browser.cookie()?.split('=')[1] ?? 'x'))
  const listed = (await browser.ask('GET', '/sessions')).json['data'] as { id: string; current: boolean }[]
  assert.deepEqual(
    listed.map(({ current }) => current),
    [true],
  )
  const second = openBrowser(desk)
  await signIn(second)
  const others = (await browser.ask('GET', '/sessions')).json['data'] as { id: string; current: boolean }[]
  const other = others.find(({ current }) => !current)
  assert.equal((await browser.ask('DELETE', `/sessions/${other?.id}`)).status, 200)
  assert.equal((await second.ask('GET', '/session')).code, 'signed_out')
  desk.clock.advance(11 * 3_600_000)
  assert.equal((await browser.ask('GET', '/session')).status, 200)
  desk.clock.advance(12 * 3_600_000 + 1)
  assert.equal((await browser.ask('GET', '/session')).code, 'signed_out')
  const old = openBrowser(desk)
  await signIn(old)
  for (let hours = 0; hours < 7 * 24; hours += 8) {
    assert.equal((await old.ask('GET', '/session')).status, 200, `after ${hours} h`)
    desk.clock.advance(8 * 3_600_000)
  }
  assert.equal((await old.ask('GET', '/session')).code, 'signed_out')
})

test('a page of another site changes nothing and reads nothing (CSRF; New API CVE-2026-44342)', async (context) => {
  const { browser } = await open(context)
  const foreign = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': '', origin: 'https://evil.example' },
  ]
  for (const headers of foreign) {
    const told = await browser.saying(headers)('POST', '/keys', { name: 'stolen' })
    assert.deepEqual([told.status, told.code], [403, 'permission_denied'], JSON.stringify(headers))
  }
  assert.equal((await browser.saying({ 'sec-fetch-site': 'cross-site' })('GET', '/keys')).status, 403)
  assert.equal((await browser.saying({ 'sec-fetch-site': 'none' })('GET', '/keys')).status, 200)
  assert.equal(
    (await browser.saying({ 'sec-fetch-site': 'cross-site' })('POST', '/session', { email: ana, password })).status,
    403,
  )
  assert.deepEqual((await browser.ask('GET', '/keys')).json['data'], [])
  browser.clear()
  const shown = await browser.saying({ 'sec-fetch-site': 'cross-site' })('GET', '/sign-up')
  assert.equal(shown.status, 200, 'what everybody may read')
})

test('a key and a cookie in one request are two credentials (Open WebUI CVE-2026-45339)', async (context) => {
  const { browser } = await open(context)
  const told = await browser.saying({ authorization: 'Bearer drover-admin-x' })('GET', '/keys')
  assert.deepEqual([told.status, told.code], [400, 'ambiguous_credentials'])
})

test('five wrong passwords from a network, however many at once, then a wait that grows; her own browser goes on', async (context) => {
  const { desk, browser } = await open(context)
  const wrong = () => openBrowser(desk).ask('POST', '/session', { email: ana, password: 'not the password' })
  const told = await Promise.all(Array.from({ length: 12 }, wrong))
  assert.equal(told.filter(({ code }) => code === 'invalid_credentials').length, 5)
  assert.equal(told.filter(({ code }) => code === 'rate_limit_exceeded').length, 7)
  assert.equal((await signIn(openBrowser(desk))).code, 'rate_limit_exceeded')
  assert.equal((await signIn(openBrowser(desk, '198.51.100.7'))).status, 200, 'from elsewhere')
  assert.equal((await signIn(browser)).status, 200, 'a browser that she has signed in with')
  desk.clock.advance(30_001)
  assert.equal((await wrong()).code, 'invalid_credentials')
  desk.clock.advance(30_001)
  assert.equal((await wrong()).code, 'rate_limit_exceeded')
  desk.clock.advance(60_000)
  assert.equal((await signIn(openBrowser(desk))).status, 200)
  assert.equal((await wrong()).code, 'invalid_credentials')
})

test('guesses from many networks keep strangers out and not her: not in her browser, and not after a reset', async (context) => {
  const { desk, browser } = await open(context)
  const guess = (number: number) =>
    openBrowser(desk, `10.0.${number}.1`).ask('POST', '/session', { email: ana, password: 'not the password' })
  const told = await Promise.all(Array.from({ length: 22 }, (_none, number) => guess(number)))
  assert.equal(told.filter(({ code }) => code === 'invalid_credentials').length, 20)
  const stranger = openBrowser(desk, '203.0.113.7')
  assert.equal((await signIn(stranger)).code, 'rate_limit_exceeded')
  assert.equal((await signIn(browser)).status, 200)
  const stolen = browser
    .cookies()
    .find((cookie) => cookie.includes('-known='))
    ?.replace('-known=', '-known=0')
  assert.equal(
    (await stranger.saying({ cookie: stolen ?? '' })('POST', '/session', { email: ana, password })).status,
    429,
  )
  await Promise.all(Array.from({ length: 22 }, (_none, number) => guess(number + 30)))
  assert.equal((await signIn(stranger)).code, 'rate_limit_exceeded')
  await stranger.ask('POST', '/password/forgotten', { email: ana })
  const reset = await stranger.ask('POST', '/password/reset', { token: linkIn(desk), password: 'a new password 1' })
  assert.equal(reset.status, 200)
  await Promise.all(Array.from({ length: 22 }, (_none, number) => guess(number + 60)))
  assert.equal((await stranger.ask('POST', '/session', { email: ana, password: 'a new password 1' })).status, 200)
})

test('behind one address right passwords use nothing up, and an attacker there leaves everybody a try', async (context) => {
  const { desk } = await open(context)
  const office = '203.0.113.9'
  const guess = async (number: number) => {
    const email = `p${number % 8}@example.com`
    return (await openBrowser(desk, office).ask('POST', '/session', { email, password: 'x' })).code
  }
  const guessed = async (from: number, until: number) => {
    for (let number = from; number < until; number += 1)
      assert.equal(await guess(number), 'invalid_credentials', `guess ${number}`)
  }
  await guessed(0, 27)
  for (let number = 0; number < 4; number += 1)
    assert.equal((await signIn(openBrowser(desk, office))).status, 200, `sign-in ${number}`)
  await guessed(27, 30)
  assert.equal(await guess(30), 'rate_limit_exceeded')
  assert.equal((await signIn(openBrowser(desk, office))).status, 200, 'the first try of an account')
})

test('a forgotten password: one answer for all, a link that works once, every session over', async (context) => {
  const { desk, browser } = await open(context)
  const before = desk.letters.length
  for (const email of [ana, 'nobody@example.com'])
    assert.deepEqual((await openBrowser(desk).ask('POST', '/password/forgotten', { email })).json, {
      state: 'mail_sent',
    })
  assert.equal(desk.letters.length, before + 1)
  const token = linkIn(desk)
  assert.match(desk.letters.at(-1)?.mail.text ?? '', /https:\/\/relay\.example\/reset#/)
  const weak = await openBrowser(desk).ask('POST', '/password/reset', { token, password: 'short' })
  assert.equal(weak.code, 'invalid_request_error')
  const reset = (to: string) => openBrowser(desk).ask('POST', '/password/reset', { token, password: to })
  const told = await Promise.all(['a new password 1', 'a new password 2'].map(reset))
  assert.deepEqual(told.map(({ status }) => status).sort(), [200, 404])
  assert.equal((await browser.ask('GET', '/session')).code, 'signed_out')
  assert.equal((await signIn(browser)).code, 'invalid_credentials')
})

test('passwords are Argon2id and are told to nobody (LiteLLM GHSA-69x8-hrgq-fjj8, New API CVE-2026-64859)', async (context) => {
  const { desk, browser } = await open(context)
  const person = await desk.store.person(ana)
  assert.match(person?.password ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  const hash = person?.password ?? ''
  assert.equal((await browser.ask('POST', '/session', { email: ana, password: hash })).code, 'invalid_credentials')
  for (const path of ['/session', '/members', '/sessions', '/organisations'])
    assert.ok(!JSON.stringify((await browser.ask('GET', path)).json).includes('argon2'), path)
  const trail = JSON.stringify(await desk.store.trail({ limit: 1000, after: null }))
  for (const secret of [hash, password, browser.cookie()?.split('=')[1] ?? 'none', linkIn(desk)])
    assert.ok(!trail.includes(secret))
})

test('codes: asked for when confirmed, each once; a recovery code once; a stolen session cannot take them away', async (context) => {
  const { desk, browser } = await open(context)
  const refused = await browser.ask('POST', '/totp', {})
  assert.deepEqual([refused.status, refused.code], [403, 'step_up_required'])
  assert.equal((await browser.ask('POST', '/session/step-up', { action: 'totp begin', password: 'wrong' })).status, 401)
  assert.equal((await browser.ask('POST', '/session/step-up', { action: 'totp begin', password })).status, 200)
  const begun = await browser.ask('POST', '/totp', {})
  assert.match(String(begun.json['uri']), /^otpauth:\/\/totp\/relay\.example:ana%40example\.com\?secret=[A-Z2-7]{32}&/)
  const row = await desk.store.person(ana)
  const secret = row?.totp == null ? null : desk.ports.identity.openTotp(row.id, row.totp)
  assert.ok(secret !== null && row !== null)
  assert.equal(desk.ports.identity.openTotp('per_other', row.totp ?? new Uint8Array()), null)
  const code = () => totpCode(secret, Math.floor(desk.clock.nowMs() / 30_000))
  assert.equal((await browser.ask('POST', '/totp/confirm', { totp: '000000' })).code, 'invalid_credentials')
  const confirmed = await browser.ask('POST', '/totp/confirm', { totp: code() })
  const codes = confirmed.json['recovery_codes'] as string[]
  assert.equal(codes.length, 10)
  assert.equal((await signIn(openBrowser(desk))).code, 'second_factor_required')
  assert.equal((await signIn(openBrowser(desk), { totp: code() })).code, 'invalid_credentials', 'taken already')
  desk.clock.advance(15 * 60_000)
  const twice = await Promise.all([1, 2].map(() => signIn(openBrowser(desk), { totp: code() })))
  assert.deepEqual(twice.map(({ status }) => status).sort(), [200, 401])
  const recovered = async () => (await signIn(openBrowser(desk), { recovery_code: codes[0]?.toUpperCase() })).status
  assert.deepEqual([await recovered(), await recovered()], [200, 401])
  assert.equal((await browser.ask('GET', '/totp')).json['recovery_codes_left'], 9)
  const half = await browser.ask('POST', '/session/step-up', { action: 'totp remove', password })
  assert.equal(half.code, 'second_factor_required')
  const guess = () => browser.ask('POST', '/session/step-up', { action: 'totp remove', password, totp: '000000' })
  const guesses = await Promise.all(Array.from({ length: 12 }, guess))
  const counted = guesses.filter(({ code: told }) => told === 'invalid_credentials').length
  assert.ok(counted >= 1 && counted <= 5, `${counted} codes were looked at`)
  assert.equal(guesses.filter(({ code: told }) => told === 'rate_limit_exceeded').length, 12 - counted)
})

test('a step up is for one action, one session and five minutes (New API CVE-2026-32879)', async (context) => {
  const { desk, browser } = await open(context)
  const other = openBrowser(desk)
  await signIn(other)
  const prove = (action: string) => browser.ask('POST', '/session/step-up', { action, password })
  const invite = (from: Browser) => from.ask('POST', '/members/invitations', { email: 'bo@example.com' })
  await prove('members role')
  assert.equal((await invite(browser)).code, 'step_up_required')
  await prove('members invite')
  assert.equal((await invite(other)).code, 'step_up_required')
  assert.equal((await invite(browser)).status, 200)
  assert.equal((await invite(browser)).code, 'step_up_required', 'used up')
  await prove('members invite')
  desk.clock.advance(300_001)
  assert.equal((await invite(browser)).code, 'step_up_required')
  assert.equal((await prove('members invite')).status, 200, 'one that was not used is in nobody’s way')
  assert.equal((await invite(browser)).status, 200)
})

test('over plain http from another machine no link is spent: nobody could be signed in by it', async (context) => {
  const desk = await openDesk(context)
  await desk.run('plans create', { name: 'free', rpm: 3, signup_credit: '5.00', signup_credit_expires: '30d' })
  const plain = openBrowser(desk, '192.0.2.1', 'http://relay.example')
  await plain.ask('POST', '/sign-up', { email: ana, password, organisation: 'Ana Ltd' })
  const token = linkIn(desk)
  assert.equal((await plain.ask('POST', '/sign-up/verify', { token })).code, 'permission_denied')
  assert.equal((await signIn(plain)).code, 'permission_denied')
  assert.equal((await openBrowser(desk).ask('POST', '/sign-up/verify', { token })).status, 200)
  const opened = (await desk.store.sessions((await desk.store.person(ana))?.id ?? '')).length
  assert.equal((await signIn(plain)).code, 'permission_denied')
  assert.equal((await desk.store.sessions((await desk.store.person(ana))?.id ?? '')).length, opened)
})
