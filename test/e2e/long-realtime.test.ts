/** Realtime sessions: passed on as they come, every response of them admitted, held, settled and recorded as a call. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { FakeRealtime, Json } from '../fake/realtime.ts'
import { startRealtime, usageOf } from '../fake/realtime.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay } from './harness.ts'
import { connectRealtime, refusedRealtime } from './realtime-client.ts'

/** A token of text costs 1,000 nano-USD in and 2,000 out, of sound ten times as much; out of the cache a tenth of text. */
const config = (baseUrl: string): string => `providers:
  native: { vendor: openai, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  voice:
    targets: [{ provider: native, model: gpt-realtime }]
    price: { input: "1.00", cached_input: "0.10", output: "2.00", audio_input: "10.00", audio_output: "20.00" }
  scribe:
    targets: [{ provider: native, model: gpt-4o-transcribe }]
    price: { input: "1.00", output: "2.00", audio_input: "3.00" }
  text-only: { targets: [{ provider: plain, model: any }], price: { input: "1.00", output: "2.00" } }
`

let upstream: FakeRealtime
let relay: Relay

before(async () => {
  upstream = await startRealtime({ audio: { input: { turn_detection: null } } })
  const plain = `  plain: { vendor: anthropic, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }\n`
  relay = await startRelay({
    config: config(upstream.baseUrl).replace('models:\n', `${plain}models:\n`),
    env: { FAKE_KEY: fakeKey },
    startWithinMs: 120_000,
  })
})
after(async () => {
  await relay[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

const admin = async (path: string, body?: object): Promise<Json> => {
  const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...(body && { body }) })
  assert.equal(answer.status, 200, answer.text)
  return JSON.parse(answer.text) as Json
}

let accounts = 0
const customer = async (usd: string, settings: object = {}): Promise<{ id: string; key: string; keyId: string }> => {
  accounts += 1
  const { id } = await admin('/accounts', { name: `talker-${accounts}`, billing: 'prepaid' })
  if (usd !== '0') await admin('/credits', { account: id, usd })
  const { key, id: keyId } = await relay.createKey({ account: id, ...settings })
  return { id: String(id), key, keyId }
}

/** What was spent, once nothing is held any more. */
const spent = (id: string, of: bigint): Promise<bigint> =>
  eventually('the settlement', async () => {
    const found = await admin(`/credits/${id}`)
    return found['held_nano_usd'] === '0' ? of - BigInt(String(found['balance_nano_usd'])) : undefined
  })
const heldOf = async (id: string): Promise<bigint> => BigInt(String((await admin(`/credits/${id}`))['held_nano_usd']))
const dollar = 1_000_000_000n

/** The first text that is counted waits for the tokeniser to be loaded. */
const recordsWithinMs = 20_000

const records = async (session: unknown, count: number): Promise<readonly Json[]> =>
  eventually(
    `${count} records of ${session}`,
    async () => {
      const all = (await relay.logs(100)).filter((one) => one['session'] === session)
      return all.length >= count ? (all as readonly Json[]) : undefined
    },
    recordsWithinMs,
  )

const open = async (key: string, more: Parameters<typeof connectRealtime>[1] = {}) => {
  const index = upstream.sessions.length
  const client = await connectRealtime(relay.url, { key, ...more })
  const session = await upstream.session(index)
  await client.hear('session.created')
  return { client, session }
}

const done = (id: string, usage: Json | null, more: Json = {}): Json => ({
  type: 'response.done',
  response: { id, object: 'realtime.response', status: 'completed', conversation_id: 'conv_1', usage, ...more },
})
const created = (id: string): Json => ({ type: 'response.created', response: { id, status: 'in_progress' } })

describe('a session', () => {
  test('is passed on as it comes; two responses are two calls, priced by text, sound and cache', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    assert.equal(session.target, '/v1/realtime?model=gpt-realtime')
    assert.equal(session.headers.authorization, `Bearer ${fakeKey}`)
    assert.equal(session.headers['openai-beta'], undefined)
    assert.equal(client.headers['x-drover-provider'], 'native')
    client.say({ type: 'session.update', session: { type: 'realtime', model: 'voice', instructions: 'Grüße, 世界' } })
    const settings = (await session.hear('session.update'))['session'] as Json
    assert.deepEqual([settings['model'], settings['instructions']], ['gpt-realtime', 'Grüße, 世界'])
    client.say({ type: 'response.create', event_id: 'mine' })
    assert.equal((await session.hear('response.create'))['event_id'], 'mine')
    assert.ok((await heldOf(id)) > 0n)
    const usage = usageOf({ text: 100, sound: 50, cachedText: 40, cachedSound: 10, saidText: 20, saidSound: 30 })
    session.say(created('resp_1'), { type: 'response.output_audio.delta', response_id: 'resp_1', delta: 'AAAA' })
    session.say(done('resp_1', usage))
    assert.deepEqual((await client.hear('response.done'))['response'], done('resp_1', usage)['response'])
    client.say({ type: 'response.create', response: { max_output_tokens: 300 } })
    await session.hear('response.create')
    const second = usageOf({ text: 10, sound: 0, saidText: 5, saidSound: 0 })
    session.say(created('resp_2'), done('resp_2', second))
    await client.hear('response.done')
    // 60 text at 1,000, 50 cached at 100, 40 sound at 10,000, 20 text out at 2,000, 30 sound out at 20,000; then 10 and 5 of text.
    const [first, other] = [60_000n + 5_000n + 400_000n + 40_000n + 600_000n, 10_000n + 10_000n]
    assert.equal(await spent(id, dollar), first + other)
    const kept = await records(client.headers['x-request-id'], 2)
    assert.deepEqual(
      kept.map((one) => [one['protocol'], one['provider'], one['end'], one['finish_reason'], one['cost_nano_usd']]),
      [
        ['openai-realtime', 'native', 'complete', 'completed', String(first)],
        ['openai-realtime', 'native', 'complete', 'completed', String(other)],
      ],
    )
    client.socket.close(1000)
    assert.equal((await session.closed).code, 1000)
  })

  test('a response that is refused never reaches the provider, and the session goes on', async () => {
    const { id, key } = await customer('0')
    const { client, session } = await open(key)
    client.say({ type: 'response.create', event_id: 'evt_1' })
    const error = (await client.hear('error'))['error'] as Json
    assert.deepEqual(
      [error['code'], error['type'], error['event_id']],
      ['credit_exhausted', 'insufficient_quota', 'evt_1'],
    )
    await admin('/credits', { account: id, usd: '1' })
    client.say({ type: 'response.create' })
    await session.hear('response.create')
    assert.equal(session.heard.length, 1)
    session.say(created('resp_1'), done('resp_1', usageOf({ text: 1, sound: 0, saidText: 1, saidSound: 0 })))
    assert.equal(await spent(id, dollar), 3_000n)
    const [refused] = await records(client.headers['x-request-id'], 2)
    assert.deepEqual([refused?.['end'], refused?.['error']], ['refused', 'credit_exhausted'])
    client.leave()
  })

  test('the provider refuses a response: what was held goes back, and the caller reads its own name for it', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    client.say({ type: 'response.create' })
    const asked = await session.hear('response.create')
    const code = 'conversation_already_has_active_response'
    session.say({ type: 'error', error: { type: 'invalid_request_error', code, event_id: asked['event_id'] } })
    const error = (await client.hear('error'))['error'] as Json
    assert.deepEqual([error['code'], error['event_id']], [code, null])
    assert.equal(await spent(id, dollar), 0n)
    client.leave()
  })

  test('cancelled by the caller, interrupted by speech, failed: what the provider says is charged', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    const details = [
      { status: 'cancelled', status_details: { type: 'cancelled', reason: 'client_cancelled' } },
      { status: 'cancelled', status_details: { type: 'cancelled', reason: 'turn_detected' } },
      { status: 'failed', status_details: { type: 'failed', error: { type: 'server_error', code: 'oops' } } },
    ]
    for (const [index, detail] of details.entries()) {
      client.say({ type: 'response.create' })
      await session.hear('response.create')
      const usage = index === 2 ? null : usageOf({ text: 10, sound: 0, saidText: 5, saidSound: 0 })
      session.say(created(`resp_${index}`), done(`resp_${index}`, usage, detail))
      await client.hear('response.done')
    }
    assert.equal(await spent(id, dollar), 2n * 20_000n)
    const kept = await records(client.headers['x-request-id'], 3)
    assert.deepEqual(
      kept.map((one) => [one['end'], one['finish_reason'], one['error']]),
      [
        ['complete', 'cancelled: client_cancelled', null],
        ['complete', 'cancelled: turn_detected', null],
        ['cut', 'failed', 'upstream_error'],
      ],
    )
    client.leave()
  })

  test('who leaves in the middle has the response stopped, and pays what the provider says it came to', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    client.say({ type: 'response.create' })
    await session.hear('response.create')
    session.say(created('resp_1'))
    await client.hear('response.created')
    client.leave()
    assert.equal((await session.hear('response.cancel'))['response_id'], 'resp_1')
    session.say(done('resp_1', usageOf({ text: 7, sound: 0, saidText: 2, saidSound: 0 }), { status: 'cancelled' }))
    assert.equal(await spent(id, dollar), 11_000n)
    assert.equal((await session.closed).code, 1000)
  })

  test('a provider that vanishes in the middle: an error, an abnormal end, and no more than was delivered is charged', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    client.say({ type: 'response.create' })
    await session.hear('response.create')
    const text = { type: 'response.output_text.delta', response_id: 'resp_1', delta: 'one two three' }
    session.say(created('resp_1'), text)
    await client.hear('response.output_text.delta')
    session.vanish()
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'upstream_error')
    assert.equal((await client.closed).code, 1011)
    const [record] = await records(client.headers['x-request-id'], 1)
    assert.deepEqual([record?.['end'], record?.['error']], ['cut', 'upstream_error'])
    const charged = await spent(id, dollar)
    assert.ok(charged > 0n && charged < 5_000_000n, String(charged))
    assert.equal((await admin('/ledger/verify'))['ok'], true)
  })

  test("the provider's own goodbye is passed on", async () => {
    const { key } = await customer('1')
    const { client, session } = await open(key)
    session.close(1001, 'Your session hit the maximum duration of 60 minutes.')
    assert.deepEqual(await client.closed, {
      code: 1001,
      reason: 'Your session hit the maximum duration of 60 minutes.',
    })
  })

  test('a key that is revoked begins nothing more', async () => {
    const { key, keyId } = await customer('1')
    const { client, session } = await open(key)
    const gone = await call(relay.url, { path: `/api/v1/keys/${keyId}`, key: adminKey, method: 'DELETE' })
    assert.equal(gone.status, 200, gone.text)
    client.say({ type: 'response.create' })
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'invalid_api_key')
    assert.deepEqual(await client.closed, { code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    assert.deepEqual(session.heard, [])
  })

  test('limits hold for each response', async () => {
    const { key } = await customer('1', { rpm: 1 })
    const { client, session } = await open(key)
    client.say({ type: 'response.create' })
    await session.hear('response.create')
    client.say({ type: 'response.create' })
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'rate_limit_exceeded')
    client.leave()
  })

  test('where the money covers less than was asked for, the response is asked for with less', async () => {
    const { key } = await customer('0.02')
    const { client, session } = await open(key)
    client.say({ type: 'session.update', session: { type: 'realtime', instructions: 'short' } })
    await session.hear('session.update')
    client.say({ type: 'response.create', response: { instructions: 'x', max_output_tokens: 4096 } })
    const error = (await client.hear('error'))['error'] as Json
    assert.equal(error['code'], 'credit_exhausted')
    const rich = await customer('0.05')
    const other = await open(rich.key)
    other.client.say({ type: 'response.create', response: { instructions: 'x', max_output_tokens: 4096 } })
    const asked = (await other.session.hear('response.create'))['response'] as Json
    assert.equal(asked['instructions'], 'x')
    assert.ok(
      Number(asked['max_output_tokens']) >= 256 && Number(asked['max_output_tokens']) < 4096,
      JSON.stringify(asked),
    )
    client.leave()
    other.client.leave()
  })
})

