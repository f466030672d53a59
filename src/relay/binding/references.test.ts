import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callOf } from '#provider/test-call.ts'
import { filesNamedBy } from './references.ts'

const named = (body: unknown): readonly string[] => filesNamedBy(callOf(JSON.stringify(body)))

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
  assert.deepEqual(filesNamedBy(callOf('{"x":{"file\\u005fid":"f"}}')), ['f'])
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
