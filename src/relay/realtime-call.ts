/** One response of a session, or one transcription, as a call: admitted and held before it begins, settled once when it has ended. */

import { Buffer } from 'node:buffer'
import type { CallEnd } from '#base/call-record.ts'
import { scanTopLevel } from '#base/json.ts'
import type { Problem } from '#base/problem.ts'
import { asProblem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import type { SocketExchange } from '#http/upgrade.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import type { Call } from '#protocol/call.ts'
import { lowerMembers } from '#protocol/lower-output.ts'
import type { Grant } from './admit.ts'
import { admit } from './admit.ts'
import { closeBooks } from './close-books.ts'
import type { AttemptDraft, Draft } from './draft.ts'
import { attemptDraft, draftOf } from './draft.ts'
import type { CallHold } from './hold.ts'
import { holdFor } from './hold.ts'
import type { RelayPorts } from './journey.ts'
import { keepRecord } from './keep-record.ts'
import type { Labels } from './labels.ts'
import type { Leg } from './leg.ts'
import { feeOfAll, snapshotFor } from './own-credential.ts'
import type { Answered } from './settle.ts'
import { settle, settleRefusal } from './settle.ts'
import type { Snapshot, Upstream } from './snapshot.ts'

/** The model that a session was opened for, and where it is. */
export type SessionTarget = { readonly leg: Leg; readonly upstream: Upstream }

export type RealtimeRoom = {
  readonly ports: RelayPorts
  readonly exchange: SocketExchange
  readonly labels: Labels
  readonly target: SessionTarget
  /** The name of the provider's credential that the session was opened with. */
  readonly credential: string | null
  /** Who opened the session. */
  readonly key: KeyFacts
  /** Who calls, as the key stands now. @throws Problem `invalid_api_key` … */
  readonly identifyNow: () => Promise<KeyFacts>
  /** Wall clock: by then every hold of the session has been settled. */
  readonly endsMs: number
}

export type RealtimeOrder = {
  readonly kind: 'chat' | 'transcription'
  /** As the caller calls it. */
  readonly model: string
  /** The JSON of what the caller asks of the response; `null` = the provider begins it unasked. */
  readonly wishes: Buffer | null
  readonly inputTokensMax: number
  /** What the limits count. */
  readonly inputTokensLikely: number
  /** Tokens; `null` = as many as the model can. */
  readonly outputMax: number | null
  /** A call of the session is under way that ends when this one begins. */
  readonly sharesPlace: boolean
  /** Bytes of the caller's since the last call. */
  readonly requestBytes: number
  /** What guardrails did to what the caller has said since the last call. */
  readonly warnings: readonly string[]
  /** Seconds of sound at most, for what is billed by them. */
  readonly seconds: number
}

export type Ending = {
  readonly end: CallEnd
  /** `null` = nothing is known, and nothing is charged. */
  readonly usage: Usage | null
  readonly finishReason: string | null
  readonly problem: Problem | null
  /** What guardrails did to the answer; absent: nothing. */
  readonly warnings?: readonly string[]
}

export type RealtimeCall = {
  readonly id: string
  /** The caller's wishes as they may go out: with a lower maximum where the money does not cover the asked one. */
  readonly wishes: Buffer | null
  /** The provider has begun. */
  readonly begin: () => void
  readonly firstPart: () => void
  readonly delivered: (bytes: number) => void
  /** The first call of `end` or `drop` counts. Resolves when the books and the record are closed; never rejects. */
  readonly end: (ending: Ending) => Promise<void>
  /** It never began: what was held goes back, and there is nothing to record. */
  readonly drop: () => Promise<void>
}

const emptyWishes = Buffer.from('{}')

const callOf = (id: string, order: RealtimeOrder, wishes: Buffer): Call => ({
  id,
  protocol: 'openai-realtime',
  endpoint: 'realtime',
  kind: order.kind,
  model: order.model,
  models: [],
  stream: false,
  outputMax: order.outputMax,
  choices: 1,
  payload: { kind: 'json', top: scanTopLevel(wishes) },
  // Of sound that is billed by the second, the seconds; else what the limits count, in the bytes that they count by.
  inputBytes: order.kind === 'transcription' ? order.seconds : order.inputTokensLikely * 4,
  inputTokensMax: Math.min(order.inputTokensMax, Number.MAX_SAFE_INTEGER),
  usageWish: { inStream: false, cost: false },
  body: () => JSON.parse(wishes.toString('utf8')),
  warnings: [],
})

/** Reads wishes again that the hold has put a maximum into. */
const capping = (id: string, order: RealtimeOrder) => ({
  ...(order.wishes === null ? {} : { lowerOutput: lowerMembers('max_output_tokens', 'max_response_output_tokens') }),
  server: {
    readCall: ({ body }: SocketExchange['inbound']): Call =>
      callOf(id, order, body.kind === 'bytes' ? body.bytes : emptyWishes),
  },
})

type Opened = {
  readonly draft: Draft
  readonly attempt: AttemptDraft
  readonly grant: Grant
  readonly hold: CallHold
  readonly row: ModelRow
  readonly target: Target
}

/** What answers, as this row prices it: a transcription is made by another model of the session's provider. */
const targetIn = (row: ModelRow, { target }: Leg, { kind, model }: RealtimeOrder): Target => {
  const own = row.targets.find((one) => one.provider === target.provider)
  if (kind === 'chat') return own === undefined ? target : { ...own, model: target.model }
  return own ?? { ...target, model, costRows: [] }
}

const draftFor = ({ ports, exchange, labels, target }: RealtimeRoom, order: RealtimeOrder): Draft => {
  const { inbound } = exchange
  const id = ports.ids.next('call')
  const draft = draftOf({ ...inbound, id }, 'openai-realtime', ports.clock.nowMs())
  return Object.assign(draft, {
    stream: true,
    model: order.model,
    status: 101,
    provider: target.upstream.provider.name,
    requestBytes: order.requestBytes,
    warnings: order.warnings,
    tags: labels.tags,
    callSite: labels.callSite,
    session: labels.session ?? inbound.id,
    conversation: labels.session ?? inbound.id,
  })
}

const nameCaller = (draft: Draft, key: KeyFacts): void => {
  const { id, account, organisation, project, member, test } = key
  Object.assign(draft, { key: id, account, organisation, project, member, test })
}

type Held = Pick<Opened, 'grant' | 'hold' | 'row' | 'target'>

/** @throws Problem of whatever refuses it; then nothing is taken. */
const holdCall = async (
  room: RealtimeRoom,
  order: RealtimeOrder,
  { draft, snapshot, key }: { readonly draft: Draft; readonly snapshot: Snapshot; readonly key: KeyFacts },
): Promise<Held> => {
  const { ports, exchange, endsMs } = room
  const nowMs = draft.timeMs
  const call = callOf(draft.id, order, order.wishes ?? emptyWishes)
  const { sharesPlace } = order
  const grant = await admit({
    snapshot,
    key,
    call,
    waitingRoom: ports.waitingRoom,
    nowMs,
    sharesPlace,
    untilMs: Number.POSITIVE_INFINITY,
    signal: exchange.inbound.signal,
    queued: (queuedMs) => {
      draft.queuedMs = queuedMs
    },
  })
  try {
    const [group] = grant.groups
    const row = group?.row ?? room.target.leg.row
    const hold = await holdFor(
      {
        call,
        inbound: exchange.inbound,
        protocol: capping(draft.id, order),
        key,
        account: snapshot.accounts.get(key.account),
        rows: [row],
        upstreams: snapshot.upstreams,
        budgets: snapshot.customers.budgets,
        nowMs,
        feeBasisPoints: feeOfAll(group === undefined ? [] : [group], snapshot.upstreams),
        endsMs,
      },
      ports,
    )
    draft.warnings = [...draft.warnings, ...grant.warnings, ...hold.warnings]
    return { grant, hold, row, target: targetIn(row, room.target.leg, order) }
  } catch (thrown) {
    await grant.giveBack()
    throw thrown
  }
}

/** A meter that has been told the usage. */
const toldMeter = ({ usage, finishReason, problem }: Ending) => ({
  see: () => {},
  finishReason: () => finishReason,
  error: () => problem,
  reported: () => usage,
  pictures: () => null,
  usage: async () => usage as Usage,
  usageSoFar: async () => usage as Usage,
})

const settleCall = async (room: RealtimeRoom, opened: Opened, ending: Ending): Promise<void> => {
  const { draft, attempt, grant, hold, row, target } = opened
  draft.warnings = [...draft.warnings, ...(ending.warnings ?? [])]
  const { leg, upstream } = room.target
  const { end, problem, usage } = ending
  const answered: Answered = { leg: { ...leg, row, target }, upstream, draft: attempt }
  if (usage === null) {
    Object.assign(draft, { end, finishReason: ending.finishReason, costNanoUsd: 0n })
    Object.assign(draft, { error: problem?.code ?? null, errorMessage: problem?.message ?? null })
    return
  }
  const call = hold.call
  grant.used(
    await settle(draft, answered, { call, meter: toldMeter(ending), whole: true, delivered: { end, problem } }),
  )
}

class OpenedCall implements RealtimeCall {
  readonly id: string
  readonly wishes: Buffer | null
  readonly #room: RealtimeRoom
  readonly #opened: Opened
  readonly #openedMs: number
  #begunMs: number
  #over: Promise<void> | null = null

  constructor(room: RealtimeRoom, order: RealtimeOrder, opened: Opened) {
    const { payload } = opened.hold.call
    this.#room = room
    this.#opened = opened
    this.id = opened.draft.id
    this.wishes = order.wishes === null || payload.kind !== 'json' ? null : payload.top.source
    this.#openedMs = room.ports.clock.monotonicMs()
    this.#begunMs = this.#openedMs
  }

  begin(): void {
    const { ports } = this.#room
    const { draft, hold } = this.#opened
    this.#begunMs = ports.clock.monotonicMs()
    draft.timeMs = ports.clock.nowMs()
    if (hold.amountNanoUsd === null || draft.account === null) return
    const nothing = { addNanoUsd: 0n, addMinNanoUsd: 0n, expiresMs: null, provenNanoUsd: null }
    // That nobody waits for the note costs nothing when it is late: a crash from now on leaves a call that had begun.
    ports.books
      .extend({ ...nothing, call: draft.id, account: draft.account, nowMs: draft.timeMs, begun: true })
      .catch((thrown: unknown) => {
        ports.log.debug('a hold could not be marked as begun', { call: draft.id, problem: asProblem(thrown).code })
      })
  }

  firstPart(): void {
    const { attempt, draft } = this.#opened
    if (attempt.firstPartMs !== null) return
    attempt.firstPartMs = this.#sinceBegun()
    draft.ttftMs = attempt.firstPartMs
  }

  delivered(bytes: number): void {
    this.#opened.draft.responseBytes += bytes
  }

  end(ending: Ending): Promise<void> {
    this.#over ??= this.#close(ending)
    return this.#over
  }

  drop(): Promise<void> {
    this.#over ??= this.#close(null)
    return this.#over
  }

  #sinceBegun(): number {
    return this.#room.ports.clock.monotonicMs() - this.#begunMs
  }

  /** `null` = it never began. */
  async #close(ending: Ending | null): Promise<void> {
    const { ports } = this.#room
    const { draft, attempt, grant, hold } = this.#opened
    try {
      attempt.endMs = this.#sinceBegun()
      draft.durationMs = attempt.endMs
      if (ending !== null) await settleCall(this.#room, this.#opened, ending)
      await grant.giveBack()
      const { amountNanoUsd: heldNanoUsd, model } = hold
      await closeBooks({ draft, heldNanoUsd, leavePolicy: 'cancel', short: false, model }, ports)
      if (ending !== null) await keepRecord({ draft, trace: null, ports })
    } catch (thrown) {
      ports.log.error('a response of a session could not be closed', { call: draft.id, error: thrown })
    }
  }
}

/**
 * Admits and holds one response, or one transcription, of a session. What is refused is recorded as any call that is.
 * @throws Problem of the refusal.
 */
export const openRealtimeCall = async (room: RealtimeRoom, order: RealtimeOrder): Promise<RealtimeCall> => {
  const { ports, target } = room
  const draft = draftFor(room, order)
  try {
    const key = await room.identifyNow()
    nameCaller(draft, key)
    const refusal = ports.overload()
    if (refusal !== null) throw refusal
    const snapshot = snapshotFor(ports.snapshot(), key)
    const held = await holdCall(room, order, { draft, snapshot, key })
    const attempt = attemptDraft(target.upstream.provider.name, held.target.model, 0)
    draft.upstreamModel = held.target.model
    Object.assign(attempt, { status: 101, reason: target.leg.reason, credential: room.credential })
    draft.attempts.push(attempt)
    return new OpenedCall(room, order, { draft, attempt, ...held })
  } catch (thrown) {
    const problem = settleRefusal(draft, thrown)
    await keepRecord({ draft, trace: null, ports })
    throw problem
  }
}
