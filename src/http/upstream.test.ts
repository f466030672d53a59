import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer as createHttp } from 'node:http'
import { describe, test } from 'node:test'
import { brotliCompressSync, constants, createGzip, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Problem } from '#base/problem.ts'
import type { Lookup } from './egress.ts'
import { bodyOf, problemOf, requestTo, textOf, using, withHttp, withTcp } from './test-upstream.ts'

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
