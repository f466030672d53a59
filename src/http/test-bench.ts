/** What the tests of this folder share: a server on a free port, and callers that write and read raw bytes. */

import { Buffer } from 'node:buffer'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#base/clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import type { Endpoint } from './endpoint.ts'
import { endpointTable } from './endpoint.ts'
import type { Exchange } from './inbound.ts'
import type { HttpServer, Listening, ServerOptions } from './server.ts'
import { createHttpServer } from './server.ts'

export type Handler = (exchange: Exchange) => Promise<void>

export type TestBench = Listening & {
  readonly server: HttpServer
  readonly spoolDir: string
  /** Names of the spooled files that exist now. */
  readonly spooled: () => Promise<readonly string[]>
  readonly close: () => Promise<void>
}

/** A server whose endpoints are handlers; `close` drains it at once and deletes its folder. */
export const startBench = async (
  endpoints: readonly Endpoint<Handler>[],
  options: Partial<ServerOptions<Handler>> = {},
): Promise<TestBench> => {
  const clock = systemClock()
  const folder = await mkdtemp(join(tmpdir(), 'drover-http-'))
  const spoolDir = join(folder, 'spool')
  const server = createHttpServer<Handler>({
    host: '127.0.0.1',
    port: 0,
    endpoints: endpointTable(endpoints),
    handle: (exchange, { value }) => value(exchange),
    bodyLimitBytes: 64 * 1024,
    uploadLimitBytes: 8 * 1024 * 1024,
    spoolDir,
    log: silentLog,
    clock,
    ids: systemIds(clock),
    ...options,
  })
  const listening = await server.listen().catch(async (problem: unknown) => {
    await rm(folder, { recursive: true, force: true })
    throw problem
  })
  const spooled = async (): Promise<readonly string[]> => {
    try {
      return await readdir(spoolDir)
    } catch (error) {
      // Nothing has been spooled yet, so the folder is not there.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
  const close = async (): Promise<void> => {
    await server.drain(0)
    await rm(folder, { recursive: true, force: true })
  }
  return { ...listening, server, spoolDir, spooled, close }
}

/** Answers 200 with this text. */
export const say = async ({ outbound }: Exchange, text: string): Promise<void> => {
  outbound.head(200, { 'content-type': 'text/plain' })
  await outbound.end(Buffer.from(text))
}

/** Reads the body and says it. */
export const echo: Handler = async (exchange) => {
  const { body } = await exchange.read()
  await say(exchange, body.kind === 'bytes' ? body.bytes.toString() : body.kind)
}

export const openSocket = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })

/** Everything that comes back until the other side closes; a reset counts as a close. */
export const readToClose = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => socket.destroy())
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })

/** Resolves when what has come back matches. */
export const readUntil = (socket: Socket, form: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      if (!form.test(text)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
    socket.once('close', () => reject(new Error(`closed before ${form}: ${text}`)))
  })

/** Sends raw bytes and gives all that comes back. */
export const callRaw = async (port: number, bytes: string | Buffer): Promise<string> => {
  const socket = await openSocket(port)
  const answer = readToClose(socket)
  socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  return answer
}

export type RawAnswer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The first answer in raw text, body as it stands on the wire. */
export const parseRaw = (text: string): RawAnswer => {
  const headEnd = text.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  return { status: Number(statusLine.split(' ')[1]), headers, body: text.slice(headEnd + 4) }
}

/** The code of an error answer in OpenAI's shape. */
export const codeIn = (body: string): string => (JSON.parse(body) as { error: { code: string } }).error.code

/** The message of an error answer in OpenAI's shape. */
export const messageIn = (body: string): string => (JSON.parse(body) as { error: { message: string } }).error.message
