import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cookieName, cookieText, deviceTokenOf, tokenOf } from './cookie.ts'
import type { FoundSession } from './port.ts'
import { isSameOrigin } from './same-origin.ts'
import { endsMs, makeToken, sessionRow, tokenDigest, touchEveryMs } from './session.ts'

const token = 'A-_z'.repeat(11).slice(0, 43)
const https = { origin: 'https://relay.example', fromLoopback: false }
const withCookie = (cookie: string, where = https) => ({ ...where, headers: { cookie } })

test('a cookie has the name that binds it to this host, a plain one on this machine, and none elsewhere', () => {
  assert.equal(cookieName(https), '__Host-drover')
  assert.equal(cookieName({ origin: 'http://127.0.0.1:4000', fromLoopback: true }), 'drover')
  assert.equal(cookieName({ origin: 'http://relay.example', fromLoopback: false }), null)
})

test('a token is read where there is one of its form: two of a name are none', () => {
  assert.equal(tokenOf(withCookie(`a=b; __Host-drover=${token} ; c=d`)), token)
  assert.equal(tokenOf(withCookie(`__Host-drover=${token}; __Host-drover=${token}`)), null)
  assert.equal(tokenOf(withCookie(`__Host-drover=${token}x`)), null)
  assert.equal(tokenOf(withCookie(`__Host-drover=${token.slice(1)}`)), null)
  assert.equal(tokenOf(withCookie(`x__Host-drover=${token}`)), null)
  assert.equal(tokenOf(withCookie(`drover=${token}`)), null)
  assert.equal(tokenOf(https), null)
  assert.equal(tokenOf(withCookie(`drover=${token}`, { origin: 'http://[::1]', fromLoopback: true })), token)
  assert.equal(tokenOf(withCookie(`drover=${token}`, { origin: 'http://relay.example', fromLoopback: false })), null)
  assert.equal(deviceTokenOf(withCookie('__Host-drover-known=a.b')), 'a.b')
  assert.equal(deviceTokenOf(withCookie('__Host-drover-known=a b')), null)
})

test('a cookie lasts whole seconds, and is taken away at once', () => {
  assert.equal(
    cookieText('__Host-drover', { kind: 'session', token: 't', maxAgeMs: 1_999 }),
    '__Host-drover=t; Path=/; Max-Age=1; HttpOnly; SameSite=Lax; Secure',
  )
  assert.equal(
    cookieText('drover', { kind: 'device', token: null, maxAgeMs: 9_000 }),
    'drover-known=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax',
  )
})

test('what comes from a page of this server is told by Sec-Fetch-Site, else by Origin', () => {
  const origin = 'https://relay.example'
  const of = (headers: Record<string, string>, isReading: boolean, hasCookie: boolean) =>
    isSameOrigin(headers, { origin, isReading, hasCookie })
  const cases: readonly (readonly [Record<string, string>, reading: boolean, changing: boolean])[] = [
    [{ 'sec-fetch-site': 'same-origin' }, true, true],
    [{ 'sec-fetch-site': 'none' }, true, false],
    [{ 'sec-fetch-site': 'same-site' }, false, false],
    [{ 'sec-fetch-site': 'cross-site', origin }, false, false],
    [{ origin }, true, true],
    [{ origin: 'https://other.example' }, false, false],
    [{}, true, false],
  ]
  for (const [headers, reading, changing] of cases) {
    assert.deepEqual([of(headers, true, true), of(headers, false, true)], [reading, changing], JSON.stringify(headers))
    assert.equal(of(headers, true, false), true, 'what everybody may read')
  }
  assert.equal(of({}, false, false), true, 'no browser, and nothing of a session')
  assert.equal(of({ 'sec-fetch-site': 'cross-site' }, false, false), false)
  const unread = { origin: '', isReading: false, hasCookie: true }
  assert.equal(isSameOrigin({ origin: '' }, unread), false, 'an origin that could not be read is nobody’s')
})

test('a session is kept by its digest, ends when it lies unused, sooner for who runs the server, and in any case after a week', () => {
  const ids = { next: (prefix: string) => `${prefix}_1`, bytes: (size: number) => new Uint8Array(size).fill(7) }
  assert.equal(makeToken(ids), Buffer.alloc(32, 7).toString('base64url'))
  assert.match(tokenDigest(token), /^[0-9a-f]{64}$/)
  assert.notEqual(tokenDigest(token), tokenDigest(`${token}x`))
  const made = { token, person: 'per_1', key: null, organisation: null, method: 'password', address: '::1' } as const
  const row = sessionRow({ ...made, agent: `a\u0000b${'x'.repeat(300)}`, nowMs: 5 }, ids)
  assert.deepEqual([row.id, row.digest, row.createdMs, row.seenMs], ['ses_1', tokenDigest(token), 5, 5])
  assert.equal(row.expiresMs, 5 + 7 * 86_400_000)
  assert.deepEqual([row.agent.slice(0, 4), row.agent.length], ['a bx', 200])
  assert.ok(!('token' in row))
  assert.equal(touchEveryMs, 60_000)
  const found = (changes: object, operator: boolean): FoundSession =>
    ({ session: { ...row, ...changes }, person: null, memberships: [{ operator: false }, { operator }] }) as never
  assert.equal(endsMs(found({}, false)), 5 + 12 * 3_600_000)
  assert.equal(endsMs(found({}, true)), 5 + 30 * 60_000)
  assert.equal(endsMs(found({ key: 'key_1' }, false)), 5 + 30 * 60_000)
  assert.equal(endsMs(found({ expiresMs: 9 }, false)), 9)
})
