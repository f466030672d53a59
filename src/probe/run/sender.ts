/**
 * Sends what a probe asks over node:http itself: a probe has to see bytes, timing and connections as they are, on the Node that
 * a person happens to have. Addresses are not held against the egress guard: the person names the endpoint.
 */

import { Buffer } from 'node:buffer'
import { setMaxListeners } from 'node:events'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Agent, request as plainRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import type { JsonObject } from '#base/json-type.ts'
import type { Ask, Send } from '#probe/exchange.ts'
import type { Wire } from '#probe/probe.ts'
import { sendSecondVersion } from './http-two.ts'
import type { Prepared, SenderOptions } from './recording.ts'
import { bodyBytesMax, Recording } from './recording.ts'
import type { Target } from './target.ts'

const socketsMax = 256
/** How long a client waits for 100 Continue before it sends all the same. */
const continueMs = 1_000
/** For probes that want to be refused. */
export const wrongKey = 'sk-drover-probe-this-key-is-wrong-0000000000'

const credential = (wire: Wire, key: string | null): Record<string, string> => {
  if (wire === 'anthropic') return { 'anthropic-version': '2023-06-01', ...(key === null ? {} : { 'x-api-key': key }) }
  if (key === null) return {}
  return wire === 'gemini' ? { 'x-goog-api-key': key } : { authorization: `Bearer ${key}` }
}

const keyOf = (ask: Ask, { target }: SenderOptions): string | null => {
  if (ask.key === 'none') return null
  if (ask.key === 'wrong') return wrongKey
  if (ask.key === 'other') return target.otherKey
  return ask.to === 'reference' ? (target.reference?.key ?? null) : target.key
}

const bodyOf = (ask: Ask, target: Target): Buffer | null => {
  if (ask.raw !== undefined) return ask.raw.bytes
  if (ask.body === undefined) return null
  const body: JsonObject =
    ask.to === 'reference' && target.reference !== null ? { ...ask.body, model: target.reference.model } : ask.body
  return Buffer.from(JSON.stringify(body))
}

/** The request as a client of the endpoint's protocol sends it. */
export const prepareAsk = (ask: Ask, options: SenderOptions): Prepared => {
  const { target, version } = options
  const endpoint = ask.to === 'reference' ? (target.reference ?? target) : target
  const body = bodyOf(ask, target)
  return {
    url: new URL(`${endpoint.baseUrl}/${ask.path}`),
    method: ask.method,
    body,
    headers: {
      'user-agent': `drover-probe/${version}`,
      accept: ask.body?.['stream'] === true ? 'text/event-stream' : 'application/json',
      ...credential(target.wire, keyOf(ask, options)),
      ...(body === null
        ? {}
        : { 'content-type': ask.raw?.contentType ?? 'application/json', 'content-length': String(body.length) }),
      ...(ask.expectContinue === true ? { expect: '100-continue' } : {}),
      ...ask.headers,
    },
  }
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )

const read = (answer: IncomingMessage, request: ClientRequest, recording: Recording): void => {
  recording.head(answer.statusCode ?? 0, flat(answer.headers))
  answer.on('data', (bytes: Buffer) => {
    const why = recording.piece(bytes)
    if (why === null) return
    recording.end(why, why === 'cut' ? `more than ${bodyBytesMax} bytes came` : null)
    request.destroy()
  })
  answer.once('end', () => recording.end(answer.complete ? 'complete' : 'cut'))
  answer.once('error', (error: NodeJS.ErrnoException) => recording.end('cut', error.code ?? error.message))
  answer.once('close', () => recording.end('cut'))
}

type Way = { readonly agents: { readonly plain: Agent; readonly secure: SecureAgent }; readonly options: SenderOptions }

const dispatch = (prepared: Prepared, recording: Recording, { agents, options }: Way): void => {
  const { url, method, headers, body } = prepared
  const isSecure = url.protocol === 'https:'
  const request = isSecure
    ? secureRequest(url, { method, headers, agent: agents.secure })
    : plainRequest(url, { method, headers, agent: agents.plain })
  const cancel = options.clock.after(options.timeoutMs, () => {
    recording.end('timeout', `after ${options.timeoutMs / 1000} s`)
    request.destroy()
  })
  const onAbort = (): void => {
    recording.end('unreachable', 'stopped')
    request.destroy()
  }
  options.signal.addEventListener('abort', onAbort, { once: true })
  request.once('socket', (socket) => {
    if (socket.connecting)
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        recording.connected = true
      })
    else recording.connected = true
  })
  request.once('response', (answer) => read(answer, request, recording))
  request.once('error', (error: NodeJS.ErrnoException) => {
    // A connection kept alive that the server closed at the same instant: nothing was wrong with the request.
    if (request.reusedSocket && error.code === 'ECONNRESET' && !recording.begun && !recording.over) {
      dispatch(prepared, recording, { agents, options })
      return
    }
    recording.end(recording.connected ? 'cut' : 'unreachable', error.code ?? error.message)
  })
  request.once('close', () => {
    cancel()
    options.signal.removeEventListener('abort', onAbort)
  })
  if (headers['expect'] === undefined) {
    request.end(body ?? undefined)
    return
  }
  request.flushHeaders()
  const send = (): void => {
    if (!request.writableEnded) request.end(body ?? undefined)
  }
  const cancelWait = options.clock.after(continueMs, send)
  request.once('continue', () => {
    recording.continued = true
    cancelWait()
    send()
  })
}

/** A sender of one run. `close` drops the connections that are kept. */
export const openSender = (options: SenderOptions): { readonly send: Send; readonly close: () => void } => {
  // Each exchange under way listens for the end of the run.
  setMaxListeners(socketsMax * 2, options.signal)
  const agents = {
    plain: new Agent({ keepAlive: true, maxSockets: socketsMax }),
    secure: new SecureAgent({ keepAlive: true, maxSockets: socketsMax }),
  }
  const send: Send = (ask) =>
    new Promise((settle) => {
      const prepared = prepareAsk(ask, options)
      const recording = new Recording(ask, prepared, { clock: options.clock, settle })
      if (options.signal.aborted) recording.end('unreachable', 'stopped')
      else if (ask.over === 'http2') sendSecondVersion(prepared, recording, options)
      else dispatch(prepared, recording, { agents, options })
    })
  return {
    send,
    close: () => {
      agents.plain.destroy()
      agents.secure.destroy()
    },
  }
}
