/** What every backend gives the relay of its keys. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { goneKeptMs } from './face.ts'
import { keyFacts } from './row/key-row.ts'
import { sampleFirst, sampleKeyRow, sampleTrail } from './sample-rows.ts'
import type { OpenBackend } from './test-backend.ts'

/** Registers the tests that every backend passes as KeySource. */
export const keySourceContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: keys come by digest, without it, standing ones and those gone not long ago`, async (context) => {
    const clock = handClock(goneKeptMs * 2)
    const store = await open(context, clock)
    const now = clock.nowMs()
    const kept = [
      sampleKeyRow('key_1', { models: ['a'], budgetNanoUsd: 5n, budgetPeriod: 'day' }),
      sampleKeyRow('key_2', { revokedMs: now - 1 }),
      sampleKeyRow('key_3', { expiresMs: now - goneKeptMs + 1 }),
      sampleKeyRow('key_4', { expiresMs: now + 5, revokedMs: now + 6 }),
    ]
    const gone = [
      sampleKeyRow('key_5', { revokedMs: now - goneKeptMs }),
      sampleKeyRow('key_6', { expiresMs: now - goneKeptMs - 1 }),
    ]
    await store.begin(sampleFirst([...kept, ...gone]))
    const loaded = await store.load()
    assert.deepEqual(
      [...loaded],
      kept.map((row) => [row.digest, keyFacts(row)]),
    )
    for (const facts of loaded.values()) assert.ok(!('digest' in facts))
  })

  test(`${name}: keys are loaded in pages, none left out between two`, async (context) => {
    const store = await open(context, handClock(0))
    const ids = Array.from({ length: 2001 }, (_unused, number) => `key_${number.toString().padStart(5, '0')}`)
    await store.begin(sampleFirst(ids.map((id) => sampleKeyRow(id))))
    assert.deepEqual(
      [...(await store.load()).values()].map(({ id }) => id),
      ids,
    )
    await store.revokeKey('key_00000', 9, sampleTrail('trl_1'))
    assert.equal((await store.load()).get('digest of key_00000')?.revokedMs, 9)
  })
}
