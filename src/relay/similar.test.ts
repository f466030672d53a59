import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { SimilarSettings } from '#reuse/similar-answers.ts'
import { testSimilarStore } from '#reuse/test-similar-store.ts'
import type { Caller, Stage, StageOptions } from './test-stage.ts'
import { codeOf, openStage, sampleModel } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const settings: SimilarSettings = { embeddings: 'vec', threshold: 0.97, lifetimeMs: 60_000, scope: null }
const asks = { 'x-drover-cache': '5m similar' }
const first = 'How can a customer return a broken product?'
const second = 'Please tell, what is the way of returning a broken product?'

/** A relay with a model that answers and one that measures. */
const open = (changes: Partial<SimilarSettings> = {}, options: StageOptions = {}) => {
  const store = testSimilarStore()
  const vec = sampleModel([{ provider: 'beta' }], { id: 'vec' })
  const cost = { currency: 'USD' as const, rates: vec.price === null || vec.price === 'free' ? null : vec.price.rates }
  const targets = vec.targets.map((target) => ({
    ...target,
    cost: cost.rates === null ? null : { ...cost, rates: cost.rates },
  }))
  const stage = openStage({
    models: [sampleModel(), { ...vec, targets }],
    vendors: { beta: { protocols: ['openai-embeddings'] } },
    similar: { store, settings: { ...settings, ...changes } },
    ...options,
  })
  return { stage, store }
}

const question = (content: unknown, more: JsonObject = {}): JsonObject =>
  ({ messages: [{ role: 'user', content }], temperature: 0, ...more }) as JsonObject

const measured = async (stage: Stage, place: number, vector: readonly number[]): Promise<void> => {
  const usage = { prompt_tokens: 9, total_tokens: 9 }
  const data = [{ object: 'embedding', index: 0, embedding: vector }]
  stage.arrival('beta', place).answer(200, { object: 'list', data, model: 'beta-1', usage })
  await stage.settle()
}

type Measured = { readonly place: number; readonly vector: readonly number[] }

const ask = async (stage: Stage, body: JsonObject, { place, vector }: Measured): Promise<Caller> => {
  const caller = await stage.call({ headers: asks, body })
  await measured(stage, place, vector)
  return caller
}

test('an answer is given again to a question in other words, and the record says how like it was and what that cost', async () => {
  const { stage } = open()
  const one = await ask(stage, question(first), { place: 0, vector: [1, 0, 0.1] })
  stage.arrival('alpha').answer(200, completion('Send it back.'))
  await stage.settle()
  assert.deepEqual(['x-drover-cache', 'x-drover-attempts', 'x-drover-provider'].map(one.header), ['miss', '1', 'alpha'])
  const two = await ask(stage, question(second), { place: 1, vector: [1, 0.02, 0.1] })
  assert.deepEqual(['x-drover-cache', 'x-drover-attempts', 'x-drover-original-request-id'].map(two.header), [
    'hit',
    '0',
    'call_1',
  ])
  assert.deepEqual([two.status(), two.json(), stage.arrivals('alpha')], [200, completion('Send it back.'), 1])
  assert.match(two.header('x-drover-warnings') ?? '', /^x-drover-cache:similar 0\.9998 to call_1$/)
  const { attempts, costNanoUsd, cache } = two.record()
  assert.deepEqual([costNanoUsd, cache], [0n, 'hit'])
  assert.deepEqual(
    attempts.map(({ provider, reason, costNanoUsd: paid }) => [provider, reason, paid]),
    [['beta', 'similarity', 9_000n]],
  )
  const { upstreamCosts, chargeNanoUsd } = stage.settled.at(-1) ?? {}
  assert.deepEqual([upstreamCosts, chargeNanoUsd], [[{ provider: 'beta', amountNanoUsd: 9_000n }], 0n])
})

test('what is not similar enough, too old, or differs in anything but its words is asked anew', async () => {
  const { stage } = open()
  const bodies: readonly (readonly [JsonObject, readonly number[]])[] = [
    [question(first), [1, 0, 0]],
    [question(second), [1, 0.5, 0]],
    [question(`${first} Within 14 days.`), [1, 0, 0]],
    [question(second, { max_tokens: 5 }), [1, 0, 0]],
    [question(second, { user: 'another' }), [1, 0, 0]],
    [
      {
        ...question(second),
        messages: [
          { role: 'system', content: 'Be rude.' },
          { role: 'user', content: second },
        ],
      },
      [1, 0, 0],
    ],
    [question('In which way is a broken product returned?'), [1, 0, 0, 0]],
  ]
  for (const [place, [body, vector]] of bodies.entries()) {
    const caller = await ask(stage, body, { place, vector })
    stage.arrival('alpha', place).answer(200, completion(`answer ${place}`))
    await stage.settle()
    assert.equal(caller.header('x-drover-cache'), 'miss', JSON.stringify(body))
  }
  await stage.advance(300_001)
  const late = await ask(stage, question(second), { place: bodies.length, vector: [1, 0, 0] })
  stage.arrival('alpha', bodies.length).answer(200, completion('anew'))
  await stage.settle()
  assert.equal(late.header('x-drover-cache'), 'miss')
})

