import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rereading } from './reread.ts'

test('a reading that began earlier and comes later does not undo what a later one brought', async () => {
  const answers = [1, 2, 3].map(() => Promise.withResolvers<string>())
  const taken: string[] = []
  let asked = 0
  const reread = rereading(
    () => {
      asked += 1
      return answers[asked - 1]?.promise ?? Promise.reject(new Error('asked too often'))
    },
    (value) => void taken.push(value),
  )
  const readings = answers.map(() => reread())
  answers[1]?.resolve('second')
  await readings[1]
  answers[0]?.resolve('first')
  await readings[0]
  answers[2]?.resolve('third')
  await Promise.all(readings)
  assert.deepEqual(taken, ['second', 'third'])
})

test('a reading that fails takes nothing, says so, and keeps none of the others back', async () => {
  const first = Promise.withResolvers<string>()
  const taken: string[] = []
  const reads = [first.promise, Promise.reject(new Error('away'))]
  const reread = rereading(
    () => reads.shift() ?? Promise.reject(new Error('asked too often')),
    (value) => void taken.push(value),
  )
  const one = reread()
  await assert.rejects(reread(), /away/)
  first.resolve('first')
  await one
  assert.deepEqual(taken, ['first'])
})
