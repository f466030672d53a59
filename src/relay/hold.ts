/** Money of a call under way: held before anything goes upstream, settled or voided when it has ended. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { spliceTopLevel } from '#base/json.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { AccountFacts, CallBooks, HoldRefusal, ModelNames } from '#ledger/port.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Call } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Bound } from './bound.ts'
import { asksForWindow, boundOf, outputTokensMin } from './bound.ts'
import { budgetsFor, namesOf } from './paying.ts'
import { withSoundSeconds } from './pieces.ts'
import type { Slices } from './running-hold.ts'
import { sliceTokensDefault } from './running-hold.ts'
import type { CustomerTables, Snapshot } from './snapshot.ts'

/** After the last moment of its call a hold stands this much longer, for a settlement that has to be repeated. */
const holdSlackMs = 360_000

export type HoldPorts = {
  readonly books: CallBooks
  /** Names this process: what it held is known to be nobody's once another has taken its place. */
  readonly owner: string | null
  readonly clock: Clock
  readonly log: Log
}

export type HoldQuestion = {
  readonly call: Call
  readonly inbound: Inbound
  readonly protocol: Pick<Protocol, 'lowerOutput'> & { readonly server: Pick<Protocol['server'], 'readCall'> }
  readonly key: KeyFacts
  /** `undefined` = not in the snapshot yet: the books decide. */
  readonly account: AccountFacts | undefined
  readonly rows: readonly ModelRow[]
  readonly upstreams: Snapshot['upstreams']
  readonly budgets: CustomerTables['budgets']
  readonly nowMs: number
  /** The relay fee where own credentials fetch whatever answer there is; `null` = the whole price may be due. */
  readonly feeBasisPoints: number | null
  /** Output tokens that a hold in slices grows by; absent = as usual. */
  readonly sliceTokens?: number
  /** Nothing of it may be changed: its output is not lowered to what the money covers; absent = it may. */
  readonly exact?: boolean
  /** Until when it may be under way, wall clock; absent = as long as its route lasts. */
  readonly endsMs?: number
}

/** What was held; `null` = nothing needs to be: the account is metered. */
export type CallHold = {
  /** The names of the model that will answer, where only one may; scoped credit pays for it. */
  readonly model: ModelNames
  readonly account: string
  readonly amountNanoUsd: bigint | null
  /** The call as it may go out: with a lower output maximum where the money does not cover the asked one. */
  readonly call: Call
  readonly warnings: readonly string[]
  /** How the hold grows while the answer streams; `null` = the whole answer is held for. */
  readonly slices: Slices | null
}

const noRetry = { 'x-should-retry': 'false' }

/** An account that may not begin anything. */
export const notOpen = (state: string, account: string): Problem =>
  new Problem('permission_denied', {
    message: `Account ${account} is ${state === 'unknown_account' ? 'not known to the books' : state}: it may not begin calls. Ask the operator of this relay.`,
    headers: noRetry,
  })

type Need = {
  readonly needNanoUsd: bigint
  readonly key: KeyFacts
  /** What can cost how much, in words. */
  readonly what: string
  readonly nowMs: number
}

/** Why nothing could be held, in words. */
export const refusalOf = (refusal: HoldRefusal, { needNanoUsd, key, what, nowMs }: Need): Problem => {
  if (refusal.reason === 'credit') {
    const { balanceNanoUsd, heldNanoUsd, availableNanoUsd } = refusal
    return new Problem('credit_exhausted', {
      message:
        `Not enough credit: ${what}. The balance is ` +
        `${decimalOf(balanceNanoUsd)} USD, of which ${decimalOf(heldNanoUsd)} is held for calls under way. ` +
        `Add credit to account ${key.account} (operators: drover credits grant --account ${key.account} --usd AMOUNT), or lower the output maximum.`,
      headers: noRetry,
      facts: {
        balance_nano_usd: balanceNanoUsd.toString(),
        held_nano_usd: heldNanoUsd.toString(),
        available_nano_usd: availableNanoUsd.toString(),
        needed_nano_usd: needNanoUsd.toString(),
        account: key.account,
      },
    })
  }
  if (refusal.reason === 'budget') {
    const { budget, availableNanoUsd, resetsMs } = refusal
    return new Problem('budget_exceeded', {
      message:
        `The budget of ${budget.label ?? budget.name} is ${decimalOf(budget.limitNanoUsd)} USD ${budget.period === 'total' ? 'in all' : `per ${budget.period}`}, ` +
        `and ${decimalOf(availableNanoUsd)} USD of it is left; ${what}. ` +
        (resetsMs === null ? 'It does not reset: ask for a higher one.' : `It resets at ${rfc3339(resetsMs)}.`),
      headers: noRetry,
      ...(resetsMs === null ? {} : { retryAfterMs: Math.max(0, resetsMs - nowMs) }),
      facts: {
        budget: budget.name,
        limit_nano_usd: budget.limitNanoUsd.toString(),
        available_nano_usd: availableNanoUsd.toString(),
        needed_nano_usd: needNanoUsd.toString(),
        resets_at: resetsMs === null ? null : rfc3339(resetsMs),
      },
    })
  }
  return notOpen(refusal.reason, key.account)
}

