import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import type { FaultName } from '../fake/fault.ts'
import { faultNames, faultOf } from '../fake/fault.ts'
import type { Voice } from '../fake/voice.ts'
import { anthropicVoice, openaiChatVoice } from '../fake/voice.ts'
import type { OpenAnswer } from './call.ts'
import { openCall } from './call.ts'
import type { Case, FaultBench } from './fault-bench.ts'
import { attemptsOf, deadlines, startFaultBench } from './fault-bench.ts'
import { within } from './harness.ts'

/** What moving on may add to the time of the target that survives. */
const moveMsMax = 300
const seed = 20_261_128

const caseFor = (fault: FaultName, kind: string, route: string): Case => ({ name: `${fault}-${kind}`, fault, route })

/** Every fault, met by both kinds of callers. */
const everyFault: readonly Case[] = (['stream', 'whole'] as const).flatMap((kind) =>
  faultNames.map((fault) => caseFor(fault, kind, 'strategy: fallback, retries: 0')),
)

const ownCases: readonly Case[] = [
  caseFor('storm', 'budget', 'strategy: fallback, retries: 10'),
  { ...caseFor('storm', 'everybody', 'strategy: fallback, retries: 10'), isEverybody: true },
  caseFor('silent-before-headers', 'hedged', 'strategy: fallback, hedge_after: 50ms'),
  caseFor('silent-before-headers', 'leaving', 'strategy: fallback, hedge_after: 50ms'),
  caseFor('slow-step', 'quick', 'strategy: least_latency'),
]

/** How long a provider that says nothing may keep a call waiting. */
const patienceMs = (fault: FaultName, isStream: boolean): number => {
  const silent: readonly FaultName[] = [
    'silent-before-headers',
    'silent-after-headers',
    'byte-a-second',
    'never-ending',
  ]
  if (!silent.includes(fault)) return 0
  return isStream ? deadlines.firstTokenMs : deadlines.totalMs / 2
}

/** What came until the end, and whether that was a clean one. */
const readAll = async (open: OpenAnswer): Promise<{ readonly text: string; readonly isWhole: boolean }> => {
  let text = ''
  try {
    for (let piece = await open.next(); piece !== null; piece = await open.next()) text += piece.toString()
    return { text, isWhole: true }
  } catch (fault) {
    assert.ok(fault instanceof Error)
    return { text, isWhole: false }
  }
}

const asker =
  (bench: () => FaultBench, voice: Voice) =>
  (model: string, stream: boolean, signal?: AbortSignal): Promise<OpenAnswer> =>
    openCall(bench().relay.url, {
      path: `/v1/${voice.path}`,
      key: bench().key,
      body: voice.body(model, stream),
      ...(signal === undefined ? {} : { signal }),
    })

const before1st = faultNames.filter((name) => faultOf(name).isLate !== true && !name.startsWith('slow-'))

for (const voice of [openaiChatVoice, anthropicVoice])
  describe(`faults of a provider that speaks ${voice.protocol}`, () => {
    let bench: FaultBench
    before(async () => {
      bench = await startFaultBench(everyFault, voice, seed)
    })
    after(() => bench.close())
    const ask = asker(() => bench, voice)

    for (const kind of ['stream', 'whole'] as const)
      for (const fault of before1st) {
        test(`${kind}: a provider that ${faultOf(fault).title}: the other one answers, in time`, async () => {
          const model = `${fault}-${kind}`
          const started = performance.now()
          const open = await ask(model, kind === 'stream')
          const { text, isWhole } = await readAll(open)
          const tookMs = performance.now() - started
          assert.equal(open.status, 200, text)
          assert.ok(isWhole)
          assert.equal(open.headers['x-drover-provider'], `${model}-sound`)
          assert.equal(open.headers['x-drover-attempts'], '2')
          assert.ok(text.includes('other.'))
          const record = await bench.relay.recordOf(open)
          const [first, second] = attemptsOf(record)
          assert.notEqual(first?.['left'], null)
          assert.equal(second?.['reason'], 'other-target')
          const allowedMs = patienceMs(fault, kind === 'stream') + moveMsMax
          assert.ok(tookMs < allowedMs, `${tookMs} ms, and ${allowedMs} are allowed`)
          const movedMs = Number(second?.['start_ms']) - Number(first?.['end_ms'])
          assert.ok(movedMs < 50, `moving on took ${movedMs} ms`)
        })
      }

    for (const fault of ['cut-after', 'stall', 'never-ending'] as const)
      test(`after the first part nobody else is asked: a provider that ${faultOf(fault).title}`, async () => {
        const open = await ask(`${fault}-stream`, true)
        const { text, isWhole } = await readAll(open)
        assert.ok(text.includes('One '))
        assert.ok(!isWhole, 'a cut answer never looks complete')
        assert.equal(bench.seenAt(`${fault}-stream`, 'sound').length, 0)
        const record = await bench.relay.recordOf(open)
        assert.deepEqual([record['end'], attemptsOf(record).length], ['cut', 1])
      })

    test('whole: a provider that never ends is left at its share, and the other one answers', async () => {
      const open = await ask('never-ending-whole', false)
      assert.equal(open.status, 200)
      assert.equal(open.headers['x-drover-provider'], 'never-ending-whole-sound')
      await open.rest()
    })
  })

describe('faults and what keeps them small', () => {
  let bench: FaultBench
  before(async () => {
    bench = await startFaultBench(ownCases, openaiChatVoice, seed)
  })
  after(() => bench.close())
  const ask = asker(() => bench, openaiChatVoice)

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
    const started = performance.now()
    const open = await ask('silent-before-headers-hedged', true)
    await open.rest()
    const tookMs = performance.now() - started
    assert.ok(tookMs < 50 + 150, `${tookMs} ms`)
    const [silent] = bench.seenAt('silent-before-headers-hedged', 'faulty')
    assert.ok(silent !== undefined)
    await within(silent.left, 100, () => 'the loser still works for nobody')
    const record = await bench.relay.recordOf(open)
    assert.deepEqual(
      attemptsOf(record).map(({ reason, left }) => [reason, left]),
      [
        ['fallback', 'hedge_lost'],
        ['hedge', null],
      ],
    )
    assert.ok(BigInt(String(attemptsOf(record)[0]?.['cost_nano_usd'])) > 0n, 'its cost is kept')
  })

  test('a caller who leaves stops the provider within 100 ms', async () => {
    const leaving = new AbortController()
    const pending = ask('silent-before-headers-leaving', false, leaving.signal)
    pending.catch(() => undefined)
    const until = performance.now() + 2_000
    while (bench.seenAt('silent-before-headers-leaving', 'faulty').length === 0) {
      assert.ok(performance.now() < until, 'the call never arrived')
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [seen] = bench.seenAt('silent-before-headers-leaving', 'faulty')
    leaving.abort()
    assert.ok(seen !== undefined)
    await within(seen.left, 100, () => 'the provider still works for nobody')
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
