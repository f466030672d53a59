import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { FoundSession, Membership } from '#identity/port.ts'
import { tokenDigest } from '#identity/session.ts'
import { actorFor, visitFor } from './authenticate.ts'
import type { Actor } from './operation.ts'

const token = 't'.repeat(43)
const localToken = 'token-of-the-lock'
const nowMs = 1_000_000
const own = { 'sec-fetch-site': 'same-origin', cookie: `__Host-drover=${token}` }

const inbound = (headers: Readonly<Record<string, string>>, changes: Partial<Inbound> = {}): Inbound =>
  ({
    id: 'req_1',
    origin: 'https://relay.example',
    method: 'POST',
    path: '/api/v1/keys',
    query: new URLSearchParams(),
    headers,
    remoteAddress: '192.0.2.7',
    fromLoopback: false,
    ...changes,
  }) as Inbound

const membership = (changes: Partial<Membership> = {}): Membership => ({
  organisation: 'org_a',
  name: 'A',
  account: 'acc_a',
  member: 'mem_1',
  role: 'billing',
  operator: false,
  ...changes,
})
const session = (changes: Partial<FoundSession['session']> = {}): FoundSession['session'] => ({
  id: 'ses_1',
  digest: tokenDigest(token),
  person: 'per_1',
  key: null,
  organisation: null,
  createdMs: 0,
  seenMs: nowMs - 1,
  expiresMs: nowMs + 1_000,
  method: 'password',
  address: '192.0.2.7',
  agent: '',
  ...changes,
})
const personal = (changes: Partial<FoundSession> = {}): FoundSession => ({
  session: session(),
  person: { id: 'per_1' } as never,
  memberships: [membership()],
  ...changes,
})

type Given = {
  readonly found?: FoundSession | null
  readonly keyRow?: object | null
  readonly identify?: () => never
  readonly identifyCaller?: () => never
}

const refuse = (code: ConstructorParameters<typeof Problem>[0]) => (): never => {
  throw new Problem(code, { message: 'refused' })
}
const adminKey = { id: 'key_1', purpose: 'admin', role: 'admin', organisation: 'org_op', account: 'acc_op' }

const desk = ({ found = null, keyRow = null, identify, identifyCaller }: Given = {}) => {
  const touched: unknown[] = []
  const store = {
    session: async (digest: string) => (digest === tokenDigest(token) ? found : null),
    touchSession: async (...what: unknown[]) => void touched.push(what),
    operatorOrganisation: async () => 'org_op',
    organisation: async () => ({ id: 'org_op', name: 'Op', account: 'acc_op' }),
  }
  const authentication = {
    localToken,
    identify: identify ?? (() => adminKey),
    identifyCaller: identifyCaller ?? (() => ({ id: 'key_2', purpose: 'model' })),
    ports: { identity: { store }, store: { key: async () => keyRow, organisations: async () => [] } },
    clock: { nowMs: () => nowMs },
  } as never
  const ask = (asked: Inbound, asking = {}): Promise<Actor | Problem> => actorFor(asked, authentication, asking)
  return { ask, touched }
}
const codeOf = (answer: Actor | Problem): string => (answer instanceof Problem ? answer.code : `actor ${answer.name}`)

test('a person acts by the membership of the session: their role, their tenant, and nothing of the operator’s', async () => {
  const { ask, touched } = desk({ found: personal() })
  const actor = await ask(inbound(own))
  assert.ok(!(actor instanceof Problem))
  const { signedIn, ...rest } = actor
  assert.equal(signedIn?.session.id, 'ses_1')
  assert.deepEqual(rest, {
    name: 'person:per_1',
    member: 'mem_1',
    role: 'billing',
    scopes: ['read', 'write', 'secrets'],
    tenant: { organisation: 'org_a', account: 'acc_a' },
  })
  assert.deepEqual(touched, [], 'a session that was seen a moment ago is not written down again')
  const operator = await desk({ found: personal({ memberships: [membership({ operator: true })] }) }).ask(inbound(own))
  assert.ok(!(operator instanceof Problem) && operator.tenant === undefined)
})