describe('speech that the provider finds itself', () => {
  test('sound is passed on only when the response that it may begin is held', async () => {
    const { id, key } = await customer('0')
    const { client, session } = await open(key)
    session.say({ type: 'session.updated', session: { audio: { input: { turn_detection: { type: 'server_vad' } } } } })
    await client.hear('session.updated')
    client.say({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'credit_exhausted')
    assert.deepEqual(session.heard, [])
    await admin('/credits', { account: id, usd: '1' })
    await eventually('the sound', () => {
      client.say({ type: 'input_audio_buffer.append', audio: 'AAAA' })
      return session.heard.length > 0 ? true : undefined
    })
    assert.ok((await heldOf(id)) > 0n)
    session.say(created('resp_1'), done('resp_1', usageOf({ text: 1, sound: 1, saidText: 0, saidSound: 0 })))
    await client.hear('response.done')
    client.socket.close(1000)
    assert.equal(await spent(id, dollar), 11_000n)
  })

  test('with one place at a time a response may still be interrupted by the next', async () => {
    const { id, key } = await customer('1', { concurrency: 1 })
    const { client, session } = await open(key)
    session.say({ type: 'session.updated', session: { audio: { input: { turn_detection: { type: 'server_vad' } } } } })
    await client.hear('session.updated')
    client.say({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    await session.hear('input_audio_buffer.append')
    session.say(created('resp_1'))
    await client.hear('response.created')
    client.say({ type: 'input_audio_buffer.append', audio: 'AAAA' })
    await session.hear('input_audio_buffer.append')
    const usage = usageOf({ text: 1, sound: 0, saidText: 0, saidSound: 0 })
    session.say(done('resp_1', usage, { status: 'cancelled', status_details: { reason: 'turn_detected' } }))
    session.say(created('resp_2'), done('resp_2', usage))
    await client.hear('response.done')
    await client.hear('response.done')
    client.socket.close(1000)
    assert.equal(await spent(id, dollar), 2_000n)
  })
})

describe('transcriptions', () => {
  test('beside a conversation they are calls of their own model, at its price', async () => {
    const { id, key } = await customer('1')
    const { client, session } = await open(key)
    const transcription = { model: 'scribe', language: 'en' }
    client.say({
      type: 'session.update',
      session: { type: 'realtime', audio: { input: { transcription, turn_detection: null } } },
    })
    const sent = (await session.hear('session.update'))['session'] as { audio: { input: { transcription: Json } } }
    assert.deepEqual(sent.audio.input.transcription, { model: 'gpt-4o-transcribe', language: 'en' })
    client.say({ type: 'input_audio_buffer.append', audio: 'AAAA' }, { type: 'input_audio_buffer.commit' })
    await session.hear('input_audio_buffer.commit')
    session.say({ type: 'input_audio_buffer.committed', item_id: 'item_1' })
    const usage = {
      type: 'tokens',
      input_tokens: 10,
      output_tokens: 4,
      total_tokens: 14,
      input_token_details: { audio_tokens: 8 },
    }
    session.say({
      type: 'conversation.item.input_audio_transcription.completed',
      item_id: 'item_1',
      transcript: 'hi',
      usage,
    })
    await client.hear('conversation.item.input_audio_transcription.completed')
    client.socket.close(1000)
    assert.equal(await spent(id, dollar), 2_000n + 24_000n + 8_000n)
    const [record] = await records(client.headers['x-request-id'], 1)
    assert.deepEqual([record?.['model'], record?.['upstream_model']], ['scribe', 'gpt-4o-transcribe'])
  })

  test('a session that only transcribes needs no model; one that it names must be the key’s to use', async () => {
    const { key } = await customer('1', { models: ['voice', 'scribe'] })
    const { client, session } = await open(key, { path: '/v1/realtime?intent=transcription' })
    assert.equal(session.target, '/v1/realtime?intent=transcription')
    const settings = (model: string): Json => ({
      type: 'transcription',
      audio: { input: { transcription: { model } } },
    })
    client.say({ type: 'session.update', event_id: 'e', session: settings('whisper-1') })
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'model_not_found')
    client.say({ type: 'session.update', session: settings('scribe') })
    await session.hear('session.update')
    session.say({ type: 'session.updated', session: settings('gpt-4o-transcribe') })
    await client.hear('session.updated')
    client.say({ type: 'response.create' })
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'invalid_request_error')
    client.leave()
  })
})

describe('the handshake', () => {
  test('browsers bring their key among the protocols, and the earlier form is asked for as such', async () => {
    const { key } = await customer('1')
    const protocols = ['realtime', `openai-insecure-api-key.${key}`, 'openai-beta.realtime-v1']
    const index = upstream.sessions.length
    const client = await connectRealtime(relay.url, { protocols })
    const session = await upstream.session(index)
    assert.equal(client.socket.protocol, 'realtime')
    assert.equal(session.headers['openai-beta'], 'realtime=v1')
    assert.ok(!JSON.stringify(session.headers).includes(key))
    client.leave()
  })

  test('what cannot be opened is refused in OpenAI’s shape, and says why', async () => {
    const { key } = await customer('1')
    const codeOf = ({ text }: { readonly text: string }): unknown => JSON.parse(text).error.code
    const nobody = await refusedRealtime(relay.url, {})
    assert.deepEqual([nobody.status, codeOf(nobody)], [401, 'invalid_api_key'])
    const unknown = await refusedRealtime(relay.url, { key, path: '/v1/realtime?model=voices' })
    assert.deepEqual([unknown.status, codeOf(unknown)], [400, 'model_not_found'])
    const silent = await refusedRealtime(relay.url, { key, path: '/v1/realtime?model=text-only' })
    assert.match(silent.text, /has no Realtime sessions/)
    const unnamed = await refusedRealtime(relay.url, { key, path: '/v1/realtime' })
    assert.match(unnamed.text, /model=MODEL/)
    const joined = await refusedRealtime(relay.url, { key, path: '/v1/realtime?call_id=rtc_1' })
    assert.match(joined.text, /WebRTC and SIP are not relayed/)
    const elsewhere = await refusedRealtime(relay.url, { key, path: '/v1/models' })
    assert.equal(elsewhere.status, 426)
    const plain = await call(relay.url, { path: '/v1/realtime?model=voice', key })
    assert.equal(plain.status, 426)
    upstream.refuse(401, { error: { message: 'Incorrect API key provided.', code: 'invalid_api_key' } })
    const dead = await refusedRealtime(relay.url, { key })
    assert.deepEqual([dead.status, codeOf(dead)], [502, 'upstream_error'])
    upstream.accept()
  })

  test('what is no event is told, and nothing of it is passed on', async () => {
    const { key } = await customer('1')
    const { client, session } = await open(key)
    client.socket.send('{"type":')
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'invalid_json')
    client.socket.send(Buffer.from([1, 2, 3]))
    assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'invalid_request_error')
    client.say({ type: 'session.update', session: { model: 'another' } })
    assert.match(String(((await client.hear('error'))['error'] as Json)['message']), /keeps its model/)
    assert.deepEqual(session.heard, [])
    client.leave()
  })
})

