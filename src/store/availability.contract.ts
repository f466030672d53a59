/** What every backend keeps of how often models answered. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import type { OpenBackend } from './test-backend.ts'

const hourMs = 3_600_000

/** Registers the tests that every backend passes as AvailabilityStore. */
export const availabilityContract = ({ name, open }: OpenBackend): void => {
  test(`${name}: availability is added to by the hour, summed by model, and forgotten when it is old`, async (context) => {
    const store = await open(context, handClock(0))
    const hour = (model: string, hours: number, [answered, failed]: readonly [number, number]) => ({
      model,
      startMs: hours * hourMs,
      answered,
      failed,
    })
    await store.addAvailability([hour('m', 1, [5, 1]), hour('m', 2, [3, 0]), hour('n', 2, [0, 2])], 0)
    await store.addAvailability([hour('m', 2, [1, 1])], 0)
    const sums = async (sinceMs: number) =>
      (await store.availability(sinceMs)).map(({ model, answered, failed }) => [model, answered, failed]).sort()
    assert.deepEqual(await sums(0), [
      ['m', 9, 2],
      ['n', 0, 2],
    ])
    assert.deepEqual(await sums(2 * hourMs), [
      ['m', 4, 1],
      ['n', 0, 2],
    ])
    await store.addAvailability([], 2 * hourMs)
    assert.deepEqual(await sums(0), [
      ['m', 4, 1],
      ['n', 0, 2],
    ])
  })
}
