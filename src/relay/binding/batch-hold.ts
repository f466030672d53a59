/** One hold for all that a batch can cost; its lines are settled out of it. */

import { decimalOf } from '#base/money.ts'
import { notOpen, refusalOf } from '#relay/hold.ts'
import { budgetsFor, namesOf } from '#relay/paying.ts'
import type { Asking } from './asking.ts'
import type { Planned } from './batch-plan.ts'

/** Until the batch is made and bound: what a crash leaves before that is free again after this. */
const makingMs = 1_800_000
/** Each look at it puts its end off to this: longer than any provider takes, and than Drover should be away. */
export const keptMs = 7 * 86_400_000

/** @throws Problem `permission_denied`, `credit_exhausted`, `budget_exceeded`. Gives whether anything is held. */
export const holdForBatch = async (
  asking: Asking,
  planned: Pick<Planned, 'amountNanoUsd' | 'rows'>,
  call: string,
): Promise<boolean> => {
  const { ports, key, snapshot, nowMs } = asking
  if (key.test) return false
  const account = snapshot.accounts.get(key.account)
  if (account !== undefined && account.state !== 'open') throw notOpen(account.state, key.account)
  const { amountNanoUsd, rows } = planned
  if (amountNanoUsd === null) return false
  const held = await ports.parts.hold({
    call,
    account: key.account,
    key: key.id,
    amountNanoUsd,
    amountMinNanoUsd: amountNanoUsd,
    sliceNanoUsd: null,
    nowMs,
    expiresMs: nowMs + makingMs,
    owner: null,
    budgets: budgetsFor(key, rows, snapshot.customers.budgets),
    models: rows.map(namesOf),
  })
  if (held.ok) return true
  const what =
    `this can cost ${decimalOf(amountNanoUsd)} USD: a batch with all of its lines and their output maximum, a job with all of its epochs. ` +
    'Lower "max_tokens" (or its like) in each line or "n_epochs", or split it'
  throw refusalOf(held, { needNanoUsd: amountNanoUsd, key, what, nowMs })
}

/** Keeps the hold for as long as a provider may take. */
export const keepHold = async (
  { parts }: Pick<Asking['ports'], 'parts'>,
  { call, account }: { readonly call: string; readonly account: string },
  nowMs: number,
): Promise<void> => {
  const nothing = { addNanoUsd: 0n, addMinNanoUsd: 0n, provenNanoUsd: null }
  await parts.extend({ ...nothing, call, account, nowMs, begun: false, expiresMs: nowMs + keptMs })
}

/** Frees what is left of it; where nothing was held nothing is written. */
export const freeHold = async (
  { parts }: Pick<Asking['ports'], 'parts'>,
  order: { readonly call: string; readonly account: string; readonly key: string; readonly nowMs: number },
  rule: string,
): Promise<void> => {
  const kept = await parts.extend({
    call: order.call,
    account: order.account,
    nowMs: order.nowMs,
    addNanoUsd: 0n,
    addMinNanoUsd: 0n,
    expiresMs: null,
    begun: false,
    provenNanoUsd: null,
  })
  if (kept.ok) await parts.voidHold({ ...order, rule, upstreamCosts: [] })
}
