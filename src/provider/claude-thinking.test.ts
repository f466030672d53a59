import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anthropicMessages } from '#protocol/anthropic-messages/index.ts'
import type { ChatRequest } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { anthropic } from './anthropic.ts'

const asked = (model: string, effort: string) => {
  const request: ChatRequest = {
    ...noParameters,
    ...{ source: 'openai-chat', stream: false, messages: [], extra: {}, tools: [] },
    reasoning: { mode: null, effort, budgetTokens: null, summary: null },
  }
  const { writeChat } = anthropicMessages.client
  assert.ok(writeChat !== undefined)
  const { value, warnings } = writeChat(request, { dialect: anthropic.dialect(model), outputMax: 64_000 })
  const { thinking, output_config: config } = value as Record<string, Record<string, unknown> | undefined>
  return [thinking?.['type'], config?.['effort'], warnings.length]
}

test('an effort is one that the model takes, with a warning where it had to be changed', () => {
  assert.deepEqual(asked('claude-opus-4-6', 'xhigh'), ['adaptive', 'high', 1])
  assert.deepEqual(asked('claude-sonnet-4-6', 'max'), ['adaptive', 'max', 0])
  assert.deepEqual(asked('claude-opus-4-8', 'xhigh'), ['adaptive', 'xhigh', 0])
  assert.deepEqual(asked('claude-sonnet-4-6', 'minimal'), ['adaptive', 'low', 0])
})

test('a model that always thinks is asked for the least where none is wished for', () => {
  assert.deepEqual(asked('claude-fable-5', 'none'), ['adaptive', 'low', 1])
  assert.deepEqual(asked('claude-opus-4-8', 'none'), ['disabled', undefined, 0])
})
