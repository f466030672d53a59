import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Exchange, Outbound } from './inbound.ts'
import { sendAnswer } from './reply.ts'
import type { ServerOptions } from './server.ts'
import type { Handler, TestBench } from './test-bench.ts'
import { callRaw, openSocket, parseRaw, readToClose, readUntil, startBench } from './test-bench.ts'

const withHandler = async (
  value: Handler,
  use: (bench: TestBench) => Promise<void>,
  options: Partial<ServerOptions<Handler>> = {},
): Promise<void> => {
  const bench = await startBench([{ method: 'GET', path: '/x', value }], options)
  try {
    await use(bench)
  } finally {
    await bench.close()
  }
}

const ask = 'GET /x HTTP/1.1\r\nHost: h\r\n\r\n'
const askAndClose = 'GET /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'

/** The bytes of a chunked body, and whether its end was seen. */
const unchunked = (body: string): { readonly bytes: string; readonly ended: boolean } => {
  let bytes = ''
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at)
    if (lineEnd === -1) break
    const size = Number.parseInt(body.slice(at, lineEnd), 16)
    if (size === 0) return { bytes, ended: true }
    bytes += body.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
  return { bytes, ended: false }
}

describe('answers', () => {
  test('a whole answer has its length, a stream is chunked and ended', async () => {
    const whole: Handler = async ({ outbound }) => {
      assert.equal(outbound.headSent(), false)
      await sendAnswer(outbound, { status: 201, headers: { 'content-type': 'a/b' }, body: Buffer.from('whole') })
      assert.equal(outbound.headSent(), true)
    }
    await withHandler(whole, async ({ port }) => {
      const answer = parseRaw(await callRaw(port, askAndClose))
      assert.equal(answer.status, 201)
      assert.equal(answer.headers['content-length'], '5')
      assert.equal(answer.body, 'whole')
    })
    const streamed: Handler = async ({ outbound }) => {
      outbound.head(200, { 'set-cookie': ['a=1', 'b=2'] })
      await outbound.write(Buffer.from('one'))
      await outbound.write(Buffer.alloc(0))
      await outbound.write(Buffer.from('two'))
      await outbound.end(Buffer.from('three'))
    }
    await withHandler(streamed, async ({ port }) => {
      const raw = await callRaw(port, askAndClose)
      assert.match(raw, /set-cookie: a=1\r\nset-cookie: b=2\r\n/)
      assert.deepEqual(unchunked(parseRaw(raw).body), { bytes: 'onetwothree', ended: true })
    })
  })

  test('head and first bytes leave together; a head alone leaves at once', async () => {
    const together: Handler = async ({ outbound }) => {
      outbound.head(200, {})
      await outbound.write(Buffer.from('first'))
      await outbound.end()
    }
    await withHandler(together, async ({ port }) => {
      const socket = await openSocket(port)
      const first = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
      socket.write(ask)
      assert.match(await first, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n5\r\nfirst\r\n/)
      socket.destroy()
    })
    const gate = Promise.withResolvers<void>()
    const alone: Handler = async ({ outbound }) => {
      outbound.head(200, { 'x-early': 'yes' })
      await gate.promise
      await outbound.end()
    }
    await withHandler(alone, async ({ port }) => {
      const socket = await openSocket(port)
      socket.write(ask)
      assert.match(await readUntil(socket, /\r\n\r\n/), /x-early: yes/)
      gate.resolve()
      socket.destroy()
    })
  })

  test('204 and 304 have no length, an empty answer has 0', async () => {
    const statusOf =
      (status: number): Handler =>
      async ({ outbound }) => {
        outbound.head(status, {})
        await outbound.end()
      }
    for (const status of [204, 304])
      await withHandler(statusOf(status), async ({ port }) => {
        assert.equal(parseRaw(await callRaw(port, askAndClose)).headers['content-length'], undefined)
      })
    await withHandler(statusOf(200), async ({ port }) => {
      assert.equal(parseRaw(await callRaw(port, askAndClose)).headers['content-length'], '0')
    })
  })

  test('a wrong order is a fault of the program', async () => {
    const seen: string[] = []
    const tried = async (name: string, act: () => unknown): Promise<void> => {
      try {
        await act()
      } catch (error) {
        seen.push(`${name}: ${(error as Error).name}`)
      }
    }
    const handler: Handler = async ({ outbound }) => {
      await tried('write before head', () => outbound.write(Buffer.from('x')))
      await tried('end before head', () => outbound.end())
      outbound.head(200, {})
      await tried('second head', () => outbound.head(200, {}))
      await outbound.end(Buffer.from('ok'))
      await tried('write after end', () => outbound.write(Buffer.from('x')))
      await tried('second end', () => outbound.end())
    }
    await withHandler(handler, async ({ port }) => {
      assert.equal(parseRaw(await callRaw(port, askAndClose)).body, 'ok')
      assert.deepEqual(
        seen,
        ['write before head', 'end before head', 'second head', 'write after end', 'second end'].map(
          (name) => `${name}: AssertionError`,
        ),
      )
    })
  })
})

