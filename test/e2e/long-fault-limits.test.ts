import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { FaultName } from '../fake/fault.ts'
import { openaiChatVoice } from '../fake/voice.ts'
import type { OpenAnswer } from './call.ts'
import { openCall } from './call.ts'
import { chatCaller } from './caller.ts'
import type { Case, FaultBench } from './fault-bench.ts'
import { attemptsOf, startFaultBench } from './fault-bench.ts'
import { eventually, quickest, within } from './harness.ts'

const seed = 20_261_128

const caseFor = (fault: FaultName, kind: string, route: string): Case => ({ name: `${fault}-${kind}`, fault, route })

const ownCases: readonly Case[] = [
  caseFor('storm', 'budget', 'strategy: fallback, retries: 10'),
  { ...caseFor('storm', 'everybody', 'strategy: fallback, retries: 10'), isEverybody: true },
  caseFor('silent-before-headers', 'hedged', 'strategy: fallback, hedge_after: 50ms'),
  caseFor('silent-before-headers', 'leaving', 'strategy: fallback, hedge_after: 50ms'),
  caseFor('slow-step', 'quick', 'strategy: least_latency'),
]

describe('faults and what keeps them small', () => {
  let bench: FaultBench
  before(async () => {
    bench = await startFaultBench(ownCases, openaiChatVoice, seed)
  })
  after(() => bench.close())
  const ask = (model: string, stream: boolean, signal?: AbortSignal): Promise<OpenAnswer> =>
    openCall(bench.relay.url, {
      key: bench.key,
      ...chatCaller.ask(model, stream),
      ...(signal === undefined ? {} : { signal }),
    })

  test('a storm: repeats stay within their budget, and the last provider is not asked again and again', async () => {
    const callers = 10
    const callsEach = 10
    const calls = callers * callsEach
    const one = async (): Promise<void> => {
      for (let index = 0; index < callsEach; index += 1) {
        const open = await ask('storm-budget', false)
        assert.equal(open.status, 200, (await open.rest()).toString())
      }
    }
    await Promise.all(Array.from({ length: callers }, one))
    const faulty = bench.seenAt('storm-budget', 'faulty').length
    assert.ok(faulty <= calls / 5, `${faulty} requests reached the failing provider`)
    assert.equal(bench.seenAt('storm-budget', 'sound').length, calls)
    const later = await ask('storm-budget', false)
    assert.equal(later.headers['x-drover-attempts'], '1', 'it rests by now')
    await later.rest()
  })

  test('a hedge answers long before the deadline of the silent one, which is left at once', async () => {
    const open = await ask('silent-before-headers-hedged', true)
    await open.rest()
    const [silent] = bench.seenAt('silent-before-headers-hedged', 'faulty')
    assert.ok(silent !== undefined)
    await within(silent.left, 300, () => 'the loser still works for nobody')
    const record = await bench.relay.recordOf(open)
    assert.deepEqual(
      attemptsOf(record).map(({ reason, left }) => [reason, left]),
      [
        ['fallback', 'hedge_lost'],
        ['hedge', null],
      ],
    )
    assert.ok(BigInt(String(attemptsOf(record)[0]?.['cost_nano_usd'])) > 0n, 'its cost is kept')
    // On the relay's own clock: a busy machine that is slow to read the answer is not held against it.
    const hedgedMs = Number(attemptsOf(record)[1]?.['start_ms'])
    assert.ok(hedgedMs < 50 + 300, `the second was asked after ${hedgedMs} ms`)
  })

  test('a caller who leaves stops the provider within 100 ms', async () => {
    const seenOf = () => bench.seenAt('silent-before-headers-leaving', 'faulty')
    const leave = async (): Promise<number> => {
      const place = seenOf().length
      const leaving = new AbortController()
      const pending = ask('silent-before-headers-leaving', false, leaving.signal).catch(() => undefined)
      const seen = await eventually('the call', () => seenOf()[place])
      const leftMs = performance.now()
      leaving.abort()
      await within(seen.left, 5_000, () => 'the provider still works for nobody')
      const tookMs = performance.now() - leftMs
      await pending
      return tookMs
    }
    const bestMs = await quickest(leave, 100)
    assert.ok(bestMs <= 100, `${bestMs} ms`)
  })

  test('least latency moves away from a provider that has become slow, and says why', async () => {
    const providers: string[] = []
    for (let index = 0; index < 16; index += 1) {
      const open = await ask('slow-step-quick', true)
      await open.rest()
      providers.push(open.headers['x-drover-provider'] ?? '')
    }
    const slow = providers.filter((name) => name === 'slow-step-quick-faulty').length
    assert.ok(slow <= 5, `the slow one answered ${slow} of 16: ${providers.join(' ')}`)
  })

  test('when all fail, no more is repeated than the budget allows, and each caller is told at once and precisely', async () => {
    const callers = 10
    const callsEach = 20
    const name = 'storm-everybody'
    const one = async (): Promise<void> => {
      for (let index = 0; index < callsEach; index += 1) {
        const open = await ask(name, false)
        const text = (await open.rest()).toString()
        assert.ok(open.status === 502 || open.status === 503, text)
        if (open.status !== 503) continue
        assert.ok(Number(open.headers['retry-after']) >= 1)
        assert.match(text, /storm-everybody-faulty\/m: upstream_error: 500/)
      }
    }
    await Promise.all(Array.from({ length: callers }, one))
    const calls = callers * callsEach
    const requests = bench.seenAt(name, 'faulty').length + bench.seenAt(name, 'sound').length
    assert.ok(requests >= calls && requests <= calls * 1.2, `${requests} requests for ${calls} calls`)
  })
})
