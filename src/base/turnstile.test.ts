import assert from 'node:assert/strict'
import { test } from 'node:test'
import { turnstile } from './turnstile.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Comes for each of the numbers; gives those that have gone on. */
const arrive = ({ pass }: ReturnType<typeof turnstile>, numbers: readonly number[], gone: number[]): void => {
  for (const number of numbers) {
    const waiting = pass()
    if (waiting === null) gone.push(number)
    else void waiting.then(() => gone.push(number))
  }
}

test('so many go on at once, and each turn of the loop lets as many through, in the order in which they came', async () => {
  const gone: number[] = []
  const gate = turnstile({ monotonicMs: () => 0 }, 2)
  arrive(gate, [1, 2, 3, 4, 5], gone)
  assert.deepEqual(gone, [1, 2])
  await nextTurn()
  assert.deepEqual(gone, [1, 2, 3, 4])
  arrive(gate, [6], gone)
  assert.deepEqual(gone, [1, 2, 3, 4], 'nobody overtakes whoever waits')
  await nextTurn()
  assert.deepEqual(gone, [1, 2, 3, 4, 5, 6])
  await nextTurn()
  arrive(gate, [7, 8, 9], gone)
  assert.deepEqual(gone, [1, 2, 3, 4, 5, 6, 7, 8])
  await nextTurn()
  assert.equal(gone.at(-1), 9)
})

test('the line is as long as the last came after the first: who came together makes none', async () => {
  let nowMs = 1_000
  const gone: number[] = []
  const gate = turnstile({ monotonicMs: () => nowMs }, 1)
  arrive(gate, [1], gone)
  assert.equal(gate.lineMs(), 0)
  arrive(gate, [2, 3], gone)
  nowMs += 400
  assert.equal(gate.lineMs(), 0)
  arrive(gate, [4], gone)
  assert.equal(gate.lineMs(), 400)
  await nextTurn()
  await nextTurn()
  assert.deepEqual(gone, [1, 2, 3])
  assert.equal(gate.lineMs(), 0)
})
