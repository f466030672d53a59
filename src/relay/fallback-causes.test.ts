/**
 * A prompt that is too long, and one that a filter refuses, as each format's providers say it: another model answers where the operator
 * wishes so. Bodies as providers document them or were seen to send them (error pages, read 2026-11-29; those of Cohere and Bedrock from memory).
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import type { FallbackCause } from '#policy/model-table.ts'
import { anthropicMessages } from '#protocol/anthropic-messages/index.ts'
import { gemini } from '#protocol/gemini/index.ts'
import { openaiResponses } from '#protocol/openai-responses/index.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import type { Asking, Stage } from './test-stage.ts'
import { openStage, sampleModel, sampleRoute } from './test-stage.ts'
import { completion } from './test-upstream.ts'

type Said = readonly [
  protocol: UpstreamProtocolName,
  cause: FallbackCause,
  status: number,
  body: JsonObject,
  headers?: Readonly<Record<string, string>>,
]

const openai = (message: string, code: string | null, type: string | null = 'invalid_request_error'): JsonObject => ({
  error: { message, type, param: null, code },
})
const claude = (message: string): JsonObject => ({ type: 'error', error: { type: 'invalid_request_error', message } })
const validation = { 'x-amzn-errortype': 'ValidationException:http://internal.amazon.com/' }

const tooLong: readonly Said[] = [
  ['openai-chat', 'context-length', 400, openai('This model has a maximum of 8192.', 'context_length_exceeded')],
  ['openai-chat', 'context-length', 400, openai('Your request exceeded model token limit: 8192', null)],
  ['openai-responses', 'context-length', 400, openai('Your input exceeds the context window of this model.', null)],
  ['anthropic-messages', 'context-length', 400, claude('prompt is too long: 210000 tokens > 200000 maximum')],
  [
    'anthropic-messages',
    'context-length',
    400,
    claude('input length and `max_tokens` exceed context limit: 199000 + 21333 > 200000, decrease input length'),
  ],
  [
    'gemini',
    'context-length',
    400,
    {
      error: {
        code: 400,
        message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
        status: 'INVALID_ARGUMENT',
      },
    },
  ],
  ['bedrock-converse', 'context-length', 400, { message: 'Input is too long for requested model.' }, validation],
  ['cohere-chat', 'context-length', 400, { message: 'too many tokens: size limit exceeded by 1000 tokens.' }],
  ['ollama-chat', 'context-length', 400, { error: 'input length exceeds maximum context length' }],
]

const message = (content: readonly JsonObject[], stopReason: string): JsonObject => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'x',
  content,
  stop_reason: stopReason,
  stop_sequence: null,
  usage: { input_tokens: 9, output_tokens: 0 },
})

const response: JsonObject = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'x',
  status: 'incomplete',
  incomplete_details: { reason: 'content_filter' },
  output: [],
  usage: { input_tokens: 9, output_tokens: 0, total_tokens: 9 },
}

const filtered: readonly Said[] = [
  ['openai-chat', 'content-filter', 400, openai('The response was filtered.', 'content_filter', null)],
  ['openai-chat', 'content-filter', 400, openai('Considered high risk.', null, 'content_filter')],
  ['openai-chat', 'content-filter', 400, openai('Content Exists Risk', 'invalid_request_error')],
  ['openai-chat', 'content-filter', 400, openai('May contain inappropriate content.', 'data_inspection_failed')],
  [
    'openai-responses',
    'content-filter',
    400,
    openai('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt'),
  ],
  ['openai-responses', 'content-filter', 200, response],
  ['anthropic-messages', 'content-filter', 400, claude('Output blocked by content filtering policy')],
  ['anthropic-messages', 'content-filter', 200, message([], 'refusal')],
  [
    'gemini',
    'content-filter',
    200,
    { promptFeedback: { blockReason: 'SAFETY' }, usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 } },
  ],
  [
    'bedrock-converse',
    'content-filter',
    200,
    {
      output: { message: { role: 'assistant', content: [] } },
      stopReason: 'content_filtered',
      usage: { inputTokens: 9, outputTokens: 0, totalTokens: 9 },
    },
  ],
  [
    'cohere-chat',
    'content-filter',
    200,
    { id: '1', message: { role: 'assistant', content: [] }, finish_reason: 'ERROR_TOXIC' },
  ],
]

const callers: readonly Asking[] = [
  {},
  {
    protocol: anthropicMessages,
    path: 'messages',
    body: { max_tokens: 9 },
  },
  { protocol: openaiResponses, path: 'responses', body: { input: 'Hello' } },
  {
    protocol: gemini,
    path: 'beta/models/m:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
  },
]

const open = ([protocol]: Said, fallbackOn: readonly FallbackCause[]): Stage =>
  openStage({
    models: [
      sampleModel([{ provider: 'alpha' }], { fallbacks: ['n'], route: { ...sampleRoute, fallbackOn } }),
      sampleModel([{ provider: 'beta' }], { id: 'n', route: { ...sampleRoute, fallbackOn } }),
    ],
    vendors: { alpha: { protocols: [protocol] } },
  })

const titleOf = ([protocol, cause, status, body]: Said): string =>
  `${protocol}, ${cause}: ${status} ${JSON.stringify(body).slice(0, 60)}`

describe('what another model may do better', () => {
  for (const said of [...tooLong, ...filtered])
    test(titleOf(said), async () => {
      const [, cause, status, body, headers] = said
      const stage = open(said, [cause])
      const caller = await stage.call()
      stage.arrival('alpha').answer(status, body, headers)
      await stage.settle()
      stage.arrival('beta').answer(200, completion('from the other'))
      await stage.settle()
      assert.match(caller.text(), /from the other/)
      assert.deepEqual(
        caller.record().attempts.map(({ reason }) => reason),
        ['fallback', 'other-model'],
      )
      const unwilling = open(said, [])
      await unwilling.call()
      unwilling.arrival('alpha').answer(status, body, headers)
      await unwilling.settle()
      assert.equal(unwilling.arrivals('beta'), 0)
    })

  for (const asking of callers)
    test(`for a caller of ${asking.protocol?.name ?? 'openai-chat'}`, async () => {
      for (const said of [tooLong[0], filtered[0]]) {
        assert.ok(said !== undefined)
        const [, cause, status, body] = said
        const stage = open(said, [cause])
        const caller = await stage.call(asking)
        stage.arrival('alpha').answer(status, body)
        await stage.settle()
        stage.arrival('beta').answer(200, completion('from the other'))
        await stage.settle()
        assert.equal(caller.status(), 200)
        assert.match(caller.text(), /from the other/)
      }
    })
})
