/** What every backend does for answers under an Idempotency-Key. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { ClaimRequest, FoundAnswer } from '#reuse/port.ts'
import type { Store } from './face.ts'
import { begin, grant, grantOf, holdOf, settleOf, startMs, voidOf } from './ledger-sample.ts'
import type { OpenBackend } from './test-backend.ts'

const dayMs = 86_400_000

const claimOf = (call: string, changes: Partial<ClaimRequest> = {}): ClaimRequest => ({
  id: 'key',
  asked: 'body',
  call,
  owner: 'process-1',
  nowMs: startMs,
  expiresMs: startMs + dayMs,
  ...changes,
})

const pieceOf = (call: string, place: number, text: string) => ({ id: 'key', call, place, bytes: Buffer.from(text) })

const textIn = async (store: Store, call: string): Promise<string> => {
  const pieces = await store.answerPieces({ id: 'key', call, from: 0, limit: 100 })
  return pieces.map(({ bytes }) => Buffer.from(bytes).toString()).join('')
}

const stateOf = async (store: Store, call: string, nowMs = startMs): Promise<FoundAnswer['state'] | 'first'> =>
  (await store.claimAnswer(claimOf(call, { nowMs }))).state

const keeping = ({ name, open }: OpenBackend): void => {
  test(`${name}: of many that claim a key at once one is the first, the others are told whose it is`, async (context) => {
    const store = await open(context, handClock(startMs))
    const claims = await Promise.all(
      Array.from({ length: 50 }, (_unused, number) => store.claimAnswer(claimOf(`call_${number}`))),
    )
    assert.deepEqual(claims[0], { state: 'first' })
    const found = { state: 'running', call: 'call_0', asked: 'body', head: null, reason: null }
    for (const claim of claims.slice(1)) assert.deepEqual(claim, found)
  })

  test(`${name}: an answer comes back as it was kept, in its order, until its time is over`, async (context) => {
    const store = await open(context, handClock(startMs))
    await store.claimAnswer(claimOf('call_1'))
    for (const [place, text] of ['one ', 'two ', 'three'].entries())
      await store.keepPiece(pieceOf('call_1', place, text))
    await store.keepPiece(pieceOf('call_1', 1, 'a repeat changes nothing'))
    await store.endAnswer({ id: 'key', call: 'call_1', state: 'kept', head: Buffer.from('head'), sizeBytes: 13 })
    await store.endAnswer({ id: 'key', call: 'call_1', state: 'free' })
    const found = await store.claimAnswer(claimOf('call_2', { asked: 'other' }))
    assert(found.state === 'kept')
    assert.deepEqual([found.call, found.asked, Buffer.from(found.head ?? []).toString()], ['call_1', 'body', 'head'])
    assert.equal(await textIn(store, 'call_1'), 'one two three')
    assert.equal((await store.answerPieces({ id: 'key', call: 'call_1', from: 1, limit: 1 }))[0]?.place, 1)
    assert.deepEqual(await store.answersTotal(), { answers: 1, sizeBytes: 13 })
    assert.deepEqual(await store.sweepAnswers(startMs + dayMs - 1, 10), { answers: 0, sizeBytes: 0 })
    assert.deepEqual(await store.sweepAnswers(startMs + dayMs, 10), { answers: 1, sizeBytes: 13 })
    assert.equal(await textIn(store, 'call_1'), '')
    assert.equal(await stateOf(store, 'call_3'), 'first')
  })

  test(`${name}: a row that has had its time is as good as none, also before it is swept; one whose call runs is not`, async (context) => {
    const store = await open(context, handClock(startMs))
    await store.claimAnswer(claimOf('call_1'))
    assert.equal(await stateOf(store, 'call_2', startMs + dayMs), 'running')
    await store.endAnswer({ id: 'key', call: 'call_1', state: 'ended', reason: 'cut' })
    assert.equal(await stateOf(store, 'call_2'), 'ended')
    assert.equal(await stateOf(store, 'call_3', startMs + dayMs), 'first')
    await store.endAnswer({ id: 'key', call: 'call_1', state: 'free' })
    assert.equal(await stateOf(store, 'call_4'), 'running', "an old call does not end another call's row")
  })

  test(`${name}: what is free or has ended keeps no pieces, and takes none`, async (context) => {
    const store = await open(context, handClock(startMs))
    await store.claimAnswer(claimOf('call_1'))
    await store.keepPiece(pieceOf('call_1', 0, 'half'))
    await store.endAnswer({ id: 'key', call: 'call_1', state: 'ended', reason: 'cut' })
    await store.keepPiece(pieceOf('call_1', 1, 'late'))
    assert.equal(await textIn(store, 'call_1'), '')
    const found = await store.claimAnswer(claimOf('call_2'))
    assert.equal(found.state === 'first' ? null : found.reason, 'cut')
  })
}

/** After a crash the books decide. */
const orphans = ({ name, open }: OpenBackend): void => {
  test(`${name}: of a dead process: free without a charge, ended with one, running while its hold is open`, async (context) => {
    const store = await open(context, handClock(startMs))
    await begin(store, 'prepaid')
    await grant(store, grantOf('lot_1', 10_000n))
    const calls = ['none', 'voided', 'settled', 'open']
    for (const call of calls) {
      await store.claimAnswer(claimOf(call, { id: call }))
      if (call !== 'none') await store.hold(holdOf(call, 100n))
    }
    await store.voidHold(voidOf('voided'))
    await store.settle(settleOf('settled', 50n))
    assert.equal(await store.resolveAnswers({ limit: 10, of: { notOwner: 'process-1' } }), 0)
    assert.equal(await store.resolveAnswers({ limit: 10, of: { notOwner: 'process-2' } }), 4)
    const states: string[] = []
    for (const id of calls) states.push((await store.claimAnswer(claimOf('again', { id }))).state)
    assert.deepEqual(states, ['first', 'first', 'ended', 'running'])
    await store.voidHold(voidOf('open'))
    assert.equal(await store.resolveAnswers({ limit: 1, of: { id: 'open', call: 'open' } }), 1)
    assert.equal((await store.claimAnswer(claimOf('again', { id: 'open' }))).state, 'first')
  })
}

/** Registers the tests that every backend passes as AnswerStore. */
export const keptAnswerContract = (backend: OpenBackend): void => {
  keeping(backend)
  orphans(backend)
}
