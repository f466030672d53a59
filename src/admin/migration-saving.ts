/** What a completed migration has saved since: what its calls cost, and what the same tokens would have cost at the baseline's price. */

import type { CallRecord } from '#base/call-record.ts'
import { chargeOf } from '#ledger/charge.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import { findModel } from '#policy/choose.ts'
import { targetAt } from '#relay/candidates.ts'
import { answering } from '#relay/draft.ts'
import type { Looking } from './migration-baseline.ts'
import type { Opened } from './migration-view.ts'
import { everyCall } from './port.ts'

const pageCalls = 1_000
/** Of more the newest are looked at. */
const pagesMax = 20

export type Saving = {
  /** Calls since completion whose cost is known on both sides. */
  readonly calls: number
  readonly candidateNanoUsd: bigint
  readonly baselineNanoUsd: bigint
  /** Whether all calls since completion were looked at, or only the newest. */
  readonly isWhole: boolean
}

const nothing: Saving = { calls: 0, candidateNanoUsd: 0n, baselineNanoUsd: 0n, isWhole: true }

/** `null` = it is not complete, or its baseline has no price. */
export const savingOf = async ({ row, compiled: { file } }: Opened, { ports }: Looking): Promise<Saving | null> => {
  if (row.state.phase !== 'completed') return null
  const { live } = ports.prices.snapshot()
  const candidate = routeOf(file.candidate.route)
  const listed = file.match.models.flatMap((name) => findModel(live, name) ?? [])
  const baseline = targetAt(live, routeOf(file.baseline.route), listed)
  if (baseline === null) return null
  const add = (sum: Saving, { attempts, migration, usage, timeMs }: CallRecord): Saving => {
    const answered = answering(attempts).at(-1)
    const isThere = answered?.provider === candidate.provider && answered.model === candidate.model
    const cost = isThere && migration === row.name ? (answered.costNanoUsd ?? null) : null
    const other =
      usage === null || cost === null ? null : (chargeOf(usage, baseline.costRows, timeMs)?.costNanoUsd ?? null)
    if (cost === null || other === null) return sum
    return {
      ...sum,
      calls: sum.calls + 1,
      candidateNanoUsd: sum.candidateNanoUsd + cost,
      baselineNanoUsd: sum.baselineNanoUsd + other,
    }
  }
  let sum = nothing
  let beforeId: string | null = null
  for (let page = 0; page < pagesMax; page += 1) {
    const found: { readonly calls: readonly CallRecord[]; readonly before: string | null } = await ports.store.calls({
      ...everyCall(pageCalls),
      provider: candidate.provider,
      fromMs: row.state.sinceMs,
      beforeId,
    })
    sum = found.calls.reduce(add, sum)
    if (found.before === null) return sum
    beforeId = found.before
  }
  return { ...sum, isWhole: false }
}
