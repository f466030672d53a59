import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import { toolItemsOf } from './tool-items.ts'

const itemsOf = (body: JsonObject): Readonly<Record<string, number>> => {
  const bytes = Buffer.from(JSON.stringify({ model: 'm', messages: [], ...body }))
  const call = openaiChat.server.readCall({
    id: 'call_1',
    origin: '',
    method: 'POST',
    path: '/v1/chat/completions',
    query: new URLSearchParams(),
    headers: {},
    remoteAddress: '127.0.0.1',
    fromLoopback: true,
    arrivedMs: 0,
    signal: new AbortController().signal,
    body: { kind: 'bytes', bytes, contentType: 'application/json' },
  })
  return Object.fromEntries(toolItemsOf(call).map(({ item, runsMax }) => [item, runsMax]))
}

const cases: ReadonlyArray<readonly [name: string, body: JsonObject, items: Readonly<Record<string, number>>]> = [
  [
    'Anthropic: dated search with its own maximum; fetched pages cost tokens only; an advisor is another model',
    {
      tools: [
        { type: 'web_search_20250305', name: 'web_search', max_uses: 5 },
        { type: 'web_fetch_20250910', name: 'web_fetch' },
        { type: 'advisor_20260301', name: 'advisor', max_uses: 2 },
      ],
    },
    { web_search: 5, advisor_input_tokens: 2, advisor_output_tokens: 2 },
  ],
  ['Anthropic: no maximum', { tools: [{ type: 'web_search_20260209', name: 'web_search' }] }, { web_search: 16 }],
  ['a maximum of none asks for nothing', { tools: [{ type: 'web_search_20250305', max_uses: 0 }] }, {}],
  [
    'Responses: the maximum of all tools together',
    { max_tool_calls: 3, tools: [{ type: 'web_search' }, { type: 'file_search' }, { type: 'code_interpreter' }] },
    { web_search: 3, file_search: 3, code_interpreter: 3 },
  ],
  [
    'Responses: the earlier search has a price of its own',
    { tools: [{ type: 'web_search_preview_2025_03_11' }] },
    { web_search_preview: 16 },
  ],
  ['OpenAI chat', { web_search_options: { search_context_size: 'low' } }, { web_search: 16 }],
  ['xAI: tools', { tools: [{ type: 'x_search' }, { type: 'web_search' }] }, { x_search: 16, web_search: 16 }],
  ['xAI: Live Search by the source', { search_parameters: { mode: 'auto' } }, { search_sources: 20 }],
  ['xAI: Live Search, capped', { search_parameters: { max_search_results: 4 } }, { search_sources: 4 }],
  ['xAI: Live Search, off', { search_parameters: { mode: 'off' } }, {}],
  ['Gemini', { tools: [{ googleSearch: {} }] }, { web_search: 16 }],
  ['Gemini in snake case', { tools: [{ google_search: {} }, { functionDeclarations: [] }] }, { web_search: 16 }],
  ['Moonshot', { tools: [{ type: 'builtin_function', function: { name: '$web_search' } }] }, { web_search: 16 }],
  ['OpenRouter', { plugins: [{ id: 'web' }] }, { web_search: 16 }],
  [
    'a function of the caller may bear any name',
    {
      tools: [
        { type: 'function', function: { name: 'web_search' } },
        { name: 'web_search', input_schema: {} },
      ],
    },
    {},
  ],
  ['words in a message are no tools', { messages: [{ role: 'user', content: 'use web_search and googleSearch' }] }, {}],
  ['what is not of its form is left to the provider', { tools: 'web_search', web_search_options: null }, {}],
]

describe('tools that are billed by the piece', () => {
  for (const [name, body, items] of cases) test(name, () => assert.deepEqual(itemsOf(body), items))
})
