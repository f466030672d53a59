import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { giveMemoryBack, processMemory } from './give-memory-back.ts'

const mebibyte = 1_048_576
const lookMs = 2_000

/** A process that holds as much as a test says, and after a collection as much as it began with. */
const bench = () => {
  const clock = handClock()
  const now = { resident: 200, heap: 50, open: 0, begun: 0, collections: 0, emptied: 0 }
  const stop = giveMemoryBack({
    clock,
    exchanges: { openExchanges: () => now.open, begunExchanges: () => now.begun },
    memory: {
      residentBytes: () => now.resident * mebibyte,
      heapBytes: () => now.heap * mebibyte,
      collect: () => {
        now.collections += 1
        Object.assign(now, { resident: 200, heap: 50 })
      },
      empty: () => {
        now.emptied += 1
        Object.assign(now, { resident: 150, heap: 45 })
      },
    },
  })
  const looks = (count: number): void => {
    for (let look = 0; look < count; look += 1) clock.advance(lookMs)
  }
  return { now, looks, stop }
}

test('half a minute after a start that nobody called, what it left behind is given back', () => {
  const { now, looks, stop } = bench()
  looks(14)
  assert.equal(now.emptied, 0)
  looks(1)
  assert.deepEqual([now.emptied, now.collections, now.resident], [1, 0, 150])
  stop()
})

test('a process that has been idle for five minutes gives back what it grew by, once', () => {
  const { now, looks, stop } = bench()
  looks(15)
  now.begun += 1_000
  now.resident = 190
  looks(150)
  assert.equal(now.emptied, 1)
  looks(400)
  assert.equal(now.emptied, 2)
  stop()
})

test('what a rush has left goes after half a minute, and what was compiled for it after five', () => {
  const { now, looks, stop } = bench()
  looks(15)
  now.begun += 1_000
  now.resident = 350
  looks(15)
  assert.deepEqual([now.emptied, now.collections], [1, 0])
  looks(1)
  assert.deepEqual([now.emptied, now.collections], [1, 1])
  looks(134)
  assert.deepEqual([now.emptied, now.collections], [1, 1])
  looks(1)
  assert.deepEqual([now.emptied, now.collections], [2, 1])
  looks(400)
  assert.deepEqual([now.emptied, now.collections], [2, 1])
  stop()
})

test('growth by less than 32 MiB is not worth a collection', () => {
  const { now, looks, stop } = bench()
  looks(15)
  now.resident = 180
  looks(400)
  assert.equal(now.emptied, 1)
  stop()
})

test('a pause between calls is not idle: what V8 has compiled stays', () => {
  const { now, looks, stop } = bench()
  for (let each = 0; each < 10; each += 1) {
    now.resident = 240
    looks(10)
    now.begun += 500
    looks(1)
  }
  assert.equal(now.emptied, 0)
  stop()
})

test('minutes of silence leave a process that has served as it is, and five do not', () => {
  const { now, looks, stop } = bench()
  now.begun += 1_000
  now.resident = 390
  looks(149)
  assert.deepEqual([now.emptied, now.collections], [0, 0])
  looks(1)
  assert.deepEqual([now.emptied, now.collections], [0, 0])
  looks(1)
  assert.deepEqual([now.emptied, now.collections], [1, 0])
  stop()
})

test('short calls are load although none of them is open when somebody looks', () => {
  const { now, looks, stop } = bench()
  for (let each = 0; each < 40; each += 1) {
    now.resident = 400
    now.begun += 1_000
    looks(1)
  }
  assert.deepEqual([now.emptied, now.collections], [0, 0])
  looks(15)
  assert.deepEqual([now.emptied, now.collections], [0, 1])
  stop()
})

test('probes of health do not keep a process from being idle', () => {
  const { now, looks, stop } = bench()
  now.resident = 240
  for (let each = 0; each < 16; each += 1) {
    now.begun += 2
    looks(1)
  }
  assert.equal(now.emptied, 1)
  stop()
})

test('under load a collection takes a heap that has grown by 96 MiB and by half', () => {
  const { now, looks, stop } = bench()
  now.open = 4_096
  now.heap = 145
  looks(3)
  assert.equal(now.collections, 0)
  now.heap = 147
  looks(3)
  assert.equal(now.collections, 1)
  stop()
})

test('what a stopped watch would have done is not done', () => {
  const { now, looks, stop } = bench()
  stop()
  now.resident = 400
  looks(40)
  assert.equal(now.emptied, 0)
})

for (const how of ['collect', 'empty'] as const)
  test(`the memory of a process is looked through when it is told to: ${how}`, () => {
    const memory = processMemory()
    // What other tests of this process have left would go meanwhile.
    memory.empty()
    const before = memory.heapBytes()
    let kept: number[][] | null = Array.from({ length: 200 }, (_unused, at) => new Array<number>(50_000).fill(at + 0.5))
    const full = memory.heapBytes()
    assert.ok(kept.length === 200 && full > before + 50 * mebibyte)
    kept = null
    memory[how]()
    assert.ok(memory.heapBytes() < full - 50 * mebibyte)
    assert.ok(memory.residentBytes() > memory.heapBytes())
  })
