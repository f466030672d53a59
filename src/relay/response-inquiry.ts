/** What a caller asks of a response that is kept: to see it, what it was asked, to drop it, to cancel it. Nothing here costs. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { UpstreamReply } from '#http/transport.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Keeping, Protocol } from '#protocol/protocol.ts'
import type { KeptResponse } from '#resource/responses.ts'
import { identify } from './admit.ts'
import { lookSoon, settleBeforeDrop } from './background-native.ts'
import type { BackgroundRun } from './background-run.ts'
import type { Keeper } from './binding/keeper.ts'
import { keeperOf } from './binding/keeper.ts'
import { followRun } from './follow-run.ts'
import { holderOf } from './holder.ts'
import type { RelayPorts } from './journey.ts'
import { passReply } from './pass-reply.ts'
import { replayOf } from './replay-response.ts'
import type { Snapshot } from './snapshot.ts'

const connectTimeoutMs = 10_000
const headersTimeoutMs = 60_000
/** A response that still runs may be read along for as long as a call may take. */
const readingMs = 600_000
const refusalBytesMax = 1_048_576

export type KeepingProtocol = Protocol & { readonly keeping: Keeping }
export type ResponseAsk = 'show' | 'drop' | 'cancel' | 'input'

type Row = { readonly kind: 'response'; readonly ask: ResponseAsk; readonly protocol: KeepingProtocol }

const asks: ReadonlyArray<readonly [ask: ResponseAsk, method: string, behind: string]> = [
  ['show', 'GET', ''],
  ['drop', 'DELETE', ''],
  ['cancel', 'POST', '/cancel'],
  ['input', 'GET', '/input_items'],
]

/** The rows of a protocol whose responses may be kept. */
export const responseEndpoints = (protocol: Protocol): readonly Endpoint<Row>[] => {
  const { keeping } = protocol
  if (keeping === undefined) return []
  return asks.map(([ask, method, behind]) => ({
    method,
    path: `/v1/${keeping.path}/{id}${behind}`,
    value: { kind: 'response', ask, protocol: { ...protocol, keeping } },
  }))
}

type Question = {
  readonly row: Row
  readonly id: string
  readonly exchange: Exchange
  readonly ports: RelayPorts
  readonly snapshot: Snapshot
  readonly key: KeyFacts
}

const unknownResponse = (id: string): Problem =>
  new Problem('not_found', {
    message: `Response with id '${id}' not found: none is kept for your account under it.`,
    param: 'id',
  })

const headOf = ({ exchange }: Question): Readonly<Record<string, string>> => ({
  ...securityHeaders,
  'x-request-id': exchange.inbound.id,
  'cache-control': 'private, no-store',
})

const tell = async (question: Question, value: JsonObject): Promise<void> => {
  const { outbound } = question.exchange
  const body = Buffer.from(JSON.stringify(value))
  outbound.head(200, {
    ...headOf(question),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
  })
  await outbound.end(body)
}

/** The number of the last event that the caller has. @throws Problem `invalid_request_error`. */
const afterOf = (query: URLSearchParams): number => {
  const text = query.get('starting_after')
  if (text === null) return -1
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Problem('invalid_request_error', {
    message: "'starting_after' must be the sequence_number of an event, a whole number.",
    param: 'starting_after',
  })
}

/** What is asked of a response that this process is making. */
const runAnswer = async (question: Question, run: BackgroundRun): Promise<void> => {
  const { row, id, exchange, ports, key } = question
  const { query } = exchange.inbound
  switch (row.ask) {
    case 'show':
      if (query.get('stream') !== 'true') return tell(question, run.document())
      return followRun(exchange, run, { after: afterOf(query), headers: headOf(question) })
    case 'input':
      return tell(question, row.protocol.keeping.inputPage(run.input, query))
    case 'cancel':
    case 'drop': {
      run.cancel()
      await ports.background.over({ id, holder: holderOf(key) })
      return ask(question)
    }
  }
}

/** What stands for a response of the background that was not kept: it failed, or was cancelled. */
const markerAnswer = async (question: Question): Promise<JsonObject | null> => {
  const { row, id, exchange, ports, key } = question
  const named = { id, holder: holderOf(key) }
  const found = await ports.bindings.binding({ ...named, nowMs: ports.clock.nowMs() })
  if (found === null || found.kind !== 'response' || found.provider !== '') return null
  const document = JSON.parse(found.document) as JsonObject
  switch (row.ask) {
    case 'show':
      return document
    case 'input':
      return row.protocol.keeping.inputPage([], exchange.inbound.query)
    case 'drop':
      await ports.bindings.dropBinding(named)
      return row.protocol.keeping.deleted(id)
    case 'cancel':
      if (document['status'] === 'cancelled') return document
      throw endedAlready()
  }
}

const endedAlready = (): Problem =>
  new Problem('invalid_request_error', {
    message: 'Only a response that runs in the background can be cancelled, and this one has ended.',
    param: 'id',
  })

