/** What every backend does for the keys that sign receipts. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { ReceiptKeyRow } from '#secret/port.ts'
import { sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const row = (generation: number, changes: Partial<ReceiptKeyRow> = {}): ReceiptKeyRow => ({
  generation,
  id: `rck_${generation}`,
  publicKey: Uint8Array.of(0, 255, generation),
  sealed: Uint8Array.of(generation, 0),
  createdMs: generation * 10,
  retiredMs: null,
  ...changes,
})

/** Registers the tests that every backend passes as keeper of receipt keys. */
export const receiptKeyContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a receipt key is kept, the next one retires it, and of two that make the same one the first wins`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    assert.deepEqual(await store.receiptKeys(), [])
    assert.equal(await store.addReceiptKey(row(1), null), true)
    assert.equal(await store.addReceiptKey(row(1, { id: 'rck_other' }), null), false)
    assert.equal(await store.addReceiptKey(row(2), sampleTrail('trl_1')), true)
    assert.equal(await store.addReceiptKey(row(2, { id: 'rck_late' }), sampleTrail('trl_2')), false)
    const kept = await store.receiptKeys()
    assert.deepEqual(
      kept.map((one) => ({ ...one, publicKey: [...one.publicKey], sealed: [...one.sealed] })),
      [
        { ...row(1, { retiredMs: 20 }), publicKey: [0, 255, 1], sealed: [1, 0] },
        { ...row(2), publicKey: [0, 255, 2], sealed: [2, 0] },
      ],
    )
    const trail = await store.trail({ limit: 100, after: null })
    assert.deepEqual([trail.some(({ id }) => id === 'trl_1'), trail.some(({ id }) => id === 'trl_2')], [true, false])
  })
}
