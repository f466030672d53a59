import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usageOf } from '#base/usage.ts'
import type { TestClock } from '#http/test-clock.ts'
import { testClock } from '#http/test-clock.ts'
import { readMigrationFile } from '#migration/compiled.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import type { Errand, Errands } from '#relay/errand.ts'
import type { Copied } from '#relay/shadow-copy.ts'
import type { Prompt, ReplayLimits } from './replay-prompts.ts'
import { replayPrompts } from './replay-prompts.ts'

const file = readMigrationFile(
  'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n',
)

const said = (text: string): Answer => ({
  status: 200,
  finish: 'stop',
  tools: [],
  text,
  isJson: null,
  isRefusal: false,
  outputTokens: 5,
})

const copied = (text: string): Copied => ({
  id: 'call',
  answer: said(text),
  cost: { nanoUsd: 10n, tokens: 15 },
  usage: usageOf({ input: 10, output: 5 }),
  problem: null,
  headers: {},
  timing: { ttftMs: null, durationMs: 20 },
})

const prompts = (count: number, answer: Answer | null = null): readonly Prompt[] =>
  Array.from({ length: count }, (_one, index) => ({
    id: `p${index}`,
    format: 'openai-chat',
    body: { model: 'm', messages: [{ role: 'user', content: `${index}` }] },
    answer,
  }))

const replayed = async (
  asked: readonly Prompt[],
  answers: (errand: Errand) => string,
  { clock = testClock(), ...limits }: Partial<ReplayLimits> & { readonly clock?: TestClock } = {},
) => {
  const sent: Errand[] = []
  const errands: Errands = {
    mostOf: () => ({ nanoUsd: 20n, tokens: 30 }),
    send: async (errand) => {
      sent.push(errand)
      return copied(answers(errand))
    },
  }
  const all = {
    nanoUsdMax: 1_000_000n,
    tokensMax: 1_000_000,
    concurrencyMax: 2,
    timeLimitMs: 60_000,
    repeatPercent: 25,
    ...limits,
  }
  const ports = { errands, clock, stopping: new AbortController().signal }
  return { found: await replayPrompts(asked, { file, limits: all }, ports), sent }
}

const usual = 'The tide is high at six in the morning.'

test('prompts are asked of both sides and some of the baseline twice; what differs is found beside how it differs from itself', async () => {
  const { found, sent } = await replayed(prompts(8), ({ provider }) =>
    provider === 'beta' ? 'Nothing at all to say.' : usual,
  )
  assert.deepEqual(
    [
      sent.filter(({ provider }) => provider === 'beta').length,
      sent.filter(({ provider }) => provider === 'alpha').length,
    ],
    [8, 10],
  )
  const { similarity } = found.sums.by
  assert.deepEqual(
    [similarity.compared, similarity.differed, similarity.repeated, similarity.candidateOnly],
    [8, 8, 2, 2],
  )
  assert.deepEqual([found.arms.candidate.asked, found.arms.candidate.nanoUsd, found.arms.baseline.asked], [8, 80n, 10])
  assert.equal(found.examples.length, 8)
})

test('what the baseline answered then is what the candidate is held against, and the baseline is asked only for the floor', async () => {
  const { found, sent } = await replayed(prompts(8, said(usual)), () => usual)
  assert.equal(sent.filter(({ provider }) => provider === 'alpha').length, 2)
  assert.deepEqual([found.sums.questions, found.examples.length], [8, 0])
})

test('caps hold before anything is sent, and what may not be asked a second time is named by its reason', async () => {
  const capped = await replayed(prompts(8), () => usual, { nanoUsdMax: 90n, repeatPercent: 0, concurrencyMax: 1 })
  assert.ok(capped.found.sums.questions >= 2 && capped.found.sums.questions < 8)
  assert.equal(capped.found.left['usd_per_day'], 8 - capped.found.sums.questions)
  const [first] = prompts(1)
  const acting: Prompt = {
    ...(first ?? assert.fail()),
    body: { model: 'm', messages: [], tools: [{ type: 'web_search' }] },
  }
  const refused = await replayed([acting], () => usual)
  assert.deepEqual([refused.sent.length, refused.found.left], [0, { server_tools: 1 }])
})

test('what it may cost is for the whole of it: not anew after midnight, and for what broke off the most that it can have cost', async () => {
  const clock = testClock()
  const one = { nanoUsdMax: 70n, repeatPercent: 0, concurrencyMax: 1 }
  const late = await replayed(
    prompts(8),
    () => {
      clock.advance(86_400_000)
      return usual
    },
    { ...one, timeLimitMs: 100 * 86_400_000, clock },
  )
  assert.deepEqual([late.found.sums.questions, late.found.left], [2, { usd_per_day: 6 }])
  const broken = await replayed(
    prompts(8),
    () => {
      throw new TypeError('broken')
    },
    one,
  )
  assert.deepEqual(broken.found.left, { internal_error: 1, usd_per_day: 7 })
})

test('a side that cannot be asked is counted, and the others go on', async () => {
  const { found } = await replayed(prompts(4), ({ body }) => {
    if (JSON.stringify(body).includes('"1"')) throw new TypeError('broken')
    return usual
  })
  assert.deepEqual([found.sums.questions, found.left], [3, { internal_error: 1 }])
})
