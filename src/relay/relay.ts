/** The path of one call, said once: identify, read, admit, send, deliver, settle. */

import { asProblem, Problem } from '#base/problem.ts'
import type { Exchange, Inbound } from '#http/inbound.ts'
import type { Guard } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { AnswerTaker } from '#reuse/answer-taker.ts'
import type { Turn } from '#reuse/repeats.ts'
import { ableOnly } from './able-only.ts'
import type { Grant } from './admit.ts'
import { admit, identify } from './admit.ts'
import { answer } from './answer.ts'
import type { Assigned } from './assigned.ts'
import { CallerLeft } from './attempt.ts'
import type { HandedOver } from './background-native.ts'
import { handOver, makingMs } from './background-native.ts'
import { containerKeeperOf } from './binding/containers.ts'
import { atPlace, placeOf, withKeyOf, withKeyOfNamed } from './binding/references.ts'
import { bodyKeeper } from './body-keeper.ts'
import { answerFromCache, lookInCache } from './cached.ts'
import { beginTrace } from './call-trace.ts'
import type { Destination } from './candidates.ts'
import { callKeeperOf, findCarried } from './carried.ts'
import { closeBooks, hasUpstreamCost } from './close-books.ts'
import { conversationOf } from './conversation.ts'
import { digesting } from './digests.ts'
import type { Draft } from './draft.ts'
import { draftOf } from './draft.ts'
import type { Reply } from './first-reply.ts'
import { noteGap } from './gaps.ts'
import { guardRequest } from './guard-request.ts'
import type { CallHold } from './hold.ts'
import { holdFor } from './hold.ts'
import type { Admitted, Journey, RelayPorts } from './journey.ts'
import { elapsedMs, sendHead } from './journey.ts'
import { keepRecord } from './keep-record.ts'
import type { ResponseKeeper } from './kept-response.ts'
import { boundTo, continueFrom, keeperOf } from './kept-response.ts'
import type { Labels } from './labels.ts'
import { labelsOf } from './labels.ts'
import type { Meter } from './meter.ts'
import { meter } from './meter.ts'
import { assign, inArm, noteTurn, noteUnchosen, scopeOf } from './move.ts'
import { feeOfAll, paidRow, snapshotFor } from './own-credential.ts'
import { notePace } from './pace.ts'
import { answerAgain, outcomeOf, turnOf } from './repeat.ts'
import type { RunningHold } from './running-hold.ts'
import { runningHold } from './running-hold.ts'
import { send } from './send.ts'
import type { PriceOf } from './settle.ts'
import { pricerFor, raterFor, requestText, rowsOfCost, settle, settleRefusal } from './settle.ts'
import { lengthFinish, shortEnd } from './short-end.ts'
import type { Snapshot } from './snapshot.ts'

const describe = (draft: Draft, call: Call, labels: Labels): void => {
  draft.stream = call.stream
  draft.model = call.model
  draft.requestBytes = call.inputBytes
  draft.tags = labels.tags
  draft.callSite = labels.callSite
  draft.session = labels.session
  draft.conversation = conversationOf(call, labels.session)
  draft.warnings = call.warnings.map(({ field, reason }) => `${field}:${reason}`)
}

/** The hold of a stream that has begun; `null` = nothing is held for it. */
const runningOf = (admitted: Admitted, price: PriceOf, read: Meter): RunningHold | null => {
  const { ports, draft, call, hold } = admitted
  if (hold.amountNanoUsd === null || !call.stream) return null
  noteBegun(admitted)
  const { books, clock, log, countTokens } = ports
  const costOf = async (outputTokens: number): Promise<bigint | null> =>
    price(await read.usageSoFar(outputTokens, () => requestText(call)))?.costNanoUsd ?? null
  return runningHold({
    call: draft.id,
    account: hold.account,
    books,
    clock,
    log,
    countTokens,
    costOf,
    heldNanoUsd: hold.amountNanoUsd,
    slices: hold.slices,
  })
}

