import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Exchange, Inbound } from './inbound.ts'
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

describe('requests that a relay must refuse', () => {
  let bench: TestBench
  let handled = 0
  before(async () => {
    const count = async (exchange: Exchange): Promise<void> => {
      handled += 1
      await echo(exchange)
    }
    bench = await startBench([{ method: 'POST', path: '/a', value: count }])
  })
  after(() => bench.close())

  const post = 'POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n'
  const refusedHeads: Readonly<Record<string, string>> = {
    'content-length beside transfer-encoding': `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    'transfer-encoding beside content-length': `${post}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n`,
    'two content-lengths': `${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} `,
    'a list as content-length': `${post}Content-Length: 2, 2\r\n\r\n{}`,
    'a negative content-length': `${post}Content-Length: -1\r\n\r\n`,
    'a signed content-length': `${post}Content-Length: +2\r\n\r\n{}`,
    'a content-length beyond all numbers': `${post}Content-Length: 99999999999999999999999\r\n\r\n`,
    'an unknown transfer-encoding': `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    'chunked not last': `${post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'lines that end in a bare LF': 'POST /a HTTP/1.1\nHost: h\nContent-Length: 2\n\n{}',
    'a folded header': `${post}X-Long: a\r\n b\r\nContent-Length: 2\r\n\r\n{}`,
    'a blank before the colon': `${post}Content-Length : 2\r\n\r\n{}`,
    'a NUL in a value': `${post}X-A: a\u0000b\r\nContent-Length: 2\r\n\r\n{}`,
    'a bare CR in a value': `${post}X-A: a\rb\r\nContent-Length: 2\r\n\r\n{}`,
    'a name that is no token': `${post}X(A): b\r\nContent-Length: 2\r\n\r\n{}`,
    'no colon at all': `${post}nonsense\r\nContent-Length: 2\r\n\r\n{}`,
    'an unknown version': 'POST /a HTTP/3.7\r\nHost: h\r\n\r\n',
    'an unknown method': 'SPELL /a HTTP/1.1\r\nHost: h\r\n\r\n',
    'a control character in the target': 'POST /\u0001a HTTP/1.1\r\nHost: h\r\n\r\n',
    'no HTTP at all': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
    'two Host headers': `${post}Host: other\r\nContent-Length: 2\r\n\r\n{}`,
    'the same Host header twice': `${post}Host: h\r\nContent-Length: 2\r\n\r\n{}`,
    'no Host header': 'POST /a HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    'a list as Host': 'POST /a HTTP/1.1\r\nHost: h, other\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    'a Host with a path': 'POST /a HTTP/1.1\r\nHost: h/v1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    'a target of another host':
      'POST http://other/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    'a target with credentials':
      'POST http://u:p@h/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
    'a target of another scheme':
      'POST ftp://h/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
  }
  for (const [name, bytes] of Object.entries(refusedHeads)) {
    test(`refused with 400: ${name}`, async () => {
      const handledBefore = handled
      const answer = parseRaw(await callRaw(bench.port, bytes))
      assert.equal(answer.status, 400)
      assert.equal(codeIn(answer.body), 'invalid_request_error')
      assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
      assert.match(answer.headers['x-request-id'] ?? '', /^call_/)
      assert.equal(answer.headers['connection']?.toLowerCase(), 'close')
      assert.equal(handled, handledBefore, 'no handler saw it')
    })
  }

  const refusedChunks: Readonly<Record<string, string>> = {
    'a size that is no number': 'zz\r\n{}\r\n0\r\n\r\n',
    'a negative size': '-2\r\n{}\r\n0\r\n\r\n',
    'a size beyond all numbers': 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n',
    'a chunk longer than its size': '1\r\n{}\r\n0\r\n\r\n',
    'a size line that ends in a bare LF': '2\n{}\r\n0\r\n\r\n',
    'an endless chunk extension': `2;${'x'.repeat(40_000)}\r\n{}\r\n0\r\n\r\n`,
  }
  for (const [name, chunks] of Object.entries(refusedChunks)) {
    test(`refused in the body: ${name}`, async () => {
      const answer = await callRaw(bench.port, `${post}Transfer-Encoding: chunked\r\n\r\n${chunks}`)
      assert.match(answer, /^HTTP\/1\.1 4\d\d /)
      assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer, then the end')
    })
  }

  test('headers over 16 KiB, and more than 100 of them, are 431', async () => {
    const large = parseRaw(await callRaw(bench.port, `${post}X-Large: ${'x'.repeat(17 * 1024)}\r\n\r\n`))
    assert.equal(large.status, 431)
    assert.equal(codeIn(large.body), 'headers_too_large')
    const many = Array.from({ length: 101 }, (_, index) => `X-${index}: 1\r\n`).join('')
    const answer = parseRaw(await callRaw(bench.port, `${post}${many}Content-Length: 2\r\n\r\n{}`))
    assert.equal(answer.status, 431)
  })

  test('framing behind thousands of headers is not lost', async () => {
    const many = Array.from({ length: 2100 }, () => 'A:1\r\n').join('')
    const answer = await callRaw(bench.port, `${post}${many}Content-Length: 2\r\n\r\n{}`)
    assert.match(answer, /^HTTP\/1\.1 4\d\d /)
  })

  test('CONNECT, other expectations and WebSockets are refused in words', async () => {
    const connect = parseRaw(await callRaw(bench.port, 'CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n'))
    assert.equal(connect.status, 405)
    const expecting = parseRaw(await callRaw(bench.port, `${post}Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}`))
    assert.equal(expecting.status, 417)
    const upgrade = 'POST /a HTTP/1.1\r\nHost: h\r\nConnection: upgrade, close\r\nUpgrade: websocket\r\n\r\n'
    const answer = parseRaw(await callRaw(bench.port, upgrade))
    assert.equal(answer.status, 426)
    assert.match(messageIn(answer.body), /WebSocket/)
  })

  test('an offer of HTTP/2 is passed over', async () => {
    const offer = 'Connection: upgrade, http2-settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
    const head = `POST /a HTTP/1.1\r\nHost: h\r\n${offer}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
    assert.equal(parseRaw(await callRaw(bench.port, head)).status, 200)
  })

  test('after all that the server serves', async () => {
    const answer = parseRaw(await callRaw(bench.port, `${post}Content-Length: 2\r\n\r\n{}`))
    assert.equal(answer.status, 200)
    assert.equal(answer.body, '{}')
  })
})