describe('client secrets', () => {
  const make = async (key: string, path: string, body: object): Promise<Json> => {
    const answer = await call(relay.url, { path, key, body })
    assert.equal(answer.status, 200, answer.text)
    return JSON.parse(answer.text) as Json
  }

  test('a browser opens the session that its server has set up; every response is the account’s', async () => {
    const { id, key } = await customer('1')
    const session = { type: 'realtime', model: 'voice', instructions: 'Be brief.' }
    const made = await make(key, '/v1/realtime/client_secrets', { expires_after: { seconds: 60 }, session })
    const value = String(made['value'])
    assert.match(value, /^ek_/)
    assert.equal((made['session'] as Json)['instructions'], 'Be brief.')
    const index = upstream.sessions.length
    const protocols = ['realtime', `openai-insecure-api-key.${value}`]
    const client = await connectRealtime(relay.url, { path: '/v1/realtime', protocols })
    const at = await upstream.session(index)
    assert.equal(at.target, '/v1/realtime?model=gpt-realtime')
    const told = (await at.hear('session.update'))['session'] as Json
    assert.deepEqual([told['model'], told['instructions']], ['gpt-realtime', 'Be brief.'])
    client.say({ type: 'response.create' })
    await at.hear('response.create')
    at.say(created('resp_1'), done('resp_1', usageOf({ text: 1, sound: 0, saidText: 1, saidSound: 0 })))
    await client.hear('response.done')
    client.socket.close(1000)
    assert.equal(await spent(id, dollar), 3_000n)
    // It is good for sessions alone.
    const chat = await call(relay.url, { key: value, body: { model: 'voice', messages: [] } })
    assert.equal(chat.status, 401)
    const other = await refusedRealtime(relay.url, { path: '/v1/realtime?model=scribe', key: value })
    assert.match(other.text, /is for the model 'voice'/)
  })

  test('the beta’s form; what is not to be had says so; of a revoked key none is good', async () => {
    const { key, keyId } = await customer('1')
    const beta = await make(key, '/v1/realtime/sessions', { model: 'voice', modalities: ['text'] })
    const value = String((beta['client_secret'] as Json)['value'])
    const codeOf = (text: string): unknown => JSON.parse(text).error.code
    const bad = await call(relay.url, {
      path: '/v1/realtime/client_secrets',
      key,
      body: { session: { model: 'text-only' } },
    })
    assert.match(bad.text, /has no Realtime sessions/)
    assert.equal((await call(relay.url, { path: '/v1/realtime/client_secrets', body: {} })).status, 401)
    for (const path of ['/v1/realtime/calls', '/v1/conversations', '/v1/responses/compact'])
      assert.equal((await call(relay.url, { path, key, body: {} })).status, 400)
    await call(relay.url, { path: `/api/v1/keys/${keyId}`, key: adminKey, method: 'DELETE' })
    const gone = await refusedRealtime(relay.url, { path: '/v1/realtime', key: value })
    assert.deepEqual([gone.status, codeOf(gone.text)], [401, 'invalid_api_key'])
    const forged = await refusedRealtime(relay.url, { path: '/v1/realtime', key: `${value.slice(0, -2)}xx` })
    assert.equal(forged.status, 401)
  })
})
