/** What every backend does for documents. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { Problem } from '#base/problem.ts'
import type { DocumentDraft, DocumentRow } from '#document/port.ts'
import type { Store } from './face.ts'
import { sampleCrediting, sampleEvent, sampleOrder } from './sample-order.ts'
import { sampleFirst, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const draft = (id: string, changes: Partial<DocumentDraft> = {}): DocumentDraft => ({
  id,
  kind: 'invoice',
  account: 'acc_default',
  source: `order/${id}`,
  prefix: 'INV',
  year: 2026,
  issuedMs: 5,
  currency: 'USD',
  totalNano: 7n,
  content: '{"schema":1}',
  ...changes,
})

/** As the clerk does: one that somebody else has issued at the same moment is theirs. */
const issued = async (store: Store, one: DocumentDraft): Promise<DocumentRow> => {
  try {
    return await store.issueDocument(one, null)
  } catch (thrown) {
    const theirs = thrown instanceof Problem && thrown.code === 'conflict' ? await store.documentOf(one.source) : null
    if (theirs === null) throw thrown
    return theirs
  }
}

/** Registers the tests that every backend passes as keeper of documents. */
export const documentContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: numbers have no gap, however many are issued at once and whatever fails in between`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const drafts = Array.from({ length: 60 }, (_unused, index) => draft(`doc_${index}`))
    const failing = drafts.map((one) =>
      store.issueDocument({ ...one, id: `${one.id}x`, source: `${one.source}x`, account: 'acc_none' }, null),
    )
    const [rows, failures] = await Promise.all([
      Promise.all(drafts.map((one) => issued(store, one))),
      Promise.allSettled(failing),
    ])
    assert.ok(failures.every(({ status }) => status === 'rejected'))
    const expected = drafts.map((_unused, index) => `INV-2026-${String(index + 1).padStart(6, '0')}`)
    assert.deepEqual(rows.map(({ number }) => number).sort(), expected)
  })

  test(`${name}: what has a document gets no second one, also of many who ask at once, and series count apart`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const asked = await Promise.all(
      Array.from({ length: 30 }, (_unused, index) => issued(store, draft(`doc_${index}`, { source: 'order/same' }))),
    )
    assert.deepEqual([...new Set(asked.map(({ number }) => number))], ['INV-2026-000001'])
    assert.equal((await store.issueDocument(draft('doc_n'), sampleTrail('trl_d'))).number, 'INV-2026-000002')
    const note = draft('doc_c', { kind: 'credit_note', prefix: 'INV-CN', totalNano: -7n })
    assert.equal((await store.issueDocument(note, null)).number, 'INV-CN-2026-000001')
    assert.equal((await store.issueDocument(draft('doc_y', { year: 2027 }), null)).number, 'INV-2027-000001')
    const page = { limit: 10, after: null, account: 'acc_default', kind: 'credit_note' as const }
    assert.deepEqual(
      (await store.documents(page)).map(({ number, totalNano }) => [number, totalNano]),
      [['INV-CN-2026-000001', -7n]],
    )
  })

  test(`${name}: a document has the hash of what it says, and the first file stays`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const row = await store.issueDocument(draft('doc_1'), null)
    assert.equal(row.hash, createHash('sha256').update('INV-2026-000001\n{"schema":1}').digest('hex'))
    assert.equal(await store.documentFile('doc_1'), null)
    await store.keepDocumentFile('doc_1', Buffer.from('first'))
    await store.keepDocumentFile('doc_1', Buffer.from('second'))
    assert.equal(Buffer.from((await store.documentFile('doc_1')) ?? []).toString(), 'first')
    const kept = await store.document('INV-2026-000001')
    assert.equal(kept?.fileHash, createHash('sha256').update('first').digest('hex'))
    assert.deepEqual(await store.document('doc_1'), kept)
    const profile = {
      name: 'Acme',
      address: '',
      taxId: null,
      purchaseOrder: null,
      mail: null,
      language: 'en',
      reverseCharge: true,
    } as const
    await store.setBillingProfile('acc_default', profile, sampleTrail('trl_p'))
    assert.deepEqual(await store.billingProfile('acc_default'), profile)
  })

  test(`${name}: a fapiao needs what was paid in yuan and used, moves from its state once, and its number is there once`, async (context) => {
    const store = await open(context, handClock(0))
    await store.begin(sampleFirst())
    const order = sampleOrder('ord_1', { account: 'acc_default' })
    await store.createOrder(order, sampleEvent(order, 'created'), null)
    await store.moveOrder(sampleCrediting(order))
    assert.deepEqual(await store.fapiaoBalance('acc_default'), { consumedNano: 0n, takenNano: 0n })
    const settle = { key: null, nowMs: 7, priceHash: null, rule: 'test', upstreamCosts: [] }
    await store.settle({ ...settle, call: 'call_1', account: 'acc_default', chargeNanoUsd: 25_999_999_999n })
    assert.deepEqual(await store.fapiaoBalance('acc_default'), { consumedNano: 25_990_000_000n, takenNano: 0n })
    const title = { form: 'company', name: 'x', taxId: '91110108MA01ABCDEF' } as const
    const facts = { ...title, address: null, phone: null, bank: null, bankAccount: null, mail: null }
    const ask = (id: string, amountNano: bigint) =>
      store.requestFapiao(
        { id, account: 'acc_default', title: facts, kind: 'ordinary', amountNano, createdMs: 8 },
        sampleTrail(`trl_${id}`),
      )
    const asked = await Promise.all(['fap_1', 'fap_2', 'fap_3'].map((id) => ask(id, 10_000_000_000n)))
    assert.equal(asked.filter(Boolean).length, 2)
    const made = await store.fapiaos({ limit: 10, after: null, account: 'acc_default', state: 'requested' })
    const [one, two] = [made[0]?.id ?? '', made[1]?.id ?? '']
    const issue = { from: 'requested', to: 'issued', nowMs: 9, number: '26112000000012345678' } as const
    const file = { name: 'x.pdf', bytes: Buffer.from('%PDF-') }
    assert.equal(await store.changeFapiao({ ...issue, id: one, file }, sampleTrail('trl_i')), true)
    assert.equal(await store.changeFapiao({ ...issue, id: one, number: '1' }, sampleTrail('trl_j')), false)
    await assert.rejects(store.changeFapiao({ ...issue, id: two }, sampleTrail('trl_k')), { code: 'conflict' })
    assert.equal(Buffer.from((await store.fapiaoFile(one))?.bytes ?? []).toString(), '%PDF-')
    assert.deepEqual(await store.fapiaoBalance('acc_default'), {
      consumedNano: 25_990_000_000n,
      takenNano: 20_000_000_000n,
    })
    assert.equal((await store.fapiao(one))?.state, 'issued')
  })
}
