import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callOf } from '#provider/test-call.ts'
import { containersIn, namedBy } from './names.ts'

const named = (body: unknown): readonly string[] => namedBy(callOf(JSON.stringify(body))).map(({ id }) => id)
const kinds = (body: unknown): readonly string[] =>
  namedBy(callOf(JSON.stringify(body))).map(({ kind, id, field }) => `${kind} ${id} ${field}`)

test('files are found in every place where a provider opens one', () => {
  const places = [
    { messages: [{ content: [{ type: 'file', file: { file_id: 'f' } }] }] },
    { input: [{ content: [{ type: 'input_file', file_id: 'f' }] }] },
    { input: [{ content: [{ type: 'input_image', file_id: 'f' }] }] },
    { messages: [{ content: [{ type: 'document', source: { type: 'file', file_id: 'f' } }] }] },
    { messages: [{ content: [{ type: 'container_upload', file_id: 'f' }] }] },
    { input: [{ type: 'function_call_output', output: [{ type: 'input_file', file_id: 'f' }] }] },
    { input: [{ type: 'computer_call_output', output: { type: 'computer_screenshot', file_id: 'f' } }] },
    { tools: [{ type: 'code_interpreter', container: { type: 'auto', file_ids: ['f'] } }] },
    { messages: [{ content: [{ type: 'image_url', image_url: { url: 'ms://f' } }] }] },
    { images: ['ms://f'] },
    { contents: [{ parts: [{ fileData: { fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/f' } }] }] },
    { contents: [{ parts: [{ file_data: { file_uri: 'files/f' } }] }] },
    {
      messages: [
        {
          content: [
            {
              type: 'image',
              source: {
                type: 'url',
                url: 'https://generativelanguage.googleapis.com/v1beta/files/f:download?alt=media',
              },
            },
          ],
        },
      ],
    },
  ]
  for (const place of places) assert.deepEqual(named(place), ['f'], JSON.stringify(place))
  const [hidden] = namedBy(callOf('{"x":{"file\\u005fid":"f"}}'))
  assert.deepEqual(hidden, { kind: 'file', id: 'f', field: 'file_id' })
})

test('what programs call so for themselves, and what was cited, is no file', () => {
  const places = [
    { tools: [{ function: { parameters: { properties: { file_id: { type: 'string' } } } } }] },
    { tools: [{ input_schema: { properties: { file_id: { const: 'x' } } } }] },
    { messages: [{ content: [{ type: 'tool_use', id: 'a', name: 'open', input: { file_id: 'f' } }] }] },
    { messages: [{ content: [{ annotations: [{ type: 'file_citation', file_id: 'f' }] }] }] },
    { messages: [{ content: 'the words "file_id": "f" and ms://f in a text' }] },
    { metadata: { file_id: 'f' } },
    {
      messages: [
        { content: [{ type: 'x_tool_result', content: [{ type: 'bash_code_execution_output', file_id: 'f' }] }] },
      ],
    },
    { input: [{ type: 'file_search_call', results: [{ file_id: 'f' }] }] },
    { file_id: 7 },
    { messages: [{ content: 'https://generativelanguage.googleapis.com/v1beta/files/f' }, { content: 'ms://f' }] },
    { contents: [{ parts: [{ fileData: { fileUri: 'https://a.example/files/f' } }] }] },
    { contents: [{ parts: [{ text: 'files/f' }, { functionCall: { name: 'open', args: { fileUri: 'files/f' } } }] }] },
  ]
  for (const place of places) assert.deepEqual(named(place), [], JSON.stringify(place))
})

test('containers are found where a provider goes on in one, also in what was told before', () => {
  const places = [
    { container: 'c' },
    { container: { id: 'c', skills: [{ type: 'anthropic', skill_id: 'pptx', version: 'latest' }] } },
    { tools: [{ type: 'code_interpreter', container: 'c' }] },
    { tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'c' } }] },
    { input: [{ type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'c' }] },
  ]
  for (const place of places)
    assert.match(kinds(place).join(), /^container c container(?:_id)?$/, JSON.stringify(place))
  const none = [
    { container: { skills: [{ type: 'anthropic', skill_id: 'pptx' }] } },
    { tools: [{ type: 'code_interpreter', container: { type: 'auto' } }] },
    { input: [{ content: [{ annotations: [{ type: 'container_file_citation', container_id: 'c' }] }] }] },
    { messages: [{ content: [{ type: 'tool_use', id: 'a', name: 'ship', input: { container: 'c' } }] }] },
    { contents: [{ parts: [{ functionResponse: { name: 'ship', response: { container: 'c' } } }] }] },
  ]
  for (const place of none) assert.deepEqual(kinds(place), [], JSON.stringify(place))
  assert.deepEqual(containersIn({ message: { container: { id: 'c', expires_at: '2026-12-31T00:00:00Z' } } }), ['c'])
  assert.deepEqual(containersIn({ type: 'code_interpreter_call', container_id: 'c', outputs: null }), ['c'])
})

test('what is kept for no caller of this relay is found in every format that names it', () => {
  const places = [
    { cachedContent: 'x' },
    { extra_body: { google: { cached_content: 'x' } } },
    { tools: [{ type: 'file_search', vector_store_ids: ['x'] }] },
    { tools: [{ type: 'collections_search', collection_ids: ['x'] }] },
    { tools: [{ fileSearch: { fileSearchStoreNames: ['x'] } }] },
    { tools: [{ file_search: { file_search_store_names: ['x'] } }] },
    { tools: [{ retrieval: { vertexRagStore: { ragResources: [{ ragCorpus: 'x' }] } } }] },
    { tools: [{ retrieval: { vertexAiSearch: { datastore: 'x' } } }] },
  ]
  for (const place of places) assert.match(kinds(place).join(), /^unkept x /, JSON.stringify(place))
  assert.deepEqual(kinds({ tools: [{ type: 'file_search', vector_store_ids: [] }] }), [])
  assert.deepEqual(kinds({ metadata: { cachedContent: 'x' } }), [])
  const shape = { properties: { place: { default: { datastore: 'x', container: 'y', file_id: 'z' } } } }
  for (const place of [
    { tools: [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: shape }] }] },
    { generationConfig: { responseSchema: shape, responseJsonSchema: shape } },
  ])
    assert.deepEqual(kinds(place), [], 'a schema only describes')
})
