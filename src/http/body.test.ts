import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { after, before, describe, test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Problem } from '#base/problem.ts'
import type { Exchange } from './inbound.ts'
import type { TestBench } from './test-bench.ts'
import {
  callRaw,
  codeIn,
  echo,
  messageIn,
  openSocket,
  parseRaw,
  readToClose,
  readUntil,
  say,
  startBench,
} from './test-bench.ts'

const kib = 1024

const post = (path: string, headers: Readonly<Record<string, string>>, body: string | Buffer = ''): Buffer => {
  const lines = Object.entries({ host: 'h', connection: 'close', ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), Buffer.from(body as string)])
}

const json = (body: string | Buffer, more: Readonly<Record<string, string>> = {}): Buffer =>
  post('/json', { 'content-type': 'application/json', 'content-length': String(body.length), ...more }, body)

const chunked = (pieces: readonly string[], more: Readonly<Record<string, string>> = {}): Buffer =>
  post(
    '/json',
    { 'content-type': 'application/json', 'transfer-encoding': 'chunked', ...more },
    `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`,
  )

/** As whoever looks at something first reads: turns after the head. */
const readLater = async (exchange: Exchange): Promise<void> => {
  await new Promise(setImmediate)
  const { body } = await exchange.read()
  const text = body.kind === 'bytes' ? body.bytes.toString() : body.kind
  if (text === '"refuse"') throw new Problem('invalid_request_error', { message: 'refused' })
  await say(exchange, text)
}

describe('bodies', () => {
  let bench: TestBench
  before(async () => {
    bench = await startBench([
      { method: 'POST', path: '/json', value: echo },
      { method: 'POST', path: '/small', value: echo, bodyLimitBytes: 10 },
      { method: 'POST', path: '/any', value: echo, accepts: ['any'] },
      { method: 'POST', path: '/form', value: echo, accepts: ['form'] },
      { method: 'POST', path: '/unread', value: (exchange: Exchange) => say(exchange, 'unread') },
      { method: 'GET', path: '/json', value: echo },
      { method: 'POST', path: '/later', value: readLater },
    ])
  })
  after(() => bench.close())

  const call = async (bytes: Buffer) => parseRaw(await callRaw(bench.port, bytes))

  test('JSON comes as it is, in one piece or in many', async () => {
    assert.equal((await call(json('{"a": 1}'))).body, '{"a": 1}')
    assert.equal((await call(chunked(['{"a"', ': ', '1}']))).body, '{"a": 1}')
    const socket = await openSocket(bench.port)
    const answer = readToClose(socket)
    for (const byte of json('{"slow":true}')) {
      socket.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    assert.equal(parseRaw(await answer).body, '{"slow":true}')
  })

  test('a body that came with its head leaves the connection as it was, answered or refused', async () => {
    const socket = await openSocket(bench.port)
    const like = { connection: 'keep-alive', 'content-type': 'application/json' }
    const ask = (body: string): Buffer => post('/later', { ...like, 'content-length': String(body.length) }, body)
    for (const body of ['"first"', '"refuse"', `"${'x'.repeat(40 * kib)}"`, '"refuse"']) {
      const answered = readUntil(socket, body === '"refuse"' ? /\}$/ : /"$/)
      socket.write(ask(body))
      const answer = await answered
      assert.match(answer, body === '"refuse"' ? /^HTTP\/1.1 400/ : /^HTTP\/1.1 200/)
      assert.doesNotMatch(answer, /connection: close/i)
    }
    // The next one comes in pieces, and the one after it on its heels.
    const [last, next] = [ask('"in pieces"'), ask('"at its heels"')]
    socket.write(last.subarray(0, -4))
    await new Promise(setImmediate)
    const both = readUntil(socket, /"at its heels"$/)
    socket.write(Buffer.concat([last.subarray(-4), next]))
    assert.match(await both, /"in pieces"/)
    socket.destroy()
  })

  test('no body is zero bytes where JSON is taken, and none where no body is', async () => {
    assert.equal((await call(post('/json', { 'content-length': '0' }))).body, '')
    assert.equal((await call(post('/form', { 'content-length': '0' }))).body, 'none')
    const got = await callRaw(bench.port, 'GET /json HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
    assert.equal(parseRaw(got).body, 'none')
  })

  test('the limit is exact, announced or counted, and the message names it', async () => {
    const fits = `"${'x'.repeat(64 * kib - 2)}"`
    assert.equal((await call(json(fits))).status, 200)
    assert.equal((await call(chunked([fits]))).status, 200)
    for (const request of [json(`${fits} `), chunked([fits, ' '])]) {
      const answer = await call(request)
      assert.equal(answer.status, 413)
      assert.equal(codeIn(answer.body), 'body_too_large')
      assert.match(messageIn(answer.body), /65536 bytes, "server\.body_limit"/)
    }
    const small = await call(
      post('/small', { 'content-type': 'application/json', 'content-length': '11' }, '{"a":12345}'),
    )
    assert.match(messageIn(small.body), /10 bytes, "the limit of this path"/)
  })

  test('a body over the limit is refused before it is sent, and its sender still reads the answer', async () => {
    const announced = await openSocket(bench.port)
    announced.write(post('/json', { 'content-type': 'application/json', 'content-length': '9999999' }))
    assert.match(await readUntil(announced, /\}$/), /^HTTP\/1\.1 413 /)
    announced.destroy()
    // A client that writes everything before it reads anything.
    const large = Buffer.alloc(6 * 1024 * kib, 0x20)
    const socket = await openSocket(bench.port)
    socket.pause()
    const closed = readToClose(socket)
    socket.pause()
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.write(json(large), () => resolve())
    })
    socket.resume()
    const answer = parseRaw(await closed)
    assert.equal(answer.status, 413)
    assert.equal(answer.headers['connection'], 'close')
  })

  test('a handler that does not read its body answers all the same', async () => {
    const unread = post(
      '/unread',
      { 'content-type': 'application/json', 'content-length': '5000000' },
      Buffer.alloc(5_000_000),
    )
    const answer = await call(unread)
    assert.equal(answer.status, 200)
    assert.equal(answer.body, 'unread')
  })

  test('expect: 100-continue is answered when the body is wanted, and only then', async () => {
    const socket = await openSocket(bench.port)
    const expecting = { 'content-type': 'application/json', expect: '100-continue' }
    socket.write(post('/json', { ...expecting, 'content-length': '2' }))
    await readUntil(socket, /^HTTP\/1\.1 100 Continue\r\n\r\n/)
    const rest = readToClose(socket)
    socket.write('{}')
    assert.match(await rest, /^HTTP\/1\.1 200 [\s\S]*\{\}$/)
    const refused = await callRaw(bench.port, post('/json', { ...expecting, 'content-length': '999999' }))
    assert.match(refused, /^HTTP\/1\.1 413 /)
  })

  test('content-types: JSON and its kin, none that looks like JSON, UTF-8 only', async () => {
    const typed = (type: string, body = '{}') =>
      call(
        post(
          '/json',
          { ...(type === '' ? {} : { 'content-type': type }), 'content-length': String(body.length) },
          body,
        ),
      )
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/vnd.api+json', 'text/json'])
      assert.equal((await typed(type)).status, 200, type)
    assert.equal((await typed('')).status, 200)
    assert.equal((await typed('', ' \n[1]')).status, 200)
    const refused: readonly (readonly [string, string])[] = [
      ['', 'hello'],
      ['text/plain', '{}'],
      ['application/x-www-form-urlencoded', '{}'],
      ['multipart/form-data; boundary=x', '{}'],
      ['application/json; charset=utf-16', '{}'],
      ['application/jsonx', '{}'],
      ['json', '{}'],
    ]
    for (const [type, body] of refused) {
      const answer = await typed(type, body)
      assert.equal(answer.status, 415, type)
      assert.equal(codeIn(answer.body), 'unsupported_media_type')
      assert.match(messageIn(answer.body), /application\/json|UTF-8/)
    }
    assert.equal((await call(post('/any', { 'content-type': 'x/y', 'content-length': '2' }, 'zz'))).body, 'zz')
    const form = await call(post('/form', { 'content-type': 'application/json', 'content-length': '2' }, '{}'))
    assert.match(messageIn(form.body), /multipart\/form-data/)
  })

  test('compressed bodies are read within the limit', async () => {
    const text = `{"a":"${'b'.repeat(1000)}"}`
    const encoded: Readonly<Record<string, Buffer>> = {
      gzip: gzipSync(text),
      deflate: deflateSync(text),
      br: brotliCompressSync(text),
      zstd: zstdCompressSync(text),
    }
    for (const [encoding, body] of Object.entries(encoded)) {
      const answer = await call(json(body, { 'content-encoding': encoding }))
      assert.equal(answer.body, text, encoding)
    }
    const bomb = await call(json(gzipSync(Buffer.alloc(10 * 1024 * kib)), { 'content-encoding': 'gzip' }))
    assert.equal(bomb.status, 413)
    const damaged = await call(json(gzipSync(text).subarray(0, 30), { 'content-encoding': 'gzip' }))
    assert.equal(damaged.status, 400)
    for (const encoding of ['compress', 'gzip, gzip', 'snappy']) {
      const answer = await call(json('{}', { 'content-encoding': encoding }))
      assert.equal(answer.status, 415, encoding)
      assert.ok(messageIn(answer.body).includes(encoding))
      assert.equal(answer.headers['accept-encoding'], 'gzip, deflate, br, zstd')
    }
  })
})

