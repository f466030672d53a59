import assert from 'node:assert/strict'
import { test } from 'node:test'
import { samplePriceRow } from '#base/sample-price-row.ts'
import { protocols } from '#protocol/index.ts'
import { inboundOf } from '#protocol/openai/test-inbound.ts'
import { openStage, sampleModel, samplePrice } from './test-stage.ts'
import { askedText, spokenTokens } from './uncounted.ts'

const callOf = (name: 'openai-embeddings' | 'openai-speech' | 'openai-rerank' | 'openai-moderations', body: object) =>
  protocols[name].server.readCall(inboundOf(JSON.stringify({ model: 'm', ...body })))

test('what was asked is its texts, wherever they stand, and not what is to be done with them', () => {
  assert.equal(askedText(callOf('openai-embeddings', { input: ['one ', 'two'], encoding_format: 'float' })), 'one two')
  assert.equal(askedText(callOf('openai-embeddings', { input: [[5, 6], [7]], dimensions: 3 })), ' a a a')
  assert.equal(askedText(callOf('openai-rerank', { query: 'q ', documents: ['d ', { text: 'e' }], top_n: 1 })), 'q d e')
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  assert.equal(askedText(callOf('openai-moderations', { input: [{ type: 'text', text: 'x' }, image] })), 'x')
  const chat = protocols['openai-chat'].server.readCall(inboundOf('{"model":"m","messages":[]}'))
  assert.equal(askedText(chat), null)
})

test('speech lasts as long as people take for it, in letters and in syllables', () => {
  assert.equal(spokenTokens(''), 0)
  assert.equal(spokenTokens('a'.repeat(150)), 200)
  assert.equal(spokenTokens('汉'.repeat(45)), 200)
})

test('vectors and sound without a word of usage are charged for by what was asked', async () => {
  const { rates } = samplePrice
  const price = { ...samplePrice, rates: { ...rates, audioOutput: 12_000_000_000n } }
  const models = [sampleModel([{}], { price })]
  const stage = openStage({ models })
  const embedding = await stage.call({
    protocol: protocols['openai-embeddings'],
    path: 'embeddings',
    body: { input: 'four words of text', messages: undefined },
  })
  stage.arrival('alpha').answer(200, { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [1] }] })
  await stage.settle()
  const { usage, costNanoUsd } = embedding.record()
  assert.ok((usage?.input ?? 0) > 0)
  assert.deepEqual([usage?.output, usage?.source], [0, 'counted'])
  assert.equal(costNanoUsd, (BigInt(usage?.input ?? 0) * (rates.input ?? 0n)) / 1_000_000n)

  const booth = openStage({ models })
  const spoken = await booth.call({
    protocol: protocols['openai-speech'],
    path: 'audio/speech',
    body: { input: 'a'.repeat(150), voice: 'v', messages: undefined },
  })
  const arrival = booth.arrival('alpha')
  arrival.head(200, { 'content-type': 'audio/mpeg' })
  arrival.write('ID3')
  arrival.end()
  await booth.settle()
  const said = spoken.record()
  assert.deepEqual([said.usage?.audioOutput, said.usage?.source], [200, 'estimated'])
  assert.ok((said.costNanoUsd ?? 0n) > 200n * 12_000n)
  assert.match(booth.settled[0]?.rule ?? '', /^estimated by Drover from what was asked/)
})

test('a voice whose sound costs nothing by the token is charged for its text alone', async () => {
  const silent = samplePriceRow({ input: 15_000_000_000n, output: null })
  const stage = openStage({
    models: [sampleModel([{}], { price: { currency: 'USD', rates: silent.rates } })],
  })
  const spoken = await stage.call({
    protocol: protocols['openai-speech'],
    path: 'audio/speech',
    body: { input: 'hello there', voice: 'v', messages: undefined },
  })
  const arrival = stage.arrival('alpha')
  arrival.head(200, { 'content-type': 'audio/mpeg' })
  arrival.write('ID3')
  arrival.end()
  await stage.settle()
  const { usage, costNanoUsd } = spoken.record()
  assert.equal(usage?.output, 0)
  assert.equal(costNanoUsd, BigInt(usage?.input ?? 0) * 15_000n)
})
