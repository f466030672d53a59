/**
 * `GET /v1/responses`, upgraded: each `response.create` on the connection is a call of its own, made as `POST /v1/responses` is, and its
 * events come as messages (https://developers.openai.com/api/docs/guides/websocket-mode, read 2026-11-29).
 */

import { Buffer } from 'node:buffer'
import { hasMember, readMember, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Channel, Message } from '#http/channel.ts'
import type { Exchange, Inbound } from '#http/inbound.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { SocketExchange } from '#http/upgrade.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { readClientEvent } from '#protocol/openai-realtime/client-event.ts'
import { identify, rowFor } from './admit.ts'
import { holderOf } from './holder.ts'
import type { RelayPorts } from './journey.ts'
import { relay } from './relay.ts'
import type { KeepingProtocol } from './response-inquiry.ts'
import type { Remembered } from './response-memory.ts'
import { responseMemory } from './response-memory.ts'
import { socketError, socketOutbound } from './socket-outbound.ts'

/** As long as OpenAI's own connections last (the guide above). */
const connectionMsMax = 3_600_000
/** Lanes of one connection, calls that are under way or wait in all of them, and the bytes of those. */
const [lanesMax, waitingMax, waitingBytesMax] = [16, 64, 67_108_864]
const laneForm = /^[A-Za-z0-9_.-]{1,256}$/

/** Members of the event that are no members of the body. */
const envelope = ['type', 'stream_id', 'generate', 'event_id', 'background']
/** Headers that are about one request: on a connection they would be about all of them. */
const handshakeHeaders: ReadonlySet<string> = new Set([
  'idempotency-key',
  'x-stainless-timeout',
  'x-stainless-read-timeout',
  'upgrade',
  'connection',
  'content-type',
])

type Create = {
  readonly body: Buffer
  readonly lane: string | null
  readonly generates: boolean
  readonly previous: string | null
}

const refuse = (message: string, param: string): Problem => new Problem('invalid_request_error', { message, param })

/** @throws Problem `invalid_request_error` naming the field. */
const readCreate = (event: ClientEvent): Create => {
  const { top, type } = event
  if (type !== 'response.create')
    throw refuse(`The event '${type.slice(0, 64)}' is not taken here. Send "response.create".`, 'type')
  const lane = readMember(top, 'stream_id') ?? null
  if (lane !== null && (typeof lane !== 'string' || !laneForm.test(lane)))
    throw refuse("'stream_id' must be 1 to 256 letters, digits, '_', '.' or '-'.", 'stream_id')
  if (readMember(top, 'background') === true)
    throw refuse("'background' is not taken over WebSocket. Send POST /v1/responses for it.", 'background')
  const previous = readMember(top, 'previous_response_id')
  const cut = envelope.filter((name) => hasMember(top, name))
  return {
    body: spliceTopLevel(top, { cut, set: { stream: 'true' } }),
    lane: lane as string | null,
    generates: readMember(top, 'generate') !== false,
    previous: typeof previous === 'string' && previous !== '' ? previous : null,
  }
}

class ResponsesConnection {
  readonly #exchange: SocketExchange
  readonly #protocol: KeepingProtocol
  readonly #ports: RelayPorts
  readonly #channel: Channel
  readonly #memory = responseMemory()
  readonly #lanes = new Map<string, Promise<void>>()
  #waiting = 0
  #waitingBytes = 0
  #goodbye: { readonly code: number; readonly reason: string } | null = null

  constructor(order: SocketOrder, channel: Channel) {
    this.#exchange = order.exchange
    this.#protocol = order.protocol
    this.#ports = order.ports
    this.#channel = channel
  }

  async run(): Promise<void> {
    const { draining } = this.#exchange
    const drain = (): void => this.#end({ code: 1012, reason: 'This relay is about to restart.' })
    draining.addEventListener('abort', drain, { once: true })
    if (draining.aborted) drain()
    const cancel = this.#ports.clock.after(connectionMsMax, () => this.#expire())
    try {
      for (let one = await this.#channel.receive(); one !== null; one = await this.#channel.receive())
        await this.#take(one)
      await Promise.all(this.#lanes.values())
    } finally {
      cancel()
      draining.removeEventListener('abort', drain)
    }
  }

  /** Closes when nothing is under way. */
  #end(goodbye: { readonly code: number; readonly reason: string }): void {
    this.#goodbye ??= goodbye
    if (this.#waiting === 0) this.#channel.close(this.#goodbye)
  }

  #expire(): void {
    const minutes = connectionMsMax / 60_000
    const message = `This connection has been open for ${minutes} minutes, as long as one may. Open another one.`
    const error = { type: 'invalid_request_error', code: 'websocket_connection_limit_reached', message, param: null }
    this.#say(socketError(400, error)).catch((thrown: unknown) => asProblem(thrown))
    this.#end({ code: 1001, reason: 'The connection has been open as long as one may.' })
  }

  #say(event: JsonObject): Promise<void> {
    return this.#channel.send({ data: Buffer.from(JSON.stringify(event)), binary: false })
  }

