/** What every backend does for the log of calls. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFilter } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { handClock } from '#base/hand-clock.ts'
import type { Store } from './face.ts'
import { fullCall, sampleCall, sampleFilter } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

const callsOf = async (store: Store, asked: CallFilter): Promise<readonly CallRecord[]> =>
  (await store.calls(asked)).calls
const names = (rows: readonly { readonly id: string }[]): readonly string[] => rows.map(({ id }) => id)

/** Registers the tests that every backend passes as CallLog, and as the reader of what was logged. */
export const callLogContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: a record comes back as it was written, full or empty`, async (context) => {
    const store = await open(context, handClock(0))
    for (const record of [fullCall('call_1'), sampleCall('call_2'), { ...fullCall('call_3'), responseBody: null }]) {
      await store.append(record)
      assert.deepEqual(await store.call(record.id), record)
    }
    assert.equal(await store.call('call_4'), null)
  })

  test(`${name}: lists leave bodies out and are otherwise the same`, async (context) => {
    const store = await open(context, handClock(0))
    await store.append(fullCall('call_1'))
    assert.deepEqual(await callsOf(store, sampleFilter()), [
      { ...fullCall('call_1'), requestBody: null, responseBody: null },
    ])
  })

  test(`${name}: a call is kept once, as it came first, however often it is told`, async (context) => {
    const store = await open(context, handClock(0))
    const record = fullCall('call_1')
    const repeats = Array.from({ length: 20 }, (_unused, number) => store.append({ ...record, status: 200 + number }))
    await Promise.all(repeats)
    assert.deepEqual(names(await callsOf(store, sampleFilter())), ['call_1'])
    assert.equal((await store.call('call_1'))?.status, 200)
  })

  test(`${name}: the newest come, oldest first; a follower sees each once and misses none`, async (context) => {
    const store = await open(context, handClock(0))
    const ids = Array.from({ length: 25 }, (_unused, number) => `call_${(50 - number).toString()}`)
    for (const id of ids) await store.append(sampleCall(id))
    assert.deepEqual(names(await callsOf(store, sampleFilter({ limit: 4 }))), ids.slice(-4))
    const seen = [...ids.slice(0, 1)]
    for (;;) {
      const rows = await callsOf(store, sampleFilter({ limit: 10, afterId: seen.at(-1) ?? null }))
      if (rows.length === 0) break
      seen.push(...names(rows))
    }
    assert.deepEqual(seen, ids)
    await assert.rejects(callsOf(store, sampleFilter({ afterId: 'call_nothing' })), { code: 'not_found' })
  })

  test(`${name}: filters by key, account and model, alone and together`, async (context) => {
    const store = await open(context, handClock(0))
    const each = [
      ['call_1', 'key_a', 'acc_1', 'kimi'],
      ['call_2', 'key_a', 'acc_1', 'gpt'],
      ['call_3', 'key_b', 'acc_1', 'kimi'],
      ['call_4', 'key_c', 'acc_2', 'kimi'],
      ['call_5', null, null, null],
    ] as const
    for (const [id, key, account, model] of each) await store.append(sampleCall(id, { key, account, model }))
    const cases: readonly [Partial<CallFilter>, readonly string[]][] = [
      [{ key: 'key_a' }, ['call_1', 'call_2']],
      [{ account: 'acc_1' }, ['call_1', 'call_2', 'call_3']],
      [{ model: 'kimi' }, ['call_1', 'call_3', 'call_4']],
      [{ account: 'acc_1', model: 'kimi' }, ['call_1', 'call_3']],
      [{ account: 'acc_1', model: 'kimi', key: 'key_b' }, ['call_3']],
      [{ model: 'kimi', limit: 2 }, ['call_3', 'call_4']],
      [{ model: 'kimi', afterId: 'call_2', limit: 1 }, ['call_3']],
      [{ key: "key_a' or 1=1" }, []],
    ]
    for (const [changes, expected] of cases)
      assert.deepEqual(names(await callsOf(store, sampleFilter(changes))), expected)
  })

  test(`${name}: 2,000 records at once are all kept, each after the one told before it`, async (context) => {
    const store = await open(context, handClock(0))
    const ids = Array.from({ length: 2000 }, (_unused, number) => `call_${number}`)
    await Promise.all(ids.map((id) => store.append(sampleCall(id))))
    assert.deepEqual(names(await callsOf(store, sampleFilter())), ids.slice(-1000))
  })
}
