/** The client for TypeScript against a provider and a relay on real sockets: where calls go, what happens around a relay that is down, what is reported. */

import { strict as assert } from 'node:assert'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test'
import { bucketOfUnit } from '#migration/assign.ts'
import type { Arm, EdgeSettings } from '../../clients/ts/drover-edge.ts'
import { basisPoints, bucketOf, DroverEdge, unitOf } from '../../clients/ts/drover-edge.ts'
import { cutAfter, resetAtOnce, stream, whole } from '../fake/answer.ts'
import type { FakeUpstream, Script, Seen } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'

type Vectors = {
  readonly units: readonly { readonly conversation: string; readonly unit: string }[]
  readonly buckets: readonly { readonly salt: string; readonly unit: string; readonly bucket: number }[]
  readonly percents: readonly { readonly percent: string | number | null; readonly basis_points: number }[]
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', 'clients', 'buckets.json'), 'utf8'),
) as Vectors

test('buckets, units and percentages are those that all languages agree on', () => {
  assert.ok(vectors.buckets.length > 5 && vectors.units.length > 5 && vectors.percents.length > 5)
  for (const { conversation, unit } of vectors.units) assert.equal(unitOf(conversation), unit)
  for (const { salt, unit, bucket } of vectors.buckets)
    assert.deepEqual([bucketOf(salt, unit), bucketOfUnit(salt, unit)], [bucket, bucket])
  for (const one of vectors.percents) assert.equal(basisPoints(one.percent ?? undefined), one.basis_points)
})

const usage = { prompt_tokens: 9, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } }
const answer = { choices: [{ message: { content: 'Hello' }, finish_reason: 'stop' }], usage }
const event = (delta: object, more: object = {}): string =>
  `data: ${JSON.stringify({ choices: [{ delta, finish_reason: null }], ...more })}\n\n`
const hello = stream([
  event({ role: 'assistant', content: '' }),
  event({ content: 'Hel' }),
  event({ content: 'lo' }, { usage }),
])

/** What an SDK does, in few words: throws with a status, or gives what the answer holds. */
const ask = async ({ baseURL, apiKey }: Arm): Promise<Response> => {
  const headers = { authorization: `Bearer ${apiKey}` }
  const response = await fetch(`${baseURL}/chat/completions`, { method: 'POST', headers, body: '{}' })
  if (response.ok) return response
  await response.body?.cancel()
  throw Object.assign(new Error(`status ${response.status}`), { status: response.status })
}
const askWhole = async (arm: Arm): Promise<unknown> => (await ask(arm)).json()

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Record<string, unknown>> {
  let text = ''
  for await (const piece of body) {
    text += Buffer.from(piece).toString('utf8')
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const one of events) yield JSON.parse(one.slice('data: '.length)) as Record<string, unknown>
  }
}
const askStream = async (arm: Arm): Promise<AsyncIterable<Record<string, unknown>>> => {
  const { body } = await ask(arm)
  assert.ok(body !== null)
  return chunksOf(body)
}

type Told = Record<string, unknown>

