/** A store of carried turns in memory, for tests of what stands on it. */

import type { CarriedRow, CarriedStore } from './port.ts'

/** Keeps rows in a map; `rows` shows them. */
export const testCarriedStore = (): CarriedStore & { readonly rows: ReadonlyMap<string, CarriedRow> } => {
  const rows = new Map<string, CarriedRow>()
  const remove = (gone: readonly CarriedRow[]): number => gone.filter(({ id }) => rows.delete(id)).length
  return {
    rows,
    keepCarried: async (kept) => {
      for (const row of kept) rows.set(row.id, row)
    },
    carried: async ({ ids, holder, nowMs }) =>
      [...rows.values()].filter((row) => ids.includes(row.id) && row.holder === holder && row.expiresMs > nowMs),
    boundCarried: async ({ holder, entriesMax, bytesMax }) => {
      let sizeBytes = 0
      const mine = [...rows.values()]
        .filter((row) => row.holder === holder)
        .toSorted((a, b) => b.createdMs - a.createdMs)
      return remove(
        mine.filter((row, index) => {
          sizeBytes += row.body.length
          return index >= entriesMax || sizeBytes > bytesMax
        }),
      )
    },
    sweepCarried: async (nowMs, limit) =>
      remove([...rows.values()].filter(({ expiresMs }) => expiresMs <= nowMs).slice(0, limit)),
  }
}