describe('cuts', () => {
  const cutAfter =
    (headers: Record<string, string>): Handler =>
    async ({ outbound }) => {
      outbound.head(200, headers)
      await outbound.write(Buffer.from('some bytes'))
      outbound.cut()
      await assert.rejects(async () => outbound.write(Buffer.from('more')), { name: 'AssertionError' })
    }

  test('a cut stream has its bytes and no end', async () => {
    await withHandler(cutAfter({}), async ({ port }) => {
      const { body } = parseRaw(await callRaw(port, ask))
      assert.deepEqual(unchunked(body), { bytes: 'some bytes', ended: false })
    })
  })

  test('a cut answer of known length is shorter than it said', async () => {
    await withHandler(cutAfter({ 'content-length': '100' }), async ({ port }) => {
      const answer = parseRaw(await callRaw(port, ask))
      assert.equal(answer.headers['content-length'], '100')
      assert.equal(answer.body, 'some bytes')
    })
  })

  test('towards HTTP/1.0, where the end of the connection is the end of the body, a cut is a reset', async () => {
    await withHandler(cutAfter({}), async ({ port }) => {
      const socket = await openSocket(port)
      const failed = new Promise<NodeJS.ErrnoException | null>((resolve) => {
        socket.once('error', resolve)
        socket.once('end', () => resolve(null))
      })
      socket.resume()
      socket.write('GET /x HTTP/1.0\r\n\r\n')
      assert.equal((await failed)?.code, 'ECONNRESET')
    })
  })

  test('a cut before the head closes without an answer', async () => {
    await withHandler(
      async ({ outbound }) => outbound.cut(),
      async ({ port }) => assert.equal(await callRaw(port, ask), ''),
    )
  })
})

describe('callers who leave', () => {
  const leaving = async (before: (outbound: Outbound) => Promise<void>, leave: (socket: Socket) => void) => {
    const begun = Promise.withResolvers<void>()
    const ended = Promise.withResolvers<{ readonly exchange: Exchange; readonly afterMs: number }>()
    const handler: Handler = async (exchange) => {
      const { inbound, outbound } = exchange
      await before(outbound)
      begun.resolve()
      const startMs = performance.now()
      await new Promise<void>((resolve) => inbound.signal.addEventListener('abort', () => resolve(), { once: true }))
      ended.resolve({ exchange, afterMs: performance.now() - startMs })
      inbound.signal.throwIfAborted()
    }
    await withHandler(handler, async ({ port }) => {
      const socket = await openSocket(port)
      socket.on('error', () => socket.destroy())
      socket.write(ask)
      await begun.promise
      leave(socket)
      const { exchange, afterMs } = await ended.promise
      assert.ok(afterMs < 1000)
      assert.equal((exchange.inbound.signal.reason as Error).name, 'AbortError')
      await assert.rejects(async () => {
        if (!exchange.outbound.headSent()) exchange.outbound.head(200, {})
        await exchange.outbound.write(Buffer.from('x'))
      })
      socket.destroy()
    })
  }
  const start = async (outbound: Outbound): Promise<void> => {
    outbound.head(200, {})
    await outbound.write(Buffer.from('x'))
  }

  test('before the first byte the signal aborts at once', () =>
    leaving(
      async () => {},
      (socket) => socket.destroy(),
    ))
  test('by a reset, too', () =>
    leaving(
      async () => {},
      (socket) => socket.resetAndDestroy(),
    ))
  test('in the middle', () => leaving(start, (socket) => socket.destroy()))
  test('by closing only their own side', () => leaving(start, (socket) => socket.end()))
  test('by sending what is not HTTP', () => leaving(start, (socket) => socket.write('garbage\r\n\r\n')))

  test('a caller who gets everything has not left', async () => {
    let seen: AbortSignal | null = null
    const handler: Handler = async ({ inbound, outbound }) => {
      seen = inbound.signal
      outbound.head(200, {})
      await outbound.end(Buffer.from('x'))
    }
    await withHandler(handler, async ({ port, server }) => {
      await callRaw(port, askAndClose)
      while (server.openExchanges() > 0) await new Promise(setImmediate)
      assert.equal((seen as AbortSignal | null)?.aborted, false)
    })
  })
})

