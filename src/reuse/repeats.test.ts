import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { makeSeal } from '#secret/seal.ts'
import { answerBytesMax } from './keeper.ts'
import type { AnswerPiece, AnswerStore, FoundAnswer } from './port.ts'
import type { RepeatQuestion, Repeats, Turn } from './repeats.ts'
import { openRepeats } from './repeats.ts'

const away = (): Problem => new Problem('store_unavailable', { message: 'The store is away.' })

/** A store in a map, which can go away. */
const inMemory = () => {
  const rows = new Map<string, FoundAnswer>()
  const pieces: AnswerPiece[] = []
  let isAway = false
  const here = async <T>(act: () => T): Promise<T> => {
    if (isAway) throw away()
    return act()
  }
  const store: AnswerStore = {
    claimAnswer: ({ id, call, asked }) =>
      here(() => {
        const found = rows.get(id)
        if (found !== undefined) return found
        rows.set(id, { state: 'running', call, asked, head: null, reason: null })
        return { state: 'first' }
      }),
    keepPiece: (piece) => here(() => void pieces.push(piece)),
    endAnswer: (ending) =>
      here(() => {
        const row = rows.get(ending.id)
        if (row === undefined || ending.state === 'free') rows.delete(ending.id)
        else rows.set(ending.id, { ...row, ...ending })
      }),
    answerPieces: ({ from, limit }) => here(() => pieces.slice(from, from + limit)),
    resolveAnswers: () => here(() => 0),
    sweepAnswers: () => here(() => ({ answers: 0, sizeBytes: 0 })),
    answersTotal: () => here(() => ({ answers: 0, sizeBytes: 0 })),
  }
  return {
    store,
    goAway: (): void => {
      isAway = true
    },
    comeBack: (): void => {
      isAway = false
    },
  }
}

const handClock = () => {
  let nowMs = 0
  let timers: { readonly atMs: number; readonly callback: () => void }[] = []
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, callback) => {
      const timer = { atMs: nowMs + delayMs, callback }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
  }
  const advance = (byMs: number): void => {
    nowMs += byMs
    for (const { callback } of timers.filter(({ atMs }) => atMs <= nowMs)) callback()
  }
  return { clock, advance }
}

const open = async (changes: Partial<AnswerStore> = {}) => {
  const { clock, advance } = handClock()
  const kept = inMemory()
  const seal = makeSeal(Buffer.alloc(32), { bytes: (size) => randomBytes(size) }, 'kept answers')
  const store = { ...kept.store, ...changes }
  const repeats = await openRepeats({ store, seal, owner: 'process', clock, log: silentLog })
  return { repeats, advance, ...kept }
}

const question = (call: string, changes: Partial<RepeatQuestion> = {}): RepeatQuestion => ({
  id: 'key',
  asked: 'body',
  call,
  account: 'acc_one',
  isFree: false,
  signal: new AbortController().signal,
  ...changes,
})

const firstOf = async (repeats: Repeats, call: string): Promise<Extract<Turn, { kind: 'first' }>> => {
  const turn = await repeats.take(question(call))
  assert(turn.kind === 'first')
  return turn
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('a repeat waits for the call that runs, under a minute, and is then told to come again', async () => {
  const { repeats, advance } = await open()
  await firstOf(repeats, 'call_1')
  const waiting = assert.rejects(repeats.take(question('call_2')), { code: 'idempotency_in_progress' })
  await settle()
  advance(55_000)
  await waiting
})

test('whoever leaves waits no longer', async () => {
  const { repeats } = await open()
  await firstOf(repeats, 'call_1')
  const leaving = new AbortController()
  const waiting = assert.rejects(repeats.take(question('call_2', { signal: leaving.signal })), /left/)
  await settle()
  leaving.abort(new Error('left'))
  await waiting
  await assert.rejects(repeats.take(question('call_3', { signal: leaving.signal })), /left/, 'gone before it waited')
})

test('another body is refused at once, also while the first one runs', async () => {
  const { repeats } = await open()
  await firstOf(repeats, 'call_1')
  await assert.rejects(repeats.take(question('call_2', { asked: 'other' })), { code: 'idempotency_key_reused' })
})

test('when the first call frees its key, one of those who wait runs and the others wait for it', async () => {
  const { repeats } = await open()
  const first = await firstOf(repeats, 'call_1')
  const turns: Turn[] = []
  const others = ['call_2', 'call_3'].map(async (call) => turns.push(await repeats.take(question(call))))
  await settle()
  await first.keeper.end('free')
  first.release()
  await settle()
  const [second] = turns
  assert(turns.length === 1 && second?.kind === 'first')
  second.keeper.head({ status: 200, headers: {} })
  second.keeper.piece(Buffer.from('answer'))
  await second.keeper.end('kept')
  second.release()
  await Promise.all(others)
  const again = turns[1]
  assert(again?.kind === 'again')
  assert.deepEqual((await Array.fromAsync(again.pieces())).map(String), ['answer'])
})

test('an answer that is too large, or that the store did not take, is not kept: a repeat is told why', async () => {
  const large = await open()
  const first = await firstOf(large.repeats, 'call_1')
  first.keeper.head({ status: 200, headers: {} })
  for (let sent = 0; sent <= answerBytesMax; sent += 1_048_576) first.keeper.piece(Buffer.alloc(1_048_576))
  await first.keeper.end('kept')
  first.release()
  await assert.rejects(large.repeats.take(question('call_2')), {
    code: 'idempotency_not_replayable',
    message: /larger than 8388608 bytes/,
  })
  const ill = await open()
  const other = await firstOf(ill.repeats, 'call_1')
  other.keeper.head({ status: 200, headers: {} })
  ill.goAway()
  other.keeper.piece(Buffer.alloc(65_536))
  await settle()
  ill.comeBack()
  await other.keeper.end('kept')
  other.release()
  await assert.rejects(ill.repeats.take(question('call_2')), { message: /the store did not take it/ })
})

test('of an account that has a quarter of the room no more is kept where the rest is scarce, and of others it is', async () => {
  const answersTotal = async () => ({ answers: 0, sizeBytes: 738_197_504 })
  const { repeats } = await open({ answersTotal, keepPiece: async () => {} })
  const piece = Buffer.alloc(answerBytesMax / 2)
  const unkept = async (name: string, account: string): Promise<string | null> => {
    const turn = await repeats.take(question(name, { id: name, account }))
    assert(turn.kind === 'first')
    turn.keeper.head({ status: 200, headers: {} })
    for (let count = 0; count < 2; count += 1) turn.keeper.piece(piece)
    await turn.keeper.end('kept')
    turn.release()
    return turn.unkept
  }
  const told: (string | null)[] = []
  for (let count = 0; count < 33; count += 1) told.push(await unkept(`own${count}`, 'acc_one'))
  assert.deepEqual([told.indexOf('the room for kept answers is full'), await unkept('other', 'acc_two')], [32, null])
})

test('a call that could not be ended in the store is not run again while nobody knows what became of it', async () => {
  const { repeats, goAway, comeBack } = await open()
  const first = await firstOf(repeats, 'call_1')
  goAway()
  await assert.rejects(first.keeper.end('kept'), { code: 'store_unavailable' })
  first.release()
  await assert.rejects(repeats.take(question('call_2')), { code: 'store_unavailable' })
  comeBack()
  await assert.rejects(repeats.take(question('call_3')), { code: 'idempotency_in_progress' })
})
