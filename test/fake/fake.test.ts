import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { request } from 'node:http'
import { test } from 'node:test'
import {
  byteWise,
  cutAfter,
  cutAt,
  echoUpload,
  flood,
  gzipped,
  neverAnswer,
  resetAtOnce,
  stallAfter,
  stream,
  whole,
} from './answer.ts'
import { makeTurnstile } from './gate.ts'
import { kimiSettings, startKimi } from './kimi.ts'
import { completion, completionEvents } from './openai.ts'
import type { Recording } from './replay.ts'
import { replay } from './replay.ts'
import { startUpstream } from './upstream.ts'

const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })

test('it answers with exactly the bytes given and keeps what came in', async () => {
  await using upstream = await startUpstream(whole('{ "odd" :\t[1,\r\n2] }'))
  const answer = await post(upstream.baseUrl, '{"model": "x"}', { 'X-Case': 'Kept' })
  assert.equal(await answer.text(), '{ "odd" :\t[1,\r\n2] }')
  const seen = await upstream.arrival(0)
  assert.equal(seen.body.toString(), '{"model": "x"}')
  assert.equal(seen.target, '/v1/chat/completions')
  assert.ok(seen.rawHeaders.includes('Kept'))
})

test('a turnstile steps a stream piece by piece', async () => {
  const turnstile = makeTurnstile()
  const events = completionEvents(['Hello ', 'there'])
  await using upstream = await startUpstream(stream(events, { before: turnstile.pass }))
  const answer = await post(upstream.baseUrl, '{}')
  const reader = answer.body?.getReader()
  assert.ok(reader)
  for (const event of events) {
    turnstile.admit()
    const { value } = await reader.read()
    assert.equal(Buffer.from(value ?? []).toString(), event)
  }
  assert.equal((await reader.read()).done, true)
})

test('queued scripts go before the standing one', async () => {
  await using upstream = await startUpstream(whole('standing'))
  upstream.answerOnce(whole('first', { status: 503 }))
  assert.equal((await post(upstream.baseUrl, '{}')).status, 503)
  assert.equal((await post(upstream.baseUrl, '{}')).status, 200)
})

test('a reset, a cut and a silence look like that from outside', async () => {
  await using upstream = await startUpstream(resetAtOnce)
  await assert.rejects(post(upstream.baseUrl, '{}'))
  upstream.answer(cutAfter(['data: {}\n\n']))
  await assert.rejects(async () => (await post(upstream.baseUrl, '{}')).text())
  upstream.answer(neverAnswer)
  const leaving = new AbortController()
  const pending = fetch(`${upstream.baseUrl}/models`, { signal: leaving.signal })
  const seen = await upstream.arrival(2)
  leaving.abort()
  await assert.rejects(pending)
  await seen.left
  assert.equal(seen.hasLeft(), true)
})

test('closing ends a stalled stream', async () => {
  const upstream = await startUpstream(stallAfter(['data: {}\n\n']))
  const answer = await post(upstream.baseUrl, '{}')
  await upstream.close()
  await assert.rejects(answer.text())
})

test('a flood says when it is held back', async () => {
  const piece = Buffer.alloc(64 * 1024, 'x')
  const tide = flood(piece, { totalBytes: 64 * 1024 * 1024, heldBackMs: 50 })
  await using upstream = await startUpstream(tide.script)
  const asking = request(`${upstream.baseUrl}/chat/completions`, { method: 'POST' }).end()
  const [incoming] = await once(asking, 'response')
  await tide.heldBack
  assert.ok(tide.writtenBytes() < 64 * 1024 * 1024)
  incoming.destroy()
  await (await upstream.arrival(0)).closed
})

test('gzip, uploads and cutting', async () => {
  await using upstream = await startUpstream(gzipped('{"a":1}'))
  assert.equal(await (await post(upstream.baseUrl, '{}')).text(), '{"a":1}')
  upstream.answer(echoUpload)
  const form = new FormData()
  form.set('file', new Blob(['sound']), 'a.wav')
  const answer = await fetch(`${upstream.baseUrl}/audio/transcriptions`, { method: 'POST', body: form })
  assert.match(String(((await answer.json()) as { content_type: unknown }).content_type), /^multipart\/form-data/)
  assert.deepEqual(cutAt('abcdef', [2, 1]).map(String), ['ab', 'c', 'def'])
  assert.equal(byteWise('é').length, 2)
})

test('Kimi refuses what Kimi refuses', async () => {
  await using kimi = await startKimi()
  const ask = async (body: object, key = kimiSettings.key) => {
    const answer = await post(kimi.baseUrl, JSON.stringify(body), { authorization: `Bearer ${key}` })
    return { status: answer.status, text: await answer.text() }
  }
  const messages = [{ role: 'user', content: 'ping' }]
  assert.equal((await ask({ model: 'kimi-k2.6', messages }, 'sk-other')).status, 401)
  assert.equal((await ask({ model: 'kimi-k9', messages })).status, 404)
  assert.equal((await ask({ model: 'kimi-k2.6', messages, temperature: 0.7 })).status, 400)
  assert.match((await ask({ model: 'kimi-k2.6', messages, temperature: 1 })).text, /"content":"pong"/)
  const streamed = await ask({ model: 'kimi-k2.6', messages, stream: true })
  assert.match(streamed.text, /"finish_reason":"stop","usage":\{"prompt_tokens"/)
  assert.doesNotMatch(streamed.text, /"choices":\[\],/)
  assert.ok(streamed.text.endsWith('data: [DONE]\n\n'))
})

test('a replay gives the recorded status, headers and bytes, in the recorded pieces', async () => {
  const sse = completionEvents(['a']).join('')
  const recording: Recording = {
    id: 'made-up',
    provider: 'fake',
    api: 'openai.chat',
    model: null,
    stream: true,
    features: [],
    request: null,
    response: {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'content-length': '1', 'x-own': 'kept' },
      sse,
      network_chunk_bytes: [3, 5],
    },
  }
  await using upstream = await startUpstream(replay(recording))
  const answer = await post(upstream.baseUrl, '{}')
  assert.equal(answer.headers.get('x-own'), 'kept')
  assert.equal(await answer.text(), sse)
  upstream.answer(replay({ ...recording, response: { status: 404, headers: {}, body: completion() } }))
  assert.equal((await post(upstream.baseUrl, '{}')).status, 404)
})
