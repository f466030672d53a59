import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Child, Crew } from './crew.ts'
import { startCrew } from './crew.ts'
import type { Line } from './line.ts'
import { makeLine } from './line.ts'

type Process = {
  readonly number: number
  readonly line: Line
  readonly exit: (how: string) => void
  killed: boolean
  hangs: boolean
}

/** Workers in this process: they answer with their number, and end when they are told to. */
const bench = (count: number, { obeys = true, log = silentLog } = {}) => {
  const clock = handClock(0)
  const processes: Process[] = []
  const ended: number[] = []
  const fork = (number: number): Child => {
    let onExit: (how: string) => void = () => {}
    let onMessage: (message: unknown) => void = () => {}
    const line = makeLine({
      clock,
      whom: 'The primary',
      desk: {
        asked: {
          name: async () => number,
          alive: () => (process.hangs ? new Promise(() => {}) : Promise.resolve(null)),
        },
        told: { stop: () => obeys && setImmediate(() => process.exit('exit code 0')) },
      },
      send: (message) => setImmediate(() => onMessage(message)),
    })
    const process: Process = { number, line, exit: (how) => onExit(how), killed: false, hangs: false }
    processes.push(process)
    return {
      pid: processes.length,
      send: (message) => setImmediate(() => line.take(message)),
      kill: () => {
        process.killed = true
        setImmediate(() => onExit('SIGKILL'))
      },
      onMessage: (listener) => {
        onMessage = listener
      },
      onExit: (listener) => {
        onExit = listener
      },
    }
  }
  const crew: Crew = startCrew({
    count,
    fork,
    deskOf: () => ({ asked: {}, told: {} }),
    ended: (number) => ended.push(number),
    clock,
    log,
  })
  const last = (number: number): Process => {
    const found = processes.findLast((one) => one.number === number)
    assert.ok(found !== undefined)
    return found
  }
  return { clock, crew, processes, ended, last }
}

test('it has begun when each worker listens, and asks those that do', async () => {
  const { crew } = bench(3)
  crew.listens(1)
  crew.listens(2)
  assert.deepEqual(await crew.askAll('name', null), [
    [1, 1],
    [2, 2],
  ])
  crew.listens(3)
  await crew.begun
  assert.deepEqual(await crew.askAll('name', null, { except: 2 }), [
    [1, 1],
    [3, 3],
  ])
  assert.equal(await crew.stop(1000), 0)
})

test('a worker that ends before all have begun ends the start', async () => {
  const { crew, last, processes } = bench(2)
  crew.listens(1)
  last(1).exit('exit code 1')
  await assert.rejects(crew.begun, /Worker 1 has ended: exit code 1/)
  assert.equal(processes.length, 2)
  assert.equal(await crew.stop(1000), 0)
})

test('a worker that ends is started again, later each time, and soon again where it ran for long', async () => {
  const { clock, crew, processes, ended, last } = bench(1)
  crew.listens(1)
  await crew.begun
  const waitsMs: number[] = []
  for (let time = 0; time < 10; time += 1) {
    last(1).exit('SIGKILL')
    const before = processes.length
    let waitedMs = 0
    for (; processes.length === before; waitedMs += 100) clock.advance(100)
    waitsMs.push(waitedMs)
  }
  assert.deepEqual(waitsMs, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000])
  assert.deepEqual(ended, Array(10).fill(1))
  assert.deepEqual(crew.listening(), [])
  clock.advance(30_000)
  last(1).exit('SIGKILL')
  clock.advance(100)
  assert.equal(processes.length, 12)
})

test('who does not end in time is killed, and told of', async () => {
  const { clock, crew, last } = bench(2, { obeys: false })
  for (const number of [1, 2]) crew.listens(number)
  await crew.begun
  const stopped = crew.stop(5000)
  last(1).exit('exit code 0')
  clock.advance(5000)
  assert.equal(await stopped, 1)
  assert.deepEqual([last(1).killed, last(2).killed], [false, true])
})

/** Messages that are on their way arrive, and their answers. */
const arrive = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

test('one that does not answer is left out after two seconds, or after as long as is said, and told of as is said', async () => {
  const warnings: unknown[] = []
  const { clock, crew, last } = bench(2, {
    log: { ...silentLog, warn: (_message, fields) => warnings.push(fields?.['worker']) },
  })
  for (const number of [1, 2]) crew.listens(number)
  last(2).line.end(new Problem('internal_error', { message: 'it hears nothing' }))
  const asked = crew.askAll('name', null)
  await arrive()
  clock.advance(2000)
  assert.deepEqual(await asked, [[1, 1]])
  assert.deepEqual(warnings, [])
  const change = crew.askAll('name', null, { withinMs: 1000, silence: 'warn' })
  await arrive()
  clock.advance(1000)
  assert.deepEqual(await change, [[1, 1]])
  assert.deepEqual(warnings, [2])
})

test('one that has stood still for a minute is killed and started again, and no other', async () => {
  const { clock, crew, last, processes } = bench(2)
  for (const number of [1, 2]) crew.listens(number)
  await crew.begun
  const look = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 1) {
      clock.advance(5000)
      await arrive()
    }
  }
  await look(20)
  assert.deepEqual([last(1).killed, last(2).killed], [false, false])
  const hung = last(2)
  hung.hangs = true
  await look(12)
  assert.equal(hung.killed, false)
  await look(1)
  assert.deepEqual([last(1).killed, hung.killed], [false, true])
  clock.advance(100)
  assert.equal(processes.length, 3)
  assert.notEqual(last(2), hung)
  await crew.stop(1000)
})

test('one that is never heard is waited for five minutes, then the start has failed', async () => {
  const { clock, crew, last } = bench(1)
  last(1).hangs = true
  const failed = assert.rejects(crew.begun, /Worker 1 has ended: it did not answer for 300 s and was killed/)
  for (let time = 0; time < 60; time += 1) {
    clock.advance(5000)
    await arrive()
  }
  assert.equal(last(1).killed, false)
  clock.advance(5000)
  await failed
})