test('whoever is a member of nothing may do what is theirs, and no more', async () => {
  const actor = await desk({ found: personal({ memberships: [] }) }).ask(inbound(own))
  assert.ok(!(actor instanceof Problem))
  assert.deepEqual([actor.scopes, actor.role, actor.tenant], [[], 'viewer', { organisation: '', account: '' }])
})

test('use is written down once a minute', async () => {
  const of = async (seenMs: number) => {
    const { ask, touched } = desk({ found: personal({ session: session({ seenMs }) }) })
    await ask(inbound(own))
    return touched
  }
  assert.deepEqual(await of(nowMs - 59_999), [])
  assert.deepEqual(await of(nowMs - 60_000), [['ses_1', nowMs]])
})

test('without a living session: who may be anybody is a visitor, others are signed out or told that a key is missing', async () => {
  const bare = { 'sec-fetch-site': 'same-origin' }
  const { ask } = desk()
  const visitor = await ask(inbound(bare), { reach: 'everybody' })
  assert.deepEqual(visitor, { name: 'visitor', scopes: [], isVisitor: true })
  assert.equal(codeOf(await ask(inbound(own), { reach: 'everybody' })), 'actor visitor')
  assert.equal(codeOf(await ask(inbound(bare), { reach: 'self' })), 'signed_out')
  assert.equal(codeOf(await ask(inbound(own), { reach: 'self' })), 'signed_out')
  assert.equal(codeOf(await ask(inbound(bare))), 'invalid_api_key')
  // A credential in a place that is not looked at first is one all the same: not a session that has ended.
  const gemini = inbound({ ...bare, 'x-goog-api-key': 'k' }, { path: '/v1beta/models' })
  assert.equal(codeOf(await ask(gemini)), 'signed_out')
  const over = desk({ found: personal({ session: session({ expiresMs: nowMs }) }) })
  assert.equal(codeOf(await over.ask(inbound(own), { reach: 'self' })), 'signed_out')
})

test('a page of another site does nothing with a cookie, whoever may do it', async () => {
  const { ask } = desk({ found: personal() })
  const foreign = { ...own, 'sec-fetch-site': 'cross-site' }
  for (const reach of ['everybody', 'self', 'operator'])
    assert.equal(codeOf(await ask(inbound(foreign), { reach })), 'permission_denied')
  assert.equal(codeOf(await ask(inbound(foreign, { method: 'GET' }))), 'permission_denied')
  const read = { 'sec-fetch-site': 'cross-site' }
  for (const method of ['GET', 'HEAD'])
    assert.equal(codeOf(await ask(inbound(read, { method }), { reach: 'everybody' })), 'actor visitor')
})

test('a session of an admin key is bound to the addresses of the key, and is the key', async () => {
  const found = personal({ person: null, session: session({ person: null, key: 'key_1' }) })
  const key = {
    id: 'key_1',
    purpose: 'admin',
    state: 'active',
    role: 'owner',
    organisation: 'org_op',
    account: 'acc_op',
    expiresMs: null,
    revokedMs: null,
  }
  const of = async (addresses: readonly string[] | null) =>
    codeOf(await desk({ found, keyRow: { ...key, addresses } }).ask(inbound(own)))
  assert.equal(await of(['192.0.2.0/24']), 'actor key:key_1')
  assert.equal(await of(null), 'actor key:key_1')
  assert.equal(await of(['198.51.100.1']), 'signed_out')
  assert.equal(codeOf(await desk({ found }).ask(inbound(own))), 'signed_out', 'a key that is gone')
})

test('a key and a cookie in one request say two things, and are refused', async () => {
  const { ask } = desk({ found: personal() })
  for (const header of ['authorization', 'x-api-key'] as const) {
    const answer = await ask(inbound({ ...own, [header]: header === 'authorization' ? 'Bearer k' : 'k' }))
    assert.ok(answer instanceof Problem && answer.code === 'ambiguous_credentials')
    assert.deepEqual(answer.detail.facts, { remove: 'Authorization' })
  }
})

