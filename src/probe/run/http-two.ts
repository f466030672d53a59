/** One exchange over HTTP/2, on a connection of its own. */

import type { Buffer } from 'node:buffer'
import type { ClientHttp2Session } from 'node:http2'
import { connect } from 'node:http2'
import type { Prepared, Recording, SenderOptions } from './recording.ts'

/** Names that HTTP/2 forbids. */
const forbidden = new Set(['connection', 'expect', 'host'])

const begin = (session: ClientHttp2Session, { url, method, headers, body }: Prepared, recording: Recording): void => {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !forbidden.has(name)))
  const stream = session.request({ ':method': method, ':path': `${url.pathname}${url.search}`, ...kept })
  stream.once('response', (given) => {
    recording.connected = true
    const plain = Object.entries(given).filter(([name]) => !name.startsWith(':'))
    recording.head(
      Number(given[':status'] ?? 0),
      Object.fromEntries(plain.map(([name, value]) => [name, String(value)])),
    )
  })
  stream.on('data', (bytes: Buffer) => {
    const why = recording.piece(bytes)
    if (why === null) return
    recording.end(why)
    session.destroy()
  })
  stream.once('end', () => {
    recording.end('complete')
    session.close()
  })
  stream.once('error', (error: NodeJS.ErrnoException) => {
    recording.end(recording.begun ? 'cut' : 'unreachable', error.code ?? error.message)
    session.destroy()
  })
  stream.end(body ?? undefined)
}

/** Sends the request; the recording settles whichever way it ends. */
export const sendSecondVersion = (prepared: Prepared, recording: Recording, options: SenderOptions): void => {
  const session = connect(prepared.url.origin)
  const cancel = options.clock.after(options.timeoutMs, () => {
    recording.end('timeout')
    session.destroy()
  })
  session.once('error', (error: NodeJS.ErrnoException) => recording.end('unreachable', error.code ?? error.message))
  session.once('close', () => {
    cancel()
    recording.end('cut')
  })
  begin(session, prepared, recording)
}