describe('bodies that do not come', () => {
  test('silence, and a body that takes too long, are 408', async () => {
    const limits = { idleTimeoutMs: 40, bodyTimeoutMs: 100 }
    const bench = await startBench([{ method: 'POST', path: '/json', value: echo }], limits)
    const head = post('/json', { 'content-type': 'application/json', 'content-length': '1000' }, '{')
    const silent = await openSocket(bench.port)
    silent.write(head)
    const answer = parseRaw(await readUntil(silent, /\}$/))
    assert.equal(answer.status, 408)
    assert.equal(codeIn(answer.body), 'request_timeout')
    assert.equal(answer.headers['connection'], 'close')
    silent.destroy()
    const dripping = await openSocket(bench.port)
    dripping.write(head)
    const drip = setInterval(() => dripping.write(' '), 10)
    assert.match(await readUntil(dripping, /\}$/), /^HTTP\/1\.1 408 [\s\S]*did not arrive within/)
    clearInterval(drip)
    dripping.destroy()
    await bench.close()
  })

  test('a caller who leaves while sending is not answered, and the handler learns it', async () => {
    const failed = Promise.withResolvers<unknown>()
    const bench = await startBench([
      {
        method: 'POST',
        path: '/json',
        value: async (exchange) => {
          try {
            await exchange.read()
          } catch (failure) {
            failed.resolve(failure)
            throw failure
          }
        },
      },
    ])
    const socket = await openSocket(bench.port)
    socket.write(post('/json', { 'content-type': 'application/json', 'content-length': '1000' }, '{'))
    await new Promise(setImmediate)
    socket.destroy()
    const failure = await failed.promise
    assert.ok(
      (failure instanceof Error && failure.name === 'AbortError') || failure instanceof Problem,
      'the reason of the signal, or that the body broke off',
    )
    await bench.close()
  })
})