test('the token of the lock counts from this machine alone', async () => {
  const { ask } = desk({ identify: refuse('invalid_api_key') })
  const local = { authorization: `Bearer ${localToken}` }
  assert.equal(codeOf(await ask(inbound(local, { fromLoopback: true }))), 'actor local')
  assert.equal(codeOf(await ask(inbound(local))), 'invalid_api_key')
  assert.equal(
    codeOf(await ask(inbound({ authorization: `Bearer ${localToken}x` }, { fromLoopback: true }))),
    'invalid_api_key',
  )
})

test('an admin key is the operator’s, or that of the organisation it was made for; two keys are refused', async () => {
  const bearer = { authorization: 'Bearer drover-admin-x' }
  const actor = await desk().ask(inbound(bearer))
  assert.ok(!(actor instanceof Problem))
  assert.deepEqual([actor.name, actor.role, actor.tenant], ['key:key_1', 'admin', undefined])
  assert.equal(codeOf(await desk().ask(inbound({ ...bearer, 'x-api-key': 'other' }))), 'ambiguous_credentials')
  assert.equal(codeOf(await desk({ identify: refuse('invalid_api_key') }).ask(inbound(bearer))), 'invalid_api_key')
})

test('a key for calls may do what is for callers, and nothing else; what is no refusal is a fault', async () => {
  const bearer = inbound({ authorization: 'Bearer hs-live-x' })
  const model = desk({ identify: refuse('permission_denied') })
  assert.equal(codeOf(await model.ask(bearer)), 'permission_denied')
  const caller = await model.ask(bearer, { forCallers: true })
  assert.deepEqual(caller, { name: 'key:key_2', scopes: ['write'], isCaller: true })
  const unknown = { identify: refuse('permission_denied'), identifyCaller: refuse('invalid_api_key') }
  assert.equal(codeOf(await desk(unknown).ask(bearer, { forCallers: true })), 'invalid_api_key')
  assert.equal(
    codeOf(await desk({ identify: refuse('invalid_api_key') }).ask(bearer, { forCallers: true })),
    'invalid_api_key',
  )
  const broken = (): never => {
    throw new TypeError('a fault of the program')
  }
  await assert.rejects(desk({ identify: broken }).ask(bearer), TypeError)
  await assert.rejects(
    desk({ identify: refuse('permission_denied'), identifyCaller: broken }).ask(bearer, { forCallers: true }),
    TypeError,
  )
})

test('cookies are set for https, for this machine by a plain name, and over plain http from elsewhere nobody signs in', () => {
  const agent = { 'user-agent': 'A browser', 'accept-language': 'zh-CN', cookie: '__Host-drover-known=device.1' }
  const { visit, headers } = visitFor(inbound(agent))
  assert.deepEqual(headers(), {})
  assert.deepEqual(
    [visit.address, visit.origin, visit.agent, visit.language, visit.device],
    ['192.0.2.7', 'https://relay.example', 'A browser', 'zh-CN', 'device.1'],
  )
  visit.checkKeep()
  visit.keep('first', 5_000)
  visit.keep(null, 0)
  visit.keepDevice('d', 9_999)
  assert.deepEqual(headers(), {
    'set-cookie': [
      '__Host-drover=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
      '__Host-drover-known=d; Path=/; Max-Age=9; HttpOnly; SameSite=Lax; Secure',
    ],
  })
  const here = visitFor(inbound({}, { origin: 'http://127.0.0.1:4000', fromLoopback: true }))
  here.visit.keep('token', 1_000)
  assert.deepEqual(here.headers(), { 'set-cookie': ['drover=token; Path=/; Max-Age=1; HttpOnly; SameSite=Lax'] })
  const away = visitFor(inbound({}, { origin: 'http://relay.example' }))
  assert.throws(() => away.visit.checkKeep(), /whoever listens would have the session/)
  assert.throws(() => away.visit.keep('token', 1), Problem)
  away.visit.keepDevice('d', 1)
  assert.deepEqual([away.headers(), away.visit.agent, away.visit.language, away.visit.device], [{}, '', 'en', null])
})
