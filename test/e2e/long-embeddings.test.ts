/** Vectors, asked for in OpenAI's words and in Google's, of providers that speak either, and of those that speak neither. */

import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { benchFor } from './bench.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import { testKey } from './harness.ts'

let bench: Bench

const configOf = (upstream: FakeUpstream): string => {
  const root = upstream.baseUrl.replace(/\/v1$/, '')
  const of = (name: string, vendor: string, path: string): string =>
    `  ${name}: { vendor: ${vendor}, base_url: "${root}${path}", allow_private: true, api_key: "env:FAKE_KEY", price: free }\n`
  return `providers:
${of('google', 'gemini', '/v1beta')}${of('cloud', 'vertex', '/v1')}${of('aws', 'bedrock', '')}${of('co', 'cohere', '')}${of('llama', 'ollama-native', '/api')}${of('openai', 'openai', '/v1')}`
}

before(async () => {
  bench = await benchFor(configOf)
})

after(() => bench?.close())

/** What went upstream for the last call: where, and what. */
const sent = async () => {
  const { target, body } = await bench.upstream.arrival(bench.upstream.seen.length - 1)
  return { target, body: JSON.parse(body.toString()) }
}

const openai = (model: string, more: object): Promise<Answer> =>
  call(bench.relay.url, { path: '/v1/embeddings', key: bench.key, body: { model, ...more } })

const google = (model: string, method: string, body: object): Promise<Answer> =>
  call(bench.relay.url, { path: `/v1beta/models/${model}:${method}`, headers: { 'x-goog-api-key': bench.key }, body })

const content = (text: string): object => ({ content: { parts: [{ text }] } })

test("the sandbox makes vectors for Google's clients, one and several", async () => {
  const headers = { 'x-goog-api-key': testKey }
  const path = '/v1beta/models/text-embedding-3-small'
  const one = await call(bench.relay.url, { path: `${path}:embedContent`, headers, body: content('hello') })
  assert.equal(one.status, 200, one.text)
  assert.equal(typeof one.at('embedding.values.0'), 'number')
  assert.equal(typeof one.at('usageMetadata.promptTokenCount'), 'number')
  const requests = ['a', 'b'].map((text) => ({ model: 'models/text-embedding-3-small', ...content(text) }))
  const several = await call(bench.relay.url, { path: `${path}:batchEmbedContents`, headers, body: { requests } })
  assert.equal((several.at('embeddings') as readonly object[]).length, 2)
  const bad = await call(bench.relay.url, { path: `${path}:embedContent`, headers, body: { content: {} } })
  assert.deepEqual([bad.status, bad.at('error.status')], [400, 'INVALID_ARGUMENT'])
})

test("OpenAI's clients on Bedrock: Titan and Cohere, as numbers and as base64", async () => {
  bench.upstream.answer(whole({ embedding: [0.5, -0.25], inputTextTokenCount: 3 }))
  const titan = await openai('aws/amazon.titan-embed-text-v2:0', { input: 'Grüße', dimensions: 256 })
  assert.deepEqual(titan.at('data'), [{ object: 'embedding', index: 0, embedding: [0.5, -0.25] }])
  assert.deepEqual(titan.at('usage'), { prompt_tokens: 3, total_tokens: 3 })
  assert.deepEqual(await sent(), {
    target: '/model/amazon.titan-embed-text-v2%3A0/invoke',
    body: { inputText: 'Grüße', dimensions: 256 },
  })
  const two = await openai('aws/amazon.titan-embed-text-v2:0', { input: ['a', 'b'] })
  assert.deepEqual([two.status, two.at('error.param')], [400, 'input'])

  const floats = {
    embeddings: {
      float: [
        [1, 2],
        [3, 4],
      ],
    },
    id: 'x',
    response_type: 'embeddings_by_type',
  }
  bench.upstream.answer(whole(floats, { headers: { 'x-amzn-bedrock-input-token-count': '7' } }))
  const body = { input: ['a', 'b'], encoding_format: 'base64' }
  const cohere = await openai('aws/cohere.embed-multilingual-v3', body)
  const [first] = cohere.at('data') as readonly { readonly embedding: string }[]
  assert.deepEqual([...new Float32Array(new Uint8Array(Buffer.from(first?.embedding ?? '', 'base64')).buffer)], [1, 2])
  assert.equal(cohere.at('usage.prompt_tokens'), 7)
  assert.match(cohere.headers['x-drover-warnings'] ?? '', /input_type:taken as search_document/)
  assert.deepEqual((await sent()).body, {
    texts: ['a', 'b'],
    input_type: 'search_document',
    embedding_types: ['float'],
  })
})