const keptAnswer = async (question: Question, kept: KeptResponse): Promise<JsonObject> => {
  const { row, id, exchange, ports, key } = question
  const { keeping } = row.protocol
  const { query } = exchange.inbound
  switch (row.ask) {
    case 'show':
      return kept.document
    case 'input':
      return keeping.inputPage(kept.input, query)
    case 'drop':
      // The marker of one that was made in the background goes first: left behind, it would tell of a failure.
      await ports.bindings.dropBinding({ id, holder: holderOf(key) })
      await ports.responses.drop({ id, holder: holderOf(key) })
      return keeping.deleted(id)
    case 'cancel':
      throw endedAlready()
  }
}

/** It is asked with the credential that it was made with. */
const requestOf = ({ row, id, exchange }: Question, { upstream, credential }: Keeper) => {
  const { provider, vendor } = upstream
  const [, method = 'GET', behind = ''] = asks.find(([ask]) => ask === row.ask) ?? []
  const path = `${row.protocol.keeping.path}/${encodeURIComponent(id)}${behind}`
  const endpoint = vendor.endpoint({ path, model: '', provider, protocol: row.protocol.name })
  const url = new URL(`${endpoint.baseUrl ?? provider.baseUrl}/${endpoint.path}`)
  for (const [name, value] of exchange.inbound.query) if (name !== 'key') url.searchParams.append(name, value)
  for (const [name, value] of Object.entries(endpoint.query)) url.searchParams.set(name, value)
  const own = Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()] as const)
  const headers = {
    ...Object.fromEntries(own),
    'user-agent': 'drover',
    ...(credential === null ? {} : vendor.authorise(credential)),
  }
  return { method, url: url.href, headers, body: { kind: 'none' } as const }
}

const refusalOf = async ({ row }: Question, reply: UpstreamReply): Promise<Problem> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of reply.body) {
    sizeBytes += chunk.length
    if (sizeBytes > refusalBytesMax) break
    chunks.push(chunk)
  }
  reply.abort()
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  )
  return row.protocol.client.readProblem({ status: reply.status, headers, body: Buffer.concat(chunks) })
}

/** What its provider says of it, as it says it. */
const askProvider = async (question: Question, keeper: Keeper): Promise<void> => {
  const { upstream } = keeper
  const { exchange, ports, row, id, key } = question
  const { outbound, inbound } = exchange
  const request = requestOf(question, keeper)
  const reply = await upstream.transport.send({
    ...request,
    signal: inbound.signal,
    connectTimeoutMs,
    headersTimeoutMs,
  })
  if (reply.status >= 300) throw await refusalOf(question, reply)
  if (row.ask === 'drop') await ports.responses.drop({ id, holder: holderOf(key) })
  const contentType = reply.headers['content-type'] ?? 'application/json'
  outbound.head(reply.status, {
    ...headOf(question),
    'content-type': contentType,
    'x-drover-provider': upstream.provider.name,
  })
  await passReply(reply, outbound, { clock: ports.clock, readingMs })
}

/** The events of a response that has ended, from behind the one that the caller has. */
const tellAgain = async (question: Question, kept: KeptResponse): Promise<void> => {
  const { row, exchange, ports } = question
  const { inbound, outbound } = exchange
  const after = afterOf(inbound.query)
  const events = replayOf(kept, { protocol: row.protocol, inbound, nowMs: ports.clock.nowMs() })
  outbound.head(200, {
    ...headOf(question),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  for (const { sequence, raw } of events) if (sequence > after) await outbound.write(raw)
  await outbound.end()
}

const ask = async (question: Question): Promise<void> => {
  const { id, key, ports, snapshot } = question
  const named = { id, holder: holderOf(key) }
  const run = ports.background.find(named)
  if (run !== null) return runAnswer(question, run)
  const found = await ports.responses.find(named)
  if (found === null) {
    const marked = await markerAnswer(question)
    if (marked === null) throw unknownResponse(id)
    return tell(question, marked)
  }
  if (found.kind === 'kept') {
    const isReplay = question.row.ask === 'show' && question.exchange.inbound.query.get('stream') === 'true'
    if (isReplay) return tellAgain(question, found.response)
    return tell(question, await keptAnswer(question, found.response))
  }
  const keeper = keeperOf(snapshot, { id, form: 'openai', ...found })
  if (question.row.ask === 'drop') await settleBeforeDrop(ports, named)
  await askProvider(question, keeper)
  if (question.row.ask === 'cancel') await lookSoon(ports, named)
}

/** Carries out one exchange about a kept response. Never rejects but for a caller who has gone. */
export const answerResponse = async (
  exchange: Exchange,
  { row, id }: { readonly row: Row; readonly id: string },
  ports: RelayPorts,
): Promise<void> => {
  const { inbound, outbound } = exchange
  const snapshot = ports.snapshot()
  try {
    const key = identify(snapshot, inbound, { nowMs: ports.clock.nowMs(), purpose: 'model' })
    await ask({ row, id, exchange, ports, snapshot, key })
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error') ports.log.error('an inquiry failed inside Drover', { error: problem.cause })
    if (outbound.headSent()) {
      outbound.cut()
      return
    }
    const { status, headers, body } = row.protocol.server.writeProblem(problem, inbound)
    outbound.head(status, {
      ...securityHeaders,
      'x-request-id': inbound.id,
      'content-length': String(body.length),
      ...headers,
    })
    await outbound.end(body)
  }
}
