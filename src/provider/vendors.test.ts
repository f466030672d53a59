import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { spliceTopLevel } from '#base/json.ts'
import { Secret } from '#base/log.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import { azure } from './azure.ts'
import { cohere } from './cohere.ts'
import { deepseek } from './deepseek.ts'
import { groq } from './groq.ts'
import { vendorOf, vendors } from './index.ts'
import { mistral } from './mistral.ts'
import { openai } from './openai.ts'
import { providerOf, vendorContract } from './provider.contract.ts'
import { joinAdjustments } from './quirk.ts'
import { callOf } from './test-call.ts'
import type { Vendor } from './vendor.ts'
import { noAdjustment } from './vendor.ts'
import { voyageai } from './voyageai.ts'
import { xai } from './xai.ts'

for (const vendor of vendors) vendorContract(vendor)

const sent = (vendor: Vendor, text: string, protocol = 'openai-chat'): string => {
  const call = callOf(text, { protocol })
  assert.equal(call.payload.kind, 'json')
  return call.payload.kind === 'json'
    ? spliceTopLevel(call.payload.top, vendor.adjust(call, 'm').edits).toString()
    : assert.fail()
}

test('a vendor is found by its name, and its key by the environment', () => {
  assert.equal(vendorOf('moonshot')?.regions['cn'], 'https://api.moonshot.cn/v1')
  assert.equal(vendorOf('nobody'), undefined)
  assert.equal(new Set(vendors.map(({ name }) => name)).size, vendors.length)
  const environment = vendors.flatMap(({ keyEnv }) => keyEnv)
  assert.equal(new Set(environment).size, environment.length, 'one variable names one vendor')
  for (const name of ['MOONSHOT_API_KEY', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GEMINI_API_KEY', 'DEEPSEEK_API_KEY'])
    assert.ok(
      vendors.some(({ keyEnv }) => keyEnv[0] === name),
      name,
    )
})

test('the wire facts of every vendor name their source and the day they were read', () => {
  const folder = dirname(fileURLToPath(import.meta.resolve('./index.ts')))
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.ts') && /makeVendor\(\{/.test(readFileSync(join(folder, name), 'utf8')),
  )
  const own = files.filter((name) => !/^(openai-compatible|sandbox-vendor)\.ts$|test|contract/.test(name))
  assert.equal(own.length, vendors.length - 2)
  for (const name of own) {
    const text = readFileSync(join(folder, name), 'utf8')
    assert.match(text, /^\/\*\*.*?https:\/\/.*?read\s+(\*\s+)?\d{4}-\d{2}-\d{2}.*?\*\//s, name)
  }
})

test('Azure: the v1 address, the dated one with the deployment in the path, and the bare host of either', () => {
  const at = (baseUrl: string, options: Record<string, string> = {}, path = 'chat/completions'): string => {
    const provider = providerOf(azure, { baseUrl, options })
    const endpoint = azure.endpoint({ path, model: 'my gpt', provider, protocol: 'openai-chat' })
    const query = new URLSearchParams(endpoint.query).toString()
    return `${baseUrl}/${endpoint.path}${query === '' ? '' : `?${query}`}`
  }
  const dated = { api_version: '2024-10-21' }
  assert.equal(at('https://r.example/openai/v1'), 'https://r.example/openai/v1/chat/completions')
  assert.equal(at('https://r.example'), 'https://r.example/openai/v1/chat/completions')
  assert.equal(
    at('https://r.example', dated),
    'https://r.example/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
  )
  assert.equal(
    at('https://r.example/openai', dated),
    'https://r.example/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21',
  )
  assert.equal(
    at('https://r.example/openai/v1', { api_version: 'preview' }),
    'https://r.example/openai/v1/chat/completions?api-version=preview',
  )
  const check = azure.endpoint({
    path: 'models',
    model: '',
    protocol: 'openai-chat',
    provider: providerOf(azure, { baseUrl: 'https://r.example', options: dated }),
  })
  assert.equal(check.path, 'openai/models')
})

test('Azure: every protocol it speaks, files, batches and kept responses have an address in both forms', () => {
  const dated = { api_version: '2025-04-01-preview' }
  const at = (path: string, protocol: UpstreamProtocolName, options: Record<string, string>): string => {
    const provider = providerOf(azure, { baseUrl: 'https://r.example', options })
    const model = path === 'files' || path === 'batches' || path.startsWith('responses/resp_') ? '' : 'd'
    const endpoint = azure.endpoint({ path, model, provider, protocol })
    return `${endpoint.path}${endpoint.query['api-version'] === undefined ? '' : '?v'}`
  }
  const rows: readonly (readonly [UpstreamProtocolName, string, string])[] = [
    ['openai-chat', 'chat/completions', 'openai/deployments/d/chat/completions?v'],
    ['openai-completions', 'completions', 'openai/deployments/d/completions?v'],
    ['openai-embeddings', 'embeddings', 'openai/deployments/d/embeddings?v'],
    ['openai-images', 'images/generations', 'openai/deployments/d/images/generations?v'],
    ['openai-speech', 'audio/speech', 'openai/deployments/d/audio/speech?v'],
    ['openai-transcriptions', 'audio/transcriptions', 'openai/deployments/d/audio/transcriptions?v'],
    ['openai-responses', 'responses', 'openai/responses?v'],
    ['openai-responses', 'responses/resp_1/cancel', 'openai/responses/resp_1/cancel?v'],
    ['openai-chat', 'files', 'openai/files?v'],
    ['openai-chat', 'batches', 'openai/batches?v'],
  ]
  for (const [protocol, path, wanted] of rows) {
    assert.equal(at(path, protocol, dated), wanted)
    assert.equal(at(path, protocol, {}), `openai/v1/${path}`)
  }
  assert.ok(!azure.protocols.includes('openai-moderations'))
  assert.deepEqual(azure.authorise(new Secret('k')), { 'api-key': 'k' })
})

test('Realtime: Azure names a deployment in each of its forms, xAI a model as OpenAI does', () => {
  const at = (
    vendor: Vendor,
    baseUrl: string,
    more: { options?: Record<string, string>; intent?: 'transcription' } = {},
  ) => {
    const provider = providerOf(vendor, { baseUrl, options: more.options ?? {} })
    const endpoint = vendor.realtime?.({ model: 'my gpt', provider, intent: more.intent ?? 'realtime' })
    return `${baseUrl}/${endpoint?.path}?${new URLSearchParams(endpoint?.query)}`
  }
  const host = 'https://r.example'
  const options = { api_version: '2024-10-01-preview' }
  assert.equal(at(azure, host), `${host}/openai/v1/realtime?model=my+gpt`)
  assert.equal(at(azure, `${host}/openai/v1`), `${host}/openai/v1/realtime?model=my+gpt`)
  assert.equal(
    at(azure, `${host}/openai/v1`, { intent: 'transcription' }),
    `${host}/openai/v1/realtime?intent=transcription`,
  )
  assert.equal(at(azure, host, { options }), `${host}/openai/realtime?api-version=2024-10-01-preview&deployment=my+gpt`)
  assert.equal(
    at(azure, `${host}/openai`, { options, intent: 'transcription' }),
    `${host}/openai/realtime?api-version=2024-10-01-preview&intent=transcription`,
  )
  assert.equal(at(xai, 'https://api.x.ai/v1'), 'https://api.x.ai/v1/realtime?model=my+gpt')
})

test('DeepSeek completes text under beta/, and everything else beside it', () => {
  const path = (own: string, baseUrl?: string): string =>
    deepseek.endpoint({
      path: own,
      model: 'm',
      protocol: 'openai-chat',
      provider: providerOf(deepseek, baseUrl === undefined ? {} : { baseUrl }),
    }).path
  assert.equal(path('chat/completions'), 'chat/completions')
  assert.equal(path('completions'), 'beta/completions')
  assert.equal(path('completions', 'https://api.deepseek.com/beta'), 'completions')
})

test('Cohere reranks at its own path, and takes an address with a path at its word', () => {
  const path = (own: string, baseUrl?: string): string =>
    cohere.endpoint({
      path: own,
      model: 'm',
      protocol: 'openai-chat',
      provider: providerOf(cohere, baseUrl === undefined ? {} : { baseUrl }),
    }).path
  assert.equal(path('rerank'), 'v2/rerank')
  assert.equal(path('chat/completions'), 'compatibility/v1/chat/completions')
  assert.equal(path('chat/completions', 'https://proxy.example/compatibility/v1'), 'chat/completions')
})

test('Mistral is not sent what its closed body refuses, and nothing is lost without a word', () => {
  const text = '{ "model": "m","seed" : 7,"stream_options":{"include_usage":true},"user":"u","messages":[]}'
  assert.equal(sent(mistral, text), '{ "model": "m","random_seed" : 7,"messages":[]}')
  const { warnings, shims } = mistral.adjust(callOf(text), 'm')
  assert.deepEqual(warnings, [{ field: 'user', reason: 'unsupported' }])
  assert.deepEqual([...shims].sort(), ['seed:renamed', 'stream_options:cut', 'user:cut'])
  assert.equal(mistral.streamUsage, 'never')
})

test('Mistral knows two efforts: the nearest one is asked, and said', () => {
  for (const [asked, taken] of [
    ['minimal', 'none'],
    ['low', 'high'],
    ['medium', 'high'],
    ['xhigh', 'high'],
  ]) {
    const text = `{"model":"m","reasoning_effort":"${asked}","messages":[]}`
    assert.equal(JSON.parse(sent(mistral, text)).reasoning_effort, taken)
    assert.equal(mistral.adjust(callOf(text), 'm').warnings[0]?.field, 'reasoning_effort')
  }
  for (const own of ['high', 'none']) {
    const text = `{"model":"m","reasoning_effort":"${own}","messages":[]}`
    assert.equal(sent(mistral, text), text)
  }
})

test('a body that has no such field keeps every byte', () => {
  const text = '{"model":"m",  "messages":[{"role":"user","content":"\\u0041"}], "temperature":1}'
  for (const vendor of vendors) {
    assert.equal(vendor.adjust(callOf(text), 'm'), noAdjustment, vendor.name)
    assert.equal(sent(vendor, text), text)
  }
})

test('a quirk holds for its protocol only', () => {
  assert.equal(sent(voyageai, '{"top_n":2}', 'openai-rerank'), '{"top_k":2}')
  assert.equal(sent(voyageai, '{"top_n":2}', 'openai-embeddings'), '{"top_n":2}')
  assert.equal(sent(groq, '{"logprobs":true,"n":1}'), '{"n":1}')
  assert.equal(sent(openai, '{"logprobs":true}'), '{"logprobs":true}')
})

test('two adjustments become one: what is cut is not renamed, and nothing is said twice', () => {
  const warning = { field: 'user', reason: 'unsupported' }
  const first = { edits: { set: { a: '1' }, cut: ['seed'], rename: {} }, warnings: [warning], shims: ['user:cut'] }
  const second = {
    edits: { set: { a: '2' }, cut: ['user'], rename: { seed: 'random_seed' } },
    warnings: [warning],
    shims: ['user:cut', 'seed:renamed'],
  }
  assert.deepEqual(joinAdjustments(first, second), {
    edits: { set: { a: '1' }, cut: ['seed', 'user'], rename: {} },
    warnings: [warning],
    shims: ['user:cut', 'seed:renamed'],
  })
  assert.equal(joinAdjustments(first, noAdjustment), first)
  assert.equal(joinAdjustments(noAdjustment, second), second)
})
