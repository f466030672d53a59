/**
 * `background: true`: the answer is made while nobody waits for it. A provider that has responses in the background is asked for one
 * (background-native.ts); for every other one this process makes it, where the response is to be kept.
 */

import { Buffer } from 'node:buffer'
import { spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Exchange, Inbound } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { BindingRow } from '#resource/port.ts'
import { identify, rowFor } from './admit.ts'
import type { BackgroundRun, RunEnd } from './background-run.ts'
import { backgroundRun, runsMax } from './background-run.ts'
import { followRun } from './follow-run.ts'
import { holderOf } from './holder.ts'
import type { RelayPorts } from './journey.ts'
import { relay } from './relay.ts'
import type { KeepingProtocol } from './response-inquiry.ts'

/** As long as a response is kept. */
const keptForMs = 30 * 86_400_000

/** Headers that are about the wait for an answer, which nobody does here. */
const waitingHeaders: ReadonlySet<string> = new Set(['x-stainless-timeout', 'x-stainless-read-timeout'])

const asksBackground = ({ body }: Inbound): boolean => body.kind === 'bytes' && body.bytes.includes('"background"')

const refuse = (message: string, param = 'background'): Problem =>
  new Problem('unsupported_parameter', { message, param })

/** The response before anything of it is there, as its format writes it. */
const emptyDocument = ({ protocol, call, ports }: Order, asked: Inbound): JsonObject => {
  const nowMs = ports.clock.nowMs()
  const writer = protocol.server.writeReply({ call: { ...call, stream: false }, asked, nowMs })
  writer.write({ type: 'start', id: null, model: call.model, createdMs: nowMs })
  writer.write({ type: 'finish', choice: 0, reason: 'stop', raw: 'completed' })
  const document = JSON.parse(writer.end().toString('utf8')) as JsonObject
  return { ...document, status: 'queued', completed_at: null, background: true, store: true, output: [], usage: null }
}

/** As it is where it can be made no more. */
export const failedDocument = (document: JsonObject, message: string, code = 'server_error'): JsonObject => ({
  ...document,
  status: 'failed',
  error: { code, message },
})

const restarted =
  'The relay that made this response ended before it was complete. What was used until then is charged by what was delivered. Create it again.'

type Order = {
  readonly exchange: Exchange
  readonly inbound: Inbound
  readonly protocol: KeepingProtocol
  readonly ports: RelayPorts
  readonly key: KeyFacts
  readonly call: Call
}

/** What stands for it when this process is gone: nothing else would know of it. */
const markerOf = ({ ports, key }: Order, run: BackgroundRun): BindingRow => {
  const nowMs = ports.clock.nowMs()
  const { organisation, account, project, member, test } = key
  return {
    id: run.id,
    holder: run.holder,
    kind: 'response',
    form: 'openai',
    organisation,
    account,
    project,
    member,
    key: key.id,
    test,
    provider: '',
    credential: null,
    upstreamId: run.id,
    purpose: null,
    document: JSON.stringify(failedDocument(run.document(), restarted)),
    state: 'ended',
    work: null,
    createdMs: nowMs,
    expiresMs: nowMs + keptForMs,
    nextMs: null,
  }
}

const refusalText = (run: BackgroundRun, { body }: RunEnd): { readonly message: string; readonly code: string } => {
  const told = run.error() ?? (body.length > 0 ? errorIn(body) : null)
  const message =
    typeof told?.['message'] === 'string' ? told['message'] : 'The answer broke off before it was complete.'
  return { message, code: typeof told?.['code'] === 'string' ? told['code'] : 'server_error' }
}

const errorIn = (body: Buffer): JsonObject | null => {
  try {
    const { error } = JSON.parse(body.toString('utf8')) as JsonObject
    return isObject(error) ? error : null
  } catch {
    // A page, or nothing: the status says what there is to say.
    return null
  }
}

/** How it ended, for those who ask later: a whole one is kept as any response is. */
const conclude = async ({ ports }: Order, run: BackgroundRun, end: RunEnd): Promise<void> => {
  const named = { id: run.id, holder: run.holder }
  if (run.isCancelled()) {
    const document = { ...run.document(), status: 'cancelled', output: [], error: null }
    await ports.bindings.changeBinding(named, { document: JSON.stringify(document) })
    return
  }
  const isKept = end.kind === 'whole' && (await ports.responses.find(named)) !== null
  if (isKept) return
  const { message, code } = refusalText(run, end)
  const text =
    end.kind === 'whole'
      ? 'The response is complete and could not be kept: it is too large, or the store was away.'
      : message
  const document = failedDocument(run.document(), text, code)
  await ports.bindings.changeBinding(named, { document: JSON.stringify(document) })
}

