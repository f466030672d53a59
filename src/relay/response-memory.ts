/** Responses that one connection remembers, so that its next call may continue them though nobody keeps them. */

import type { JsonObject } from '#base/json-type.ts'

/** How many, the oldest forgotten first, and how large all of them together may be, in bytes of JSON. */
const [responsesMax, bytesMax] = [16, 16_777_216]

export type Remembered = { readonly input: readonly JsonObject[]; readonly output: readonly JsonObject[] }

export type ResponseMemory = {
  readonly remember: (id: string, response: Remembered) => void
  readonly forget: (id: string) => void
  /** All that a call which continues it has to say first; `null` = it is not remembered. */
  readonly items: (id: string) => readonly JsonObject[] | null
}

/** A thought that only its provider's own store could give back cannot be sent again. */
const isSayable = (item: JsonObject): boolean =>
  item['type'] !== 'reasoning' || typeof item['encrypted_content'] === 'string'

/** Remembers nothing at first. */
export const responseMemory = (): ResponseMemory => {
  const kept = new Map<string, { readonly items: readonly JsonObject[]; readonly bytes: number }>()
  let bytes = 0
  const forget = (id: string): void => {
    bytes -= kept.get(id)?.bytes ?? 0
    kept.delete(id)
  }
  return {
    remember: (id, { input, output }) => {
      forget(id)
      const items = [...input, ...output.filter(isSayable)]
      const own = JSON.stringify(items).length
      if (own > bytesMax) return
      kept.set(id, { items, bytes: own })
      bytes += own
      for (const oldest of kept.keys()) {
        if (kept.size <= responsesMax && bytes <= bytesMax) break
        forget(oldest)
      }
    },
    forget,
    items: (id) => kept.get(id)?.items ?? null,
  }
}
