/** A store of bindings in memory, for tests of what stands on it. */

import type { BindingRow, BindingStore } from './port.ts'

const keyOf = ({ id, holder }: Pick<BindingRow, 'id' | 'holder'>): string => `${holder} ${id}`

/** Keeps rows in a map; `rows` shows them. */
export const testBindingStore = (): BindingStore & { readonly rows: ReadonlyMap<string, BindingRow> } => {
  const rows = new Map<string, BindingRow>()
  const live = (row: BindingRow, nowMs: number): boolean => row.expiresMs === null || row.expiresMs > nowMs
  const before = (a: BindingRow, b: BindingRow): number => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1)
  return {
    rows,
    keepBinding: async (row) => {
      const known = rows.get(keyOf(row))
      const stays =
        known !== undefined && (known.provider !== row.provider || known.kind !== row.kind || known.state !== 'ended')
      if (!stays) rows.set(keyOf(row), row)
      return !stays
    },
    binding: async ({ nowMs, ...named }) => {
      const row = rows.get(keyOf(named))
      return row === undefined || !live(row, nowMs) ? null : row
    },
    bindings: async ({ holder, kind, form, purpose, order, after, limit, nowMs }) => {
      const all = [...rows.values()]
        .filter((row) => row.holder === holder && row.kind === kind && row.form === form && live(row, nowMs))
        .filter((row) => row.state !== 'hidden' && (purpose === null || row.purpose === purpose))
        .sort(before)
      const ordered = order === 'asc' ? all : all.reverse()
      const from = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
      return after !== null && from === 0 ? [] : ordered.slice(from, from + limit)
    },
    changeBinding: async (named, change) => {
      const row = rows.get(keyOf(named))
      if (row !== undefined) rows.set(keyOf(named), { ...row, ...change })
      return row !== undefined
    },
    dropBinding: async (named) => rows.delete(keyOf(named)),
    dueBindings: async (nowMs, limit) =>
      [...rows.values()]
        .filter((row) => row.nextMs !== null && row.nextMs <= nowMs)
        .sort((a, b) => (a.nextMs ?? 0) - (b.nextMs ?? 0))
        .slice(0, limit),
    claimBinding: async ({ dueMs, untilMs, ...named }) => {
      const row = rows.get(keyOf(named))
      if (row === undefined || row.nextMs !== dueMs) return false
      rows.set(keyOf(named), { ...row, nextMs: untilMs })
      return true
    },
    boundModels: async ({ after, limit }) => {
      const all = [...rows.values()]
        .filter(({ kind }) => kind === 'model')
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
      return all.filter((row) => after === null || keyOf(row) > keyOf(after)).slice(0, limit)
    },
    sweepBindings: async (nowMs, limit) => {
      const over = [...rows.values()].filter((row) => !live(row, nowMs) && row.state !== 'open').slice(0, limit)
      for (const row of over) rows.delete(keyOf(row))
      return over.length
    },
  }
}
