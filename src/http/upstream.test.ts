import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createHttp } from 'node:http'
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net'
import { createServer as createTcp } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { systemClock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { Lookup } from './egress.ts'
import type { Transport, UpstreamReply, UpstreamRequest } from './transport.ts'
import type { NetworkOptions } from './upstream.ts'
import { networkTransport } from './upstream.ts'

const portOf = (server: Server | TcpServer): number => (server.address() as AddressInfo).port

type Bench = { readonly port: number; readonly url: URL; readonly transport: Transport; readonly sockets: Set<Socket> }

const using = async (
  server: Server | TcpServer,
  use: (bench: Bench) => Promise<void>,
  options: Partial<NetworkOptions> = {},
): Promise<void> => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clock = systemClock()
  const transport = networkTransport({
    allowPrivate: true,
    proxy: null,
    certificateAuthorities: null,
    clock,
    ...options,
  })
  try {
    await use({ port: portOf(server), url: new URL(`http://127.0.0.1:${portOf(server)}/v1/x?q=1`), transport, sockets })
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await transport.close()
  }
}

const withHttp = (listener: RequestListener, use: (bench: Bench) => Promise<void>, options?: Partial<NetworkOptions>) =>
  using(createHttp(listener), use, options)

const withTcp = (listener: (socket: Socket) => void, use: (bench: Bench) => Promise<void>) =>
  using(createTcp(listener), use)

const requestTo = (url: URL, more: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json' },
  body: { kind: 'bytes', bytes: Buffer.from('{"a":1}') },
  signal: new AbortController().signal,
  connectTimeoutMs: 2000,
  headersTimeoutMs: 2000,
  ...more,
})

const textOf = async (reply: UpstreamReply): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of reply.body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

const problemOf = async (promise: Promise<unknown>): Promise<Problem> => {
  const outcome = await promise.then(
    () => assert.fail('it went well'),
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Problem, String(outcome))
  return outcome
}

describe('requests', () => {
  test('method, path, headers and body arrive; status, headers and body come back', async () => {
    const seen: Record<string, unknown> = {}
    const answer: RequestListener = async (request, response) => {
      Object.assign(seen, {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: await bodyOf(request),
      })
      response.writeHead(
        418,
        [
          ['X-One', 'a'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['X-Many', '1'],
          ['X-Many', '2'],
        ].flat(),
      )
      response.end('hello')
    }
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(requestTo(url))
      assert.equal(reply.status, 418)
      assert.equal(reply.headers['x-one'], 'a')
      assert.deepEqual(reply.headers['set-cookie'], ['a=1', 'b=2'])
      assert.deepEqual(reply.headers['x-many'], ['1', '2'])
      assert.equal(await textOf(reply), 'hello')
      assert.equal(seen['method'], 'POST')
      assert.equal(seen['url'], '/v1/x?q=1')
      assert.equal(seen['body'], '{"a":1}')
      const headers = seen['headers'] as Record<string, string>
      assert.equal(headers['accept-encoding'], 'identity')
      assert.equal(headers['content-length'], '7')
      assert.equal(headers['transfer-encoding'], undefined)
    })
  })

  test('streams are sent with their length or in chunks, and opened by each sending', async () => {
    let opened = 0
    const open = async function* () {
      opened += 1
      yield Buffer.from('one')
      yield Buffer.from('two')
    }
    const answer: RequestListener = async (request, response) => {
      const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
      response.end(`${length ?? '-'} ${encoding ?? '-'} ${await bodyOf(request)}`)
    }
    await withHttp(answer, async ({ transport, url }) => {
      for (const [lengthBytes, expected] of [
        [6, '6 - onetwo'],
        [null, '- chunked onetwo'],
      ] as const) {
        const reply = await transport.send(requestTo(url, { body: { kind: 'stream', open, lengthBytes } }))
        assert.equal(await textOf(reply), expected)
      }
      assert.equal(opened, 2)
      const get = await transport.send(requestTo(url, { method: 'GET', body: { kind: 'none' } }))
      assert.equal(await textOf(get), '- - ')
    })
  })

  test('connections are kept and used again; redirects are not followed', async () => {
    let connections = 0
    const server = createHttp((_request, response) => response.writeHead(307, { location: '/elsewhere' }).end('moved'))
    server.on('connection', () => {
      connections += 1
    })
    await using(server, async ({ transport, url }) => {
      for (let round = 0; round < 5; round += 1) {
        const reply = await transport.send(requestTo(url))
        assert.equal(reply.status, 307)
        assert.equal(await textOf(reply), 'moved')
      }
      // undici marks a connection free a turn later, so a second one may have been opened.
      assert.ok(connections <= 2, `${connections} connections`)
    })
  })

  test('interim answers are passed over', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
    await withTcp(
      (socket) => socket.once('data', () => socket.write(interim)),
      async ({ transport, url }) => {
        const reply = await transport.send(requestTo(url))
        assert.equal(reply.status, 200)
        assert.equal(await textOf(reply), 'ok')
      },
    )
  })

  test('two hundred streams at once each get their own bytes', async () => {
    const waiting: ServerResponse[] = []
    const answer: RequestListener = (request, response) => {
      response.write(`${request.url} `)
      waiting.push(response)
      if (waiting.length === 200) for (const one of waiting) one.end('end')
    }
    await withHttp(answer, async ({ transport, url }) => {
      const send = async (index: number) =>
        textOf(
          await transport.send(
            requestTo(new URL(`/${index}`, url), { connectTimeoutMs: 10_000, headersTimeoutMs: 10_000 }),
          ),
        )
      const texts = await Promise.all(Array.from({ length: 200 }, (_, index) => send(index)))
      assert.deepEqual(
        texts,
        Array.from({ length: 200 }, (_, index) => `/${index} end`),
      )
    })
  })
})

