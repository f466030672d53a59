import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Receipt } from '#base/receipt.ts'
import { verifyReceipt } from '#base/receipt.ts'
import type { ReceiptKeyRow } from './port.ts'
import { makeReceiptKeys } from './receipt-keys.ts'
import { makeSeal } from './seal.ts'

const ids = { bytes: (size: number) => randomBytes(size) }
const receipt = { version: 1, call: 'call_1', warnings: [] as readonly string[] } as unknown as Omit<
  Receipt,
  'signed_at'
>

const room = (secret = Buffer.alloc(32, 7)) => {
  let nowMs = 1_000
  const rows: ReceiptKeyRow[] = []
  const trail: unknown[] = []
  let reading: (() => Promise<unknown>) | null = null
  const store = {
    receiptKeys: async () => {
      const seen = [...rows]
      const first = reading
      reading = null
      await first?.()
      return seen
    },
    addReceiptKey: async (row: ReceiptKeyRow, change: unknown) => {
      if (rows.some(({ generation }) => generation === row.generation)) return false
      for (const [place, one] of rows.entries()) rows[place] = { ...one, retiredMs: one.retiredMs ?? row.createdMs }
      rows.push(row)
      if (change !== null) trail.push(change)
      return true
    },
  }
  const open = (key: Uint8Array) =>
    makeReceiptKeys<unknown>({ store, seal: makeSeal(key, ids, 'receipt keys'), clock: { nowMs: () => nowMs }, ids })
  return {
    keys: open(secret),
    open,
    rows,
    trail,
    /** What happens once, while the keys are read: they are given as they were before. */
    whenRead: (happens: () => Promise<unknown>): void => {
      reading = happens
    },
    pass: (ms: number): void => {
      nowMs += ms
    },
  }
}

test('the first key is made once, and its private half is nowhere in the open', async () => {
  const { keys, rows } = room()
  await keys.ensure()
  await keys.ensure()
  assert.equal(rows.length, 1)
  const signed = await keys.sign(receipt)
  const [published] = await keys.published()
  assert.ok(published !== undefined)
  assert.deepEqual(verifyReceipt(signed, [published]), { ok: true, key: published.kid })
  assert.deepEqual(Object.keys(published).toSorted(), ['alg', 'created', 'crv', 'kid', 'kty', 'retired', 'use', 'x'])
})

test('after a rotation new receipts have the new key, and old ones are still proven', async () => {
  const { keys, trail, pass } = room()
  const old = await keys.sign(receipt)
  pass(10)
  const next = await keys.rotate((before, after) => ({ before, after }))
  pass(10)
  const fresh = await keys.sign(receipt)
  assert.notEqual(fresh.signature.key, old.signature.key)
  assert.equal(fresh.signature.key, next.kid)
  const published = await keys.published()
  assert.deepEqual(
    published.map(({ retired }) => retired),
    [null, '1970-01-01T00:00:01.010Z'],
  )
  for (const one of [old, fresh]) assert.equal(verifyReceipt(one, published).ok, true)
  assert.deepEqual(trail, [{ before: old.signature.key, after: next.kid }])
})

test('a clock that is behind, and a rotation between the look at the clock and at the key, leave receipts genuine', async () => {
  const { keys, pass, whenRead } = room()
  await keys.ensure()
  const rotate = () => keys.rotate((before, after) => ({ before, after }))
  pass(-500)
  await rotate()
  const behind = await keys.sign(receipt)
  whenRead(() => {
    pass(100)
    return rotate()
  })
  const between = await keys.sign(receipt)
  const published = await keys.published()
  assert.equal(published.length, 3)
  for (const one of [behind, between]) assert.equal(verifyReceipt(one, published).ok, true)
  const [, , first] = published
  assert.ok(first?.retired !== null && first !== undefined && first.retired > first.created)
})

test('under another server key nothing is signed, and the message says what to do', async () => {
  const { keys, open } = room()
  await keys.ensure()
  await assert.rejects(
    open(Buffer.alloc(32, 8)).sign(receipt),
    (thrown: unknown) => thrown instanceof Problem && /receipt rotate/.test(thrown.message),
  )
})

test('whether it can sign is known without signing: not under another server key, until a key is made under that', async () => {
  const { keys, open } = room()
  assert.equal(await keys.canSign(), true, 'one can be made')
  await keys.ensure()
  const other = open(Buffer.alloc(32, 8))
  assert.deepEqual([await keys.canSign(), await other.canSign()], [true, false])
  await other.rotate(() => 'rotated')
  assert.deepEqual([await keys.canSign(), await other.canSign()], [false, true])
})
