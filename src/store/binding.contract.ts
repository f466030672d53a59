/** What every backend does for what providers keep for callers. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { BindingPage, BindingRow } from '#resource/port.ts'
import { startMs } from './ledger-sample.ts'
import type { OpenBackend } from './test-backend.ts'

const rowOf = (id: string, changes: Partial<BindingRow> = {}): BindingRow => ({
  id,
  holder: 'account-1',
  kind: 'file',
  form: 'openai',
  organisation: 'org_1',
  account: 'account-1',
  project: null,
  member: null,
  key: 'key_1',
  test: false,
  provider: 'openai',
  credential: 'digest',
  upstreamId: id,
  purpose: 'batch',
  document: '{}',
  state: 'ended',
  work: Buffer.from('sealed'),
  createdMs: startMs,
  expiresMs: null,
  nextMs: null,
  ...changes,
})

const page = (changes: Partial<BindingPage> = {}): BindingPage => ({
  holder: 'account-1',
  kind: 'file',
  form: 'openai',
  purpose: null,
  order: 'desc',
  after: null,
  limit: 10,
  nowMs: startMs,
  ...changes,
})

const idsOf = (rows: readonly BindingRow[]): readonly string[] => rows.map(({ id }) => id)

export const bindingContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a binding is its holder's alone, as it was kept, until its time is over`, async (context) => {
    const store = await open(context, handClock(startMs))
    const row = rowOf('file-1', { expiresMs: startMs + 1_000 })
    assert.equal(await store.keepBinding(row), true)
    const mine = { id: 'file-1', holder: 'account-1', nowMs: startMs }
    const found = await store.binding(mine)
    assert.deepEqual({ ...found, work: Buffer.from(found?.work ?? []) }, { ...row })
    assert.equal(await store.binding({ ...mine, holder: 'account-2' }), null)
    assert.equal(await store.binding({ ...mine, nowMs: startMs + 1_000 }), null)
    assert.equal(await store.changeBinding({ id: 'file-1', holder: 'account-2' }, { document: '[]' }), false)
    assert.equal(await store.changeBinding(mine, { document: '{"a":1}', nextMs: 5 }), true)
    assert.deepEqual([(await store.binding(mine))?.document, (await store.binding(mine))?.nextMs], ['{"a":1}', 5])
    assert.equal(await store.dropBinding({ ...mine, holder: 'account-2' }), false)
    assert.equal(await store.dropBinding(mine), true)
    assert.equal(await store.dropBinding(mine), false)
  })

  test(`${name}: an id that is taken gives way only to the same provider's, and never while it is open`, async (context) => {
    const store = await open(context, handClock(startMs))
    assert.equal(await store.keepBinding(rowOf('file-1')), true)
    assert.equal(await store.keepBinding(rowOf('file-1', { holder: 'account-2' })), true)
    assert.equal(await store.keepBinding(rowOf('file-1', { provider: 'other' })), false)
    assert.equal(await store.keepBinding(rowOf('file-1', { kind: 'batch' })), false)
    assert.equal(await store.keepBinding(rowOf('file-1', { document: '{"a":2}', state: 'open' })), true)
    assert.equal(await store.keepBinding(rowOf('file-1', { document: '{"a":3}' })), false)
    const found = await store.binding({ id: 'file-1', holder: 'account-1', nowMs: startMs })
    assert.equal(found?.document, '{"a":2}')
  })

  test(`${name}: a list is in order, in pages, of one purpose, without what is hidden or somebody else's`, async (context) => {
    const store = await open(context, handClock(startMs))
    for (const [index, id] of ['b', 'a', 'c', 'd'].entries())
      await store.keepBinding(
        rowOf(id, { createdMs: startMs + (index >> 1), purpose: id === 'c' ? 'vision' : 'batch' }),
      )
    await store.keepBinding(rowOf('e', { holder: 'account-2' }))
    await store.keepBinding(rowOf('f', { state: 'hidden' }))
    await store.keepBinding(rowOf('g', { form: 'anthropic' }))
    await store.keepBinding(rowOf('h', { expiresMs: startMs }))
    assert.deepEqual(idsOf(await store.bindings(page())), ['d', 'c', 'b', 'a'])
    assert.deepEqual(idsOf(await store.bindings(page({ order: 'asc' }))), ['a', 'b', 'c', 'd'])
    assert.deepEqual(idsOf(await store.bindings(page({ order: 'asc', after: 'a', limit: 2 }))), ['b', 'c'])
    assert.deepEqual(idsOf(await store.bindings(page({ after: 'c' }))), ['b', 'a'])
    assert.deepEqual(idsOf(await store.bindings(page({ after: 'e' }))), [])
    assert.deepEqual(idsOf(await store.bindings(page({ purpose: 'vision' }))), ['c'])
  })

  test(`${name}: what is due is claimed by one of those who ask; what has had its time is swept when nothing is open`, async (context) => {
    const store = await open(context, handClock(startMs))
    const batch = { kind: 'batch', state: 'open', expiresMs: startMs + 10, nextMs: startMs } as const
    await store.keepBinding(rowOf('batch-1', batch))
    await store.keepBinding(rowOf('batch-2', { ...batch, nextMs: startMs + 1 }))
    await store.keepBinding(rowOf('file-1', { expiresMs: startMs + 10 }))
    assert.deepEqual(idsOf(await store.dueBindings(startMs, 10)), ['batch-1'])
    const claim = { id: 'batch-1', holder: 'account-1', dueMs: startMs, untilMs: startMs + 50 }
    assert.deepEqual(await Promise.all([store.claimBinding(claim), store.claimBinding(claim)]), [true, false])
    assert.deepEqual(idsOf(await store.dueBindings(startMs + 1, 10)), ['batch-2'])
    assert.equal(await store.sweepBindings(startMs + 9, 10), 0)
    assert.equal(await store.sweepBindings(startMs + 10, 10), 1)
    await store.changeBinding({ id: 'batch-1', holder: 'account-1' }, { state: 'ended', nextMs: null })
    assert.equal(await store.sweepBindings(startMs + 10, 10), 1)
    await store.keepBinding(rowOf('ft:a', { kind: 'model' }))
    await store.keepBinding(rowOf('ft:b', { kind: 'model', holder: 'account-0' }))
    const first = await store.boundModels({ after: null, limit: 1 })
    assert.deepEqual(idsOf(first), ['ft:b'])
    assert.deepEqual(idsOf(await store.boundModels({ after: first[0] ?? null, limit: 5 })), ['ft:a'])
  })
}
