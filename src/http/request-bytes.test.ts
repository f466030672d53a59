import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { readBody } from './body.ts'
import { readArrived, readChunks } from './request-bytes.ts'

const bounds = {
  limitBytes: 100_000,
  limitName: 'server.body_limit',
  totalTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  clock: systemClock(),
  signal: new AbortController().signal,
}

/** Looks again at each turn of the loop, until the stream holds so many bytes. */
const untilHeld = async (request: IncomingMessage, bytes: number): Promise<void> => {
  while (request.readableLength < bytes) await new Promise(setImmediate)
}

/** What is read at once of a body that came in these pieces, all of them before anybody read. */
const arrived = async (pieces: readonly string[]): Promise<string | undefined> => {
  const read = Promise.withResolvers<string | undefined>()
  const server = createServer(async (request, response) => {
    let sentBytes = 0
    for (const piece of pieces) {
      socket.write(piece)
      sentBytes += piece.length
      await untilHeld(request, sentBytes)
    }
    read.resolve(readArrived(request, bounds)?.toString())
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const lengthBytes = pieces.join('').length
  socket.write(`POST / HTTP/1.1\r\nhost: h\r\ncontent-length: ${lengthBytes}\r\n\r\n`)
  try {
    return await read.promise
  } finally {
    socket.destroy()
    server.close()
  }
}

test('a body that has come is read whole, in however many pieces it came', async () => {
  assert.equal(await arrived(['{"a":1}']), '{"a":1}')
  // Since version 26 Node gives out one piece of several where nobody says how much is wanted.
  assert.equal(await arrived(['{"a":1,', '"b":2', '}']), '{"a":1,"b":2}')
})

test('whoever asks for a body while its head is parsed watches nothing where it came with the head', async () => {
  const clock = systemClock()
  let timers = 0
  const counting = {
    ...clock,
    after: (...given: Parameters<typeof clock.after>) => {
      timers += 1
      return clock.after(...given)
    },
  }
  const read = Promise.withResolvers<string>()
  const server = createServer((request, response) => {
    const body = readBody(request, {
      accepts: ['json'],
      bodyLimitBytes: 1000,
      uploadLimitBytes: 1000,
      limitNames: { body: 'a', upload: 'b' },
      bodyTimeoutMs: 10_000,
      uploadTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      spoolDir: '/nowhere',
      clock: counting,
      ids: systemIds(clock),
      signal: bounds.signal,
      begin: () => {},
    })
    body.then((found) => {
      read.resolve(found.kind === 'bytes' ? found.bytes.toString() : found.kind)
      response.end()
    }, read.reject)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}')
  try {
    assert.equal(await read.promise, '{"a":1}')
    assert.equal(timers, 0)
  } finally {
    socket.destroy()
    server.close()
  }
})

test('a body whose connection has gone before anybody read is broken off at once', async () => {
  const read = Promise.withResolvers<unknown>()
  const server = createServer((request) => {
    request.once('close', () =>
      readChunks(request, bounds, () => undefined).then(
        () => read.resolve('read'),
        (problem: unknown) => read.resolve(problem),
      ),
    )
    request.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 7\r\n\r\n{"a"')
  try {
    const problem = await read.promise
    assert.ok(problem instanceof Problem)
    assert.match(problem.message, /broke off before its end/)
  } finally {
    socket.destroy()
    server.close()
  }
})