describe('what a handler gets', () => {
  let bench: TestBench
  let seen: Inbound | null = null
  before(async () => {
    const keep = async (exchange: Exchange): Promise<void> => {
      seen = exchange.inbound
      await say(exchange, 'ok')
    }
    bench = await startBench([{ method: 'GET', path: '/v1/see', value: keep }], { trustedProxies: ['127.0.0.0/8'] })
  })
  after(() => bench.close())

  const see = async (lines: string, target = '/v1/see'): Promise<Inbound> => {
    seen = null
    await callRaw(bench.port, `GET ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${lines}\r\n`)
    assert.ok(seen !== null)
    return seen
  }

  test('method, mended path, query, lower-case headers', async () => {
    const inbound = await see('X-One: a\r\n', '/v1//see/?a=1&a=2&b=%20')
    assert.equal(inbound.path, '/v1/see')
    assert.deepEqual(inbound.query.getAll('a'), ['1', '2'])
    assert.equal(inbound.query.get('b'), ' ')
    assert.equal(inbound.headers['x-one'], 'a')
    assert.deepEqual(inbound.body, { kind: 'none' })
    assert.match(inbound.id, /^call_/)
  })

  test('an absolute target of the same host is a path', async () => {
    assert.equal((await see('', 'http://H/v1/see')).path, '/v1/see')
  })

  test('repeated headers are joined and listed; only one type counts', async () => {
    const twice =
      'X-Many: a\r\nX-Many: b\r\nAuthorization: Bearer one\r\nAuthorization: Bearer two\r\nX-Api-Key: k\r\nX-API-KEY: l\r\nContent-Type: a\r\nContent-Type: b\r\n'
    const inbound = await see(twice)
    assert.equal(inbound.headers['x-many'], 'a, b')
    assert.equal(inbound.headers['authorization'], 'Bearer one, Bearer two')
    assert.equal(inbound.headers['x-api-key'], 'k, l')
    assert.deepEqual(inbound.duplicates?.['authorization'], ['Bearer one', 'Bearer two'])
    assert.deepEqual(inbound.duplicates?.['x-api-key'], ['k', 'l'])
    assert.equal(inbound.headers['content-type'], 'a')
  })

  test('a header named __proto__ is only a header', async () => {
    const inbound = await see('__proto__: x\r\nconstructor: y\r\n__proto__: z\r\n')
    assert.equal(inbound.headers['constructor'], 'y')
    assert.equal(inbound.headers['tostring'], undefined)
    assert.equal(Object.getPrototypeOf({}), Object.prototype)
  })

  test('the address is what a trusted proxy says', async () => {
    const inbound = await see('X-Forwarded-For: 198.51.100.7\r\n')
    assert.equal(inbound.remoteAddress, '198.51.100.7')
    assert.equal(inbound.fromLoopback, false)
    assert.equal((await see('')).fromLoopback, true)
  })

  test('HEAD is answered with the head alone, OPTIONS with the methods', async () => {
    const head = parseRaw(await callRaw(bench.port, 'HEAD /v1/see HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'))
    assert.equal(head.status, 200)
    assert.equal(head.headers['content-length'], '2')
    assert.equal(head.body, '')
    const options = parseRaw(
      await callRaw(bench.port, 'OPTIONS /v1/see HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'),
    )
    assert.equal(options.status, 204)
    assert.equal(options.headers['allow'], 'GET, HEAD, OPTIONS')
    const star = parseRaw(await callRaw(bench.port, 'OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'))
    assert.equal(star.status, 204)
  })

  test('HTTP/1.0 without Host is served and closed', async () => {
    const answer = await callRaw(bench.port, 'GET /v1/see HTTP/1.0\r\n\r\n')
    assert.match(answer, /^HTTP\/1\.1 200 /)
  })

  test('two requests on one connection get their answers in order', async () => {
    const one = 'GET /v1/see HTTP/1.1\r\nHost: h\r\n\r\n'
    const last = 'GET /v1/missing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
    const answers = await callRaw(bench.port, one + last)
    assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 404'])
  })
})