  #tell(problem: Problem, { lane, code }: { readonly lane: string | null; readonly code?: string }): Promise<void> {
    const asked = { id: this.#ports.ids.next('call'), origin: this.#exchange.inbound.origin }
    const error = { ...errorJson(problem, asked), ...(code === undefined ? {} : { code }) }
    return this.#say({ ...socketError(problem.status, error), ...(lane === null ? {} : { stream_id: lane }) })
  }

  async #take(message: Message): Promise<void> {
    let create: Create
    try {
      create = readCreate(readClientEvent(message))
    } catch (thrown) {
      return this.#tell(asProblem(thrown), { lane: null })
    }
    const name = create.lane ?? ''
    const limit = this.#limitOf(name)
    if (limit !== null) return this.#tell(limit, { lane: create.lane, code: 'websocket_stream_limit_reached' })
    if (this.#goodbye !== null) {
      const problem = new Problem('overloaded', { message: 'This connection is about to close. Open another one.' })
      return this.#tell(problem, { lane: create.lane })
    }
    this.#waiting += 1
    this.#waitingBytes += create.body.length
    const before = this.#lanes.get(name) ?? Promise.resolve()
    const done = before
      .then(() => this.#answer(create))
      .catch((thrown: unknown) => {
        this.#ports.log.error('a response over a connection failed inside Drover', { error: thrown })
      })
      .finally(() => {
        this.#waiting -= 1
        this.#waitingBytes -= create.body.length
        if (this.#lanes.get(name) === done) this.#lanes.delete(name)
        if (this.#goodbye !== null) this.#end(this.#goodbye)
      })
    this.#lanes.set(name, done)
  }

  #limitOf(lane: string): Problem | null {
    const isOver = !this.#lanes.has(lane) && this.#lanes.size >= lanesMax
    if (!isOver && this.#waiting < waitingMax && this.#waitingBytes < waitingBytesMax) return null
    return new Problem('rate_limit_exceeded', {
      message: `This connection has ${this.#lanes.size} lanes and ${this.#waiting} responses under way; it takes ${lanesMax} and ${waitingMax}. Wait for one to end.`,
      param: 'stream_id',
    })
  }

  async #answer(create: Create): Promise<void> {
    const id = this.#ports.ids.next('call')
    const inbound = this.#inboundOf(id)
    try {
      await this.#ports.fresh()
      const key = identify(this.#ports.snapshot(), inbound, { nowMs: this.#ports.clock.nowMs(), purpose: 'model' })
      const continued = await this.#continued(create, key)
      const asked = { ...create, body: continued.body }
      if (!create.generates) return await this.#warmUp(asked, inbound, key)
      await this.#relay(asked, inbound, continued.from)
    } catch (thrown) {
      const problem = asProblem(thrown)
      const isUnknown = problem.detail.param === 'previous_response_id'
      await this.#tell(problem, { lane: create.lane, ...(isUnknown ? { code: 'previous_response_not_found' } : {}) })
      if (problem.code === 'invalid_api_key') this.#end({ code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    }
  }

  #inboundOf(id: string): Inbound {
    const { inbound } = this.#exchange
    const headers = Object.entries(inbound.headers).filter(([name]) => !handshakeHeaders.has(name))
    return {
      ...inbound,
      id,
      method: 'POST',
      headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
      arrivedMs: this.#ports.clock.monotonicMs(),
    }
  }

  /** The body with what this connection remembers in it, where nobody else keeps that. */
  async #continued({ body, previous }: Create, key: KeyFacts): Promise<{ body: Buffer; from: string | null }> {
    if (previous === null) return { body, from: null }
    if ((await this.#ports.responses.find({ id: previous, holder: holderOf(key) })) !== null)
      return { body, from: null }
    const items = this.#memory.items(previous)
    if (items === null)
      throw refuse(
        `Previous response with id '${previous.slice(0, 128)}' not found: this connection does not remember it, and it is not kept. Send the whole input, without "previous_response_id".`,
        'previous_response_id',
      )
    return { body: this.#callOf(body).continued(items), from: previous }
  }

  #callOf(body: Buffer) {
    const inbound = {
      ...this.#inboundOf(''),
      body: { kind: 'bytes', bytes: body, contentType: 'application/json' },
    } as const
    const call = this.#protocol.server.readCall(inbound)
    const { keeping } = this.#protocol
    return {
      call,
      input: () => keeping.inputOf(call),
      continued: (items: readonly JsonObject[]): Buffer => {
        const { payload } = call
        return payload.kind === 'json' ? spliceTopLevel(payload.top, keeping.continued(call, items)) : body
      },
    }
  }

  async #relay({ body, lane, previous }: Create, inbound: Inbound, from: string | null): Promise<void> {
    let isWhole = false
    let isUnauthorised = false
    const see = (event: JsonObject): JsonObject => {
      const { type, response } = event
      if (!isObject(response)) return event
      const told = from === null ? response : { ...response, previous_response_id: from }
      if (type === 'response.completed' || type === 'response.incomplete') {
        isWhole = true
        // Before the caller learns of it: its next turn may come at once, in another lane.
        this.#remember(told, body)
      }
      return from === null ? event : { ...event, response: told }
    }
    const outbound = socketOutbound({
      channel: this.#channel,
      mark: lane === null ? {} : { stream_id: lane },
      see,
      refused: (status) => {
        isUnauthorised = status === 401
      },
    })
    const bytes = { kind: 'bytes', bytes: body, contentType: 'application/json' } as const
    const exchange: Exchange = { inbound, outbound, read: async () => ({ ...inbound, body: bytes }) }
    await relay(exchange, this.#protocol, this.#ports)
    if (isUnauthorised) this.#end({ code: 3000, reason: 'invalid_request_error.invalid_api_key' })
    if (!isWhole && previous !== null) this.#memory.forget(previous)
  }

  #remember(response: JsonObject, body: Buffer): void {
    const { id } = response
    if (typeof id !== 'string') return
    const remembered: Remembered = {
      input: this.#callOf(body).input(),
      output: this.#protocol.keeping.outputOf(response),
    }
    this.#memory.remember(id, remembered)
  }

  /** Takes the input in without an answer: nothing is sent to a provider, and nothing is charged. */
  async #warmUp({ body, lane }: Create, inbound: Inbound, key: KeyFacts): Promise<void> {
    const { call, input } = this.#callOf(body)
    rowFor(this.#ports.snapshot(), key, call.model)
    const outbound = socketOutbound({
      channel: this.#channel,
      mark: lane === null ? {} : { stream_id: lane },
      see: (event) => event,
      refused: () => {},
    })
    const nowMs = this.#ports.clock.nowMs()
    const writer = this.#protocol.server.writeReply({ call, asked: inbound, nowMs })
    const usage = { input_tokens: 0, output_tokens: 0, total_tokens: 0 }
    outbound.head(200, {})
    for (const part of [
      { type: 'start', id: null, model: call.model, createdMs: nowMs },
      { type: 'usage', usage: this.#protocol.client.readUsage(usage), raw: usage },
      { type: 'finish', choice: 0, reason: 'stop', raw: 'completed' },
    ] as const) {
      const bytes = writer.write(part)
      if (bytes !== null) await outbound.write(bytes)
    }
    await outbound.end(writer.end())
    this.#memory.remember(this.#protocol.keeping.idOf(inbound), { input: input(), output: [] })
  }
}

export type SocketOrder = {
  readonly exchange: SocketExchange
  readonly protocol: KeepingProtocol
  readonly ports: RelayPorts
}

/** Carries out one connection. @throws Problem before it is accepted. */
export const relayResponsesSocket = async (order: SocketOrder): Promise<void> => {
  const { exchange, ports } = order
  identify(ports.snapshot(), exchange.inbound, { nowMs: ports.clock.nowMs(), purpose: 'model' })
  const refusal = ports.overload()
  if (refusal !== null) throw refusal
  const [protocol = null] = exchange.offered.filter((name) => name === 'realtime' || name === 'responses')
  const channel = await exchange.accept({ protocol, headers: {} })
  try {
    await new ResponsesConnection(order, channel).run()
  } finally {
    channel.close({ code: 1000, reason: '' })
  }
}
