/** The keys that receipts are signed with: made once, sealed in the store, replaced by a new one when somebody asks. */

import { Buffer } from 'node:buffer'
import type { KeyObject } from 'node:crypto'
import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { rfc3339 } from '#base/clock.ts'
import { privateKeyOf, publicBytesOf } from '#base/ed25519.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { Receipt, ReceiptKey, SignedReceipt } from '#base/receipt.ts'
import { signReceipt } from '#base/receipt.ts'
import type { ReceiptKeyRow, ReceiptKeyStore } from './port.ts'
import type { Seal } from './seal.ts'

const seedBytes = 32

export type ReceiptKeys<Trail = unknown> = {
  /** @throws Problem `store_unavailable` where the key cannot be read. */
  readonly sign: (receipt: Omit<Receipt, 'signed_at'>) => Promise<SignedReceipt>
  /** All that ever signed, the newest first. */
  readonly published: () => Promise<readonly ReceiptKey[]>
  /** Whether the one that signs now can be read: it cannot where it was sealed under another server key. Where there is none, one can be made. */
  readonly canSign: () => Promise<boolean>
  /** Makes the first one where there is none. */
  readonly ensure: () => Promise<void>
  /** Makes the next one; `trail` is given both. @throws Problem `conflict` where somebody else did at the same time. */
  readonly rotate: (trail: (before: string | null, after: string) => Trail) => Promise<ReceiptKey>
}

const placeOf = (id: string): string => `receipt-key/${id}`

const shown = ({ id, publicKey, createdMs, retiredMs }: ReceiptKeyRow): ReceiptKey => ({
  kty: 'OKP',
  crv: 'Ed25519',
  use: 'sig',
  alg: 'EdDSA',
  kid: id,
  x: Buffer.from(publicKey).toString('base64url'),
  created: rfc3339(createdMs),
  retired: retiredMs === null ? null : rfc3339(retiredMs),
})

export type ReceiptKeyParts<Trail> = {
  readonly store: ReceiptKeyStore<Trail>
  readonly seal: Seal
  readonly clock: Pick<Clock, 'nowMs'>
  readonly ids: Pick<Ids, 'bytes'>
}

/** Nothing is kept in memory: a key that was rotated on one node signs nowhere any more. */
export const makeReceiptKeys = <Trail>({ store, seal, clock, ids }: ReceiptKeyParts<Trail>): ReceiptKeys<Trail> => {
  const made = (generation: number, createdMs: number): ReceiptKeyRow => {
    const seed = ids.bytes(seedBytes)
    const publicKey = publicBytesOf(privateKeyOf(seed))
    // The key names itself: who has it can see that it is the one that is meant.
    const id = `rck_${createHash('sha256').update(publicKey).digest('hex').slice(0, 16)}`
    return {
      generation,
      id,
      publicKey,
      sealed: seal.close(placeOf(id), seed),
      createdMs,
      retiredMs: null,
    }
  }
  const ensure = async (): Promise<void> => {
    if ((await store.receiptKeys()).length === 0) await store.addReceiptKey(made(1, clock.nowMs()), null)
  }
  const current = async (): Promise<ReceiptKeyRow> => {
    let row = (await store.receiptKeys()).at(-1)
    if (row !== undefined) return row
    await ensure()
    row = (await store.receiptKeys()).at(-1)
    if (row !== undefined) return row
    throw new Problem('store_unavailable', { message: 'The store did not keep the key that receipts are signed with.' })
  }
  const opened = ({ id, sealed }: ReceiptKeyRow): KeyObject => {
    try {
      return privateKeyOf(seal.open(placeOf(id), sealed))
    } catch (cause) {
      throw new Problem('store_unavailable', {
        message: `The receipt key ${id} cannot be read: it was sealed under another server key. Bring that key back, or make a new one with 'drover receipt rotate'.`,
        cause,
      })
    }
  }
  return {
    ensure,
    canSign: async () => {
      const row = (await store.receiptKeys()).at(-1)
      if (row === undefined) return true
      try {
        opened(row)
        return true
      } catch {
        // Why it cannot be read is one and the same.
        return false
      }
    },
    sign: async (receipt) => {
      // Taken before the key: one that is retired meanwhile has signed in its time. Another node's clock may be ahead.
      const nowMs = clock.nowMs()
      const row = await current()
      const signedAt = rfc3339(Math.max(nowMs, row.createdMs))
      return signReceipt({ ...receipt, signed_at: signedAt }, { id: row.id, privateKey: opened(row) })
    },
    published: async () => (await store.receiptKeys()).map(shown).toReversed(),
    rotate: async (trail) => {
      const last = (await store.receiptKeys()).at(-1)
      const row = made((last?.generation ?? 0) + 1, Math.max(clock.nowMs(), (last?.createdMs ?? 0) + 1))
      if (await store.addReceiptKey(row, trail(last?.id ?? null, row.id))) return shown(row)
      throw new Problem('conflict', { message: 'Somebody else has just made a new receipt key. Look at it first.' })
    },
  }
}