describe('calls from browsers', () => {
  const ask = async (origins: readonly string[], lines: string, method = 'GET') => {
    const bench = await startBench([{ method: 'GET', path: '/x', value: (exchange) => say(exchange, 'ok') }], {
      corsOrigins: origins,
    })
    const head = `${method} /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${lines}\r\n`
    const { headers, status } = parseRaw(await callRaw(bench.port, head))
    await bench.close()
    return { status, headers }
  }

  test('an allowed origin may read the answer, another may not', async () => {
    const allowed = await ask(['https://app.example'], 'Origin: https://app.example\r\n')
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example')
    for (const name of [
      'x-request-id',
      'request-id',
      'retry-after-ms',
      'x-drover-cache',
      'idempotent-replayed',
      'x-drover-queued-ms',
    ])
      assert.ok(allowed.headers['access-control-expose-headers']?.split(', ').includes(name), name)
    assert.equal(allowed.headers['vary'], 'origin')
    const other = await ask(['https://app.example'], 'Origin: https://app.example.evil\r\n')
    assert.equal(other.headers['access-control-allow-origin'], undefined)
    assert.equal(other.headers['vary'], 'origin')
    const none = await ask([], 'Origin: https://app.example\r\n')
    assert.equal(none.headers['access-control-allow-origin'], undefined)
    const any = await ask(['*'], 'Origin: https://x.example\r\n')
    assert.equal(any.headers['access-control-allow-origin'], '*')
    assert.equal(any.headers['access-control-allow-credentials'], undefined)
  })

  test('a preflight names methods and the headers that were asked for', async () => {
    const lines =
      'Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization, x-stainless-os\r\n'
    const allowed = await ask(['https://app.example'], lines, 'OPTIONS')
    assert.equal(allowed.status, 204)
    assert.equal(allowed.headers['access-control-allow-headers'], 'authorization, x-stainless-os')
    assert.equal(allowed.headers['access-control-allow-methods'], 'GET, HEAD, OPTIONS')
    const refused = await ask([], lines, 'OPTIONS')
    assert.equal(refused.headers['access-control-allow-methods'], undefined)
  })
})

