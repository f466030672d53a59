/** A candidate that differs from the baseline by a quirk alone: with the repair nothing speaks against it, without it the migration goes back. For every repair that there is. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { compile } from '#migration/compiled.ts'
import { addTurns } from '#migration/evidence.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { Observation } from '#migration/observation.ts'
import { sampleMove } from '#migration/test-move.ts'
import { makeTraffic } from '#migration/traffic.ts'
import { verdictOf } from '#migration/verdict.ts'
import type { WireShim } from '#provider/wire-shim.ts'
import { wireShims } from '#provider/wire-shim.ts'
import { openStage, sampleModel } from './test-stage.ts'

const compiled = compile({
  facts: { p99Ms: {} },
  file: `migration: move
match: { models: [m] }
baseline: { route: alpha/m }
candidate: { route: beta/m }
steps: [{ set_weight: 50, pause: { duration: 1h } }, { set_weight: 100, bake: { duration: 1h } }]
analysis:
  metrics:
    - { name: error-rate, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 } }
    - { name: tool-call-valid, threshold_range: { min: 0.99 } }
    - { name: missing-usage, threshold_range: { max: 0.05 } }
`,
})

const chunk = (choice: JsonObject, more: JsonObject = {}): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, finish_reason: null, ...choice }], ...more })}\n\n`
const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
const begun = (id: string, index: number | null, args = '{"a":1}'): JsonObject => ({
  ...(index === null ? {} : { index }),
  id,
  type: 'function',
  function: { name: 'f', arguments: args },
})
const [done, usageEvent] = [
  'data: [DONE]\n\n',
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
]

const reply = ({ indexed = true, finish = 'tool_calls', placed = true }): readonly string[] => [
  chunk({ delta: { role: 'assistant', tool_calls: [begun('a', indexed ? 0 : null), begun('b', indexed ? 1 : null)] } }),
  chunk({ delta: {}, finish_reason: finish, ...(placed ? {} : { usage }) }),
  ...(placed ? [usageEvent] : []),
  done,
]

const messagesIn = (body: JsonObject): readonly JsonObject[] =>
  Array.isArray(body['messages']) ? body['messages'].filter(isObject) : []

type Quirk = {
  /** What the endpoint refuses, by the body that it got. */
  readonly refuses?: (body: JsonObject) => boolean
  readonly says?: readonly string[]
}

const toolTurn = (more: JsonObject = {}): JsonObject => ({
  role: 'assistant',
  content: null,
  tool_calls: [begun('toolu_1', null)],
  ...more,
})

/** What an endpoint with each quirk does; a new repair must say it here. */
const quirks: Readonly<Record<WireShim, Quirk>> = {
  'tool-index': { says: reply({ indexed: false }) },
  'tool-finish': { says: reply({ finish: 'stop' }) },
  'usage-position': { says: reply({ placed: false }) },
  'tool-ids': { refuses: (body) => JSON.stringify(messagesIn(body)).includes('toolu_1') },
  'reasoning-cut': { refuses: (body) => messagesIn(body).some((one) => one['reasoning_content'] !== undefined) },
  'reasoning-empty': {
    refuses: (body) =>
      messagesIn(body).some((one) => one['tool_calls'] !== undefined && one['reasoning_content'] === undefined),
  },
  'schema-subset': { refuses: (body) => JSON.stringify(body['tools']).includes('"oneOf"') },
}

const bodyFor = (shim: WireShim): JsonObject => {
  const schema =
    shim === 'schema-subset'
      ? { type: 'object', properties: { a: { oneOf: [{ type: 'string' }, { type: 'integer' }] } } }
      : { type: 'object', properties: { a: { type: 'integer' } } }
  const turn = toolTurn(shim === 'reasoning-cut' ? { reasoning_content: 'because' } : {})
  return {
    stream: true,
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { name: 'f', parameters: schema } }],
    messages: [{ role: 'user', content: 'go' }, turn, { role: 'tool', tool_call_id: 'toolu_1', content: 'one' }],
  }
}

const conversations = 40

/** What is told of so many conversations at a candidate with this quirk. */
const play = async (
  shim: WireShim,
  params: 'shim' | 'strict',
): Promise<{ turns: readonly Observation[]; failed: number }> => {
  const traffic = makeTraffic(() => 0)
  const candidate = { provider: 'beta', model: 'beta-1', params }
  traffic.configure([sampleMove({ weightBasisPoints: 9_999, candidate })], 0)
  const stage = openStage({
    models: [sampleModel([{}, { provider: 'beta' }])],
    vendors: { beta: { shims: [shim] } },
    traffic,
  })
  let failed = 0
  for (let one = 0; one < conversations; one += 1) {
    const before = { alpha: stage.arrivals('alpha'), beta: stage.arrivals('beta') }
    const caller = await stage.call({ headers: { 'x-session-id': `s-${one}` }, body: bodyFor(shim) })
    for (const way of ['beta', 'alpha'] as const) {
      await stage.settle()
      if (stage.arrivals(way) === before[way]) continue
      const arrival = stage.arrival(way, before[way])
      const { refuses = () => false, says = reply({}) } = way === 'beta' ? quirks[shim] : {}
      if (refuses(arrival.body()))
        arrival.answer(400, { error: { message: 'This is not taken.', type: 'invalid_request_error' } })
      else {
        arrival.head(200, { 'content-type': 'text/event-stream' })
        arrival.write(...says)
        arrival.end()
      }
      await stage.settle()
    }
    if (caller.status() !== 200) failed += 1
  }
  const told = traffic.take(Number.MAX_SAFE_INTEGER, 500).flatMap(({ turns }) => turns.map(({ turn }) => turn))
  return { turns: told, failed }
}

const judged = (turns: readonly Observation[]) => {
  const sound = turns.map((turn, index) => ({
    ...turn,
    id: `sound-${index}`,
    unit: `sound-${index}`,
    arm: 'baseline' as const,
    outcome: 'ok' as const,
    toolArgumentsValid: true,
    usageMissing: false,
  }))
  const told = [...turns, ...sound].map((turn) => ({ step: 0, turn }))
  const { judge, weights } = compiled
  const { cells } = addTurns(told, { columns: judge.columns, known: new Map(), evidence: new Map() })
  return verdictOf(judgementOf(judge, cells, weights), judge)
}

for (const shim of Object.keys(wireShims) as readonly WireShim[])
  test(`a candidate that needs ${shim} is sound with it, and goes back without`, async () => {
    const mended = await play(shim, 'shim')
    assert.deepEqual([mended.turns.length, mended.failed], [conversations, 0])
    assert.equal(judged(mended.turns).kind, 'go', JSON.stringify(mended.turns[0]))
    const bare = await play(shim, 'strict')
    assert.equal(bare.turns.length, conversations, JSON.stringify([bare.failed, bare.turns]))
    assert.equal(judged(bare.turns).kind, 'rollback', JSON.stringify(bare.turns[0]))
  })
