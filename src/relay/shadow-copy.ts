/** One question that nobody waits for, a copy of a call or one of Drover's own: sent like any attempt, read to its end, compared and thrown away. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import type { Problem } from '#base/problem.ts'
import { asProblem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Asked } from '#http/inbound.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { CallBooks } from '#ledger/port.ts'
import type { ShadowCost } from '#migration/shadow-budget.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { answerReader } from './answer-reader.ts'
import type { Attempt } from './attempt.ts'
import { beginAttempt, MendableRefusal } from './attempt.ts'
import { commits } from './first-reply.ts'
import type { Leg } from './leg.ts'
import type { CountTokens } from './meter.ts'
import { meter } from './meter.ts'
import type { Refusals } from './refusals.ts'
import type { Routing } from './routing.ts'
import { requestText, rowsOfCost } from './settle.ts'
import type { Snapshot } from './snapshot.ts'
import { nothingCarried } from './taken-back.ts'

/** Tokens that an answer can have where neither the caller nor the catalog says a maximum. */
const outputTokensUnsaid = 32_768

export type CopyPorts = {
  readonly books: Pick<CallBooks, 'voidHold'>
  /** Of copies alone: what they meet says nothing of how callers' own calls will fare, and must not steer them. */
  readonly routing: Routing
  readonly refusals: Refusals
  readonly countTokens: CountTokens
  readonly clock: Clock
  readonly ids: Ids
  readonly log: Log
}

/** What is copied. */
export type Original = {
  readonly call: Call
  readonly protocol: Protocol
  readonly asked: Asked
  readonly callerHeaders: Readonly<Record<string, string>>
  readonly snapshot: Snapshot
  /** Whose call it is; the copy costs them nothing. `null` = nobody's, and then its cost is in no book. */
  readonly account: string | null
  readonly key: string | null
  /** What it was sent for, as the books say it: `a copy for migration "move"`. */
  readonly purpose: string
}

export type Copied = {
  readonly id: string
  readonly answer: Answer
  readonly cost: ShadowCost
  readonly usage: Usage
  /** Why it was not answered; `null` = it was. */
  readonly problem: Problem | null
  /** Of the answer's head; empty = none came. */
  readonly headers: Readonly<Record<string, string>>
  readonly timing: Timing
}

/** In whole milliseconds. */
export type Timing = {
  /** To the first part of a stream; `null` = no stream, or none came. */
  readonly ttftMs: number | null
  readonly durationMs: number
}

/** The most that a copy can cost: every byte of the question a token, and as long an answer as may be. */
export const mostOf = ({ call, snapshot }: Original, leg: Leg, nowMs: number): ShadowCost => {
  const upstream = snapshot.upstreams.get(leg.target.provider)
  const output = call.outputMax ?? leg.row.outputTokensMax ?? outputTokensUnsaid
  const usage = usageOf({ input: call.inputBytes, output, source: 'estimated' })
  const charge = upstream === undefined ? null : chargeOf(usage, rowsOfCost(upstream, leg.target), nowMs)
  return { nanoUsd: charge?.costNanoUsd ?? null, tokens: call.inputBytes + output }
}

const begin = (original: Original, leg: Leg, { clock, routing, refusals, ids }: CopyPorts): Attempt => {
  const nowMs = clock.monotonicMs()
  return beginAttempt(leg, {
    ...original,
    clock,
    routing,
    refusals,
    turn: { reason: leg.reason, shareEndsMs: null },
    arrivedMs: nowMs,
    endsMs: nowMs + leg.row.route.timeouts.totalMs,
    firstPartByMs: Number.POSITIVE_INFINITY,
    isHurried: false,
    strict: false,
    carried: nothingCarried,
    chance: ids.chance,
    guards: [],
    traceHeaders: {},
  })
}

/** The operator's cost goes into the books under the copy's own id. */
const enter = async (
  copy: { readonly id: string; readonly cost: ShadowCost; readonly provider: string },
  original: Original,
  { books, clock, log }: CopyPorts,
): Promise<void> => {
  const { nanoUsd } = copy.cost
  const { account } = original
  if (nanoUsd === null || nanoUsd === 0n || account === null) return
  try {
    await books.voidHold({
      call: copy.id,
      account,
      key: original.key,
      nowMs: clock.nowMs(),
      rule: `${original.purpose}: nothing is charged`,
      upstreamCosts: [{ provider: copy.provider, amountNanoUsd: nanoUsd }],
    })
  } catch (thrown) {
    const problem = asProblem(thrown).message
    log.error('what a copy cost could not be entered', { call: copy.id, amount_nano_usd: `${nanoUsd}`, problem })
  }
}

type Sending = { readonly original: Original; readonly leg: Leg; readonly ports: CopyPorts; readonly stop: AbortSignal }

/** One try, read to its end. */
const tryOnce = async ({ original, leg, ports, stop }: Sending) => {
  const read = meter(ports.countTokens)
  const reader = answerReader(original.call)
  const attempt = begin(original, leg, ports)
  const leave = (): void => attempt.close(stop.reason)
  stop.addEventListener('abort', leave, { once: true })
  let problem: Problem | null = null
  try {
    for (let hasBegun = false; ; ) {
      const step = await attempt.frames.next()
      if (step.done === true) break
      if (!hasBegun && step.value.some(commits)) {
        hasBegun = true
        attempt.firstPart()
      }
      for (const part of step.value.flatMap(({ parts }) => parts)) {
        read.see(part)
        reader.see(part)
      }
    }
  } catch (thrown) {
    stop.throwIfAborted()
    problem = asProblem(thrown)
  } finally {
    stop.removeEventListener('abort', leave)
    attempt.close(new Error('The copy has ended.'))
  }
  const isWhole = problem === null && attempt.reader()?.complete() === true
  return { attempt, read, reader, problem, isWhole }
}

const headersOf = (attempt: Attempt): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(attempt.head()?.headers ?? {}).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.join(', '),
    ]),
  )

const timingOf = ({ draft }: Attempt): Timing => {
  const of = (atMs: number | null): number | null => (atMs === null ? null : Math.round(atMs - draft.startMs))
  return { ttftMs: of(draft.firstPartMs), durationMs: of(draft.endMs) ?? 0 }
}

/** Sends one copy and reads its answer; `stop` ends it early. Its own failure is an answer too: of a status, or of none. Rejects where it cannot be begun, and on `stop`. */
export const sendCopy = async (sending: Sending): Promise<Copied> => {
  const { original, leg, ports } = sending
  const id = ports.ids.next('call')
  let tried = await tryOnce(sending)
  // As for callers: what the target did not take is left out, and it is asked once more.
  if (tried.problem instanceof MendableRefusal) tried = await tryOnce(sending)
  const { attempt, read, reader, isWhole, problem } = tried
  const { status } = attempt.draft
  const hasAnswered = status !== null && status < 300
  const usage = hasAnswered
    ? await read.usage({ whole: isWhole, isText: false, request: () => requestText(original.call) })
    : usageOf({ input: 0, output: 0, source: 'estimated' })
  const charge = chargeOf(usage, rowsOfCost(attempt.upstream, leg.target), ports.clock.nowMs())
  const cost = { nanoUsd: charge?.costNanoUsd ?? null, tokens: (usage.input ?? 0) + (usage.output ?? 0) }
  await enter({ id, cost, provider: leg.target.provider }, original, ports)
  // A stream that broke off has not answered, whatever its head said.
  const answer = reader.answer(hasAnswered && !isWhole ? null : status, usage)
  return { id, answer, cost, usage, problem, headers: headersOf(attempt), timing: timingOf(attempt) }
}
