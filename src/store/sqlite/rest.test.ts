import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRest } from './rest.ts'

/** In which of so many looks a thread gives back that is asked so much between two. */
const restsIn = (rest: (asked: number) => boolean, looks: number, ask: () => number): number[] =>
  Array.from({ length: looks }, (_none, look) => look).filter(() => rest(ask()))

test('what a start has left goes at the third look', () => {
  const rest = makeRest()
  assert.deepEqual(
    restsIn(rest, 200, () => 0),
    [2],
  )
})

test('a thread that works is left alone, and gives back once when it has been idle for five minutes', () => {
  const rest = makeRest()
  let asked = 0
  const work = () => (asked += 500)
  const jobs = () => (asked += 2)
  assert.deepEqual(restsIn(rest, 903, work), [2])
  assert.deepEqual(restsIn(rest, 1_200, jobs), [299])
})

test('jobs alone leave nothing that is worth it for a quarter of an hour', () => {
  const rest = makeRest()
  let asked = 0
  assert.deepEqual(
    restsIn(rest, 900, () => (asked += 2)),
    [2],
  )
})
