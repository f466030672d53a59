/** The way back to one caller of the stage: what it has got so far, and what it does. For tests. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Outbound } from '#http/inbound.ts'

const gate = () => {
  let open: PromiseWithResolvers<void> | null = null
  return {
    close: () => {
      open ??= Promise.withResolvers()
    },
    open: () => {
      open?.resolve()
      open = null
    },
    pass: async (signal: AbortSignal): Promise<void> => {
      if (open === null) return
      const { promise: gone, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      await Promise.race([open.promise, gone])
    },
  }
}

/** An answer as it reaches the caller, with the order asserted that sockets would assert. */
export const collector = (signal: AbortSignal) => {
  const pieces: Uint8Array[] = []
  const taking = gate()
  let head: { readonly status: number; readonly headers: Parameters<Outbound['head']>[1] } | null = null
  let ending: 'open' | 'complete' | 'cut' = 'open'
  const write = async (bytes: Uint8Array): Promise<void> => {
    assert(head !== null && ending === 'open', 'bytes come between head and end')
    signal.throwIfAborted()
    pieces.push(bytes)
    await taking.pass(signal)
  }
  const outbound: Outbound = {
    head: (status, headers) => {
      assert(head === null && ending === 'open', 'the head comes first, and once')
      head = { status, headers }
    },
    headSent: () => head !== null,
    write,
    end: async (bytes) => {
      await write(bytes ?? Buffer.alloc(0))
      ending = 'complete'
    },
    cut: () => {
      ending = 'cut'
    },
  }
  const bytes = (): Buffer => Buffer.concat(pieces)
  const text = (): string => bytes().toString('utf8')
  const seen = {
    status: () => head?.status ?? 0,
    header: (name: string) => head?.headers[name]?.toString(),
    bytes,
    text,
    json: () => JSON.parse(text()) as JsonObject,
    ending: () => ending,
    pause: taking.close,
    resume: taking.open,
  }
  return { outbound, seen }
}
