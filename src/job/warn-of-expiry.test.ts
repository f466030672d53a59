import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Event } from '#base/event.ts'
import { handClock } from '#base/hand-clock.ts'
import type { LotView } from '#ledger/port.ts'
import { expiryDays, tellExpiring } from './warn-of-expiry.ts'

const dayMs = 86_400_000
const lot = (name: string, expiresMs: number | null): LotView => ({
  lot: name,
  account: 'acc_1',
  kind: 'promo',
  grantedNanoUsd: 5_000_000_000n,
  remainingNanoUsd: 2_500_000_000n,
  paidNanoUsd: 0n,
  revokedNanoUsd: 0n,
  priority: 40,
  expiresMs,
  createdMs: 0,
  method: 'manual',
  reason: null,
  scope: null,
})

test('credit that ends within the days of the alert is told, under an id that a repeat has too', async () => {
  const told: { readonly object: string; readonly id?: string; readonly figure: number | null }[] = []
  const lots = [lot('a', null), lot('b', 3 * dayMs), lot('c', 8 * dayMs), lot('d', 0)]
  const parts = {
    store: { lots: async () => lots },
    days: () => 7,
    emit: (event: Omit<Event, 'id' | 'timeMs'> & { readonly id?: string }) => void told.push(event),
    clock: handClock(1),
  }
  assert.equal(await tellExpiring(parts), 1)
  await tellExpiring(parts)
  assert.deepEqual(
    told.map(({ object, figure }) => [object, figure]),
    [
      ['b', 3],
      ['b', 3],
    ],
  )
  assert.equal(told[0]?.id, told[1]?.id)
  assert.equal(await tellExpiring({ ...parts, days: () => null }), 0)
})

test('the alerts say how many days ahead', () => {
  assert.equal(expiryDays([]), null)
  assert.equal(expiryDays([{ event: 'credit_expiring', below: null }]), 7)
  assert.equal(
    expiryDays([
      { event: 'credit_expiring', below: 14 },
      { event: 'balance_low', below: 99 },
    ]),
    14,
  )
})