describe('the client', () => {
  let provider: FakeUpstream
  let relay: FakeUpstream
  let nowMs = 0
  let answersOfRelay: Script[] = []
  let reports: Script[] = []
  /** Whose reports are looked at: those of an earlier test may still be on their way. */
  let migration = ''
  let tests = 0
  const told: Told[] = []
  const batches: number[] = []
  const posts: Seen[] = []

  before(async () => {
    provider = await startUpstream(whole(answer))
    relay = await startUpstream((exchange) => {
      if (!exchange.seen.target.startsWith('/api/')) return (answersOfRelay.shift() ?? whole(answer))(exchange)
      const { target } = exchange.seen
      if (target.includes('/migrations/') && !target.includes(`/${migration}/`)) return whole({ accepted: 0 })(exchange)
      posts.push(exchange.seen)
      const { observations = [] } = JSON.parse(exchange.seen.body.toString('utf8')) as { observations?: Told[] }
      const script = reports.shift()
      if (script !== undefined) return script(exchange)
      batches.push(observations.length)
      told.push(...observations)
      return whole({ accepted: observations.length, epoch: 3 })(exchange)
    })
  })
  after(async () => {
    await provider.close()
    await relay.close()
  })
  beforeEach(() => {
    nowMs = 0
    tests += 1
    migration = `onto-drover-${tests}`
    answersOfRelay = []
    reports = []
    for (const list of [told, batches, posts]) list.length = 0
    provider.forget()
    provider.answer(whole(answer))
    relay.forget()
  })
  const names = ['DROVER_PERCENT', 'DROVER_PERCENT_FILE']
  afterEach(() => {
    for (const name of names) delete process.env[name]
  })

  const edgeAt = (percent: number | undefined, more: Partial<EdgeSettings> = {}): DroverEdge =>
    new DroverEdge({
      migration,
      baseline: { baseURL: provider.baseUrl, apiKey: 'sk-provider' },
      candidate: { baseURL: relay.baseUrl, apiKey: 'hs-live-relay' },
      nowMs: () => nowMs,
      ...(percent === undefined ? {} : { percent: () => percent }),
      ...more,
    })
  const asked = (upstream: FakeUpstream): number =>
    upstream.seen.filter(({ target }) => target.endsWith('/chat/completions')).length
  const outcomesOf = async (edge: DroverEdge): Promise<readonly unknown[]> => {
    await edge.flush()
    return told.map(({ arm, outcome, status }) => [arm, outcome, status])
  }

  test('a larger percentage moves further conversations and none back; each arm has its own address and key', async () => {
    const conversations = Array.from({ length: 2_000 }, (_, index) => `conversation-${index}`)
    let before: ReadonlySet<string> = new Set()
    for (const percent of [0, 0.5, 5, 10, 50, 100]) {
      const edge = edgeAt(percent)
      const over = new Set(conversations.filter((one) => edge.arm(one).name === 'candidate'))
      for (const one of before) assert.ok(over.has(one), `${one} came back at ${percent} %`)
      assert.ok(Math.abs(over.size / conversations.length - percent / 100) < 0.025, `${over.size} at ${percent} %`)
      before = over
    }
    await edgeAt(0).call('one', askWhole)
    await edgeAt(100).call('one', askWhole)
    assert.equal(provider.seen[0]?.headers['authorization'], 'Bearer sk-provider')
    assert.equal(relay.seen[0]?.headers['authorization'], 'Bearer hs-live-relay')
  })

  test('the environment is asked before every call; a file goes before it, and is read once a second', () => {
    const edge = edgeAt(undefined)
    const arm = (): string => edge.arm('conversation-1').name
    assert.equal(arm(), 'baseline')
    process.env['DROVER_PERCENT'] = '100'
    assert.equal(arm(), 'candidate')
    process.env['DROVER_PERCENT'] = '0'
    assert.equal(arm(), 'baseline')
    const folder = mkdtempSync(join(tmpdir(), 'drover-edge-'))
    try {
      const file = join(folder, 'percent')
      process.env['DROVER_PERCENT_FILE'] = file
      writeFileSync(file, '100\n')
      assert.equal(arm(), 'candidate')
      writeFileSync(file, '0\n')
      assert.equal(arm(), 'candidate')
      nowMs = 1_001
      assert.equal(arm(), 'baseline')
    } finally {
      rmSync(folder, { recursive: true })
    }
    nowMs = 2_002
    assert.equal(arm(), 'baseline', 'a file that is gone sends all to the baseline')
  })

  test('what came of whole answers is told: times, tokens, a digest of the conversation and no name', async () => {
    const edge = edgeAt(100)
    assert.deepEqual(await edge.call('user:42', askWhole), answer)
    await edgeAt(0).call(null, askWhole)
    await edge.flush()
    const [{ id, start_ms: startMs, ...one } = {}] = told
    assert.match(String(id), /^[0-9a-f-]{36}$/)
    assert.ok(Math.abs(Number(startMs) - Date.now()) < 60_000)
    assert.deepEqual(one, {
      arm: 'candidate',
      unit: unitOf('user:42'),
      percent: 100,
      epoch: null,
      duration_ms: 0,
      stream: false,
      outcome: 'ok',
      status: 200,
      ttft_ms: null,
      tpot_micros: null,
      longest_gap_ms: null,
      tokens: { input: 9, cached_input: 4, output: 3, reasoning: null },
      usage_missing: false,
      truncated: false,
    })
    const [post] = posts
    assert.equal(post?.target, `/api/v1/migrations/${migration}/observations`)
    assert.equal(post?.headers['authorization'], 'Bearer hs-live-relay')
    assert.ok(!post?.body.includes('user:42'))
  })

  test('each report says by which percentage and on which evidence its call went, whatever they are by the time it is told', async () => {
    let percent = 5
    const edge = edgeAt(undefined, { percent: () => percent })
    const held = Promise.withResolvers<void>()
    const slow = edge.call('one', async () => {
      await held.promise
      return answer
    })
    percent = 10.5
    await edge.call('two', () => Promise.resolve(answer))
    await edge.flush()
    held.resolve()
    await slow
    await edge.call('three', () => Promise.resolve(answer))
    await edge.flush()
    assert.deepEqual(
      told.map((one) => [one['unit'], one['percent'], one['epoch']]),
      [
        [unitOf('two'), 10.5, null],
        [unitOf('one'), 5, null],
        [unitOf('three'), 10.5, 3],
      ],
    )
  })

  test('what somebody says of a conversation is told under its digest, beside where outcomes go; nothing is thrown', async () => {
    const edge = edgeAt(100)
    assert.equal(await edge.feedback('user:42', true), true)
    const [post] = posts
    assert.equal(post?.target, `/api/v1/migrations/${migration}/feedback`)
    assert.deepEqual(JSON.parse(post?.body.toString('utf8') ?? ''), {
      feedback: [{ conversation: unitOf('user:42'), bad: true }],
    })
    reports = [whole({ error: {} }, { status: 409 })]
    assert.equal(await edge.feedback('user:42', true), false)
    assert.equal(await edgeAt(100, { report: null }).feedback('user:42', true), false)
  })

  test('of a stream the first part, the gaps and the pace are told', async () => {
    answersOfRelay = [hello]
    const edge = edgeAt(100)
    let text = ''
    for await (const chunk of edge.stream('conversation-1', askStream)) {
      text += (chunk as { choices: { delta: { content: string } }[] }).choices[0]?.delta.content
      nowMs += 40
    }
    assert.equal(text, 'Hello')
    await edge.flush()
    const [{ ttft_ms: ttftMs, longest_gap_ms: gapMs, tpot_micros: tpotMicros, stream: isStream, outcome } = {}] = told
    assert.deepEqual([ttftMs, gapMs, tpotMicros, isStream, outcome], [40, 40, 20_000, true, 'ok'])
  })

  test('a relay that is down is gone around, and left alone for five seconds', async () => {
    answersOfRelay = [whole({ error: {} }, { status: 503 })]
    const edge = edgeAt(100)
    assert.deepEqual(await edge.call('one', askWhole), answer)
    assert.deepEqual([asked(relay), asked(provider), edge.state().isDown], [1, 1, true])
    await edge.call('two', askWhole)
    assert.deepEqual([asked(relay), asked(provider)], [1, 2])
    nowMs = 5_001
    await edge.call('three', askWhole)
    assert.deepEqual([asked(relay), asked(provider), edge.state().isDown], [2, 2, false])
    assert.deepEqual(await outcomesOf(edge), [
      ['candidate', 'moved', 503],
      ['candidate', 'moved', null],
      ['candidate', 'ok', 200],
    ])
  })

  test('refused and broken connections are a relay that is down, for streams until their first chunk', async () => {
    const gone = await startUpstream()
    await gone.close()
    const edge = edgeAt(100, {
      candidate: { baseURL: gone.baseUrl, apiKey: 'hs-live-relay' },
      report: { url: `${relay.baseUrl.replace('/v1', '')}/api/v1/x`, key: 'k' },
    })
    assert.deepEqual(await edge.call('one', askWhole), answer)
    answersOfRelay = [resetAtOnce]
    provider.answer(hello)
    const second = edgeAt(100)
    const chunks = await Array.fromAsync(second.stream('two', askStream))
    assert.equal(chunks.length, 3)
    assert.deepEqual(await outcomesOf(edge), [['candidate', 'moved', null]])
    assert.deepEqual((await outcomesOf(second))[1], ['candidate', 'moved', null])
  })

  test('after the first chunk a stream is the arm’s own: a break is thrown, and whoever stops reading has left', async () => {
    answersOfRelay = [cutAfter([event({ content: 'Hel' })]), hello, stream([])]
    const edge = edgeAt(100)
    await assert.rejects(Array.fromAsync(edge.stream('one', askStream)))
    for await (const _chunk of edge.stream('two', askStream)) break
    assert.deepEqual(await Array.fromAsync(edge.stream('three', askStream)), [])
    assert.equal(asked(provider), 0)
    assert.deepEqual(await outcomesOf(edge), [
      ['candidate', 'cut', 200],
      ['candidate', 'left', 200],
      ['candidate', 'empty', 200],
    ])
  })

  test('what is wrong with a call stays with it: no way around for 4xx, for the baseline, for the program’s own faults', async () => {
    answersOfRelay = [400, 429, 500, 504].map((status) => whole({ error: {} }, { status }))
    const edge = edgeAt(100)
    for (const status of [400, 429, 500, 504]) await assert.rejects(edge.call('one', askWhole), { status })
    const fault = new RangeError('a fault of the program')
    await assert.rejects(
      edge.call('one', () => Promise.reject(fault)),
      fault,
    )
    assert.equal(asked(provider), 0)
    provider.answer(whole({ error: {} }, { status: 503 }))
    await assert.rejects(edgeAt(0, { report: null }).call('one', askWhole), { status: 503 })
    assert.equal(asked(relay), 4)
    assert.deepEqual(await outcomesOf(edge), [
      ['candidate', 'rejected', 400],
      ['candidate', 'rate_limited', 429],
      ['candidate', 'upstream_error', 500],
      ['candidate', 'timeout', 504],
    ])
  })

  test('reports wait for nobody, go in batches, and are bounded: what is too much is counted', async () => {
    const held = Promise.withResolvers<void>()
    reports = [
      async (exchange) => {
        await held.promise
        await whole({ error: {} }, { status: 503 })(exchange)
      },
    ]
    const edge = edgeAt(0)
    await edge.call('one', askWhole)
    const flushed = edge.flush()
    for (let index = 0; index < 1_200; index += 1)
      await edge.call(`conversation-${index}`, () => Promise.resolve(answer))
    assert.equal(told.length, 0, 'calls were answered while the report was held')
    held.resolve()
    await flushed
    assert.deepEqual([edge.state().dropped, edge.state().reportError?.endsWith('answered 503')], [201, true])
    await edge.flush()
    assert.deepEqual(batches, Array<number>(10).fill(100))
    assert.equal(told.at(-1)?.['unit'], unitOf('conversation-1199'))
    const clock = mock.method(Date, 'now', () => 1_000_000)
    await edge.call('one', askWhole)
    clock.mock.restore()
    await edge.flush()
    assert.deepEqual([edge.state().dropped, batches.length], [202, 10], 'what is older than an hour is not sent')
    reports = [whole({ error: {} }, { status: 404 })]
    await edge.call('one', askWhole)
    await edge.flush()
    assert.deepEqual([edge.state().dropped, edge.state().reportError?.endsWith('answered 404')], [203, true])
  })
})
