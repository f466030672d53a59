/** Keeps each price row when it has first rated a call, beside the path of calls. */

import type { Log } from '#base/log.ts'
import type { PriceRow } from '#base/price-row.ts'
import { priceRowHash } from '#base/price-row.ts'
import { asProblem } from '#base/problem.ts'
import type { PriceRecall } from '#report/port.ts'
import type { Watcher } from './watching.ts'

export type PriceKeeping = {
  /** The rows of all models, as they are now. */
  readonly rowsNow: () => Iterable<PriceRow>
  readonly store: Pick<PriceRecall, 'keepPriceRow'>
  readonly log: Log
}

/** Rows known at once: a book that changes all day long does not fill the memory. */
const hashesMax = 50_000

/** Gives what reads the records of calls. Hashes are made anew only when one comes that is not known. */
export const priceKeeper = ({ rowsNow, store, log }: PriceKeeping): Watcher => {
  const kept = new Set<string>()
  const known = new Map<string, PriceRow>()
  const rowOf = (hash: string): PriceRow | undefined => {
    if (known.has(hash)) return known.get(hash)
    if (known.size > hashesMax) known.clear()
    for (const row of rowsNow()) known.set(priceRowHash(row), row)
    return known.get(hash)
  }
  return ({ priceHash: hash }) => {
    if (hash === null || kept.has(hash)) return
    const row = rowOf(hash)
    if (kept.size > hashesMax) kept.clear()
    kept.add(hash)
    // The price changed while the call was under way: its receipt has the source, and the rates are looked for there.
    if (row === undefined) return log.debug('the price row of a call is no longer in force and was not kept', { hash })
    store.keepPriceRow(hash, row).catch((thrown: unknown) => {
      kept.delete(hash)
      log.debug('a price row could not be kept', { hash, problem: asProblem(thrown).message })
    })
  }
}
