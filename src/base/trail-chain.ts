/** The chain of hashes over the trail: each row is bound to all before it, so that none can be altered, taken out or put in unseen. */

import { createHash } from 'node:crypto'
import type { TrailEntry } from './trail-entry.ts'

/** A row with its place in the chain. */
export type TrailLink = {
  readonly row: TrailEntry
  /** From 1, without gaps. */
  readonly position: number
  readonly previousHash: string
  readonly hash: string
}

/** SHA-256 in hex over the hash before and every field, in this order for ever. */
export const trailHash = ({ row, position, previousHash }: Omit<TrailLink, 'hash'>): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        previousHash,
        position,
        row.id,
        row.timeMs,
        row.actor,
        row.operation,
        row.object,
        row.before,
        row.after,
        row.requestId,
      ]),
    )
    .digest('hex')

/** Where a check has come to. */
export type TrailPlace = { readonly position: number; readonly hash: string }

/** Why a link does not follow that place; `null` = it does. */
export const trailFault = (link: TrailLink, before: TrailPlace): string | null => {
  if (link.position !== before.position + 1) return 'a row is missing before this one'
  if (link.previousHash !== before.hash) return 'it does not continue the row before it'
  return trailHash(link) === link.hash ? null : 'it is not what was written'
}
