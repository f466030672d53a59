/** Requests that become WebSockets: refused in words, accepted, bounded both ways, ended with the server. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { Problem } from '#base/problem.ts'
import type { Channel } from './channel.ts'
import { shortReason } from './channel.ts'
import { channelPair } from './channel-pair.ts'
import type { TestBench } from './test-bench.ts'
import { callRaw, codeIn, parseRaw, say, startBench } from './test-bench.ts'
import { portOf, problemOf, using } from './test-upstream.ts'
import type { SocketExchange } from './upgrade.ts'

const textOf = (text: string) => ({ data: Buffer.from(text), binary: false })

const socketBench = async (
  handleSocket: (exchange: SocketExchange) => Promise<void>,
  use: (bench: TestBench) => Promise<void>,
): Promise<void> => {
  const bench = await startBench(
    [
      { method: 'GET', path: '/talk', upgrades: true, value: (exchange) => say(exchange, 'plain') },
      { method: 'GET', path: '/page', value: (exchange) => say(exchange, 'page') },
    ],
    { handleSocket },
  )
  try {
    await use(bench)
  } finally {
    await bench.close()
  }
}

const echo = async ({ accept, offered }: SocketExchange): Promise<void> => {
  const channel = await accept({ protocol: offered[0] ?? null, headers: { 'x-mine': 'yes' } })
  for (let one = await channel.receive(); one !== null; one = await channel.receive()) await channel.send(one)
}

const opened = (port: number, protocols: readonly string[] = []): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/talk`, [...protocols])
    socket.once('open', () => resolve(socket)).once('error', reject)
  })

const endOf = (socket: WebSocket): Promise<number> => new Promise((resolve) => socket.once('close', resolve))

const handshake = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n${more}\r\n`

test('messages go both ways, text as text and bytes as bytes, under the protocol that was chosen', () =>
  socketBench(echo, async ({ port }) => {
    const socket = await opened(port, ['one', 'two'])
    assert.equal(socket.protocol, 'one')
    const answers: [string, boolean][] = []
    const both = new Promise<void>((resolve) => {
      socket.on('message', (data, binary) => {
        answers.push([String(data), binary])
        if (answers.length === 2) resolve()
      })
    })
    socket.send('Grüße, 世界')
    socket.send(Buffer.from('bytes'))
    await both
    assert.deepEqual(answers, [
      ['Grüße, 世界', false],
      ['bytes', true],
    ])
    socket.close(1000)
    assert.equal(await endOf(socket), 1000)
  }))

test('what is not accepted is answered as any request is; another path says that it takes none', () =>
  socketBench(
    async () => {
      throw new Problem('credit_exhausted', { message: 'No credit.' })
    },
    async ({ port }) => {
      const refused = parseRaw(await callRaw(port, handshake('/talk')))
      assert.deepEqual([refused.status, codeIn(refused.body)], [402, 'credit_exhausted'])
      assert.match(refused.headers['x-request-id'] ?? '', /^call_/)
      assert.equal(parseRaw(await callRaw(port, handshake('/page'))).status, 426)
      assert.equal(parseRaw(await callRaw(port, handshake('/nowhere'))).status, 404)
      const plain = 'GET /talk HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
      assert.equal(parseRaw(await callRaw(port, plain)).body.includes('plain'), true)
      const offer = 'GET /page HTTP/1.1\r\nhost: x\r\nconnection: close, upgrade\r\nupgrade: h2c\r\n\r\n'
      assert.equal(parseRaw(await callRaw(port, offer)).status, 200)
    },
  ))

test('a caller who has gone before the upgrade is answered holds nobody up', async () => {
  const outcome = Promise.withResolvers<string>()
  const accepting = async ({ inbound, accept }: SocketExchange): Promise<void> => {
    // Until its goodbye, which came with its question, has been read.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    try {
      await accept({ protocol: null, headers: {} })
      outcome.resolve('accepted')
    } catch (thrown) {
      outcome.resolve(`${inbound.signal.aborted} ${(thrown as Error).name}`)
      throw thrown
    }
  }
  await socketBench(accepting, async ({ port }) => {
    const key = 'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    // It says that it is done with speaking, and still listens.
    connect({ port, host: '127.0.0.1', allowHalfOpen: true }).end(handshake('/talk', key))
    assert.equal(await outcome.promise, 'true AbortError')
  })
})

test('a handshake that is none is refused in words', () =>
  socketBench(echo, async ({ port }) => {
    const answer = parseRaw(await callRaw(port, handshake('/talk', 'sec-websocket-version: 13\r\n')))
    assert.deepEqual([answer.status, codeIn(answer.body)], [400, 'invalid_request_error'])
  }))

test('a message over the limit ends the connection with 1009', () => {
  const told = Promise.withResolvers<number>()
  const handle = async ({ accept }: SocketExchange): Promise<void> => {
    const channel = await accept({ protocol: null, headers: {} })
    assert.equal(await channel.receive(), null)
    told.resolve((await channel.ended).code)
  }
  return socketBench(handle, async ({ port }) => {
    const socket = await opened(port)
    socket.on('error', () => socket.terminate())
    socket.send(Buffer.alloc(33_554_433))
    assert.equal(await told.promise, 1009)
  })
})

test('who does not read holds the sender back', () => {
  const sent = Promise.withResolvers<void>()
  const handle = async ({ accept }: SocketExchange): Promise<void> => {
    const channel = await accept({ protocol: null, headers: {} })
    const piece = { data: Buffer.alloc(1_048_576), binary: true }
    let waits = true
    let pieces = 0
    for (; pieces < 64 && waits; pieces += 1) {
      let isTaken = false
      const sending = channel.send(piece).then(() => {
        isTaken = true
      })
      await new Promise((resolve) => setImmediate(resolve))
      waits = isTaken
      if (!isTaken) void sending
    }
    assert.ok(pieces < 64, 'the sender was never held back')
    sent.resolve()
    await channel.ended
  }
  return socketBench(handle, async ({ port }) => {
    const socket = await opened(port)
    socket.pause()
    await sent.promise
    socket.terminate()
  })
})

test('a server that ends tells its sessions first, and then ends what is left', async () => {
  const asked = Promise.withResolvers<void>()
  const began = Promise.withResolvers<void>()
  const handle = async ({ accept, draining }: SocketExchange): Promise<void> => {
    const channel = await accept({ protocol: null, headers: {} })
    draining.addEventListener('abort', () => asked.resolve(), { once: true })
    began.resolve()
    await channel.ended
  }
  await socketBench(handle, async (bench) => {
    const socket = await opened(bench.port)
    await began.promise
    const end = endOf(socket)
    const cutCount = await bench.server.drain(20)
    await asked.promise
    assert.equal(cutCount, 1)
    assert.equal(await end, 1006)
  })
})

test('two ends in one process: in order, held back, ended with one code', async () => {
  const [one, other] = channelPair()
  await one.send(textOf('a'))
  const large = { data: Buffer.alloc(2_000_000), binary: true }
  let isTaken = false
  const sending = one.send(large).then(() => {
    isTaken = true
  })
  await Promise.resolve()
  assert.equal(isTaken, false)
  assert.equal((await other.receive())?.data.toString(), 'a')
  assert.equal((await other.receive())?.data.length, 2_000_000)
  await sending
  other.close({ code: 4000, reason: 'enough' })
  assert.equal(await one.receive(), null)
  assert.deepEqual(await one.ended, { code: 4000, reason: 'enough' })
})

test('a reason is cut between characters', () => {
  assert.equal(Buffer.byteLength(shortReason('é'.repeat(200))) <= 123, true)
  assert.equal(shortReason('😀'.repeat(50)).isWellFormed(), true)
})

test('dialled: messages pass, a refusal is handed back whole, and no answer is a timeout', async () => {
  const server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    if (request.url === '/v1/silent') return
    if (request.url === '/v1/no') socket.end('HTTP/1.1 403 No\r\nx-why: me\r\ncontent-length: 2\r\n\r\nno')
    else sockets.handleUpgrade(request, socket, head, (open) => open.on('message', (data) => open.send(String(data))))
  })
  await using(server, async ({ transport }) => {
    const connect = (path: string, connectTimeoutMs = 5_000) =>
      transport.connect?.({
        url: new URL(`http://127.0.0.1:${portOf(server)}/v1/${path}`),
        headers: { authorization: 'Bearer me' },
        protocols: [],
        signal: new AbortController().signal,
        connectTimeoutMs,
      }) ?? assert.fail('no way to connect')
    const open = await connect('yes')
    assert.equal(open.kind, 'open')
    const { channel } = open as { readonly channel: Channel }
    await channel.send(textOf('hello'))
    assert.equal((await channel.receive())?.data.toString(), 'hello')
    channel.close({ code: 1000, reason: '' })
    assert.equal((await channel.ended).code, 1000)
    const refused = await connect('no')
    assert.ok(refused.kind === 'refused')
    assert.deepEqual([refused.status, refused.headers['x-why'], refused.body.toString()], [403, 'me', 'no'])
    const silent = await problemOf(Promise.resolve(connect('silent', 50)))
    assert.deepEqual([silent.code, silent.detail.facts?.['deadline']], ['upstream_timeout', 'connect'])
  })
})