/** A crash from now on leaves a call that had begun; that nobody waits for the note costs nothing when it is late. */
const noteBegun = ({ ports, draft, hold }: Admitted): void => {
  const { account } = hold
  const nothing = { account, addNanoUsd: 0n, addMinNanoUsd: 0n, expiresMs: null, provenNanoUsd: null }
  ports.books
    .extend({ ...nothing, call: draft.id, nowMs: ports.clock.nowMs(), begun: true })
    .catch((thrown: unknown) => {
      ports.log.debug('a hold could not be marked as begun', { call: draft.id, problem: asProblem(thrown).code })
    })
}

/** `whole`: the answer came to its end, whoever of its readers did. */
type Carried = {
  readonly leavePolicy: string
  readonly whole: boolean
  /** Ended by Drover where the money did. */
  readonly short: boolean
  readonly heldNanoUsd: bigint | null
  /** Its provider is still at it: its books are closed when that has ended. */
  readonly goesOn: boolean
}

const carry = async (admitted: Admitted): Promise<Carried> => {
  const reply = await send(admitted, await findCarried(admitted))
  if (admitted.call.payload.kind === 'json') admitted.call.payload.top.forget()
  const handed = isBackground(admitted) ? await handOver(admitted, reply) : null
  const kept = await keeperOf(admitted, reply).catch((thrown: unknown) => {
    reply.attempt.close(thrown)
    throw thrown
  })
  try {
    return await carryReply(admitted, reply, { kept, handed })
  } finally {
    // Whoever waits for a response must not wait for one that has failed.
    if (kept !== null) await kept.end(false)
  }
}

/** Who takes the answer down, and who goes on where nobody reads any more. */
type Takers = { readonly kept: ResponseKeeper | null; readonly handed: HandedOver | null }

const isBackground = ({ protocol, call }: Pick<Admitted, 'protocol' | 'call'>): boolean =>
  call.payload.kind === 'json' && protocol.keeping?.wishOf(call).background === true

const carryReply = async (admitted: Admitted, reply: Reply, { kept, handed }: Takers): Promise<Carried> => {
  const { exchange, ports, draft, protocol, snapshot, call, grant, hold, keeper, taker, assigned } = admitted
  const { leg, upstream } = reply.attempt
  const row = paidRow(leg.row, upstream)
  const price = pricerFor(row, draft)
  const read = meter(ports.countTokens)
  const rate = raterFor({ call, meter: read, prices: [row.priceRows, rowsOfCost(upstream, leg.target)], price })
  const running = runningOf(admitted, price, read)
  const asked = exchange.inbound
  const ending = hold.slices === null ? null : shortEnd(protocol, { call, asked, nowMs: draft.timeMs })
  const calls = callKeeperOf(admitted, reply)
  const containers = containerKeeperOf(admitted, reply)
  assigned?.shadow?.answered({ call, snapshot, leg })
  const bodies = snapshot.keepBodies ? bodyKeeper(draft, call) : null
  const delivered = await answer(admitted, reply, {
    call,
    row,
    rate,
    protocol,
    outbound: exchange.outbound,
    meter: {
      ...read,
      see: (part) => {
        read.see(part)
        running?.see(part)
        ending?.see(part)
        kept?.see(part)
        calls?.see(part)
        containers.see(part)
        assigned?.reader.see(part)
        assigned?.shadow?.see(part)
      },
    },
    clock: ports.clock,
    asked,
    exact: admitted.labels.exact,
    signal: asked.signal,
    ration: running?.ration ?? null,
    shortEnd: async () => {
      const usage = await read.usage({ whole: false, isText: true, request: () => requestText(call) })
      read.see(lengthFinish)
      draft.warnings = [...draft.warnings, `hold:credit or budget ended after ${usage.output} tokens; finish is length`]
      return ending?.bytes(usage, price(usage)?.costNanoUsd ?? null) ?? new Uint8Array()
    },
    costNow: () => {
      const usage = read.reported()
      return usage === null ? null : (price(usage)?.costNanoUsd ?? null)
    },
    delivered: (bytes) => {
      draft.responseBytes += bytes.length
      bodies?.keep(bytes)
      taker?.piece(bytes)
    },
    keep: keeper === null ? null : keeper.piece,
    gap: (gapMs) => noteGap(draft, gapMs),
  })
  bodies?.finish()
  draft.upstreamDigest = reply.attempt.digest()
  const heldNanoUsd = running === null ? hold.amountNanoUsd : await running.stop()
  const whole = delivered.end === 'complete' || reply.attempt.reader()?.complete() === true
  const short = delivered.short === true
  taker?.end(delivered.end === 'complete' && !short && draft.status === 200)
  draft.warnings = [...draft.warnings, ...((await calls?.end(whole)) ?? []), ...(await containers.end())]
  const unkept = kept === null ? null : await kept.end(whole && !short)
  if (unkept !== null) draft.warnings = [...draft.warnings, `store:the response is not kept: ${unkept}`]
  const { leavePolicy } = upstream.vendor
  if (handed !== null && (await handed.end(read))) return { leavePolicy, whole, short, heldNanoUsd, goesOn: true }
  grant.used(
    await settle(draft, reply.attempt, {
      call,
      meter: read,
      whole: whole && !short,
      delivered,
      rate,
    }),
  )
  notePace(ports.routing, reply.attempt)
  return { leavePolicy: keeper === null ? leavePolicy : 'drain', whole, short, heldNanoUsd, goesOn: false }
}

