import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import { endpointTable } from '#http/endpoint.ts'
import type { InboundBody } from '#http/inbound.ts'
import { actorOf, createAdminApi, localActor } from './api.ts'
import { firstStart } from './first-start.ts'
import type { Actor } from './operation.ts'
import { operations } from './operations.ts'
import { testContext } from './test-store.ts'

type Body = {
  readonly error?: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
} & Readonly<Record<string, unknown>>
type Request = { readonly body?: unknown; readonly contentType?: string; readonly actor?: Actor | Problem }

const bodyOf = ({ body, contentType = 'application/json' }: Request): InboundBody => {
  if (body === undefined) return { kind: 'none' }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { kind: 'bytes', bytes: Buffer.from(text), contentType }
}

const open = async () => {
  const { ports, clock, ids, store } = testContext()
  await firstStart({ ports, clock, ids, given: { admin: null, test: null } })
  const failures: Problem[] = []
  const failed = (problem: Problem) => void failures.push(problem)
  const api = createAdminApi({ operations, ports, clock, ids, version: '0.0.0', failed })
  const table = endpointTable(api.endpoints)
  const ask = async (method: string, target: string, request: Request = {}) => {
    const { pathname, searchParams } = new URL(target, 'http://local')
    const { value, parameters } = table.match(method, pathname)
    const inbound = { id: 'call_1', origin: '', query: searchParams, body: bodyOf(request) }
    const answer = await api.answer({ endpoint: value, parameters, inbound, actor: request.actor ?? localActor })
    return { ...answer, json: JSON.parse(Buffer.from(answer.body).toString()) as Body }
  }
  return { ask, store, failures }
}