describe('compressed replies', () => {
  const text = 'event '.repeat(5000)
  const encodings: Readonly<Record<string, Buffer>> = {
    gzip: gzipSync(text),
    deflate: deflateSync(text),
    br: brotliCompressSync(text),
    zstd: zstdCompressSync(text),
  }
  for (const [encoding, bytes] of Object.entries(encodings)) {
    test(`${encoding} is decompressed`, async () => {
      const answer: RequestListener = (_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding, 'content-length': bytes.length }).end(bytes)
      await withHttp(answer, async ({ transport, url }) => {
        const reply = await transport.send(requestTo(url))
        assert.equal(reply.headers['content-encoding'], undefined)
        assert.equal(reply.headers['content-length'], undefined)
        assert.equal(await textOf(reply), text)
      })
    })
  }

  test('what was flushed is given before the end', async () => {
    const gate = Promise.withResolvers<void>()
    const answer: RequestListener = async (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      gzip.write('first')
      gzip.flush(constants.Z_SYNC_FLUSH)
      await gate.promise
      gzip.end('last')
    }
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(requestTo(url))
      const iterator = reply.body[Symbol.asyncIterator]()
      assert.equal((await iterator.next()).value?.toString(), 'first')
      gate.resolve()
      assert.equal((await iterator.next()).value?.toString(), 'last')
      assert.equal((await iterator.next()).done, true)
    })
  })

  test('damaged, cut and foreign encodings are faults of the protocol', async () => {
    const answers: readonly (readonly [string, Buffer])[] = [
      ['gzip', Buffer.from('no gzip')],
      ['gzip', gzipSync(text).subarray(0, 40)],
      ['gzip, gzip', gzipSync(gzipSync(text))],
      ['x-own', Buffer.from('x')],
    ]
    for (const [encoding, bytes] of answers) {
      const answer: RequestListener = (_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(bytes)
      await withHttp(answer, async ({ transport, url }) => {
        const problem = await problemOf(transport.send(requestTo(url)).then(textOf))
        assert.equal(problem.code, 'upstream_error')
        assert.equal(problem.detail.facts?.['fault'], 'protocol', encoding)
      })
    }
  })

  test('a bomb is not blown up', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(32 * 1024 * 1024), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    const answer: RequestListener = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'br' }).end(bomb)
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(requestTo(url))
      let sizeBytes = 0
      const reading = (async () => {
        for await (const chunk of reply.body) sizeBytes += chunk.length
      })()
      assert.equal((await problemOf(reading)).detail.facts?.['fault'], 'protocol')
      assert.ok(sizeBytes < 20 * 1024 * 1024)
    })
  })
})