/** Answers a refusal in the caller's protocol; a caller who has gone gets nothing. */
const refuse = async (journey: Journey, thrown: unknown, limits: Readonly<Record<string, string>>): Promise<void> => {
  const { draft, exchange, protocol, ports } = journey
  if (thrown instanceof CallerLeft || exchange.inbound.signal.aborted) {
    draft.end = 'left'
    draft.costNanoUsd = 0n
    exchange.outbound.cut()
    return
  }
  const problem = settleRefusal(draft, thrown)
  if (problem.code === 'internal_error')
    ports.log.error('a call failed inside Drover', { call: draft.id, error: problem.cause })
  const { status, headers, body } = protocol.server.writeProblem(problem, exchange.inbound)
  sendHead(journey, { status, headers, limits })
  draft.responseBytes = body.length
  await exchange.outbound.end(body)
}

const endBadly = async (journey: Journey, thrown: unknown, grant: Grant | null): Promise<void> => {
  const { exchange, ports, draft } = journey
  try {
    if (!exchange.outbound.headSent()) return await refuse(journey, thrown, grant?.headers ?? {})
    settleRefusal(draft, thrown)
    draft.end = 'cut'
    exchange.outbound.cut()
  } catch (second) {
    // The caller went while the refusal was being written; the record still says what the refusal was.
    ports.log.debug('a refusal could not be delivered', { call: draft.id, problem: asProblem(second).code })
    exchange.outbound.cut()
  }
}

/** Closes the books of a call and ends its turn under its key; those who wait for it go on when both are kept. */
const close = async (journey: Journey, { hold, carried, turn }: Progress): Promise<void> => {
  const { draft, ports } = journey
  const first = turn?.kind === 'first' ? turn : null
  const endTurn = async ({ keeper }: NonNullable<typeof first>): Promise<void> => {
    try {
      await keeper.end(outcomeOf(draft, carried?.whole ?? false))
    } catch (thrown) {
      ports.log.warn('an answer could not be kept', { call: draft.id, problem: asProblem(thrown).message })
    }
  }
  const heldNanoUsd = carried?.heldNanoUsd ?? hold?.amountNanoUsd ?? null
  const { leavePolicy = null, short = false } = carried ?? {}
  // Asked in one turn of the loop, the store keeps both in one commit.
  const books =
    (hold === null && !hasUpstreamCost(draft)) || carried?.goesOn === true
      ? null
      : closeBooks({ draft, heldNanoUsd, leavePolicy, short, model: hold?.model ?? [] }, ports)
  await (first === null ? books : Promise.all([books, endTurn(first)]))
  first?.release()
}

/** The call with what its key asks for every time. */
const wishedBy = ({ usageCost }: KeyFacts, call: Call): Call =>
  usageCost ? { ...call, usageWish: { ...call.usageWish, cost: true } } : call

type Asking = {
  readonly destination: Destination | null
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly call: Call
  readonly labels: Labels
}

