import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { Bench } from './bench.ts'
import { assertServing, chat, startBench } from './bench.ts'
import { call, callRaw } from './call.ts'
import { within } from './harness.ts'

describe('HTTP as it comes', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
    bench.upstream.answer(whole(completion()))
  })
  after(() => bench.close())

  const head = (...lines: readonly string[]): string =>
    ['POST /v1/chat/completions HTTP/1.1', 'Host: relay', `Authorization: Bearer ${bench.key}`, ...lines, '', ''].join(
      '\r\n',
    )
  const json = 'Content-Type: application/json'
  const close = 'Connection: close'

  test('two lengths, or a length and chunks: never a guess at where a request ends', async () => {
    const smuggled: readonly string[] = [
      `${head(json, close, 'Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      `${head(json, close, 'Content-Length: 5', 'Content-Length: 6')}hello`,
      `${head(json, close, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n`,
      `${head(json, close, 'Transfer-Encoding: chunked')}zz\r\n\r\n`,
      `${head(json, close, 'Content-Length: -1')}`,
    ]
    for (const bytes of smuggled) assert.match(await callRaw(bench.relay.port, bytes), /^HTTP\/1\.1 400 /, bytes)
    assert.equal(bench.upstream.seen.length, 0)
    await assertServing(bench.relay)
  })

  test('no Host, and a Host that is none', async () => {
    for (const host of ['', 'Host: a b\r\n', 'Host: a/b\r\n', 'Host: user@a\r\n']) {
      const raw = await callRaw(bench.relay.port, `GET /v1/models HTTP/1.1\r\n${host}Connection: close\r\n\r\n`)
      assert.match(raw, /^HTTP\/1\.1 400 /, host)
    }
  })

  test('methods that make a proxy of a server', async () => {
    const raw = await callRaw(bench.relay.port, 'CONNECT other.example:443 HTTP/1.1\r\nHost: other.example\r\n\r\n')
    assert.match(raw, /^HTTP\/1\.1 405 /)
    const trace = await callRaw(bench.relay.port, 'TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(trace, /^HTTP\/1\.1 (404|405) /)
  })

  test('one connection carries many calls, also sent ahead', async () => {
    const body = JSON.stringify(chat('hi'))
    const one = `${head(json, `Content-Length: ${body.length}`)}${body}`
    const last = `${head(json, close, `Content-Length: ${body.length}`)}${body}`
    const raw = await callRaw(bench.relay.port, one + one + last)
    assert.equal([...raw.matchAll(/HTTP\/1\.1 200 OK/g)].length, 3)
    const ids = [...raw.matchAll(/x-request-id: (\S+)/gi)].map((match) => match[1])
    assert.equal(new Set(ids).size, 3)
  })

  test('a chunked body, and one in gzip', async () => {
    const body = JSON.stringify(chat('in pieces'))
    const pieces = [body.slice(0, 11), body.slice(11)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    const raw = await callRaw(
      bench.relay.port,
      `${head(json, close, 'Transfer-Encoding: chunked')}${pieces.join('')}0\r\n\r\n`,
    )
    assert.match(raw, /^HTTP\/1\.1 200 /)
    const packed = gzipSync(body)
    const answer = await call(bench.relay.url, {
      key: bench.key,
      body: packed,
      headers: { 'content-encoding': 'gzip' },
    })
    assert.equal(answer.status, 200, answer.text)
    bench.upstream.forget()
    await call(bench.relay.url, { key: bench.key, body: packed, headers: { 'content-encoding': 'gzip' } })
    assert.match((await bench.upstream.arrival(0)).body.toString(), /in pieces/)
  })

  test('a gzip bomb is stopped at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024, ' '))
    const answer = await call(bench.relay.url, { key: bench.key, body: bomb, headers: { 'content-encoding': 'gzip' } })
    assert.equal(answer.status, 413, answer.text)
    const garbage = await call(bench.relay.url, {
      key: bench.key,
      body: 'no gzip',
      headers: { 'content-encoding': 'gzip' },
    })
    assert.equal(garbage.status, 400, garbage.text)
    await assertServing(bench.relay)
  })

  test('a caller who goes while sending leaves nothing behind', async () => {
    for (let each = 0; each < 20; each += 1) {
      const socket = connect(bench.relay.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(`${head(json, 'Content-Length: 1000')}{"model":`)
      socket.resetAndDestroy()
    }
    await assertServing(bench.relay)
  })

  test('many names that look like JavaScript’s own are data', async () => {
    bench.upstream.forget()
    const body =
      '{"__proto__":{"model":"x"},"constructor":{"prototype":{"stream":true}},"model":"fake/m","messages":[{"role":"user","content":"x"}]}'
    const answer = await call(bench.relay.url, { key: bench.key, body })
    assert.equal(answer.status, 200, answer.text)
    assert.equal((await bench.upstream.arrival(0)).body.toString(), body.replace('fake/m', 'm'))
  })

  test('metrics are for loopback peers, not for those who come through a proxy', async () => {
    const answer = await call(bench.relay.url, { path: '/metrics', headers: { 'x-forwarded-for': '203.0.113.9' } })
    assert.equal(answer.status, 401)
  })

  test('two hundred calls at once are all answered', async () => {
    const calls = Array.from({ length: 200 }, (_, index) =>
      call(bench.relay.url, { key: bench.key, body: chat(`${index}`) }),
    )
    const answers = await within(Promise.all(calls), 20_000, () => 'calls are stuck')
    assert.ok(answers.every(({ status }) => status === 200))
    assert.equal(new Set(answers.map(({ headers }) => headers['x-request-id'])).size, 200)
  })
})