describe('faults', () => {
  const faultOf = async (promise: Promise<unknown>) => {
    const problem = await problemOf(promise)
    assert.equal(problem.code, 'upstream_error')
    return problem.detail.facts?.['fault']
  }

  test('nobody listens', async () => {
    const server = createTcp()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = new URL(`http://127.0.0.1:${portOf(server)}/`)
    server.close()
    const transport = networkTransport({
      allowPrivate: true,
      proxy: null,
      certificateAuthorities: null,
      clock: systemClock(),
    })
    assert.equal(await faultOf(transport.send(requestTo(url))), 'connect')
    await transport.close()
  })

  test('a reset before, and in, the answer', async () => {
    await withTcp(
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      async ({ transport, url }) => assert.equal(await faultOf(transport.send(requestTo(url))), 'reset'),
    )
    await withTcp(
      (socket) => socket.once('data', () => socket.end()),
      async ({ transport, url }) => assert.equal(await faultOf(transport.send(requestTo(url))), 'reset'),
    )
    for (const head of [
      'content-length: 10',
      'transfer-encoding: chunked',
      'transfer-encoding: chunked\r\nconnection: close',
    ])
      await withTcp(
        (socket) =>
          socket.once('data', () =>
            socket.end(
              `HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nhello\r\n`.slice(0, head.includes('length') ? -4 : undefined),
            ),
          ),
        async ({ transport, url }) => {
          const reply = await transport.send(requestTo(url))
          let seen = ''
          const reading = (async () => {
            for await (const chunk of reply.body) seen += chunk.toString()
          })()
          const problem = await problemOf(reading)
          assert.equal(problem.code, 'upstream_error', head)
          assert.match(seen, /hel/, 'what came before is given')
        },
      )
  })

  test('what is not HTTP', async () => {
    for (const bytes of [
      'hello\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`,
    ])
      await withTcp(
        (socket) => socket.once('data', () => socket.write(bytes)),
        async ({ transport, url }) => assert.equal(await faultOf(transport.send(requestTo(url))), 'protocol'),
      )
  })

  test('a header that HTTP cannot carry is no crash', async () => {
    await withHttp(
      (_request, response) => response.end(),
      async ({ transport, url }) => {
        assert.equal(await faultOf(transport.send(requestTo(url, { headers: { 'x-bad': 'a\r\nb' } }))), 'protocol')
      },
    )
  })
})

describe('deadlines', () => {
  test('no connection in time', async () => {
    const stuck: Lookup = () => new Promise(() => {})
    await withHttp(
      (_request, response) => response.end(),
      async ({ transport }) => {
        const problem = await problemOf(
          transport.send(requestTo(new URL('http://stuck.example/'), { connectTimeoutMs: 30 })),
        )
        assert.equal(problem.code, 'upstream_timeout')
        assert.equal(problem.detail.facts?.['deadline'], 'connect')
      },
      { lookup: stuck, dialTimeoutMs: 50 },
    )
  })

  test('no head in time closes the connection', async () => {
    await withHttp(
      () => {},
      async ({ transport, url, sockets }) => {
        const problem = await problemOf(transport.send(requestTo(url, { headersTimeoutMs: 30 })))
        assert.equal(problem.code, 'upstream_timeout')
        assert.equal(problem.detail.facts?.['deadline'], 'headers')
        while (sockets.size > 0) await new Promise(setImmediate)
      },
    )
  })

  test('an upload that moves keeps the deadline away', async () => {
    const open = async function* () {
      for (let piece = 0; piece < 8; piece += 1) {
        await new Promise((resolve) => setTimeout(resolve, 25))
        yield Buffer.from('piece')
      }
    }
    const answer: RequestListener = async (request, response) => response.end(await bodyOf(request))
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(
        requestTo(url, { headersTimeoutMs: 150, body: { kind: 'stream', open, lengthBytes: null } }),
      )
      assert.equal((await textOf(reply)).length, 40)
    })
  })

  test('silence within a body is not judged here', async () => {
    const gate = Promise.withResolvers<void>()
    const answer: RequestListener = async (_request, response) => {
      response.write('a')
      await gate.promise
      response.end('b')
    }
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(requestTo(url, { headersTimeoutMs: 30 }))
      setTimeout(() => gate.resolve(), 90)
      assert.equal(await textOf(reply), 'ab')
    })
  })
})