test("OpenAI's clients on Vertex AI and Ollama; what is not told is estimated and said to be", async () => {
  const embeddings = { statistics: { token_count: 4, truncated: false }, values: [0.1, 0.2] }
  bench.upstream.answer(whole({ predictions: [{ embeddings }, { embeddings }] }))
  const vertex = await openai('cloud/text-embedding-005', { input: ['a', 'b'], dimensions: 2 })
  assert.equal(vertex.at('usage.prompt_tokens'), 8)
  assert.deepEqual(await sent(), {
    target: '/v1/publishers/google/models/text-embedding-005:predict',
    body: { instances: [{ content: 'a' }, { content: 'b' }], parameters: { outputDimensionality: 2 } },
  })
  bench.upstream.answer(
    whole({ embedding: { values: [0.3] }, usageMetadata: { promptTokenCount: 11, totalTokenCount: 11 } }),
  )
  const newest = await openai('cloud/gemini-embedding-2', { input: 'a' })
  assert.equal(newest.at('usage.prompt_tokens'), 11)
  assert.match((await sent()).target, /gemini-embedding-2:embedContent$/)
  bench.upstream.answer(whole({ model: 'n', embeddings: [[1], [2]] }))
  const ollama = await openai('llama/nomic-embed-text', { input: ['12345678', 'b'] })
  assert.equal(ollama.at('usage.prompt_tokens'), 3)
  assert.match(ollama.headers['x-drover-warnings'] ?? '', /usage:estimated from the size/)
  assert.deepEqual((await sent()).body.input, ['12345678', 'b'])
  const record = await bench.relay.recordOf(ollama)
  assert.equal((record['usage'] as { source: string }).source, 'estimated')
  bench.upstream.answer(whole({ embeddings: [[1]] }))
  assert.equal((await openai('llama/nomic-embed-text', { input: ['a', 'b'] })).status, 502)
  const tokens = await openai('llama/nomic-embed-text', { input: [[1, 2, 3]] })
  assert.deepEqual([tokens.status, tokens.at('error.param')], [400, 'input'])
})

test("Google's clients: their own provider natively, Cohere with the task, OpenAI with a warning of it", async () => {
  bench.upstream.answer(whole({ embeddings: [{ values: [1] }, { values: [2] }] }))
  const name = 'models/google/gemini-embedding-001'
  const requests = ['a', 'b'].map((text) => ({ model: name, taskType: 'RETRIEVAL_QUERY', ...content(text) }))
  const native = await google('google/gemini-embedding-001', 'batchEmbedContents', { requests })
  assert.equal(native.text, '{"embeddings":[{"values":[1]},{"values":[2]}]}')
  const own = await sent()
  assert.equal(own.target, '/v1beta/models/gemini-embedding-001:batchEmbedContents')
  assert.deepEqual(own.body.requests[1], { ...requests[1], model: 'models/gemini-embedding-001' })

  const meta = { api_version: { version: '2' }, billed_units: { input_tokens: 5 } }
  bench.upstream.answer(whole({ id: 'x', embeddings: { float: [[0.5]] }, texts: ['q'], meta }))
  const wish = { ...content('q'), taskType: 'RETRIEVAL_QUERY', outputDimensionality: 256 }
  const cohere = await google('co/embed-v4.0', 'embedContent', wish)
  assert.deepEqual(cohere.at('embedding'), { values: [0.5] })
  assert.equal(cohere.at('usageMetadata.promptTokenCount'), 5)
  const asked = await sent()
  assert.equal(asked.target, '/v2/embed')
  assert.deepEqual(
    [asked.body.model, asked.body.input_type, asked.body.output_dimension],
    ['embed-v4.0', 'search_query', 256],
  )

  const usage = { prompt_tokens: 2, total_tokens: 2 }
  bench.upstream.answer(
    whole({ object: 'list', data: [{ object: 'embedding', index: 0, embedding: [9] }], model: 'm', usage }),
  )
  const other = await google('openai/text-embedding-3-small', 'embedContent', wish)
  assert.deepEqual(other.at('embedding'), { values: [9] })
  assert.match(other.headers['x-drover-warnings'] ?? '', /taskType:/)
  assert.deepEqual((await sent()).body, {
    model: 'text-embedding-3-small',
    input: 'q',
    encoding_format: 'float',
    dimensions: 256,
  })
  const strict = await call(bench.relay.url, {
    path: '/v1beta/models/openai/text-embedding-3-small:embedContent',
    headers: { 'x-goog-api-key': bench.key, 'x-drover-strict': 'true' },
    body: wish,
  })
  assert.equal(strict.status, 400)
})