describe('slow readers', () => {
  const megabyte = 1024 * 1024

  test('one who takes nothing costs bounded memory and is given up', async () => {
    const failure = Promise.withResolvers<unknown>()
    let writtenBytes = 0
    const handler: Handler = async ({ outbound }) => {
      outbound.head(200, {})
      const chunk = Buffer.alloc(64 * 1024)
      try {
        for (;;) {
          await outbound.write(chunk)
          writtenBytes += chunk.length
        }
      } catch (error) {
        failure.resolve(error)
        outbound.cut()
      }
    }
    await withHandler(
      handler,
      async ({ port }) => {
        const socket = await openSocket(port)
        socket.on('error', () => socket.destroy())
        socket.pause()
        socket.write(ask)
        const error = await failure.promise
        assert.ok(error instanceof Problem)
        assert.equal(error.detail.facts?.['fault'], 'slow_reader')
        // What the two kernels hold, and one buffer of ours.
        assert.ok(writtenBytes < 16 * megabyte, `${writtenBytes} bytes were taken`)
        socket.destroy()
      },
      { stallTimeoutMs: 80 },
    )
  })

  test('bytes written at the same time do not mix', async () => {
    const large = Buffer.alloc(3 * megabyte, 'e')
    const handler: Handler = async ({ outbound }) => {
      outbound.head(200, {})
      const writing = [outbound.write(large), outbound.write(Buffer.from('<beat>')), outbound.write(large)]
      await outbound.end(Buffer.from('<end>'))
      await Promise.all(writing)
    }
    await withHandler(handler, async ({ port }) => {
      const { bytes, ended } = unchunked(parseRaw(await callRaw(port, askAndClose)).body)
      assert.ok(ended)
      assert.ok(bytes === `${large}<beat>${large}<end>`)
    })
  })

  test('a little that a piece has left does not keep all of the piece: it is a copy', async () => {
    const sliceBytes = 64 * 1024
    const sending: Handler = async ({ outbound }) => {
      outbound.head(200, {})
      const piece = Buffer.alloc(sliceBytes + 5, 'a').fill('z', sliceBytes)
      const taken = outbound.write(piece)
      piece.fill('x', sliceBytes)
      await taken
      await outbound.end()
    }
    await withHandler(sending, async ({ port }) => {
      const { bytes, ended } = unchunked(parseRaw(await callRaw(port, askAndClose)).body)
      assert.ok(ended)
      assert.equal(bytes, `${'a'.repeat(sliceBytes)}zzzzz`)
    })
  })

  test('one who reads slowly but steadily gets everything', async () => {
    const size = 24 * megabyte
    const handler: Handler = async ({ outbound }) => {
      outbound.head(200, { 'content-length': String(size) })
      await outbound.end(Buffer.alloc(size, 'x'))
    }
    await withHandler(
      handler,
      async ({ port }) => {
        const socket = await openSocket(port)
        socket.pause()
        socket.write(askAndClose)
        const pace = setInterval(() => {
          socket.resume()
          socket.once('data', () => socket.pause())
        }, 1)
        const text = await readToClose(socket.pause())
        clearInterval(pace)
        assert.equal(parseRaw(text).body.length, size)
      },
      { stallTimeoutMs: 400 },
    )
  })
})