/** Waits for limits that have a queue, for half of the client's own deadline at most: the other half is the answer's. */
const letIn = ({ exchange, ports, draft }: Journey, { labels, ...asking }: Asking): Promise<Grant> =>
  admit({
    ...asking,
    tags: labels.tags,
    waitingRoom: ports.waitingRoom,
    nowMs: draft.timeMs,
    untilMs: exchange.inbound.arrivedMs + (labels.clientDeadlineMs ?? Number.POSITIVE_INFINITY) / 2,
    signal: exchange.inbound.signal,
    queued: (queuedMs) => {
      draft.queuedMs = queuedMs
    },
  })

type Keeping = Pick<Asking, 'snapshot' | 'key' | 'call'> & {
  readonly inbound: Inbound
  readonly grant: Grant
  readonly background: boolean
  readonly exact: boolean
}

/** What is kept back of the account's credit for the call. */
const keptBack = (
  journey: Journey,
  { snapshot, key, call, inbound, grant, background, exact }: Keeping,
): Promise<CallHold> => {
  const { protocol, ports, draft } = journey
  const nowMs = draft.timeMs
  const { upstreams, customers } = snapshot
  const account = snapshot.accounts.get(key.account)
  const sliceTokens = customers.plans.get(account?.plan ?? '')?.sliceTokens ?? undefined
  const question = {
    call,
    inbound,
    protocol,
    key,
    account,
    rows: grant.rows,
    upstreams,
    budgets: customers.budgets,
    nowMs,
    feeBasisPoints: feeOfAll(grant.groups, upstreams),
    exact,
    ...(sliceTokens === undefined ? {} : { sliceTokens }),
  }
  return background
    ? holdFor({ ...question, endsMs: nowMs + makingMs }, { ...ports, owner: null })
    : holdFor(question, ports)
}

/** How far a call has come. */
type Progress = {
  grant: Grant | null
  hold: CallHold | null
  turn: Turn | null
  carried: Carried | null
  taker: AnswerTaker | null
  assigned: Assigned | null
}

/**
 * Calls that are begun in one turn of the event loop: some 10 ms of work, after which answers that run have theirs. Fewer at a time would make
 * commits of the store smaller and more.
 */
export const callsPerTurn = 64

const refuseUnderLoad = ({ overload }: RelayPorts, isCounted: boolean): void => {
  const refusal = overload(isCounted)
  if (refusal !== null) throw refusal
}

/** Guardrails that look at a reply may change it, and the operator's word goes before the caller's. */
const refuseGuarded = ([guard]: readonly Guard[]): void => {
  if (guard === undefined) return
  throw new Problem('unsupported_parameter', {
    message: `The guardrail "${guard.name}" looks at the answers of this key and may change them: they cannot be promised byte for byte. Leave "x-drover-exact" out.`,
    param: 'x-drover-exact',
  })
}

const beginJourney = (exchange: Exchange, protocol: Protocol, ports: RelayPorts): Journey => {
  const { inbound } = exchange
  const { clock, ids, traceShare } = ports
  const snapshot = ports.snapshot()
  const sent = snapshot.keepDigests ? digesting(exchange.outbound) : null
  return {
    exchange: sent === null ? exchange : { ...exchange, outbound: sent },
    protocol,
    ports,
    snapshot,
    draft: draftOf(inbound, protocol.name, clock.nowMs()),
    trace: traceShare === null ? null : beginTrace(inbound.headers, { ids, share: traceShare }),
    sentDigest: sent === null ? null : () => sent.hex(),
  }
}

/**
 * Whether the caller may call still: its body took its time, and so may its limits have done.
 * @throws Problem as `identify` does.
 */
const identifyAgain = async ({ exchange, ports, snapshot }: Journey): Promise<void> => {
  const catchingUp = ports.fresh()
  if (catchingUp !== null) await catchingUp
  const current = ports.snapshot()
  if (current !== snapshot) identify(current, exchange.inbound, { nowMs: ports.clock.nowMs(), purpose: 'model' })
}

