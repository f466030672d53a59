import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { binary, echoUpload, whole } from '../fake/answer.ts'
import type { Bench } from './bench.ts'
import { startBench } from './bench.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import { adminKey, checkout, testKey } from './harness.ts'

/** A form with a sound, as bytes and content type. */
async function formOf(fields: Readonly<Record<string, string>>, file: Buffer): Promise<{ body: Buffer; type: string }> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('file', new Blob([Uint8Array.from(file)], { type: 'audio/wav' }), 'a sound.wav')
  const encoded = new Response(form)
  return { body: Buffer.from(await encoded.arrayBuffer()), type: encoded.headers.get('content-type') ?? '' }
}

// Ids of our own: those of vendors are switched off one day, and a test must not depend on the day.
const models = `models:
  voice: { targets: [ { provider: fake, model: a-voice } ] }
  ear: { targets: [ { provider: fake, model: an-ear } ] }
`

describe('endpoints on the sandbox', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: models })
  })
  after(() => bench.close())

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    call(bench.relay.url, { key: testKey, path, body, headers })

  test('completions', async () => {
    const answer = await post('/v1/completions', { model: 'kimi-k2', prompt: 'once upon a time' })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.at('object'), 'text_completion')
    assert.match(String(answer.at('choices.0.text')), /once upon a time/)
    const streamed = await post('/v1/completions', { model: 'kimi-k2', prompt: 'once upon', stream: true })
    assert.ok(streamed.text.endsWith('data: [DONE]\n\n'))
  })

  test('embeddings', async () => {
    const answer = await post('/v1/embeddings', { model: 'text-embedding-3-small', input: ['one', 'two'] })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((answer.at('data') as unknown[]).length, 2)
    const vector = answer.at('data.0.embedding') as readonly number[]
    assert.ok(vector.length > 1 && vector.every((value) => Number.isFinite(value)))
    assert.ok(Number(answer.at('usage.prompt_tokens')) >= 2)
    const encoded = await post('/v1/embeddings', {
      model: 'text-embedding-3-small',
      input: 'one',
      encoding_format: 'base64',
    })
    assert.equal(typeof encoded.at('data.0.embedding'), 'string')
  })

  test('moderations', async () => {
    const answer = await post('/v1/moderations', { model: 'omni-moderation-latest', input: 'hello' })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.at('results.0.flagged'), false)
  })

  test('images', async () => {
    const answer = await post('/v1/images/generations', { model: 'gpt-image-2', prompt: 'a boat', n: 2 })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((answer.at('data') as unknown[]).length, 2)
    const png = Buffer.from(String(answer.at('data.0.b64_json')), 'base64')
    assert.equal(png.subarray(1, 4).toString(), 'PNG')
  })

  test('speech', async () => {
    const answer = await post('/v1/audio/speech', { model: 'voice', input: 'hello', voice: 'alloy' })
    assert.equal(answer.status, 200, answer.text)
    assert.match(answer.headers['content-type'] ?? '', /^audio\//)
    assert.ok(answer.bytes.length > 40)
  })

  test('transcriptions', async () => {
    const { body, type } = await formOf({ model: 'ear' }, Buffer.alloc(2_000, 1))
    const answer = await post('/v1/audio/transcriptions', body, { 'content-type': type })
    assert.equal(answer.status, 200, answer.text)
    assert.equal(typeof answer.at('text'), 'string')
  })

  test('rerank', async () => {
    const answer = await post('/v1/rerank', {
      model: 'rerank-v3.5',
      query: 'boat',
      documents: ['a car', 'a boat'],
      top_n: 1,
    })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((answer.at('results') as unknown[]).length, 1)
  })
})

