import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Exchange } from '../../src/probe/exchange.ts'
import { probes } from '../../src/probe/group/index.ts'
import type { Judgement } from '../../src/probe/judgement.ts'
import { replyMender } from '../../src/provider/reply-shim.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'
import { facts } from '../probe/run.ts'
import { sharedFolder } from './exchange.ts'

const folder = join(sharedFolder(), 'recordings')

/** The recording as a probe would have seen it. */
function exchangeOf(recording: Recording): Exchange {
  const body = responseBytes(recording)
  const asked = recording.request?.body
  return {
    ask: { method: 'POST', path: 'chat/completions', body: (asked ?? {}) as never },
    url: 'https://recorded.test/v1/chat/completions',
    requestHeaders: {},
    requestBytes: 0,
    status: recording.response.status,
    headers: {
      'content-type': recording.response.sse === undefined ? 'application/json' : 'text/event-stream',
      ...recording.response.headers,
    },
    pieces: [{ atMs: 1, bytes: body }],
    body,
    end: 'complete',
    fault: null,
    headMs: 1,
    endMs: 10,
    continued: false,
  }
}

function judge(id: string, recording: Recording, copies = 1): Judgement {
  const probe = probes.find((one) => one.id === id)
  assert.ok(probe, id)
  const exchange = exchangeOf(recording)
  const stream = recording.response.sse !== undefined
  return probe.judge(new Array<Exchange>(copies).fill(exchange), { ...facts, model: recording.model ?? 'm', stream })
}

const named = (file: string): Recording => readRecording(folder, file)

/** Known quirks of real endpoints: the recording, the probe that must find it, and what it must say. */
const quirks: readonly (readonly [string, string, RegExp])[] = [
  ['moonshot/openai.chat/quoted-k2-0905-stream-usage-in-choice.json', 'usage-position', /in a choice only/],
  ['moonshot/openai.chat/quoted-v1-128k-n2-tool-stream.json', 'usage-position', /in a choice only/],
  ['moonshot/openai.chat/quoted-error-404-url.json', 'error-body', /no "error\.message"/],
  ['moonshot/openai.chat/quoted-v1-128k-n2-tool-stream.json', 'tool-deltas', /put together are no JSON/],
  ['mistral/openai.chat/mistral-tool-call-0413d6338d72.json', 'tool-deltas', /has no index/],
  ['databricks/openai.chat/test-databricks-tool-variations-ebeebcd1a0eb.json', 'tool-deltas', /are no JSON: $/],
  ['cerebras/openai.chat/streaming-0e1034c2c104.json', 'stream-framing', /without \[DONE\]/],
  [
    'perplexity/openai.chat/stream-raw-round-trips-terminal-type-5ea5ee593da5.json',
    'stream-framing',
    /without \[DONE\]/,
  ],
  [
    'openrouter/openai.chat/test-openrouter-stream-error-5ee90853a4fe.json',
    'stream-framing',
    /error came under status 200/,
  ],
]

describe('quirks of real endpoints are found', () => {
  for (const [file, id, words] of quirks)
    test(`${id} in ${file}`, () => {
      const judgement = judge(id, named(file))
      assert.equal(judgement.kind, 'judged', JSON.stringify(judgement))
      assert.match(judgement.kind === 'judged' ? judgement.breaks.join(' ') : '', words)
    })
})

const streams = readIndex(folder).filter(({ api, stream, status }) => api === 'openai.chat' && stream && status === 200)

/** How many recorded streams of each provider break clients in this way. */
function breaksBy(id: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const row of streams) {
    const judgement = judge(id, named(row.file))
    if (judgement.kind === 'judged' && judgement.breaks.length > 0)
      counts[row.provider] = (counts[row.provider] ?? 0) + 1
  }
  return counts
}

/** Whose recorded streams break clients, by probe; whoever is not here behaves. Two streams hold an error of the provider. */
const known: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'stream-framing': { cerebras: 6, groq: 1, huggingface: 4, openrouter: 1, perplexity: 2 },
  // No index (Mistral), no arguments at all (Databricks, and one stream of OpenAI), two calls glued (Kimi with n = 2).
  'tool-deltas': { databricks: 2, groq: 1, mistral: 1, moonshot: 1, openai: 1, openrouter: 1 },
  'tool-finish': { groq: 1, openai: 2, openrouter: 1 },
  'usage-position': { groq: 1, moonshot: 2, openrouter: 1 },
  'stream-comments': { groq: 1, openrouter: 1 },
  // Two streams of OpenAI and two of Snowflake were kept without their ends.
  'finish-reason': { groq: 1, openai: 2, openrouter: 1, snowflake: 2 },
}

describe('all recorded streams of chat', () => {
  test('there are as many as we know of', () => {
    assert.ok(streams.length > 150, `${streams.length} streams`)
  })

  for (const [id, counts] of Object.entries(known))
    test(`${id}: nobody is found at fault who is not known to be`, () => {
      assert.deepEqual(breaksBy(id), counts)
    })

  test('a shim leaves nothing of what it repairs to be found', () => {
    const repaired = { 'tool-deltas': 'tool-index', 'usage-position': 'usage-position' } as const
    let mended = 0
    for (const row of streams) {
      const recording = named(row.file)
      for (const [id, shim] of Object.entries(repaired)) {
        const before = judge(id, recording)
        if (before.kind !== 'judged' || !before.breaks.some((text) => /index|in a choice only/.test(text))) continue
        const mender = replyMender([shim], true, () => undefined)
        assert.ok(mender)
        const text = Buffer.concat([...mender.feed(responseBytes(recording)), ...mender.end()]).toString()
        const after = judge(id, { ...recording, response: { ...recording.response, sse: text } })
        mended += 1
        assert.deepEqual(after.kind === 'judged' ? after.breaks : [], [], `${id} of ${row.file}`)
      }
    }
    assert.ok(mended >= 3, `${mended} streams were repaired`)
  })
})
