import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Exchange } from './inbound.ts'
import { listenTogether, probePort, spreadsConnections, turnName } from './listening.ts'
import { callRaw, openSocket, parseRaw, readToClose, readUntil, say, startBench } from './test-bench.ts'
import { testClock } from './test-clock.ts'

const request = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'
const last = request.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')
const page = { method: 'GET', path: '/', value: (exchange: Exchange) => say(exchange, 'here') }

/** How many sockets of this machine listen on a port of 127.0.0.1, where it is Linux, which tells. */
const assertListeners = (port: number, expected: number): void => {
  if (process.platform !== 'linux') return
  const address = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const listening = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local === address && state === '0A')
  assert.equal(listening.length, expected)
}

test('a server takes as many connections at a turn of the loop as it has sockets that listen, and answers on all of them', async () => {
  const bench = await startBench([page])
  assertListeners(bench.port, 16)
  const answers = await Promise.all(Array.from({ length: 100 }, () => callRaw(bench.port, last)))
  assert.deepEqual(
    answers.map((answer) => parseRaw(answer).body),
    answers.map(() => 'here'),
  )
  assert.equal(bench.server.begunExchanges(), 100)
  await bench.close()
  assertListeners(bench.port, 0)
})

test('the end waits for what came by any of them, and where few connections are let in there is one', async () => {
  const gate = Promise.withResolvers<void>()
  const value: typeof page.value = async (exchange) => {
    await gate.promise
    await say(exchange, 'late')
  }
  const bench = await startBench([{ ...page, value }])
  const answers = Array.from({ length: 50 }, () => callRaw(bench.port, request))
  while (bench.server.openExchanges() < 50) await new Promise((resolve) => setImmediate(resolve))
  const cut = bench.server.drain(60_000)
  gate.resolve()
  for (const answer of await Promise.all(answers)) assert.equal(parseRaw(answer).body, 'late')
  assert.equal(await cut, 0)
  await bench.close()
  const small = await startBench([page], { connectionsMax: 20 })
  assertListeners(small.port, 1)
  await small.close()
})

test('an address that shares its connections is refused to others all the same, and none of several listens where one cannot', async () => {
  const bench = await startBench([page])
  const at = { host: '127.0.0.1', port: bench.port }
  const isTaken = (problem: unknown): boolean =>
    problem instanceof Problem && problem.detail.facts?.['fault'] === 'EADDRINUSE'
  await assert.rejects(probePort(at), isTaken)
  const servers = [createServer(), createServer()] as const
  await assert.rejects(listenTogether({ ...at, reusePort: false, servers }), isTaken)
  assert.deepEqual(
    servers.map(({ listening }) => listening),
    [false, false],
  )
  await bench.close()
  assert.equal(await probePort(at), bench.port)
  if (!spreadsConnections) return
  const [first, second] = servers
  assert.equal(await listenTogether({ ...at, reusePort: false, servers: [first, second] }), bench.port)
  assert.ok(first.listening && second.listening)
  // One that listens already cannot do so again.
  const third = createServer()
  await assert.rejects(listenTogether({ host: '127.0.0.1', port: 0, reusePort: false, servers: [third, second] }))
  for (const server of [first, second, third]) if (server.listening) server.close()
})

const post = (length: number, body: string): string =>
  `POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`
const refusing = {
  method: 'POST',
  path: '/',
  value: async () => {
    throw new Problem('overloaded', { message: 'Try again.' })
  },
}

test('a refusal before the body keeps the connection where the body is short, and ends it where it is not', async () => {
  const bench = await startBench([refusing])
  const socket = await openSocket(bench.port)
  for (const body of ['{}', 'x'.repeat(64 * 1024)]) {
    socket.write(post(body.length, body))
    const answer = await readUntil(socket, /Try again.*\}/)
    assert.match(answer, /^HTTP\/1.1 503 /)
    assert.doesNotMatch(answer, /connection: close/i)
  }
  const body = 'x'.repeat(64 * 1024 + 1)
  socket.write(post(body.length, body))
  assert.match(await readToClose(socket), /^HTTP\/1.1 503 [\s\S]*connection: close/i)
  assert.equal(bench.server.begunExchanges(), 3)
  await bench.close()
})

test('a short body that does not come does not keep its connection', async () => {
  const clock = testClock()
  const bench = await startBench([refusing], { clock })
  const socket = await openSocket(bench.port)
  const closed = readToClose(socket)
  socket.write(post(10, '12345'))
  const begun = await readUntil(socket, /Try again.*\}/)
  assert.match(begun, /^HTTP\/1.1 503 /)
  clock.advance(5_000)
  await closed
  await bench.close()
})

test('two that look for the same port do so one after the other, so that they do not share it', async () => {
  if (process.platform !== 'linux') return
  const bench = await startBench([page])
  const at = { host: '127.0.0.1', port: bench.port, reusePort: false }
  await bench.close()
  const other = createServer().listen(turnName(at.port))
  await once(other, 'listening')
  const servers = [createServer(), createServer()] as const
  const tried = once(other, 'close').then(() => servers[0].listening)
  const listening = listenTogether({ ...at, servers })
  await probePort(at)
  other.close()
  assert.equal(await tried, false)
  assert.equal(await listening, at.port)
  const both = await Promise.allSettled(
    [0, 1, 2].map(() => listenTogether({ ...at, servers: [createServer(), createServer()] })),
  )
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  for (const server of servers) server.close()
})
