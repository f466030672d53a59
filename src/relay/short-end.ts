/** The end of a stream that Drover ends before its provider does: well formed, in the caller's protocol, with the finish `length`. */

import { Buffer } from 'node:buffer'
import type { Usage } from '#base/usage.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol, ReplyContext } from '#protocol/protocol.ts'

export const lengthFinish: Part = { type: 'finish', choice: 0, reason: 'length', raw: 'length' }

const endings = {
  'text-start': 'text-end',
  'reasoning-start': 'reasoning-end',
  'refusal-start': 'refusal-end',
  'tool-input-start': 'tool-input-end',
} as const

type Opening = keyof typeof endings

const opens = (part: Part): part is Extract<Part, { readonly type: Opening }> => part.type in endings

export type ShortEnd = {
  /** Told of every part that was delivered, so that the end continues them. */
  readonly see: (part: Part) => void
  /** The finish, the usage where the caller asked for it, and the end marker. */
  readonly bytes: (usage: Usage, costNanoUsd: bigint | null) => Buffer
}

export const shortEnd = ({ server }: Protocol, context: ReplyContext): ShortEnd => {
  const writer = server.writeReply(context)
  const open = new Map<string, Part>()
  const { usageWish } = context.call
  return {
    see: (part) => {
      // What it writes has gone out already, as the provider wrote it: here it only learns where the answer stands.
      writer.write(part)
      if (opens(part)) {
        const { choice, block } = part
        open.set(`${endings[part.type]}/${block}`, { type: endings[part.type], choice, block })
      } else if ('block' in part) open.delete(`${part.type}/${part.block}`)
    },
    bytes: (usage, costNanoUsd) => {
      const parts = [...[...open.values()].reverse(), lengthFinish, { type: 'usage', usage, raw: {} } as const]
      const written = parts.flatMap((part) => writer.write(part) ?? [])
      const last = writer.end()
      const told = usageWish.cost && costNanoUsd !== null
      return Buffer.concat([...written, told ? server.addCost(last, costNanoUsd) : last])
    },
  }
}
