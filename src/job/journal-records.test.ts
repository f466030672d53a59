import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallRecord } from '#base/call-record.ts'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import type { Journal } from '#ledger/port.ts'
import { journalRecords } from './journal-records.ts'

const journalOf = (): Journal & { readonly rows: Map<string, string> } => {
  const rows = new Map<string, string>([['call_1', '{}']])
  return {
    rows,
    journalKeep: async (kept) => {
      for (const { call, body } of kept) rows.set(call, body)
    },
    journalPage: async (after, limit) =>
      [...rows]
        .map(([call, body]) => ({ call, body }))
        .sort((a, b) => (a.call < b.call ? -1 : 1))
        .filter(({ call }) => after === null || call > after)
        .slice(0, limit),
    journalDrop: async (calls) => {
      for (const call of calls) rows.delete(call)
    },
  }
}

test('a record is in the journal at once, in the store soon, and survives a store that is away and a process that ends', async () => {
  const clock = handClock()
  const journal = journalOf()
  const kept: CallRecord[] = []
  let isAway = true
  const store = {
    append: async (record: CallRecord) => {
      if (isAway) throw new Problem('store_unavailable', { message: 'away' })
      kept.push(record)
    },
  }
  const parts = { store, journal, clock, log: silentLog }
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }
  const first = await journalRecords(parts)
  const record = { ...sampleRecord({ attempts: [sampleAttempt({ costNanoUsd: 5n })] }), id: 'call_a' }
  await first.append(record)
  assert.equal(journal.rows.size, 2)
  clock.advance(1000)
  await settle()
  assert.deepEqual(kept, [])
  await first.close()
  const second = await journalRecords(parts)
  await second.append({ ...record, id: 'call_b' })
  isAway = false
  clock.advance(1000)
  await settle()
  assert.deepEqual(kept, [record, { ...record, id: 'call_b' }])
  assert.deepEqual([...journal.rows.keys()], ['call_1'], 'the calls of the books stay')
  await second.close()
})