/** The call with a lower output maximum, in the field that the caller used, else in the protocol's own. */
const withOutputMax = (
  { call, inbound, protocol }: HoldQuestion,
  { tokens, why }: { readonly tokens: number; readonly why: string },
): Pick<CallHold, 'call' | 'warnings'> => {
  const { payload } = call
  const lowering = protocol.lowerOutput?.(call, tokens)
  if (lowering === undefined || payload.kind !== 'json') return { call, warnings: [] }
  const bytes = spliceTopLevel(payload.top, lowering.edits)
  const read = protocol.server.readCall({
    ...inbound,
    body: { kind: 'bytes', bytes: Buffer.from(bytes), contentType: 'application/json' },
  })
  return {
    call: { ...read, warnings: call.warnings, usageWish: call.usageWish },
    warnings: lowering.warnings.map(({ field, reason }) => `${field}:${reason}; it is ${why}`),
  }
}

const canCap = ({ call, protocol, exact = false }: HoldQuestion): boolean =>
  !exact && call.payload.kind === 'json' && protocol.lowerOutput !== undefined

const routeEndMs = ({ rows, nowMs, endsMs }: HoldQuestion): number =>
  endsMs ?? nowMs + Math.max(0, ...rows.map((row) => row.route.timeouts.totalMs))

/** Whether all that a stream bills is seen in it: no model that may answer thinks where nobody sees it. */
const isVisible = ({ call, rows, upstreams, endsMs }: HoldQuestion): boolean =>
  call.stream &&
  // What goes on beside its stream cannot be ended where the money does.
  endsMs === undefined &&
  (call.kind === 'chat' || call.kind === 'completion') &&
  call.choices === 1 &&
  !asksForWindow(call) &&
  rows.every(({ targets }) =>
    targets.every(
      ({ provider, reasons }) => reasons === false || upstreams.get(provider)?.vendor.showsReasoning !== false,
    ),
  )

const slicesOf = ({ amountNanoUsd: wholeNanoUsd, amountFor, outputTokensFor }: Bound, sliceTokens: number): Slices => {
  const sliceNanoUsd = amountFor(sliceTokens) - amountFor(0)
  return { outputTokensFor, sliceNanoUsd: sliceNanoUsd > 0n ? sliceNanoUsd : 1n, sliceTokens, wholeNanoUsd }
}

/**
 * Holds what the call can cost, where its account or its key pays by price.
 * @throws Problem `credit_exhausted`, `budget_exceeded`, `price_unknown`, `permission_denied`, `store_unavailable`.
 */
export const holdFor = async (asked: HoldQuestion, { books, owner }: HoldPorts): Promise<CallHold> => {
  const isHeard = asked.call.kind === 'transcription' && !asked.key.test
  const question = isHeard ? { ...asked, call: await withSoundSeconds(asked.call) } : asked
  const { call, key, account, rows, nowMs } = question
  const [onlyRow, ...otherRows] = rows
  const model = onlyRow !== undefined && otherRows.length === 0 ? namesOf(onlyRow) : []
  const free = { amountNanoUsd: null, call, warnings: [], slices: null, model, account: key.account }
  if (key.test) return free
  if (account !== undefined && account.state !== 'open') throw notOpen(account.state, key.account)
  const budgets = budgetsFor(key, rows, question.budgets)
  if (account?.billing === 'unlimited' && budgets.length === 0) return free
  const bound = boundOf(call, { rows, atMs: nowMs, canCap: canCap(question), feeBasisPoints: question.feeBasisPoints })
  if (bound instanceof Problem) throw bound
  const { amountNanoUsd, amountMinNanoUsd } = bound
  const sliceTokens = question.sliceTokens ?? sliceTokensDefault
  const sliceNanoUsd = isVisible(question) ? bound.amountFor(sliceTokens) : null
  const held = await books.hold({
    call: call.id,
    account: key.account,
    key: key.id,
    amountNanoUsd,
    amountMinNanoUsd,
    sliceNanoUsd,
    nowMs,
    expiresMs: routeEndMs(question) + holdSlackMs,
    owner,
    budgets,
    models: rows.map(namesOf),
  })
  if (!held.ok)
    throw refusalOf(held, {
      needNanoUsd: amountMinNanoUsd,
      key,
      nowMs,
      what: `this call can cost ${decimalOf(amountMinNanoUsd)} USD${amountMinNanoUsd < amountNanoUsd ? ` with at least ${outputTokensMin} tokens of output` : ''}`,
    })
  if (held.cappedBy === null) return { ...free, amountNanoUsd: held.amountNanoUsd }
  const tokens = bound.outputTokensFor(held.roomNanoUsd)
  if (tokens === null) return { ...free, amountNanoUsd: held.amountNanoUsd }
  const why = held.cappedBy === 'credit' ? 'the credit that is left' : 'what is left of a budget'
  return {
    ...free,
    amountNanoUsd: held.amountNanoUsd,
    slices: sliceNanoUsd === null ? null : slicesOf(bound, sliceTokens),
    ...withOutputMax(question, { tokens, why }),
  }
}