describe('endpoints of a provider', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    call(bench.relay.url, { key: bench.key, path, body, headers })

  const plain: Readonly<Record<string, object>> = {
    '/v1/completions': { prompt: 'x' },
    '/v1/embeddings': { input: 'x' },
    '/v1/moderations': { input: 'x' },
    '/v1/rerank': { query: 'x', documents: ['y'] },
    '/v1/images/generations': { prompt: 'x' },
  }
  for (const [path, body] of Object.entries(plain)) {
    test(`${path}: the body goes as it is, and so does the answer`, async () => {
      bench.upstream.forget()
      const document = `{ "results":[],"data":[ ], "choices":[{"text":"é","index":0,"finish_reason":"stop"}],"odd" : 1.0 }`
      bench.upstream.answerOnce(whole(document))
      const sent = JSON.stringify({ ...body, model: 'fake/a/b' })
      const answer = await post(path, sent)
      assert.equal(answer.status, 200, answer.text)
      assert.equal(answer.text, document)
      const seen = await bench.upstream.arrival(0)
      assert.equal(seen.target, path)
      assert.equal(seen.body.toString(), sent.replace('fake/a/b', 'a/b'))
    })
  }

  test('speech: binary bytes and their type pass through', async () => {
    const sound = Buffer.from(Array.from({ length: 70_000 }, (_, index) => (index * 31) % 256))
    bench.upstream.answerOnce(binary(sound, 'audio/mpeg'))
    const answer = await post('/v1/audio/speech', { model: 'fake/tts', input: 'x', voice: 'y' })
    assert.deepEqual(answer.bytes, sound)
    assert.equal(answer.headers['content-type'], 'audio/mpeg')
  })

  test('transcriptions: a form larger than memory allows goes through the spool, every byte of it', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(echoUpload)
    const file = Buffer.from(Array.from({ length: 3 * 1024 * 1024 }, (_, index) => (index * 7) % 256))
    const { body, type } = await formOf({ model: 'fake/whisper', language: 'en', prompt: 'é' }, file)
    const answer = await post('/v1/audio/transcriptions', body, { 'content-type': type })
    assert.equal(answer.status, 200, answer.text)
    const seen = await bench.upstream.arrival(0)
    const parsed = await new Response(Uint8Array.from(seen.body), {
      headers: { 'content-type': String(seen.headers['content-type']) },
    }).formData()
    assert.equal(parsed.get('model'), 'whisper')
    assert.equal(parsed.get('language'), 'en')
    assert.equal(parsed.get('prompt'), 'é')
    const sent = parsed.get('file') as File
    assert.equal(sent.name, 'a sound.wav')
    assert.ok(Buffer.from(await sent.arrayBuffer()).equals(file))
  })
})

describe('endpoints without a model', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())

  test('health: no key needed', async () => {
    for (const path of ['/health/liveness', '/health/liveliness', '/health/readiness']) {
      assert.equal((await call(bench.relay.url, { path })).status, 200, path)
    }
    assert.equal(bench.upstream.seen.length, 0, 'no provider is asked')
  })

  test('metrics: Prometheus text for a loopback peer and for the admin key', async () => {
    await call(bench.relay.url, {
      key: testKey,
      body: { model: 'kimi-k2', messages: [{ role: 'user', content: 'x' }] },
    })
    const answer = await call(bench.relay.url, { path: '/metrics', key: adminKey })
    assert.equal(answer.status, 200)
    assert.match(answer.text, /^# HELP drover_\w+/m)
    assert.match(answer.text, /^drover_\w+(\{[^}]*\})? \d/m)
    assert.equal((await call(bench.relay.url, { path: '/metrics' })).status, 200)
  })

  test('the front page says how to begin, or is the console where this checkout has made it', async () => {
    const answer = await call(bench.relay.url, { path: '/' })
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'] ?? '', /^text\/html/)
    const hasConsole = existsSync(join(checkout, 'web', 'dist', 'index.html'))
    assert.match(answer.text, hasConsole ? /<div id="root">/ : /curl/)
    assert.match(answer.headers['content-security-policy'] ?? '', /./)
  })

  test('models: in OpenAI’s shape, for a live key only what it may use', async () => {
    const answer = await call(bench.relay.url, { path: '/v1/models', key: bench.key })
    assert.equal(answer.status, 200)
    assert.equal(answer.at('object'), 'list')
    for (const model of answer.at('data') as readonly Record<string, unknown>[]) {
      assert.equal(model['object'], 'model')
      assert.equal(typeof model['id'], 'string')
      assert.equal(typeof model['created'], 'number')
      assert.equal(typeof model['owned_by'], 'string')
    }
  })
})
