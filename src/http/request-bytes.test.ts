import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { readArrived } from './request-bytes.ts'

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