const start = async (order: Order): Promise<{ run: BackgroundRun; admitted: Promise<void> }> => {
  const { inbound, protocol, ports, key, call } = order
  const id = ports.ids.next('call')
  const controller = new AbortController()
  const headers = Object.fromEntries(Object.entries(inbound.headers).filter(([name]) => !waitingHeaders.has(name)))
  const own: Inbound = { ...inbound, id, headers, signal: controller.signal, arrivedMs: ports.clock.monotonicMs() }
  const run = backgroundRun({
    id: protocol.keeping.idOf(own),
    holder: holderOf(key),
    input: protocol.keeping.inputOf(call),
    document: emptyDocument(order, own),
    controller,
  })
  await ports.bindings.keepBinding(markerOf(order, run))
  const { promise: admitted, resolve } = Promise.withResolvers<void>()
  const { payload } = call
  const bytes =
    payload.kind === 'json'
      ? spliceTopLevel(payload.top, { cut: ['background'], set: { stream: 'true' } })
      : Buffer.from('{}')
  const body = { kind: 'bytes', bytes, contentType: 'application/json' } as const
  const read = async (): Promise<Inbound> => ({ ...own, body })
  const made = relay(
    { inbound: { ...own, body: { kind: 'none' } }, outbound: run.outbound, read, admitted: resolve },
    protocol,
    ports,
  )
  const over = made
    .then(() => run.ended)
    .then((end) => conclude(order, run, end))
    .catch((thrown: unknown) => {
      ports.log.error('the end of a response in the background could not be kept', {
        response: run.id,
        problem: asProblem(thrown).message,
      })
    })
  ports.background.add(run, over)
  return { run, admitted }
}

const headOf = ({ exchange }: Order): Readonly<Record<string, string>> => ({
  ...securityHeaders,
  'x-request-id': exchange.inbound.id,
  'cache-control': 'private, no-store',
})

const answer = async (order: Order): Promise<void> => {
  const { exchange, ports, call, protocol } = order
  if (protocol.keeping.wishOf(call).keep !== true)
    throw refuse(
      `No provider of '${call.model}' has responses in the background, so that this relay makes them itself, and keeps none unasked: send "store": true with it.`,
    )
  if (exchange.inbound.headers['idempotency-key'] !== undefined)
    throw refuse(
      'A response that this relay makes in the background takes no Idempotency-Key. Leave the header out.',
      'idempotency-key',
    )
  if (ports.background.isFull(holderOf(order.key)))
    throw new Problem('overloaded', {
      message: `As many responses are made in the background as this relay makes at once (${runsMax}, and fewer in the sandbox). Try again later, or stream this one.`,
    })
  const { run, admitted } = await start(order)
  const early = await Promise.race([admitted.then(() => null), run.ended])
  const { outbound } = exchange
  if (early?.kind === 'refused') {
    await ports.bindings.dropBinding({ id: run.id, holder: run.holder })
    outbound.head(early.status, { ...early.headers, 'content-length': String(early.body.length) })
    await outbound.end(early.body)
    return
  }
  if (call.stream) return followRun(exchange, run, { after: -1, headers: headOf(order) })
  const body = Buffer.from(JSON.stringify({ ...run.document(), status: 'queued' }))
  outbound.head(200, {
    ...headOf(order),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
  })
  await outbound.end(body)
}

/** Whether a provider of the model has responses in the background itself. */
const isNative = ({ ports, key, call, protocol }: Order): boolean => {
  const snapshot = ports.snapshot()
  const { targets } = rowFor(snapshot, key, call.model)
  return targets.some(({ provider }) => {
    const vendor = snapshot.upstreams.get(provider)?.vendor
    return vendor?.background === true && vendor.protocols.includes(protocol.name)
  })
}

/**
 * One call of a format whose responses may be kept: in the background where it asks for that, else as any other. Never rejects but for a
 * caller who has gone.
 */
export const relayKeeping = async (exchange: Exchange, protocol: KeepingProtocol, ports: RelayPorts): Promise<void> => {
  let inbound: Inbound
  let key: KeyFacts
  try {
    key = identify(ports.snapshot(), exchange.inbound, { nowMs: ports.clock.nowMs(), purpose: 'model' })
  } catch {
    // Whoever is refused here is refused there in the same words, and recorded.
    return relay(exchange, protocol, ports)
  }
  try {
    inbound = await exchange.read()
  } catch (thrown) {
    return relay({ ...exchange, read: () => Promise.reject(thrown) }, protocol, ports)
  }
  const again: Exchange = { ...exchange, read: async () => inbound }
  if (!asksBackground(inbound)) return relay(again, protocol, ports)
  let order: Order
  try {
    const call = protocol.server.readCall(inbound)
    order = { exchange: again, inbound, protocol, ports, key, call }
    if (call.body()['background'] !== true || isNative(order)) return relay(again, protocol, ports)
  } catch {
    return relay(again, protocol, ports)
  }
  try {
    await answer(order)
  } catch (thrown) {
    const { outbound } = exchange
    if (outbound.headSent()) return outbound.cut()
    const { status, headers, body } = protocol.server.writeProblem(asProblem(thrown), exchange.inbound)
    outbound.head(status, { ...headOf(order), 'content-length': String(body.length), ...headers })
    await outbound.end(body)
  }
}
