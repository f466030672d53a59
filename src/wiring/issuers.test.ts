import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import { networkTransport } from '#http/upstream.ts'
import { clientId, clientSecret, startIssuer } from '#identity/test-issuer.ts'
import { totpCode } from '#identity/totp.ts'
import type { Browser } from './test-browser.ts'
import { linkIn, openBrowser } from './test-browser.ts'
import { openDesk } from './test-desk.ts'

const password = 'correct horse battery'

const open = async (context: TestContext) => {
  const clock = systemClock()
  const fake = await startIssuer(context, clock.nowMs)
  const way = networkTransport({ proxy: null, certificateAuthorities: null, clock, allowPrivate: true })
  context.after(() => way.close())
  const issuer = {
    id: 'fake',
    title: 'Fake',
    issuer: fake.origin,
    clientId,
    clientSecret: new Secret(clientSecret),
    scope: 'openid email',
    algorithm: 'RS256',
    trusted: { amr: ['mfa'], acr: ['https://refeds.org/profile/mfa'] },
    allowPrivate: true,
  }
  const desk = await openDesk(context, {}, { issuers: [issuer], way: () => way })
  await desk.run('plans create', { name: 'free', rpm: 3 })
  const begun = async (browser: Browser, path: string) => {
    const told = await browser.ask('POST', path, { issuer: 'fake' })
    assert.equal(told.status, 200, JSON.stringify(told.json))
    return { ticket: told.json['ticket'], query: fake.visit(String(told.json['url'])) }
  }
  return { fake, desk, begun }
}

test('somebody new signs up by an issuer that has proven the address, and comes back as the same person', async (context) => {
  const { desk, begun } = await open(context)
  await desk.run('accounts create', { name: 'ana@example.com', billing: 'prepaid' })
  const browser = openBrowser(desk)
  const told = await browser.ask('POST', '/session/oidc', await begun(browser, '/session/oidc/begin'))
  assert.deepEqual([told.status, told.json['role'], told.json['method']], [200, 'owner', 'oidc'])
  const [own] = told.json['organisations'] as { name: string }[]
  assert.match(own?.name ?? '', /^ana@example\.com [0-9a-f]{6}$/, 'whoever took the name keeps nobody out')
  const again = openBrowser(desk)
  const back = await again.ask('POST', '/session/oidc', await begun(again, '/session/oidc/begin'))
  assert.deepEqual(back.json['person'], told.json['person'])
  assert.equal((await again.ask('DELETE', '/issuers/fake')).code, 'step_up_required')
})

test('an address that somebody has leads to them only after they have linked it, signed in', async (context) => {
  const { fake, desk, begun } = await open(context)
  const ana = openBrowser(desk)
  await ana.ask('POST', '/sign-up', { email: 'ana@example.com', password, organisation: 'Ana Ltd' })
  await ana.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  const stranger = openBrowser(desk)
  const refused = await stranger.ask('POST', '/session/oidc', await begun(stranger, '/session/oidc/begin'))
  assert.deepEqual([refused.status, stranger.cookie()], [403, null])
  await ana.ask('POST', '/session/step-up', { action: 'issuers begin', password })
  const going = await begun(ana, '/issuers/begin')
  assert.equal(
    (await stranger.ask('POST', '/session/oidc', going)).code,
    'not_found',
    'what was begun to link signs nobody in',
  )
  await ana.ask('POST', '/session/step-up', { action: 'issuers begin', password })
  assert.equal((await ana.ask('POST', '/issuers', await begun(ana, '/issuers/begin'))).status, 200)
  const told = await stranger.ask('POST', '/session/oidc', await begun(stranger, '/session/oidc/begin'))
  assert.equal((told.json['person'] as { email: string }).email, 'ana@example.com')
  fake.is({ sub: '43', email: 'ana@example.com', email_verified: true })
  const other = openBrowser(desk)
  assert.equal((await other.ask('POST', '/session/oidc', await begun(other, '/session/oidc/begin'))).status, 403)
})

test('what was begun in one browser is not ended in another, and an unproven address signs nobody up', async (context) => {
  const { fake, desk, begun } = await open(context)
  const [attacker, victim] = [openBrowser(desk), openBrowser(desk)]
  const theirs = await begun(attacker, '/session/oidc/begin')
  const mine = await begun(victim, '/session/oidc/begin')
  const lured = await victim.ask('POST', '/session/oidc', { ticket: mine.ticket, query: theirs.query })
  assert.deepEqual([lured.status, victim.cookie()], [502, null])
  fake.is({ sub: '44', email: 'boss@example.com', email_verified: false })
  const unproven = await attacker.ask('POST', '/session/oidc', await begun(attacker, '/session/oidc/begin'))
  assert.equal(unproven.status, 403)
})

test('whoever has an authenticator app is asked for its code, once more and on the same ticket; a trusted word of the issuer is enough', async (context) => {
  const { fake, desk, begun } = await open(context)
  const ana = openBrowser(desk)
  await ana.ask('POST', '/sign-up', { email: 'ana@example.com', password, organisation: 'Ana Ltd' })
  await ana.ask('POST', '/sign-up/verify', { token: linkIn(desk) })
  const prove = (action: string) => ana.ask('POST', '/session/step-up', { action, password })
  await prove('issuers begin')
  assert.equal((await ana.ask('POST', '/issuers', await begun(ana, '/issuers/begin'))).status, 200)
  await prove('totp begin')
  await ana.ask('POST', '/totp', {})
  const row = await desk.store.person('ana@example.com')
  const secret = row?.totp == null ? null : desk.ports.identity.openTotp(row.id, row.totp)
  assert.ok(secret !== null)
  const code = () => totpCode(secret, Math.floor(desk.clock.nowMs() / 30_000))
  assert.equal((await ana.ask('POST', '/totp/confirm', { totp: code() })).status, 200)
  desk.clock.advance(60_000)
  const fresh = openBrowser(desk)
  const going = await begun(fresh, '/session/oidc/begin')
  const ask = (more: object = {}) => fresh.ask('POST', '/session/oidc', { ...going, ...more })
  assert.equal((await ask()).code, 'second_factor_required')
  assert.equal((await ask({ totp: '000000' })).code, 'invalid_credentials')
  assert.equal(fresh.cookie(), null)
  const told = await ask({ totp: code() })
  assert.deepEqual([told.status, told.json['method']], [200, 'oidc'])
  assert.equal((await ask({ totp: code() })).code, 'not_found', 'the ticket is used')
  const signsIn = async (claims: object) => {
    fake.is({ sub: '42', email: 'ana@example.com', email_verified: true, ...claims })
    const browser = openBrowser(desk)
    return (await browser.ask('POST', '/session/oidc', await begun(browser, '/session/oidc/begin'))).code
  }
  for (const claims of [{ amr: ['pwd'] }, { amr: 'mfa' }, { amr: [['mfa']] }, { acr: 'mfa' }, { acr: ['mfa'] }])
    assert.equal(await signsIn(claims), 'second_factor_required', JSON.stringify(claims))
  assert.equal(await signsIn({ amr: ['pwd', 'mfa'] }), undefined)
  assert.equal(await signsIn({ acr: 'https://refeds.org/profile/mfa' }), undefined)
})
