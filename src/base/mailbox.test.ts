import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carried } from './carried-problem.ts'
import { handClock } from './hand-clock.ts'
import type { Asked, MailboxSettings } from './mailbox.ts'
import { makeMailbox } from './mailbox.ts'
import { Problem } from './problem.ts'

const makeTried = (
  changes: Partial<Pick<MailboxSettings, 'queueLengthMax' | 'unhurried'>> & { readonly post?: () => void } = {},
) => {
  const clock = handClock(0)
  const posted: (readonly Asked[])[] = []
  const mailbox = makeMailbox({
    clock,
    whom: 'The store',
    queueLengthMax: changes.queueLengthMax ?? 100,
    answerTimeoutMs: 1000,
    post: changes.post ?? ((asked) => posted.push(asked)),
    ...(changes.unhurried === undefined ? {} : { unhurried: changes.unhurried }),
  })
  return { clock, posted, mailbox }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('all calls of one turn of the loop go out together, and each gets its own answer', async () => {
  const { posted, mailbox } = makeTried()
  const calls = [mailbox.ask('account', 'a'), mailbox.ask('account', 'b'), mailbox.ask('probe', 1)]
  assert.equal(posted.length, 0)
  await turn()
  assert.deepEqual(
    posted.map((asked) => asked.map(({ name, input }) => [name, input])),
    [
      [
        ['account', 'a'],
        ['account', 'b'],
        ['probe', 1],
      ],
    ],
  )
  const numbers = posted[0]?.map(({ number }) => number) ?? []
  mailbox.answer(numbers.toReversed().map((number) => ({ number, ok: true, value: number })))
  assert.deepEqual(await Promise.all(calls), numbers)
  assert.equal(mailbox.waiting(), 0)
})

test('what nobody is in a hurry about goes along with the next thing that somebody is, or after a little while', async () => {
  const { posted, mailbox, clock } = makeTried({ unhurried: { names: new Set(['append']), waitMs: 3 } })
  const names = (): readonly (readonly string[])[] => posted.map((asked) => asked.map(({ name }) => name))
  const asks = [mailbox.ask('append', 1), mailbox.ask('append', 2)]
  await turn()
  assert.deepEqual(names(), [])
  asks.push(mailbox.ask('hold', 3))
  await turn()
  assert.deepEqual(names(), [['append', 'append', 'hold']])
  asks.push(mailbox.ask('append', 4))
  await turn()
  assert.equal(posted.length, 1)
  clock.advance(3)
  assert.deepEqual(names().at(-1), ['append'])
  asks.push(mailbox.ask('append', 5))
  mailbox.refuse(new Problem('store_unavailable', { message: 'closed' }))
  assert.equal(posted.length, 3, 'what is here when it ends is handed over')
  for (const asked of posted) mailbox.answer(asked.map(({ number }) => ({ number, ok: true, value: undefined })))
  await Promise.all(asks)
})

test('one call more than may wait is refused at once, and room lets calls in again', async () => {
  const { posted, mailbox } = makeTried({ queueLengthMax: 2 })
  const waiting = [mailbox.ask('probe', 1), mailbox.ask('probe', 2)]
  await assert.rejects(mailbox.ask('probe', 3), { code: 'store_unavailable', message: /2 operations wait/ })
  await turn()
  mailbox.answer((posted[0] ?? []).map(({ number }) => ({ number, ok: true, value: undefined })))
  await Promise.all(waiting)
  const next = mailbox.ask('probe', 4)
  await turn()
  mailbox.answer((posted[1] ?? []).map(({ number }) => ({ number, ok: true, value: undefined })))
  assert.equal(await next, undefined)
})

test('a call that is not answered in time is given up, and its late answer ignored', async () => {
  const { clock, posted, mailbox } = makeTried()
  const early = mailbox.ask('probe', 1)
  clock.advance(600)
  const late = mailbox.ask('probe', 2)
  await turn()
  clock.advance(400)
  assert.equal(mailbox.expire(), 1)
  await assert.rejects(early, { code: 'store_unavailable', message: /within 1000 ms\. It may still keep/ })
  mailbox.answer((posted[0] ?? []).map(({ number }) => ({ number, ok: true, value: undefined })))
  assert.equal(await late, undefined)
  assert.equal(mailbox.expire(), 0)
})

test('a problem keeps its code, its message, its facts and its cause on the way', async () => {
  const { posted, mailbox } = makeTried()
  const call = mailbox.ask('probe', 1)
  await turn()
  const number = posted[0]?.[0]?.number ?? 0
  const said = { code: 'because', given: { name: 'n' }, text: 'why' }
  const told = { message: said.text, said, param: 'name', retryAfterMs: 5, facts: { a: 1 }, cause: 'stack' }
  mailbox.answer([{ number, ok: false, problem: { ...told, code: 'conflict' } }])
  const error = await call.catch((thrown: unknown) => thrown)
  assert.ok(error instanceof Problem)
  assert.equal(error.code, 'conflict')
  const { param, retryAfterMs, facts } = error.detail
  assert.deepEqual([error.detail.said, param, retryAfterMs, facts], [said, 'name', 5, { a: 1 }])
  assert.ok(error.cause instanceof Error && error.cause.message === 'stack')
})

test('after a failure everything that waits and everything that comes is refused', async () => {
  const { posted, mailbox } = makeTried()
  const waiting = mailbox.ask('append', { id: 'call_1' })
  mailbox.fail(new Problem('store_unavailable', { message: 'gone' }))
  await assert.rejects(waiting, { message: 'gone' })
  await assert.rejects(mailbox.ask('probe', 1), { message: 'gone' })
  await turn()
  assert.deepEqual(posted, [])
})

test('a refusal of new calls sends and answers those that came before it', async () => {
  const { posted, mailbox } = makeTried()
  const before = mailbox.ask('probe', 1)
  mailbox.refuse(new Problem('store_unavailable', { message: 'closed' }))
  await assert.rejects(mailbox.ask('probe', 2), { message: 'closed' })
  mailbox.answer((posted[0] ?? []).map(({ number }) => ({ number, ok: true, value: undefined })))
  assert.equal(await before, undefined)
})

test('what cannot be copied to the worker is refused to its asker', async () => {
  const post = (): void => {
    throw new DOMException('a function could not be cloned', 'DataCloneError')
  }
  const { mailbox } = makeTried({ post })
  await assert.rejects(mailbox.ask('probe', 1), { code: 'internal_error' })
  assert.equal(mailbox.waiting(), 0)
})

test('what is answered after it was given up is told to whoever wants it, and waits among the others until then', async () => {
  const { clock, posted, mailbox } = makeTried({ queueLengthMax: 2 })
  const told: unknown[] = []
  const asked = ['a', 'b'].map((input) => mailbox.ask('take', input, (value) => told.push(value)))
  await turn()
  clock.advance(1001)
  assert.equal(mailbox.expire(), 2)
  for (const one of asked) await assert.rejects(one, { code: 'store_unavailable' })
  await assert.rejects(mailbox.ask('take', 'c'), { message: /2 operations wait/ })
  const [first = 0, second = 0] = posted[0]?.map(({ number }) => number) ?? []
  const problem = carried(new Problem('store_unavailable', { message: 'away' }))
  mailbox.answer([
    { number: first, ok: true, value: 'taken' },
    { number: first, ok: true, value: 'twice' },
    { number: second, ok: false, problem },
  ])
  assert.deepEqual(told, ['taken'])
  const next = mailbox.ask('take', 'd')
  mailbox.fail(new Problem('store_unavailable', { message: 'gone' }))
  await assert.rejects(next, { message: 'gone' })
})
