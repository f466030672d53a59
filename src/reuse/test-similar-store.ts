/** A store of answers by vectors in memory, for tests of what stands on it. */

import type { SimilarAnswer, SimilarStore } from './port.ts'

const product = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, place) => sum + value * (b[place] ?? 0), 0)

const cosine = (a: readonly number[], b: readonly number[]): number =>
  product(a, b) / Math.sqrt(product(a, a) * product(b, b))

/** Keeps rows in a map; `rows` shows them. */
export const testSimilarStore = (): SimilarStore & { readonly rows: ReadonlyMap<string, SimilarAnswer> } => {
  const rows = new Map<string, SimilarAnswer>()
  return {
    rows,
    nearestAnswer: async ({ scope, vector, nowMs, sinceMs }) => {
      const [best] = [...rows.values()]
        .filter((row) => row.scope === scope && row.expiresMs > nowMs && row.keptMs >= sinceMs)
        .map((row) => ({ ...row, similarity: cosine(row.vector, vector) }))
        .toSorted((a, b) => b.similarity - a.similarity)
      return best ?? null
    },
    keepSimilar: async (answer) => {
      rows.set(answer.call, answer)
    },
    sweepSimilar: async ({ nowMs, limit }) =>
      [...rows.values()]
        .filter(({ expiresMs }) => expiresMs <= nowMs)
        .slice(0, limit)
        .filter(({ call }) => rows.delete(call)).length,
  }
}