test('calls whose answer is more than that of one question are left out, and told why', async () => {
  const { stage, store } = open()
  const part = { type: 'text', text: first }
  const image = { type: 'image_url', image_url: { url: 'https://example.org/a.png' } }
  const tools = [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }]
  const turns = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
    { role: 'user', content: first },
  ]
  const left: readonly (readonly [JsonObject, string])[] = [
    [question(first, { tools }), 'it has tools'],
    [question(first, { temperature: 0.7 }), 'its temperature is not 0'],
    [{ messages: [{ role: 'user', content: first }] }, 'its temperature is not 0'],
    [question(first, { n: 2 }), 'it asks for several answers'],
    [question([part, image]), 'it is more than one text'],
    [{ ...question(first), messages: turns }, 'it has more than one turn'],
    [question('yes'), 'its text has not 16 to 4000 characters'],
    [question(first, { web_search_options: {} }), ''],
    [question(first, { user: first }), 'its words stand in it twice'],
  ]
  for (const [place, [body, why]] of left.entries()) {
    const caller = await stage.call({ headers: asks, body })
    stage.arrival('alpha', place).answer(200, completion('each'))
    await stage.settle()
    const told = caller.header('x-drover-warnings') ?? ''
    assert.ok(told.includes(`x-drover-cache:not by similarity; ${why}`), `${why}: ${told}`)
  }
  assert.equal(stage.arrivals('beta'), 0)
  assert.equal(store.rows.size, 0)
})

test('a model that does not measure, or is late, holds no call up for long', async () => {
  const { stage } = open()
  const refused = await stage.call({ headers: asks, body: question(first) })
  stage.arrival('beta').answer(500, { error: { message: 'No.' } })
  await stage.settle()
  stage.arrival('alpha').answer(200, completion('one'))
  await stage.settle()
  assert.equal(refused.status(), 200)
  assert.match(
    refused.header('x-drover-warnings') ?? '',
    /not by similarity; its words could not be measured: upstream_error/,
  )
  const late = await stage.call({ headers: asks, body: question(second) })
  await stage.advance(2_001)
  stage.arrival('alpha', 1).answer(200, completion('two'))
  await stage.settle()
  assert.match(late.header('x-drover-warnings') ?? '', /could not be measured: upstream_timeout/)
  assert.equal(late.record().attempts[0]?.reason, 'similarity')
})

test('keys that the operator names need not ask; others must, and a call may say no', async () => {
  const { stage } = open({ scope: { keys: ['ci'], projects: null } })
  const named = await stage.call({ body: question(first) })
  await measured(stage, 0, [1, 0])
  stage.arrival('alpha').answer(200, completion('one'))
  await stage.settle()
  assert.equal(named.header('x-drover-cache'), 'miss')
  await stage.call({ body: question(first), headers: { 'x-drover-cache': 'no' } })
  await stage.call({ body: question(second), headers: { 'x-drover-cache': '5m' } })
  assert.deepEqual([stage.arrivals('beta'), stage.arrivals('alpha')], [1, 3])
  const other = open({ scope: { keys: ['another'], projects: null } }).stage
  await other.call({ body: question(first) })
  assert.deepEqual([other.arrivals('beta'), other.arrivals('alpha')], [0, 1])
})

test('where the operator has none it is said, and the exact cache holds; regions hold for the measuring too', async () => {
  const none = openStage()
  const caller = await none.call({ headers: asks, body: question(first) })
  none.arrival('alpha').answer(200, completion('one'))
  await none.settle()
  assert.match(caller.header('x-drover-warnings') ?? '', /this relay has no semantic_cache/)
  assert.equal(caller.header('x-drover-cache'), 'miss')
  const wrong = await none.call({ headers: { 'x-drover-cache': '5m near' } })
  assert.deepEqual([wrong.status(), codeOf(wrong.json())], [400, 'invalid_request_error'])
  const { stage } = open({}, { regionsAllowed: ['eu'], providers: { alpha: { region: 'eu' }, beta: { region: 'us' } } })
  const kept = await stage.call({ headers: asks, body: question(first) })
  stage.arrival('alpha').answer(200, completion('one'))
  await stage.settle()
  assert.match(kept.header('x-drover-warnings') ?? '', /could not be measured: permission_denied/)
  assert.equal(stage.arrivals('beta'), 0)
})
