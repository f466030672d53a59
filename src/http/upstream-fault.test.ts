import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createTcp } from 'node:net'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import type { Lookup } from './egress.ts'
import { testClock } from './test-clock.ts'
import { portOf, problemOf, requestTo, textOf, withHttp, withTcp } from './test-upstream.ts'
import { networkTransport } from './upstream.ts'

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
    const clock = testClock()
    const arrived = Promise.withResolvers<void>()
    await withHttp(
      () => arrived.resolve(),
      async ({ transport, url, sockets }) => {
        const failing = problemOf(transport.send(requestTo(url, { headersTimeoutMs: 1000 })))
        await arrived.promise
        clock.advance(999)
        assert.equal(clock.pending(), 1)
        clock.advance(1)
        const problem = await failing
        assert.equal(problem.code, 'upstream_timeout')
        assert.equal(problem.detail.facts?.['deadline'], 'headers')
        while (sockets.size > 0) await new Promise(setImmediate)
      },
      { clock },
    )
  })

  test('an upload that moves keeps the deadline away', async () => {
    const clock = testClock()
    let wanted = Promise.withResolvers<void>()
    const open = async function* () {
      for (let piece = 0; piece < 8; piece += 1) {
        yield Buffer.from('piece')
        await wanted.promise
        wanted = Promise.withResolvers()
        clock.advance(900)
      }
    }
    const answer: RequestListener = (request, response) => {
      request.on('data', () => wanted.resolve())
      request.on('end', () => response.end('all'))
    }
    await withHttp(
      answer,
      async ({ transport, url }) => {
        const body = { kind: 'stream', open, lengthBytes: null } as const
        const reply = await transport.send(requestTo(url, { headersTimeoutMs: 1000, body }))
        assert.equal(await textOf(reply), 'all')
        assert.equal(clock.monotonicMs(), 7200)
      },
      { clock },
    )
  })

  test('silence within a body is not judged here, and no timer stays behind', async () => {
    const clock = testClock()
    const gate = Promise.withResolvers<void>()
    const answer: RequestListener = async (_request, response) => {
      response.write('a')
      await gate.promise
      response.end('b')
    }
    await withHttp(
      answer,
      async ({ transport, url }) => {
        const reply = await transport.send(requestTo(url))
        clock.advance(1_000_000)
        assert.equal(clock.pending(), 0)
        gate.resolve()
        assert.equal(await textOf(reply), 'ab')
      },
      { clock },
    )
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
      // Backpressure has settled when the source has not moved for many turns of the loop.
      let before = -1
      for (let still = 0; still < 200; still = before === sentBytes ? still + 1 : 0) {
        before = sentBytes
        await new Promise(setImmediate)
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
