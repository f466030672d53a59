import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { decimalOf } from '#base/money.ts'
import { protocols } from '#protocol/index.ts'
import { openStage, sampleModel, samplePrice } from './test-stage.ts'
import { completion, done, says, stops, uses } from './test-upstream.ts'

const streaming = { body: { stream: true } }
const priced = { price: samplePrice }
const withUsage = (text: string, usage: JsonObject): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }], usage })}\n\n`

test('reported: the provider has the last word, and the sale price of the model decides', async () => {
  const cost = { currency: 'USD', rates: { ...samplePrice.rates, input: 500_000_000n, output: 500_000_000n } } as const
  const stage = openStage({ models: [sampleModel([{ cost }], priced)] })
  const caller = await stage.call()
  const usage = {
    prompt_tokens: 1_000,
    completion_tokens: 100,
    prompt_tokens_details: { cached_tokens: 400 },
    completion_tokens_details: { reasoning_tokens: 60 },
  }
  stage.arrival('alpha').answer(200, completion('Hi', usage))
  await stage.settle()
  const record = caller.record()
  const { input, output, cachedInput, reasoning, source } = record.usage ?? {}
  assert.deepEqual([input, output, cachedInput, reasoning, source], [1_000, 100, 400, 60, 'reported'])
  assert.equal(record.costNanoUsd, 1_200_000n)
  assert.equal(record.attempts[0]?.costNanoUsd, 550_000n)
  assert.match(record.priceHash ?? '', /^[0-9a-f]{32}$/)
  assert.equal(caller.header('x-drover-cost'), '0.0012')
  const [settled] = stage.settled
  assert.deepEqual([settled?.chargeNanoUsd, settled?.priceHash], [1_200_000n, record.priceHash])
  assert.deepEqual(settled?.upstreamCosts, [{ provider: 'alpha', amountNanoUsd: 550_000n }])
})

test('cumulative: the largest of repeated figures counts, and what a later event leaves out stays', async () => {
  const stage = openStage()
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(
    withUsage('One', { prompt_tokens: 20, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 8 } }),
    withUsage(' two', { prompt_tokens: 20, completion_tokens: 2 }),
    withUsage(' three', { completion_tokens: 3 }),
    stops,
    done,
  )
  alpha.end()
  await stage.settle()
  const { input, output, cachedInput, source } = caller.record().usage ?? {}
  assert.deepEqual([input, output, cachedInput, source], [20, 3, 8, 'reported'])
})

test('partial: what was reported until the stream was cut', async () => {
  const stage = openStage()
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  alpha.write(withUsage('One', { prompt_tokens: 20, completion_tokens: 1 }))
  alpha.end()
  await stage.settle()
  const { usage, costNanoUsd, end } = caller.record()
  assert.deepEqual([end, usage?.input, usage?.output, usage?.source], ['cut', 20, 1, 'partial'])
  assert.equal(costNanoUsd, 22_000n)
})

test('counted: of a long answer the beginning, and the rest goes by how many characters a token had there', async () => {
  // Every character is a token of the stage's counter: a quarter of them would be counted by the rule for English.
  const stage = openStage()
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  const piece = 'x'.repeat(10_000)
  for (let part = 0; part < 30; part += 1) alpha.write(says(piece))
  alpha.write(stops, done)
  alpha.end()
  await stage.settle()
  const { usage } = caller.record()
  assert.deepEqual([usage?.output, usage?.source], [300_000, 'counted'])
})

test('partial: in a long answer of small pieces, what came after the last figure is counted from there', async () => {
  const stage = openStage()
  const caller = await stage.call(streaming)
  const alpha = stage.arrival('alpha')
  alpha.head()
  // Every character is a token of the stage's counter; figure and end lie within blocks of what is kept.
  const pieces = (count: number, piece: string): void => {
    for (let part = 0; part < count; part += 1) alpha.write(says(piece))
  }
  pieces(1_000, 'seven…!')
  alpha.write(withUsage('!', { prompt_tokens: 20, completion_tokens: 5_000 }))
  pieces(1_500, 'abcde')
  alpha.end()
  await stage.settle()
  const { usage } = caller.record()
  assert.deepEqual([usage?.input, usage?.output, usage?.source], [20, 5_000 + 7_500, 'estimated'])
})

test('counted: what a whole answer says where the provider reports nothing', async () => {
  const stage = openStage()
  const whole = await stage.call()
  stage.arrival('alpha').answer(200, completion('Hello there', null))
  await stage.settle()
  const asked = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }] }).length
  const { usage, costNanoUsd } = whole.record()
  assert.deepEqual([usage?.input, usage?.output, usage?.source], [asked, 'Hello there'.length, 'counted'])
  assert.equal(costNanoUsd, BigInt(asked) * 1_000n + 11n * 2_000n)
  assert.equal(whole.header('x-drover-cost'), decimalOf(costNanoUsd ?? 0n))
  const streamed = await stage.call(streaming)
  const alpha = stage.arrival('alpha', 1)
  alpha.head()
  alpha.write(says('Hello'), stops, done)
  alpha.end()
  await stage.settle()
  const counted = streamed.record().usage
  assert.deepEqual([counted?.output, counted?.source], [5, 'counted'])
})

test('unknown: pictures are not counted, and have no cost', async () => {
  const stage = openStage()
  const image = await stage.call({
    protocol: protocols['openai-images'],
    path: 'images/generations',
    body: { prompt: 'a fox' },
  })
  stage.arrival('alpha').answer(200, { created: 1, data: [{ b64_json: 'AAAA' }] })
  await stage.settle()
  assert.equal(image.status(), 200)
  const { usage, costNanoUsd } = image.record()
  assert.deepEqual([usage?.input, usage?.output, usage?.source, costNanoUsd], [null, null, 'estimated', null])
  assert.deepEqual(stage.settled, [])
})

test('embeddings that report only input are priced by it', async () => {
  const price = { currency: 'USD', rates: { ...samplePrice.rates, output: null } } as const
  const stage = openStage({ models: [sampleModel([{}], { price })] })
  const caller = await stage.call({
    protocol: protocols['openai-embeddings'],
    path: 'embeddings',
    body: { input: 'Hello' },
  })
  const usage = { prompt_tokens: 3, total_tokens: 3 }
  stage
    .arrival('alpha')
    .answer(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }], usage })
  await stage.settle()
  assert.deepEqual([caller.record().usage?.input, caller.record().costNanoUsd], [3, 3_000n])
  assert.equal(caller.header('x-drover-cost'), '0.000003')
})

test('usage.cost is written where it was asked for: into a document, and into the event of a stream', async () => {
  const stage = openStage()
  const whole = await stage.call({ body: { usage: { include: true } } })
  assert.equal(stage.arrival('alpha').body()['usage'], undefined)
  stage.arrival('alpha').answer(200, completion('Hi'))
  await stage.settle()
  const cost = { cost: 0.00002, cost_nano_usd: '20000' }
  assert.deepEqual(whole.json()['usage'], { prompt_tokens: 10, completion_tokens: 5, ...cost })
  assert.equal(whole.header('content-length'), String(whole.text().length))
  const streamed = await stage.call({
    body: { stream: true, stream_options: { include_usage: true }, usage: { include: true } },
  })
  const alpha = stage.arrival('alpha', 1)
  alpha.head()
  alpha.write(says('Hi'), stops, uses(10, 5), done)
  alpha.end()
  await stage.settle()
  assert.ok(streamed.text().startsWith(says('Hi') + stops))
  assert.match(streamed.text(), /"completion_tokens":5,"cost":0\.00002,"cost_nano_usd":"20000"\}\}\n\ndata: \[DONE\]/)
  assert.equal(streamed.header('x-drover-cost'), undefined)
})

test('without a price there is no cost, which is not a cost of nothing; free is one of nothing', async () => {
  const models = [sampleModel([{}], { price: null }), sampleModel([{}], { id: 'gratis', price: 'free' })]
  const stage = openStage({ models })
  const unpriced = await stage.call({ body: { usage: { include: true } } })
  stage.arrival('alpha').answer(200, completion('Hi'))
  await stage.settle()
  assert.deepEqual([unpriced.record().costNanoUsd, unpriced.record().priceHash], [null, null])
  assert.equal(unpriced.header('x-drover-cost'), undefined)
  assert.deepEqual(unpriced.json(), completion('Hi'))
  const free = await stage.call({ body: { model: 'gratis' } })
  stage.arrival('alpha', 1).answer(200, completion('Hi'))
  await stage.settle()
  assert.equal(free.record().costNanoUsd, 0n)
  assert.equal(free.header('x-drover-cost'), '0.00')
})

test('at a provider that is free on purpose an attempt costs nothing; elsewhere its cost is unknown without rows', async () => {
  const models = [sampleModel([{}]), sampleModel([{ provider: 'beta' }], { id: 'n' })]
  const stage = openStage({ models, providers: { alpha: { price: 'free' } } })
  const here = await stage.call()
  stage.arrival('alpha').answer(200, completion('Hi'))
  const there = await stage.call({ body: { model: 'n' } })
  stage.arrival('beta').answer(200, completion('Hi'))
  await stage.settle()
  assert.deepEqual([here.record().costNanoUsd, here.record().attempts[0]?.costNanoUsd], [20_000n, 0n])
  assert.deepEqual([there.record().costNanoUsd, there.record().attempts[0]?.costNanoUsd], [20_000n, null])
})

const searching = {
  price: { ...samplePrice, rates: { ...samplePrice.rates, items: { web_search: 5_000_000n } } },
}
const search = {
  id: 'call_s',
  type: 'builtin_function',
  function: { name: '$web_search', arguments: '{"search_result":{}}' },
}
const searched = {
  ...completion('', { prompt_tokens: 10, completion_tokens: 5 }),
  choices: [{ index: 0, message: { role: 'assistant', tool_calls: [search] }, finish_reason: 'tool_calls' }],
}

test('Moonshot’s own search is counted from the answer, whose usage does not tell it', async () => {
  const stage = openStage({ models: [sampleModel([{}], searching)] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(200, searched)
  await stage.settle()
  const { usage, costNanoUsd, warnings } = caller.record()
  assert.deepEqual([usage?.items, costNanoUsd, warnings], [{ web_search: 1 }, 5_020_000n, []])
})

test('a piece that the row does not price is said on the record', async () => {
  const stage = openStage({ models: [sampleModel([{}], priced)] })
  const caller = await stage.call()
  stage.arrival('alpha').answer(200, searched)
  await stage.settle()
  const { usage, costNanoUsd, warnings } = caller.record()
  assert.deepEqual([usage?.items, costNanoUsd, warnings], [{ web_search: 1 }, 20_000n, ['items:web_search:unpriced']])
})

test('figures that nobody can mean are not believed, and what a whole answer leaves unsaid is counted', async () => {
  const most = Number.MAX_SAFE_INTEGER
  const charges = []
  for (const usage of [
    { prompt_tokens: most, completion_tokens: most },
    { prompt_tokens: 20, completion_tokens: 'three' },
    { prompt_tokens: 20, completion_tokens: 2_000_000_000 },
    { completion_tokens: 3 },
  ]) {
    const stage = openStage({ models: [sampleModel([{}], priced)] })
    const caller = await stage.call()
    stage.arrival('alpha').answer(200, completion('One two three', usage))
    await stage.settle()
    const { input, output, source } = caller.record().usage ?? {}
    charges.push([input, output, source, stage.settled[0]?.chargeNanoUsd])
  }
  assert.deepEqual(charges, [
    [60, 13, 'counted', 86_000n],
    [20, 13, 'counted', 46_000n],
    [20, 13, 'counted', 46_000n],
    [60, 3, 'counted', 66_000n],
  ])
})
