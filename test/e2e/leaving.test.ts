import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { flood, neverAnswer, stallAfter, stream } from '../fake/answer.ts'
import { makeTurnstile } from '../fake/gate.ts'
import { completionEvents } from '../fake/openai.ts'
import { runRound } from '../load/round.ts'
import type { Bench } from './bench.ts'
import { assertServing, chat, startBench } from './bench.ts'
import { openCall } from './call.ts'
import { within } from './harness.ts'

const megabyte = 1024 * 1024

/** Resident memory of a process, as the kernel counts it. */
function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1] ?? Number.NaN) * 1024
}

describe('a caller who leaves, and one who reads slowly', () => {
  let bench: Bench
  before(async () => {
    bench = await startBench()
  })
  after(() => bench.close())

  test('before the first byte: the provider is left at once', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(neverAnswer)
    const leaving = new AbortController()
    const pending = openCall(bench.relay.url, { key: bench.key, body: chat('hi'), signal: leaving.signal })
    const seen = await bench.upstream.arrival(0)
    leaving.abort()
    await assert.rejects(pending)
    await within(seen.left, 2_000, () => 'the provider still works for nobody')
    assert.equal(bench.upstream.seen.length, 1, 'and nobody else is asked')
  })

  test('in the middle of a stream: the provider is left at once, and the record says so', async () => {
    bench.upstream.forget()
    bench.upstream.answerOnce(stallAfter(completionEvents(['one ', 'two ']).slice(0, 3)))
    const open = await openCall(bench.relay.url, { key: bench.key, body: chat('hi', { stream: true }) })
    await open.until('two ')
    const seen = await bench.upstream.arrival(0)
    open.leave()
    await within(seen.left, 2_000, () => 'the provider still streams to nobody')
    const record = await bench.relay.recordOf(open)
    assert.equal(record['end'], 'left')
  })

  test('each event is passed on as it comes, none waits for the next', async () => {
    const turnstile = makeTurnstile()
    const words = ['one ', 'two ', 'three ']
    bench.upstream.answerOnce(stream(completionEvents(words), { before: turnstile.pass }))
    turnstile.admit(2)
    const open = await openCall(bench.relay.url, { key: bench.key, body: chat('hi', { stream: true }) })
    await within(open.until('one '), 2_000, () => 'the first word is held back')
    for (const word of words.slice(1)) {
      turnstile.admit()
      assert.ok(await within(open.until(word), 2_000, () => `${word} is held back`))
    }
    turnstile.admit(2)
    await open.rest()
  })

  test('many streams at once: none stalls, none loses an event', async () => {
    const round = await runRound(
      { url: bench.relay.url, key: bench.key, upstream: bench.upstream },
      { streams: 200, events: 50, reported: true },
    )
    assert.equal(round.lost, 0)
    assert.ok(round.gapMsMax < 5_000, `a silence of ${round.gapMsMax} ms`)
  })

  test('a reader who does not read holds the provider back, and costs bounded memory', async () => {
    const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(16 * 1024)}"}}]}\n\n`
    const totalBytes = 512 * megabyte
    const tide = flood(Buffer.from(event), { totalBytes, heldBackMs: 300 })
    bench.upstream.forget()
    bench.upstream.answerOnce(tide.script)
    const atStart = residentBytes(bench.relay.pid)
    const open = await openCall(bench.relay.url, { key: bench.key, body: chat('hi', { stream: true }) })
    await within(tide.heldBack, 30_000, () => 'the provider is never held back')
    assert.ok(
      tide.writtenBytes() < 64 * megabyte,
      `${tide.writtenBytes()} bytes were taken for a reader who reads nothing`,
    )
    const grown = residentBytes(bench.relay.pid) - atStart
    assert.ok(grown < 96 * megabyte, `memory grew by ${Math.round(grown / megabyte)} MiB`)
    open.leave()
    await within((await bench.upstream.arrival(0)).closed, 5_000, () => 'the provider is still connected')
    await assertServing(bench.relay)
  })
})