describe('aborts', () => {
  const closed = async (sockets: Set<Socket>) => {
    while (sockets.size > 0) await new Promise(setImmediate)
  }

  test('before anything was sent nothing is sent', async () => {
    let requests = 0
    await withHttp(
      () => {
        requests += 1
      },
      async ({ transport, url }) => {
        await assert.rejects(transport.send(requestTo(url, { signal: AbortSignal.abort(new Error('left')) })), /left/)
        const leaving = new AbortController()
        const sending = transport.send(requestTo(url, { signal: leaving.signal }))
        leaving.abort(new Error('left early'))
        await assert.rejects(sending, /left early/)
        const after = transport.send(requestTo(url, { headersTimeoutMs: 50 }))
        await problemOf(after)
        assert.equal(requests, 1, 'only the one that was not aborted')
      },
    )
  })

  test('before the first byte of the answer the connection is closed at once', async () => {
    const arrived = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    const answer: RequestListener = (request) => {
      request.on('close', () => left.resolve())
      arrived.resolve()
    }
    await withHttp(answer, async ({ transport, url, sockets }) => {
      const leaving = new AbortController()
      const reason = new Error('the caller left')
      const sending = transport.send(requestTo(url, { signal: leaving.signal }))
      const rejected = assert.rejects(sending, (error) => error === reason)
      await arrived.promise
      leaving.abort(reason)
      await rejected
      await left.promise
      await closed(sockets)
    })
  })

  const endless: RequestListener = (_request, response) => {
    response.write('x')
  }

  test('in the middle the reader gets the reason', async () => {
    await withHttp(endless, async ({ transport, url, sockets }) => {
      const leaving = new AbortController()
      const reason = new Error('the caller left')
      const reply = await transport.send(requestTo(url, { signal: leaving.signal }))
      const reading = assert.rejects(textOf(reply), (error) => error === reason)
      leaving.abort(reason)
      await reading
      await closed(sockets)
    })
  })

  test('abort(), and leaving the loop, close the connection; after the end both do nothing', async () => {
    await withHttp(endless, async ({ transport, url, sockets }) => {
      const reply = await transport.send(requestTo(url))
      reply.abort()
      await assert.rejects(textOf(reply), { name: 'AbortError' })
      await closed(sockets)
      const other = await transport.send(requestTo(url))
      for await (const chunk of other.body) {
        assert.equal(chunk.toString(), 'x')
        break
      }
      await closed(sockets)
    })
    await withHttp(
      (_request, response) => response.end('x'),
      async ({ transport, url, sockets }) => {
        const reply = await transport.send(requestTo(url))
        assert.equal(await textOf(reply), 'x')
        reply.abort()
        assert.equal(sockets.size, 1, 'the connection is kept')
      },
    )
  })

  test('a reader who does not read holds the upstream back', async () => {
    let sentBytes = 0
    const flood = function* () {
      const chunk = Buffer.alloc(64 * 1024)
      for (; sentBytes < 512 * 1024 * 1024; sentBytes += chunk.length) yield chunk
    }
    const answer: RequestListener = (_request, response) => {
      Readable.from(flood(), { objectMode: false }).pipe(response)
    }
    await withHttp(answer, async ({ transport, url }) => {
      const reply = await transport.send(requestTo(url))
      let before = -1
      while (before !== sentBytes) {
        before = sentBytes
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      assert.ok(sentBytes < 32 * 1024 * 1024, `${sentBytes} bytes were sent`)
      const iterator = reply.body[Symbol.asyncIterator]()
      let readBytes = 0
      while (readBytes <= before) readBytes += (await iterator.next()).value?.length ?? 0
      assert.ok(sentBytes > before, 'reading lets it go on')
      reply.abort()
    })
  })
})

describe('the guard', () => {
  const answering = async (lookup: Lookup, allowPrivate: boolean) => {
    const outcome = Promise.withResolvers<unknown>()
    await withHttp(
      (_request, response) => response.end('inside'),
      async ({ transport, port }) => {
        const url = new URL(`http://models.example:${port}/`)
        outcome.resolve(await transport.send(requestTo(url)).then(textOf, (error: unknown) => error))
      },
      { lookup, allowPrivate },
    )
    return outcome.promise
  }
  const loopback: Lookup = async () => [{ address: '127.0.0.1', family: 4 }]

  test('a name that leads inside is refused, unless that is allowed', async () => {
    const problem = await answering(loopback, false)
    assert.ok(problem instanceof Problem)
    assert.equal(problem.detail.facts?.['fault'], 'refused_address')
    assert.equal(problem.detail.facts?.['host'], 'models.example')
    assert.match(problem.message, /allow_private: true/)
    assert.equal(await answering(loopback, true), 'inside')
  })

  test('a dial asks once, and dials what it was told: there is no second answer', async () => {
    let asked = 0
    const counting: Lookup = async () => {
      asked += 1
      return [{ address: '127.0.0.1', family: 4 }]
    }
    assert.equal(await answering(counting, true), 'inside')
    assert.equal(asked, 1)
    asked = 0
    assert.ok((await answering(counting, false)) instanceof Problem)
    assert.equal(asked, 1)
  })

  test('an address literal is refused without a look-up', async () => {
    await withHttp(
      (_request, response) => response.end('inside'),
      async ({ transport, url }) => {
        const problem = await problemOf(transport.send(requestTo(url)))
        assert.equal(problem.detail.facts?.['fault'], 'refused_address')
      },
      { allowPrivate: false, lookup: () => assert.fail('looked up') },
    )
  })
})
