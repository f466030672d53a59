/** A store of responses in memory, for tests of what stands on it. */

import { Buffer } from 'node:buffer'
import type { ResponseQuestion, ResponseRow, ResponseStore } from './port.ts'
import type { ResponsesOptions } from './responses.ts'

const keyOf = ({ id, holder }: Pick<ResponseRow, 'id' | 'holder'>): string => `${holder} ${id}`

/** Keeps rows in a map; `rows` shows them. */
export const testResponseStore = (): ResponseStore & { readonly rows: ReadonlyMap<string, ResponseRow> } => {
  const rows = new Map<string, ResponseRow>()
  const found = (question: ResponseQuestion): ResponseRow | null => {
    const row = rows.get(keyOf(question))
    return row === undefined || row.expiresMs <= question.nowMs ? null : row
  }
  return {
    rows,
    keepResponse: async (row) => {
      if (!rows.has(keyOf(row))) rows.set(keyOf(row), row)
    },
    response: async (question) => found(question),
    dropResponse: async (question) => found(question) !== null && rows.delete(keyOf(question)),
    sweepResponses: async (nowMs, limit) => {
      const over = [...rows].filter(([, { expiresMs }]) => expiresMs <= nowMs).slice(0, limit)
      for (const [key] of over) rows.delete(key)
      return over.length
    },
  }
}

/** Says where it was sealed, in the open, and opens nothing else. */
export const testSeal: ResponsesOptions['seal'] = {
  close: (place, plain) => Buffer.concat([Buffer.from(`${place}\n`), plain]),
  open: (place, sealed) => {
    const head = Buffer.from(`${place}\n`)
    if (!Buffer.from(sealed).subarray(0, head.length).equals(head)) throw new Error('sealed for another place')
    return Buffer.from(sealed).subarray(head.length)
  },
}
