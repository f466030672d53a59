import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { Bench } from './bench.ts'
import { assertServing, chat, startBench } from './bench.ts'
import type { Ask } from './call.ts'
import { assertProblem, call, callRaw, dig } from './call.ts'
import { adminKey, eventually, testKey } from './harness.ts'

const settings = 'server: { environment: production, body_limit: 64kb, upload_limit: 128kb }\n'

/** The body of a raw answer, which may be chunked. */
const bodyOf = (raw: string): unknown => JSON.parse(/\{.*\}/s.exec(raw.slice(raw.indexOf('\r\n\r\n')))?.[0] ?? 'null')

describe('bad requests', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench({ config: settings })
  })
  after(() => bench.close())

  const ask = (more: Ask) => call(bench.relay.url, { key: bench.key, ...more })

  /** Refused with this status and code; nothing went upstream, and the relay serves on. */
  async function assertRefused(more: Ask, status: number, code: string): Promise<Awaited<ReturnType<typeof call>>> {
    bench.upstream.forget()
    const answer = await ask(more)
    assertProblem(answer, status, code)
    assert.equal(bench.upstream.seen.length, 0, 'nothing went to the provider')
    await assertServing(bench.relay)
    return answer
  }

  const malformed: Readonly<Record<string, string | Uint8Array>> = {
    'a cut object': '{"model":"fake/any-model","messages":[',
    'no JSON at all': 'model=fake',
    'an empty body': '',
    'an array': '[]',
    'a bare string': '"hello"',
    'text after the end': '{"model":"fake/any-model","messages":[]} more',
    'a comma too many': '{"model":"fake/any-model","messages":[],}',
    'invalid UTF-8': Buffer.concat([
      Buffer.from('{"model":"fake/any-model","messages":[{"role":"user","content":"'),
      Buffer.from([0xc3, 0x28, 0xff]),
      Buffer.from('"}]}'),
    ]),
  }
  for (const [name, body] of Object.entries(malformed)) {
    test(`malformed JSON: ${name}`, async () => {
      const answer = await assertRefused({ body }, 400, 'invalid_json')
      assert.equal(answer.at('error.type'), 'invalid_request_error')
    })
  }

  test('JSON that is deeper than any message', async () => {
    const deep = `{"model":"fake/any-model","messages":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    const answer = await ask({ body: deep })
    assert.equal(answer.status, 400, answer.text)
    assert.equal(answer.at('error.type'), 'invalid_request_error')
    await assertServing(bench.relay)
  })

  const wrongTypes: Readonly<Record<string, [param: string, body: unknown]>> = {
    'a model that is a number': ['model', chat('x', { model: 7 })],
    'no model': ['model', { messages: [] }],
    'messages that are text': ['messages', chat('x', { messages: 'hello' })],
    'stream that is text': ['stream', chat('x', { stream: 'yes' })],
  }
  for (const [name, [param, body]] of Object.entries(wrongTypes)) {
    test(`wrong types: ${name}`, async () => {
      const answer = await assertRefused({ body }, 400, 'invalid_request_error')
      assert.equal(answer.at('error.param'), param)
    })
  }

  test('an unknown model: 400 in a call with the nearest ids, 404 when looked up', async () => {
    const answer = await assertRefused({ body: chat('x', { model: 'kimi-k22' }) }, 400, 'model_not_found')
    assert.match(String(answer.at('error.message')), /Model 'kimi-k22' not found/)
    const test404 = await call(bench.relay.url, { key: testKey, path: '/v1/models/kimi-k22' })
    assertProblem(test404, 404, 'model_not_found')
    const inSandbox = await call(bench.relay.url, { key: testKey, body: chat('x', { model: 'kimi-k22' }) })
    assertProblem(inSandbox, 400, 'model_not_found')
    assert.match(String(inSandbox.at('error.message')), /kimi-k2\b/, 'the nearest id is named')
  })

  describe('credentials', () => {
    const body = chat('x')
    test('none', async () => {
      const answer = await assertRefused({ key: null, body }, 401, 'invalid_api_key')
      assert.match(String(answer.at('error.message')), /Incorrect API key provided/)
    })
    const garbled: Readonly<Record<string, Ask['headers']>> = {
      unknown: { authorization: 'Bearer hs-live-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
      'without scheme': { authorization: 'hs-live-AAAAAAAA' },
      'another scheme': { authorization: 'Basic aHM6bGl2ZQ==' },
      empty: { authorization: 'Bearer ' },
      'not ASCII': { authorization: 'Bearer hs-live-\u00e9\u00e9\u00e9' },
      'very long': { authorization: `Bearer hs-live-${'A'.repeat(4000)}` },
    }
    for (const [name, headers] of Object.entries(garbled)) {
      test(`garbled: ${name}`, async () => {
        const answer = await assertRefused({ key: null, headers: headers ?? {}, body }, 401, 'invalid_api_key')
        assert.match(String(answer.at('error.message')), /Incorrect API key provided/)
      })
    }

    test('revoked', async () => {
      const made = await bench.relay.createKey()
      await bench.relay.command('keys', 'revoke', made.id)
      const answer = await assertRefused({ key: made.key, body }, 401, 'invalid_api_key')
      assert.match(String(answer.at('error.message')), /revoked/i)
      assert.equal(answer.headers['x-should-retry'], 'false')
    })

    test('expired', async () => {
      const made = await bench.relay.createKey({ expires: '1s' })
      await eventually('the key to expire', async () => {
        const answer = await call(bench.relay.url, { key: made.key, path: '/v1/models' })
        return answer.status === 401 ? answer : undefined
      })
      const answer = await assertRefused({ key: made.key, body }, 401, 'invalid_api_key')
      assert.match(String(answer.at('error.message')), /expired/i)
    })

    test('of another environment: both are named', async () => {
      const made = await bench.relay.createKey({ environment: 'staging' })
      const answer = await assertRefused({ key: made.key, body }, 401, 'invalid_api_key')
      assert.match(String(answer.at('error.message')), /staging/)
      assert.match(String(answer.at('error.message')), /production/)
      const home = await bench.relay.createKey({ environment: 'production' })
      assert.equal((await call(bench.relay.url, { key: home.key, path: '/v1/models' })).status, 200)
    })

    test('an admin key does not call models', async () => {
      const answer = await ask({ key: adminKey, body })
      assert.ok(answer.status === 401 || answer.status === 403, answer.text)
      const managing = await call(bench.relay.url, { key: bench.key, path: '/api/v1/keys' })
      assert.ok(managing.status === 401 || managing.status === 403, managing.text)
    })

    test('two that differ: the header to remove is named; the same one twice is fine', async () => {
      const answer = await assertRefused({ headers: { 'x-api-key': testKey }, body }, 400, 'ambiguous_credentials')
      assert.match(String(answer.at('error.message')), /x-api-key|authorization/i)
      const twice = await ask({ headers: { 'x-api-key': bench.key }, path: '/v1/models' })
      assert.equal(twice.status, 200)
      const alone = await call(bench.relay.url, { headers: { 'x-api-key': bench.key }, path: '/v1/models' })
      assert.equal(alone.status, 200)
    })
  })

  test('two Host headers', async () => {
    const head = 'GET /v1/models HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n'
    const raw = await callRaw(bench.relay.port, `${head}Authorization: Bearer ${bench.key}\r\n\r\n`)
    assert.match(raw, /^HTTP\/1\.1 400 /)
    assert.equal(typeof dig(bodyOf(raw), 'error.message'), 'string', raw)
    await assertServing(bench.relay)
  })

  test('an absolute-form target with another host', async () => {
    const head = 'GET http://other.example/v1/models HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n'
    const raw = await callRaw(bench.relay.port, `${head}Authorization: Bearer ${bench.key}\r\n\r\n`)
    assert.match(raw, /^HTTP\/1\.1 4\d\d /)
    assert.equal(typeof dig(bodyOf(raw), 'error.message'), 'string', raw)
    await assertServing(bench.relay)
  })

  test('bytes that are not HTTP', async () => {
    const raw = await callRaw(bench.relay.port, 'HELO relay\r\n\r\n')
    assert.match(raw, /^HTTP\/1\.1 400 /)
    await assertServing(bench.relay)
  })

  test('headers that are too large', async () => {
    const answer = await ask({ headers: { 'x-large': 'x'.repeat(40_000) }, path: '/v1/models' })
    assert.equal(answer.status, 431)
    await assertServing(bench.relay)
  })

  test('a body over the limit, announced or not', async () => {
    const large = JSON.stringify(chat('x'.repeat(70_000)))
    const answer = await assertRefused({ body: large }, 413, 'body_too_large')
    assert.match(String(answer.at('error.message')), /64|65536/)
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer ${bench.key}\r\n`
    const framing = 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n'
    const raw = await callRaw(
      bench.relay.port,
      `${head}${framing}${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    )
    assert.match(raw, /^HTTP\/1\.1 413 /)
    await assertServing(bench.relay)
  })

  test('an upload over its own limit', async () => {
    const form = new FormData()
    form.set('model', 'fake/whisper')
    form.set('file', new Blob([Buffer.alloc(200 * 1024)]), 'long.wav')
    const encoded = new Response(form)
    const body = Buffer.from(await encoded.arrayBuffer())
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
    await assertRefused({ path: '/v1/audio/transcriptions', body, headers }, 413, 'body_too_large')
  })

  test('another media type, another method', async () => {
    await assertRefused({ body: 'hello', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type')
    const answer = await assertRefused({ method: 'GET', path: '/v1/chat/completions' }, 405, 'method_not_allowed')
    assert.match(answer.headers['allow'] ?? '', /POST/)
  })

  test('an unknown path, with a hint', async () => {
    const answer = await assertRefused({ path: '/v1/chat/completion', body: chat('x') }, 404, 'not_found')
    assert.match(String(answer.at('error.message')), /\/v1\/chat\/completions/)
    await assertRefused({ path: '/nothing/like/it' }, 404, 'not_found')
    await assertRefused({ path: '/v1/../../etc/passwd' }, 404, 'not_found')
  })

  test('a doubled or missing /v1 and trailing slashes are forgiven', async () => {
    const body = chat('x', { model: 'kimi-k2' })
    const paths = ['/v1/v1/chat/completions', '/chat/completions', '/v1/chat/completions/', '/v1//chat/completions']
    for (const path of paths) {
      const answer = await call(bench.relay.url, { key: testKey, path, body })
      assert.equal(answer.status, 200, `${path}: ${answer.text}`)
    }
    assert.equal((await call(bench.relay.url, { key: testKey, path: '/models/' })).status, 200)
  })
})
