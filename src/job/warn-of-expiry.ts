/** Tells of credit that ends soon and is not spent: once for each lot. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import { telling } from '#base/event-sentences.ts'
import { idFrom } from '#base/id.ts'
import type { Log } from '#base/log.ts'
import { decimalOf } from '#base/money.ts'
import type { LotView } from '#ledger/port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

const everyMs = 3_600_000
const firstMs = 60_000
const dayMs = 86_400_000
/** Where no alert says another number of days. */
const daysDefault = 7
const pageMax = 1000
/** A round looks at this many lots with something left. */
const pagesMax = 1000

/** Lots with something left, in pages. */
type LotPages = {
  readonly lots: (page: {
    readonly limit: number
    readonly after: string | null
    readonly account: null
    readonly open: true
  }) => Promise<readonly LotView[]>
}

export type WarnOfExpiry = {
  readonly store: LotPages
  /** Days ahead, as the alerts have it; `null` = nobody is told. */
  readonly days: () => number | null
  readonly emit: Emit
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** One round; gives how many lots were told of. The event's id is the lot's, so that a repeat is told once. */
export const tellExpiring = async ({
  store,
  days,
  emit,
  clock,
}: Omit<WarnOfExpiry, 'log' | 'isMine'>): Promise<number> => {
  const ahead = days()
  if (ahead === null) return 0
  const nowMs = clock.nowMs()
  let after: string | null = null
  let told = 0
  for (let page = 0; page < pagesMax; page += 1) {
    const lots: readonly LotView[] = await store.lots({
      limit: pageMax,
      after,
      account: null,
      open: true,
    })
    for (const { lot, account, expiresMs, remainingNanoUsd, kind } of lots) {
      if (expiresMs === null || expiresMs <= nowMs || expiresMs > nowMs + ahead * dayMs) continue
      told += 1
      const left = Math.ceil((expiresMs - nowMs) / dayMs)
      emit({
        id: idFrom('evt', expiresMs, `credit_expiring ${lot}`),
        name: 'credit_expiring',
        account,
        object: lot,
        ...telling('credit_expiring', {
          account,
          usd: decimalOf(remainingNanoUsd),
          kind,
          days: left,
          day: new Date(expiresMs).toISOString().slice(0, 10),
        }),
        figure: left,
        facts: { lot, kind, left_usd: decimalOf(remainingNanoUsd), ends: new Date(expiresMs).toISOString() },
      })
    }
    after = lots.length === pageMax ? (lots.at(-1)?.lot ?? null) : null
    if (after === null) break
  }
  return told
}

/** Days ahead by the alerts: their `below`, else seven. */
export const expiryDays = (
  alerts: readonly { readonly event: string; readonly below: number | null }[],
): number | null => {
  const own = alerts.filter(({ event }) => event === 'credit_expiring')
  return own.length === 0 ? null : Math.max(...own.map(({ below }) => below ?? daysDefault))
}

/** Goes on until `close`, which waits for the round under way. */
export const warnOfExpiry = (parts: WarnOfExpiry): { readonly close: () => Promise<void> } =>
  goRound({
    round: async () => {
      await tellExpiring(parts)
      return null
    },
    everyMs,
    firstMs,
    isMine: parts.isMine,
    failure: { level: 'warn', message: 'credit that ends soon could not be looked for' },
    clock: parts.clock,
    log: parts.log,
  })
