/** What every backend does for responses that callers may come back to. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { ResponseRow } from '#resource/port.ts'
import { startMs } from './ledger-sample.ts'
import type { OpenBackend } from './test-backend.ts'

const rowOf = (id: string, changes: Partial<ResponseRow> = {}): ResponseRow => ({
  id,
  holder: 'account-1',
  call: 'call_1',
  provider: null,
  body: Buffer.from('sealed'),
  createdMs: startMs,
  expiresMs: startMs + 1_000,
  ...changes,
})

export const responseContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a response is its holder's alone, until its time is over or it is dropped`, async (context) => {
    const store = await open(context, handClock(startMs))
    const mine = { id: 'resp_1', holder: 'account-1', nowMs: startMs }
    await store.keepResponse(rowOf('resp_1'))
    await store.keepResponse(rowOf('resp_1', { body: Buffer.from('a repeat changes nothing') }))
    const found = await store.response(mine)
    assert.equal(Buffer.from(found?.body ?? []).toString(), 'sealed')
    assert.deepEqual([found?.provider, found?.createdMs, found?.expiresMs], [null, startMs, startMs + 1_000])
    assert.equal(await store.response({ ...mine, holder: 'account-2' }), null)
    assert.equal(await store.response({ ...mine, nowMs: startMs + 1_000 }), null)
    assert.equal(await store.dropResponse({ ...mine, holder: 'account-2' }), false)
    assert.equal(await store.dropResponse(mine), true)
    assert.equal(await store.dropResponse(mine), false)
    assert.equal(await store.response(mine), null)
  })

  test(`${name}: the same id may be bound for several holders; what has had its time is swept`, async (context) => {
    const store = await open(context, handClock(startMs))
    const bound = { provider: 'openai', body: null }
    await store.keepResponse(rowOf('resp_1', bound))
    await store.keepResponse(rowOf('resp_1', { ...bound, holder: 'account-2', expiresMs: startMs + 2_000 }))
    assert.equal((await store.response({ id: 'resp_1', holder: 'account-2', nowMs: startMs }))?.provider, 'openai')
    assert.equal(await store.sweepResponses(startMs + 999, 10), 0)
    assert.equal(await store.sweepResponses(startMs + 1_000, 10), 1)
    assert.notEqual(await store.response({ id: 'resp_1', holder: 'account-2', nowMs: startMs }), null)
    assert.equal(await store.sweepResponses(startMs + 2_000, 10), 1)
  })
}
