import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tokenKeeper } from './token-keeper.ts'

const hourMs = 3_600_000

test('one exchange serves all who wait for it, and its token those who come later', async () => {
  const at = tokenKeeper()
  let made = 0
  const make = async () => {
    made += 1
    return { text: `token ${made}`, endsMs: hourMs }
  }
  assert.deepEqual(await Promise.all([at(0).take('a', make), at(0).take('a', make)]), ['token 1', 'token 1'])
  assert.equal(await at(1_000_000).take('a', make), 'token 1')
  assert.equal(await at(0).take('b', make), 'token 2')
})

test('before its end a token is renewed while it still serves; what has ended is not sent', async () => {
  const at = tokenKeeper()
  let made = 0
  const makeAt = (nowMs: number) => async () => {
    made += 1
    return { text: `token ${made}`, endsMs: nowMs + hourMs }
  }
  await at(0).take('a', makeAt(0))
  const soon = hourMs - 200_000
  assert.equal(await at(soon).take('a', makeAt(soon)), 'token 1')
  assert.equal(await at(soon).take('a', makeAt(soon)), 'token 2')
  assert.equal(made, 2)
  const late = soon + hourMs
  assert.equal(await at(late).take('a', makeAt(late)), 'token 3')
})

test('a failure is told to who waits, and the next call tries again', async () => {
  const at = tokenKeeper()
  const fails = async () => {
    throw new Error('no token')
  }
  await assert.rejects(at(0).take('a', fails), /no token/)
  assert.equal(await at(0).take('a', async () => ({ text: 'fine', endsMs: hourMs })), 'fine')
})
