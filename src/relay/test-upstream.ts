/** An upstream in memory that does what a test tells it, step by step, and the events that it says. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Transport, UpstreamReply, UpstreamRequest } from '#http/transport.ts'

/** One request that reached the upstream. Nothing is answered before the test says so. */
export type Arrival = {
  readonly request: UpstreamRequest
  readonly body: () => JsonObject
  readonly head: (status?: number, headers?: Readonly<Record<string, string>>) => void
  readonly write: (...pieces: readonly (string | Buffer)[]) => void
  readonly end: () => void
  /** Before the head the request fails, after it the body breaks off. */
  readonly fail: (reason: unknown) => void
  /** A whole JSON answer. */
  readonly answer: (status: number, body: JsonObject, headers?: Readonly<Record<string, string>>) => void
  /** Whether the relay has dropped the request. */
  readonly left: () => boolean
}

export type ScriptedUpstream = {
  readonly transport: Transport
  readonly arrivals: readonly Arrival[]
  readonly closed: () => boolean
}

type Pipe = {
  readonly put: (piece: Buffer) => void
  readonly end: () => void
  readonly fail: (reason: unknown, drop: boolean) => void
  readonly read: () => AsyncGenerator<Buffer>
}

const pipe = (): Pipe => {
  const pieces: Buffer[] = []
  let over: { readonly reason: unknown } | 'ended' | null = null
  let wake = (): void => {}
  return {
    put: (piece) => {
      pieces.push(piece)
      wake()
    },
    end: () => {
      over ??= 'ended'
      wake()
    },
    fail: (reason, drop) => {
      if (drop) pieces.length = 0
      over ??= { reason }
      wake()
    },
    read: async function* () {
      while (true) {
        const piece = pieces.shift()
        if (piece !== undefined) yield piece
        else if (over === 'ended') return
        else if (over !== null) throw over.reason
        else
          await new Promise<void>((resolve) => {
            wake = resolve
          })
      }
    },
  }
}

const receive = (request: UpstreamRequest): { readonly arrival: Arrival; readonly reply: Promise<UpstreamReply> } => {
  const { promise: reply, resolve, reject } = Promise.withResolvers<UpstreamReply>()
  const body = pipe()
  let left = false
  const leave = (reason: unknown): void => {
    left = true
    body.fail(reason, true)
    reject(reason)
  }
  request.signal.addEventListener('abort', () => leave(request.signal.reason), { once: true })
  const head: Arrival['head'] = (status = 200, headers = { 'content-type': 'text/event-stream' }) =>
    resolve({ status, headers, body: body.read(), abort: () => leave(new Error('The connection was dropped.')) })
  const arrival: Arrival = {
    request,
    body: () => JSON.parse(request.body.kind === 'bytes' ? Buffer.from(request.body.bytes).toString() : '{}'),
    head,
    write: (...pieces) => {
      for (const piece of pieces) body.put(typeof piece === 'string' ? Buffer.from(piece) : piece)
    },
    end: body.end,
    fail: (reason) => {
      reject(reason)
      body.fail(reason, false)
    },
    answer: (status, document, headers = {}) => {
      head(status, { 'content-type': 'application/json', ...headers })
      body.put(Buffer.from(JSON.stringify(document)))
      body.end()
    },
    left: () => left,
  }
  return { arrival, reply }
}

export const scriptedUpstream = (): ScriptedUpstream => {
  const arrivals: Arrival[] = []
  let closed = false
  return {
    arrivals,
    closed: () => closed,
    transport: {
      send: (request) => {
        const { arrival, reply } = receive(request)
        arrivals.push(arrival)
        return reply
      },
      close: async () => {
        closed = true
      },
    },
  }
}

const event = (data: JsonObject): string => `data: ${JSON.stringify(data)}\n\n`
const chunk = (choice: JsonObject): string =>
  event({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'alpha-1', choices: [choice] })

/** Only a role: it begins an answer and does not commit to it. */
export const opening: string = chunk({ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null })
/** A piece of text. */
export const says = (text: string): string => chunk({ index: 0, delta: { content: text }, finish_reason: null })
export const stops: string = chunk({ index: 0, delta: {}, finish_reason: 'stop' })
export const done = 'data: [DONE]\n\n'
/** Usage as a last event of its own, as OpenAI sends it to those who ask. */
export const uses = (input: number, output: number): string =>
  event({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    choices: [],
    usage: { prompt_tokens: input, completion_tokens: output },
  })
/** An error inside of a stream. */
export const faults = (message: string): string => event({ error: { message, type: 'server_error', code: null } })

/** A whole answer of 10 input and 5 output tokens. */
export const completion = (text: string, usage: JsonObject | null = { prompt_tokens: 10, completion_tokens: 5 }) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'alpha-1',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  ...(usage === null ? {} : { usage }),
})
