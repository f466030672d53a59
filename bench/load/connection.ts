/**
 * One kept HTTP/1.1 connection that asks one thing after the other, with as little of its own cost as Node allows: the
 * request is bytes made before, the answer is counted and not kept. It says when the first byte of a body, and each event
 * of a stream, came.
 */

import type { Socket } from 'node:net'
import { connect } from 'node:net'

export type Answer = {
  readonly status: number
  readonly bodyBytes: number
  /** `performance.now()` of the body's first byte and of its end. */
  readonly firstByteMs: number
  readonly endMs: number
  /** Of a stream: when each event's last byte was here. */
  readonly eventsMs: readonly number[]
}

export type Connection = {
  readonly ask: (request: Buffer) => Promise<Answer>
  /** Whether it can be asked: the other side may close what has said nothing for a while. */
  readonly isOpen: () => boolean
  /** What was asked and not answered rejects. */
  readonly close: () => void
}

const connectTimeoutMs = 10_000
const headBytesMax = 64 * 1024
const headEnd = Buffer.from('\r\n\r\n')
const lineFeed = 10
const carriageReturn = 13

type Reading = {
  head: Buffer
  status: number
  /** Bytes of the body, or of the chunk, still to come; `null` = the next line says how long the chunk is. */
  left: number | null
  isChunked: boolean
  /** The chunk of size 0 has come. */
  isLast: boolean
  isStream: boolean
  line: string
  bodyBytes: number
  firstByteMs: number
  lastByte: number
  readonly eventsMs: number[]
}

const begun = (): Reading => ({
  head: Buffer.alloc(0),
  status: 0,
  left: 0,
  isChunked: false,
  isLast: false,
  isStream: false,
  line: '',
  bodyBytes: 0,
  firstByteMs: 0,
  lastByte: 0,
  eventsMs: [],
})

/** Events end with an empty line; providers write `\n\n` or `\r\n\r\n`, and a chunk may end between the two. */
const takeBody = (reading: Reading, bytes: Buffer, nowMs: number): void => {
  if (reading.bodyBytes === 0) reading.firstByteMs = nowMs
  reading.bodyBytes += bytes.length
  if (!reading.isStream) return
  for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, at + 1)) {
    let before = at - 1
    if (before >= 0 && bytes[before] === carriageReturn) before -= 1
    if ((before >= 0 ? bytes[before] : reading.lastByte) === lineFeed) reading.eventsMs.push(nowMs)
  }
  reading.lastByte = bytes[bytes.length - 1] ?? 0
}

const takeHead = (reading: Reading): void => {
  const text = reading.head.toString('latin1')
  reading.status = Number(text.slice(9, 12))
  reading.isChunked = /^transfer-encoding:\s*chunked/im.test(text)
  reading.isStream = /^content-type:\s*text\/event-stream/im.test(text)
  const length = /^content-length:\s*(\d+)/im.exec(text)?.[1]
  if (!reading.isChunked && length === undefined) throw new Error('an answer without a length')
  reading.left = reading.isChunked ? null : Number(length)
}

/** Takes what came; true when the answer is whole. Nothing may come after it: one answer for one request. */
const take = (reading: Reading, came: Buffer, nowMs: number): boolean => {
  let bytes = came
  if (reading.status === 0) {
    reading.head = reading.head.length === 0 ? bytes : Buffer.concat([reading.head, bytes])
    const end = reading.head.indexOf(headEnd)
    if (end < 0 && reading.head.length > headBytesMax) throw new Error('the head of an answer has no end')
    if (end < 0) return false
    bytes = reading.head.subarray(end + headEnd.length)
    reading.head = reading.head.subarray(0, end)
    takeHead(reading)
    if (reading.left === 0) return true
  }
  while (bytes.length > 0) {
    if (reading.left === null) {
      const end = bytes.indexOf(lineFeed)
      reading.line += bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
      if (end < 0) return false
      bytes = bytes.subarray(end + 1)
      const size = reading.line.trim()
      reading.line = ''
      // The empty line after a chunk, or after the last one, which has the size 0.
      if (size === '' && reading.isLast) return true
      if (size === '') continue
      reading.left = Number.parseInt(size, 16)
      if (reading.left === 0) {
        reading.isLast = true
        reading.left = null
      }
      continue
    }
    const part = bytes.subarray(0, reading.left)
    takeBody(reading, part, nowMs)
    reading.left -= part.length
    bytes = bytes.subarray(part.length)
    if (reading.left > 0) return false
    if (!reading.isChunked) return true
    reading.left = null
  }
  return false
}

const opened = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, timeout: connectTimeoutMs })
    socket.once('connect', () => {
      socket.setTimeout(0)
      resolve(socket)
    })
    socket.once('timeout', () => socket.destroy(new Error(`no connection to port ${port} in ${connectTimeoutMs} ms`)))
    socket.once('error', reject)
  })

/** Opens a connection to a port of this machine; `ask` rejects when it breaks, and is used by one caller at a time. */
export async function openConnection(port: number): Promise<Connection> {
  const socket = await opened(port)
  let reading = begun()
  let waiting: { resolve: (answer: Answer) => void; reject: (fault: Error) => void } | null = null
  let broken: Error | null = null
  const fail = (fault: Error): void => {
    broken ??= fault
    waiting?.reject(fault)
    waiting = null
    socket.destroy()
  }
  socket.removeAllListeners('error')
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('data', (bytes: Buffer) => {
    const nowMs = performance.now()
    try {
      if (!take(reading, bytes, nowMs)) return
    } catch (fault) {
      fail(fault as Error)
      return
    }
    const { status, bodyBytes, firstByteMs, eventsMs } = reading
    reading = begun()
    const asked = waiting
    waiting = null
    asked?.resolve({ status, bodyBytes, firstByteMs, eventsMs, endMs: nowMs })
  })
  return {
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (broken !== null) return reject(broken)
        waiting = { resolve, reject }
        socket.write(request)
      }),
    isOpen: () => broken === null,
    close: () => fail(new Error('given up')),
  }
}