/** Were calls for which there is no room under way until the store has their records, those would be why there is none for the next ones. */
const keepEnd = (journey: Journey, { carried }: Progress): Promise<void> | null => {
  if (carried?.goesOn === true) return null
  const kept = keepRecord(journey)
  return journey.draft.error === 'overloaded' ? null : kept
}

/**
 * Relays one call of a protocol and ends its exchange, whatever happens. The key is checked before the body is read.
 * Resolves when the call's record is kept, or handed over where there was no room for the call; never rejects.
 */
export const relay = async (arrived: Exchange, protocol: Protocol, ports: RelayPorts): Promise<void> => {
  const journey = beginJourney(arrived, protocol, ports)
  const { draft, exchange } = journey
  const nowMs = draft.timeMs
  const progress: Progress = { grant: null, hold: null, turn: null, carried: null, taker: null, assigned: null }
  try {
    const key = identify(journey.snapshot, exchange.inbound, { nowMs, purpose: 'model' })
    draft.key = key.id
    draft.account = key.account
    draft.organisation = key.organisation
    draft.project = key.project
    draft.member = key.member
    draft.test = key.test
    refuseUnderLoad(ports, false)
    const inbound = await exchange.read()
    const myTurn = ports.turnstile.pass()
    if (myTurn !== null) await myTurn
    // Bodies that came together are worked on one after the other: whoever is late by now would only be later.
    refuseUnderLoad(ports, true)
    const asked = wishedBy(key, protocol.server.readCall(inbound))
    const labels = labelsOf(inbound)
    describe(draft, asked, labels)
    const turn = await turnOf(journey, { inbound, key, call: asked })
    progress.turn = turn
    if (turn?.kind === 'again') return await answerAgain(journey, turn)
    const continued = await continueFrom(journey, { inbound, key, call: asked })
    const own = snapshotFor(journey.snapshot, key)
    const place = await placeOf(ports, { snapshot: own, call: continued.call, key, nowMs })
    const snapshot = withKeyOfNamed(withKeyOf(own, continued.place), place)
    const guarded = { snapshot, key, call: continued.call, draft, askHook: ports.askHook }
    const { call, replyGuards } = await guardRequest(guarded)
    if (labels.exact) refuseGuarded(replyGuards)
    const background = isBackground({ protocol, call })
    const scope = background ? null : scopeOf(journey, { key, call, inbound })
    progress.grant = await letIn(journey, { snapshot, key, call, labels, destination: scope?.move.candidate ?? null })
    await identifyAgain(journey)
    const bound = atPlace(boundTo(progress.grant, continued), call, place)
    const able = ableOnly(bound, { snapshot, protocol, call, exact: labels.exact })
    // What is bound to one provider, or asks for what only some of them do, stays there.
    const assigned = scope === null || able !== progress.grant ? null : assign(journey, scope, able)
    progress.assigned = assigned
    noteUnchosen(journey, { assigned, wish: labels.arm })
    const grant = inArm(able, assigned)
    draft.warnings = [...draft.warnings, ...grant.warnings]
    const asking = { inbound, call, key, labels, grant, replyGuards }
    const look = background ? null : await lookInCache(journey, asking)
    if (look?.kind === 'hit') return await answerFromCache(journey, look.answer, grant)
    progress.taker = look?.taker ?? null
    const hold = await keptBack(journey, { inbound, call, key, grant, snapshot, background, exact: labels.exact })
    progress.hold = hold
    exchange.admitted?.()
    draft.warnings = [...draft.warnings, ...hold.warnings]
    const keeper = turn?.keeper ?? null
    const { taker } = progress
    const admitted = {
      ...journey,
      snapshot,
      call: hold.call,
      labels,
      grant,
      assigned,
      hold,
      replyGuards,
      keeper,
      taker,
    }
    progress.carried = await carry(admitted)
  } catch (thrown) {
    await endBadly(journey, thrown, progress.grant)
  } finally {
    // Whoever waits for this call must not wait for one that has failed.
    progress.taker?.end(false)
    await progress.grant?.giveBack()
    await close(journey, progress)
    draft.durationMs = elapsedMs(journey)
    noteTurn(journey, progress.assigned, progress.carried?.goesOn === true)
    await keepEnd(journey, progress)
  }
}