describe('handlers that fail', () => {
  test('a problem is answered, anything else is an internal error without its words, a begun answer is cut', async () => {
    const errors: unknown[] = []
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (message: string) => errors.push(message) }
    const bench = await startBench(
      [
        {
          method: 'GET',
          path: '/problem',
          value: () =>
            Promise.reject(new Problem('rate_limit_exceeded', { message: 'Slow down.', retryAfterMs: 1500 })),
        },
        { method: 'GET', path: '/bug', value: () => Promise.reject(new TypeError('password=1234')) },
        { method: 'GET', path: '/silent', value: async () => {} },
        {
          method: 'GET',
          path: '/late',
          value: async ({ outbound }) => {
            outbound.head(200, {})
            await outbound.write(Buffer.from('begun'))
            throw new TypeError('late')
          },
        },
        {
          method: 'GET',
          path: '/header',
          value: async ({ outbound }) => outbound.head(200, { 'x-bad': 'a\r\nb' }),
        },
      ],
      { log },
    )
    const get = (path: string) => callRaw(bench.port, `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`)
    const problem = parseRaw(await get('/problem'))
    assert.equal(problem.status, 429)
    assert.equal(problem.headers['retry-after'], '2')
    const bug = parseRaw(await get('/bug'))
    assert.equal(bug.status, 500)
    assert.doesNotMatch(bug.body, /1234/)
    assert.equal(await get('/silent'), '', 'closed without an answer')
    const late = await get('/late')
    assert.match(late, /begun/)
    assert.ok(!late.endsWith('0\r\n\r\n'))
    assert.equal(parseRaw(await get('/header')).status, 500)
    assert.equal(errors.length, 4)
    await bench.close()
  })
})

describe('listening and the end', () => {
  test('a port in use is told with what to do', async () => {
    const bench = await startBench([])
    await assert.rejects(startBench([], { port: bench.port }), (problem) => {
      assert.ok(problem instanceof Problem)
      assert.match(problem.message, new RegExp(`Port ${bench.port} of 127.0.0.1 is in use.*--port`))
      return true
    })
    await assert.rejects(startBench([], { host: '203.0.113.1' }), /no address of this machine.*--host/)
    await bench.close()
  })

  test('draining lets open exchanges end and refuses new connections', async () => {
    const gate = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const bench = await startBench([
      {
        method: 'GET',
        path: '/slow',
        value: async (exchange) => {
          begun.resolve()
          await gate.promise
          await say(exchange, 'done')
        },
      },
      { method: 'GET', path: '/fast', value: (exchange) => say(exchange, 'fast') },
    ])
    const idle = await openSocket(bench.port)
    idle.write('GET /fast HTTP/1.1\r\nHost: h\r\n\r\n')
    await readUntil(idle, /fast$/)
    const idleClosed = readToClose(idle)
    const slow = callRaw(bench.port, 'GET /slow HTTP/1.1\r\nHost: h\r\n\r\n')
    await begun.promise
    const drained = bench.server.drain(10_000)
    await idleClosed
    await assert.rejects(openSocket(bench.port), { code: 'ECONNREFUSED' })
    assert.equal(bench.server.openExchanges(), 1)
    gate.resolve()
    const answer = parseRaw(await slow)
    assert.equal(answer.body, 'done')
    assert.equal(answer.headers['connection'], 'close')
    assert.equal(await drained, 0)
    await bench.close()
  })

  test('what does not end in time is cut', async () => {
    const left = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const bench = await startBench([
      {
        method: 'GET',
        path: '/endless',
        value: async ({ inbound, outbound }) => {
          outbound.head(200, {})
          await outbound.write(Buffer.from('x'))
          inbound.signal.addEventListener('abort', () => left.resolve())
          begun.resolve()
          await left.promise
          inbound.signal.throwIfAborted()
        },
      },
    ])
    const call = callRaw(bench.port, 'GET /endless HTTP/1.1\r\nHost: h\r\n\r\n')
    await begun.promise
    assert.equal(await bench.server.drain(20), 1)
    assert.ok(!(await call).endsWith('0\r\n\r\n'))
    await bench.close()
  })

  test('a head that does not arrive in time is 408', async () => {
    const bench = await startBench([], { headersTimeoutMs: 50 })
    const answer = parseRaw(await callRaw(bench.port, 'GET / HTTP/1.1\r\nHost:'))
    assert.equal(answer.status, 408)
    assert.equal(codeIn(answer.body), 'request_timeout')
    await bench.close()
  })

  test('a thousand that send next to nothing are gone when the time of a head is over, and keep nobody waiting meanwhile', async () => {
    const bench = await startBench([{ method: 'GET', path: '/x', value: (exchange) => say(exchange, 'here') }], {
      headersTimeoutMs: 1_000,
    })
    let gone = 0
    const slow = Array.from({ length: 1_000 }, async () => {
      const text = await callRaw(bench.port, 'GET /x HTTP/1.1\r\nHost:')
      gone += 1
      return parseRaw(text).status
    })
    const answer = parseRaw(await callRaw(bench.port, 'GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'))
    assert.deepEqual([answer.status, answer.body, gone < 1_000], [200, 'here', true])
    assert.deepEqual([...new Set(await Promise.all(slow))], [408])
    await bench.close()
  })
})