describe('the admin API', () => {
  test('makes, shows and revokes a key', async () => {
    const { ask } = await open()
    const made = await ask('POST', '/api/v1/keys', { body: { name: 'x', rpm: 3 } })
    assert.equal(made.status, 200)
    assert.equal(made.headers['cache-control'], 'no-store')
    assert.equal(made.headers['x-request-id'], 'call_1')
    assert.match(String(made.json['key']), /^hs-live-/)
    const id = String(made.json['id'])
    assert.equal((await ask('GET', `/api/v1/keys/${id}`)).json['rpm'], 3)
    assert.equal((await ask('DELETE', `/api/v1/keys/${id}`)).json['state'], 'revoked')
  })

  test('reads the query by the kinds of its fields', async () => {
    const { ask } = await open()
    const { json } = await ask('GET', '/api/v1/keys?limit=1')
    assert.equal((json['data'] as unknown[]).length, 1)
    assert.equal((await ask('GET', '/api/v1/models/moonshotai/kimi-k2')).json['id'], 'kimi-k2')
  })

  const refusals: readonly (readonly [string, string, string, Request, number, string, RegExp])[] = [
    [
      'an unknown field',
      'POST',
      '/api/v1/keys',
      { body: { name: 'x', nmae: 1 } },
      400,
      'invalid_request_error',
      /'nmae' is no field here; did you mean 'name'\?/,
    ],
    [
      'an unknown parameter',
      'GET',
      '/api/v1/keys?limti=1',
      {},
      400,
      'invalid_request_error',
      /'limti' is no field here; did you mean 'limit'\?/,
    ],
    [
      'a parameter given twice',
      'GET',
      '/api/v1/keys?limit=1&limit=2',
      {},
      400,
      'invalid_request_error',
      /'limit' is given twice/,
    ],
    [
      'a number that is none',
      'GET',
      '/api/v1/keys?limit=many',
      {},
      400,
      'invalid_request_error',
      /'limit' must be of type (int|number)/,
    ],
    [
      'a path name in the body',
      'POST',
      '/api/v1/keys/k/rotate',
      { body: { id: 'x' } },
      400,
      'invalid_request_error',
      /stands in the path already/,
    ],
    ['JSON cut short', 'POST', '/api/v1/keys', { body: '{"name"' }, 400, 'invalid_json', /is not a JSON object/],
    ['a list', 'POST', '/api/v1/keys', { body: [] }, 400, 'invalid_json', /must be a JSON object/],
    [
      'another type of body',
      'POST',
      '/api/v1/keys',
      { body: 'name=x', contentType: 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
      /application\/json/,
    ],
    [
      'a prototype',
      'POST',
      '/api/v1/keys',
      { body: '{"name":"x","__proto__":{"admin":true}}' },
      400,
      'invalid_request_error',
      /is no field here/,
    ],
    [
      'a credential that was refused',
      'GET',
      '/api/v1/keys',
      { actor: new Problem('invalid_api_key', { message: 'Incorrect API key provided.' }) },
      401,
      'invalid_api_key',
      /Incorrect/,
    ],
    [
      'a credential without the scope',
      'POST',
      '/api/v1/keys',
      { body: { name: 'x' }, actor: { name: 'key:k', scopes: ['read'] } },
      403,
      'permission_denied',
      /needs the scope/,
    ],
    ['an object that is not there', 'GET', '/api/v1/keys/nobody', {}, 404, 'not_found', /There is no key 'nobody'/],
  ]
  for (const [name, method, target, request, status, code, message] of refusals) {
    test(`refuses ${name}`, async () => {
      const { ask, failures } = await open()
      const { status: got, json } = await ask(method, target, request)
      assert.equal(got, status)
      assert.equal(json.error?.code, code)
      assert.match(json.error?.message ?? '', message)
      const { said, ...rest } = (json.error ?? {}) as { said?: { text: string } }
      assert.deepEqual(Object.keys(rest).sort(), ['code', 'message', 'param', 'type'])
      if (said !== undefined) assert.equal(json.error?.message?.startsWith(said.text), true)
      assert.deepEqual(failures, [])
    })
  }

  test('says where a fault of ours happened, and tells nobody else what it was', async () => {
    const { ports, clock, ids } = testContext()
    const failures: Problem[] = []
    const broken = { ...ports, models: () => assert.fail('a secret detail') }
    const api = createAdminApi({
      operations,
      ports: broken,
      clock,
      ids,
      version: '0',
      failed: (one) => void failures.push(one),
    })
    const { value, parameters } = endpointTable(api.endpoints).match('GET', '/api/v1/models')
    const inbound = { id: 'call_1', origin: '', query: new URLSearchParams(), body: { kind: 'none' } as const }
    const answer = await api.answer({ endpoint: value, parameters, inbound, actor: localActor })
    assert.equal(answer.status, 500)
    assert.ok(!Buffer.from(answer.body).toString().includes('secret detail'))
    assert.equal(failures.length, 1)
  })

  test('the OpenAPI document lists every operation, and needs no credential', async () => {
    const { ask } = await open()
    const { json } = await ask('GET', '/api/v1/openapi.json', {
      actor: new Problem('invalid_api_key', { message: 'no' }),
    })
    assert.equal(json['openapi'], '3.1.1')
    const paths = json['paths'] as Readonly<
      Record<string, Readonly<Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>>
    >
    const listed = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    assert.deepEqual(listed.sort(), operations.map(({ noun, verb }) => `${noun}-${verb}`).sort())
    for (const [path, methods] of Object.entries(paths)) {
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) {
        for (const entry of Object.values(methods))
          assert.ok(
            entry.parameters.some((one) => one.name === name && one.in === 'path'),
            `${path} ${name}`,
          )
      }
    }
    const keys = paths['/keys']?.['post'] as unknown as {
      requestBody: { content: { 'application/json': { schema: { required: string[] } } } }
    }
    assert.deepEqual(keys.requestBody.content['application/json'].schema.required, ['name'])
  })
})

test('only admin keys are actors', async () => {
  const { store } = await open()
  const [admin, model] = await store.keys({ limit: 2, after: null })
  assert.ok(admin !== undefined && model !== undefined)
  assert.deepEqual(actorOf(admin, admin.organisation), {
    name: `key:${admin.id}`,
    scopes: ['read', 'write', 'secrets'],
    role: 'owner',
  })
  assert.deepEqual(actorOf({ ...admin, organisation: 'org_x', account: 'acc_x' }, admin.organisation), {
    name: `key:${admin.id}`,
    scopes: ['read', 'write', 'secrets'],
    role: 'owner',
    tenant: { organisation: 'org_x', account: 'acc_x' },
  })
  const refused = actorOf(model, admin.organisation)
  assert.ok(refused instanceof Problem)
  assert.equal(refused.code, 'permission_denied')
})
