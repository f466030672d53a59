/** Files through bindings: kept by a provider for one account, listed by Drover, nobody else's, and used where they are. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { fileShelf } from '../fake/file-shelf.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Answer } from './call.ts'
import { assertProblem, call } from './call.ts'
import type { Relay } from './harness.ts'
import { fakeKey, startRelay, testKey } from './harness.ts'
import { upload } from './upload.ts'

const startKeeper = async (
  prefix: string,
): Promise<FakeUpstream & { readonly shelf: ReturnType<typeof fileShelf> }> => {
  const shelf = fileShelf(prefix)
  const upstream = await startUpstream((exchange) => {
    if (shelf.answer(exchange)) return
    return whole(completion())(exchange)
  })
  return Object.assign(upstream, { shelf })
}

const configOf = (...providers: readonly (readonly [name: string, vendor: string, upstream: FakeUpstream])[]): string =>
  `providers:\n${providers
    .map(
      ([name, vendor, upstream]) =>
        `  ${name}: { vendor: ${vendor}, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }\n`,
    )
    .join('')}`

const env = { FAKE_KEY: fakeKey }

const accountKey = async (relay: Relay, name: string, more: object = {}): Promise<string> => {
  await relay.command('accounts', 'create', '--name', name, '--billing', 'unlimited')
  return (await relay.createKey({ account: name, ...more })).key
}

test('a file goes to the one provider that keeps files, and back to its account alone', async () => {
  await using upstream = await startKeeper('file-a')
  await using relay = await startRelay({ config: configOf(['fake', 'openai', upstream]), env })
  const { key } = await relay.createKey()
  const other = await accountKey(relay, 'somebody-else')
  const made = await upload(relay, { key }, { purpose: 'user_data' })
  assert.equal(made.status, 200, made.text)
  assert.equal(made.headers['x-drover-provider'], 'fake')
  const id = String(made.at('id'))
  const kept = upstream.shelf.files.get(id)
  assert.equal(kept?.bytes.toString(), 'Grüße, 世界\n')
  assert.equal(upstream.seen[0]?.headers['authorization'], `Bearer ${fakeKey}`)

  const one = { path: `/v1/files/${id}`, key }
  assert.deepEqual((await call(relay.url, one)).at('id'), id)
  const content = await call(relay.url, { ...one, path: `${one.path}/content` })
  assert.equal(content.text, 'Grüße, 世界\n')
  assert.match(content.headers['content-disposition'] ?? '', /attachment/)
  assert.equal(content.headers['openai-organization'], undefined)
  assert.equal(content.headers['content-security-policy'], 'sandbox')

  // Who was not given it does not learn that it is there, and its provider is not asked.
  const asked = upstream.seen.length
  for (const stranger of [other, testKey])
    for (const ask of [one, { ...one, path: `${one.path}/content` }, { ...one, method: 'DELETE' }])
      assertProblem(await call(relay.url, { ...ask, key: stranger }), 404, 'not_found')
  assert.deepEqual((await call(relay.url, { path: '/v1/files', key: other })).at('data'), [])
  // What another customer's operator put there by hand is nobody's here.
  const foreign = upstream.shelf.keep({ filename: 'secret', purpose: 'user_data', bytes: Buffer.from('secret') })
  assertProblem(await call(relay.url, { path: `/v1/files/${foreign.id}/content`, key }), 404, 'not_found')
  assert.equal(upstream.seen.length, asked)

  assert.equal((await call(relay.url, { ...one, method: 'DELETE' })).at('deleted'), true)
  assertProblem(await call(relay.url, one), 404, 'not_found')
  assert.equal(upstream.shelf.files.has(id), false)
})

test('lists are Drover’s own, in pages, by purpose and order', async () => {
  await using upstream = await startKeeper('file-b')
  await using relay = await startRelay({ config: configOf(['fake', 'openai', upstream]), env })
  const { key } = await relay.createKey()
  const ids: string[] = []
  for (const purpose of ['batch', 'vision', 'batch', 'batch'])
    ids.push(String((await upload(relay, { key }, { purpose })).at('id')))
  upstream.shelf.keep({ filename: 'x', purpose: 'batch', bytes: Buffer.alloc(1) })
  const listed = async (query: string): Promise<readonly unknown[]> => {
    const page = await call(relay.url, { path: `/v1/files?${query}`, key })
    assert.equal(page.status, 200, page.text)
    const data = page.at('data') as readonly { readonly id: string }[]
    assert.equal(page.at('last_id'), data.at(-1)?.id ?? null)
    return [...data.map(({ id }) => id), page.at('has_more')]
  }
  const [a, b, c, d] = ids
  assert.deepEqual(await listed(''), [d, c, b, a, false])
  assert.deepEqual(await listed('order=asc&limit=2'), [a, b, true])
  assert.deepEqual(await listed(`order=asc&limit=2&after=${b}`), [c, d, false])
  assert.deepEqual(await listed('purpose=vision'), [b, false])
  for (const query of ['limit=0', 'limit=x', 'order=up', 'after=file-of-nobody'])
    assert.equal((await call(relay.url, { path: `/v1/files?${query}`, key })).status, 400)
  // One that its provider has not any more is forgotten.
  upstream.shelf.drop(String(c))
  assertProblem(await call(relay.url, { path: `/v1/files/${c}`, key }), 404, 'not_found')
  assert.deepEqual(await listed(''), [d, b, a, false])
})

test('of several providers the header, then the key decides; else the choices are told', async () => {
  await using first = await startKeeper('file-c')
  await using second = await startKeeper('file-d')
  await using plain = await startKeeper('file-e')
  const config = configOf(['one', 'openai', first], ['two', 'moonshot', second], ['plain', 'openai-compatible', plain])
  await using relay = await startRelay({ config, env })
  const { key } = await relay.createKey()
  const unsure = await upload(relay, { key }, { purpose: 'user_data' })
  assertProblem(unsure, 400, 'invalid_request_error')
  assert.match(String(unsure.at('error.message')), /"one", "two", "plain".*x-drover-provider/)
  assert.equal((await upload(relay, { key, headers: { 'x-drover-provider': 'nobody' } }, {})).status, 400)
  const extracted = await upload(relay, { key, headers: { 'x-drover-provider': 'two' } }, { purpose: 'file-extract' })
  assert.equal(extracted.headers['x-drover-provider'], 'two')
  const named = await relay.createKey({ provider: 'plain' })
  assert.equal((await upload(relay, named, { purpose: 'user_data' })).headers['x-drover-provider'], 'plain')
  // A file for a batch goes where the model of its lines is served.
  const lines = JSON.stringify({
    custom_id: 'a',
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'two/k' },
  })
  assert.equal((await upload(relay, { key, bytes: lines }, { purpose: 'batch' })).headers['x-drover-provider'], 'two')
  // A refusal of the provider is its own.
  const bad = await upload(relay, { key, headers: { 'x-drover-provider': 'one' } }, { purpose: 'nonsense' })
  assert.deepEqual([bad.status, bad.at('error.param')], [400, 'purpose'])
  const gemini = await call(relay.url, { path: '/upload/v1beta/files', key, method: 'POST' })
  assert.deepEqual([gemini.status, gemini.at('error.status')], [404, 'NOT_FOUND'], gemini.text)
  const notForm = await call(relay.url, { path: '/v1/files', key, body: { purpose: 'user_data' } })
  assert.equal(notForm.status, 415)
})

test('Anthropic’s clients have Anthropic’s files, under both roots', async () => {
  await using upstream = await startKeeper('file_')
  await using openai = await startKeeper('file-f')
  const config = configOf(['claude', 'anthropic', upstream], ['gpt', 'openai', openai])
  await using relay = await startRelay({ config, env })
  const { key } = await relay.createKey()
  const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'files-api-2025-04-14', 'x-api-key': key }
  const made = await upload(relay, { key, headers, path: '/anthropic/v1/files' }, {})
  assert.equal(made.status, 200, made.text)
  assert.equal(made.at('type'), 'file')
  assert.equal(upstream.seen[0]?.headers['x-api-key'], fakeKey)
  const id = made.at('id')
  const page = await call(relay.url, { path: '/v1/files', headers })
  assert.deepEqual([page.at('data.0.id'), page.at('first_id'), page.at('object')], [id, id, undefined])
  const missing = await call(relay.url, { path: '/v1/files/file_of_nobody', headers })
  assert.deepEqual([missing.status, missing.at('type'), missing.at('error.type')], [404, 'error', 'not_found_error'])
  // The two forms are two lists.
  assert.deepEqual((await call(relay.url, { path: '/v1/files', key })).at('data'), [])
  assert.equal((await call(relay.url, { path: `/v1/files/${id}`, key })).status, 404)
  assert.equal(
    (await call(relay.url, { path: `/v1/files/${id}`, headers, method: 'DELETE' })).at('type'),
    'file_deleted',
  )
})

test('the sandbox keeps files of test keys, also over a restart', async () => {
  await using relay = await startRelay()
  const bytes = Buffer.alloc(3_000_000, 'x')
  const made = await upload(relay, { key: testKey, bytes }, { purpose: 'batch' })
  assert.equal(made.status, 200, made.text)
  assert.equal(made.at('bytes'), bytes.length)
  const id = String(made.at('id'))
  await relay.kill()
  await using again = await startRelay({ folder: relay.folder })
  const content = await call(again.url, { path: `/v1/files/${id}/content`, key: testKey })
  assert.ok(content.bytes.equals(bytes))
  const { key } = await again.createKey()
  assert.equal((await call(again.url, { path: `/v1/files/${id}`, key })).status, 404)
  assert.equal((await call(again.url, { path: `/v1/files/${id}`, key: testKey, method: 'DELETE' })).at('deleted'), true)
  assert.deepEqual((await call(again.url, { path: '/v1/files', key: testKey })).at('data'), [])
})

test('a call that names a file goes to its provider, and nobody names another’s', async () => {
  await using first = await startKeeper('file-g')
  await using second = await startKeeper('file-h')
  const config = `${configOf(['one', 'openai', first], ['two', 'openai', second])}models:
  both: { targets: [{ provider: one, model: a }, { provider: two, model: b }] }
`
  await using relay = await startRelay({ config, env })
  const { key } = await relay.createKey()
  const stranger = await accountKey(relay, 'stranger')
  const made = await upload(relay, { key, headers: { 'x-drover-provider': 'two' } }, { purpose: 'user_data' })
  const id = String(made.at('id'))
  const ask = (model: string, as: string, file: string = id): Promise<Answer> =>
    call(relay.url, {
      key: as,
      body: { model, messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: file } }] }] },
    })
  for (let round = 0; round < 4; round += 1) {
    const answer = await ask('both', key)
    assert.deepEqual([answer.status, answer.headers['x-drover-provider']], [200, 'two'], answer.text)
  }
  const elsewhere = await ask('one/a', key)
  assertProblem(elsewhere, 400, 'invalid_request_error')
  assert.match(String(elsewhere.at('error.message')), /kept by provider "two"/)
  const seen = first.seen.length + second.seen.length
  for (const model of ['both', 'two/b']) assertProblem(await ask(model, stranger), 404, 'not_found')
  assertProblem(await ask('both', key, 'file-of-nobody'), 404, 'not_found')
  // An escape hides nothing.
  const hidden = JSON.stringify({
    model: 'two/b',
    messages: [{ role: 'user', content: [{ type: 'file', file: { 'file-id': id } }] }],
  }).replace('file-id', 'file\\u005fid')
  assertProblem(await call(relay.url, { key: stranger, body: hidden }), 404, 'not_found')
  assert.equal(first.seen.length + second.seen.length, seen)
  // What a program calls so for itself is no file.
  const tool = { type: 'function', function: { name: 'f', parameters: { properties: { file_id: { enum: ['x'] } } } } }
  const body = { model: 'two/b', messages: [{ role: 'user', content: 'hi' }], tools: [tool] }
  assert.equal((await call(relay.url, { key: stranger, body })).status, 200)
})
