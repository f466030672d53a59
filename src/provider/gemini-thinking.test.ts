import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChatRequest, ReasoningWish } from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { gemini as geminiFormat } from '#protocol/gemini/index.ts'
import { gemini } from './gemini.ts'

const silent: ReasoningWish = { mode: null, effort: null, budgetTokens: null, summary: 'none' }

const asked = (model: string, wish: Partial<ReasoningWish>) => {
  const request: ChatRequest = {
    ...noParameters,
    ...{ source: 'openai-chat', stream: false, messages: [], extra: {}, tools: [] },
    reasoning: { ...silent, ...wish },
  }
  const { writeChat } = geminiFormat.client
  assert.ok(writeChat !== undefined)
  const { value, warnings } = writeChat(request, { dialect: gemini.dialect(model), outputMax: null })
  const { thinkingConfig } = value['generationConfig'] as { thinkingConfig: Record<string, unknown> }
  return [thinkingConfig['thinkingBudget'] ?? thinkingConfig['thinkingLevel'], warnings.length]
}

test('a budget of thinking is one that the model takes, with a warning where it had to be changed', () => {
  assert.deepEqual(asked('gemini-2.5-flash', { mode: 'on', budgetTokens: 31_999 }), [24_576, 1])
  assert.deepEqual(asked('gemini-2.5-pro', { mode: 'on', budgetTokens: 31_999 }), [31_999, 0])
  assert.deepEqual(asked('gemini-2.5-flash-lite', { mode: 'on', budgetTokens: 100 }), [512, 1])
  assert.deepEqual(asked('gemini-2.5-pro', { mode: 'off' }), [128, 1])
  assert.deepEqual(asked('gemini-2.5-flash', { mode: 'off' }), [0, 0])
  assert.deepEqual(asked('gemini-2.5-pro', { mode: 'adaptive' }), [-1, 0])
})

test('so is a level', () => {
  for (const model of ['gemini-3-pro-preview', 'gemini-3.1-pro-preview', 'gemini-3.8-flash'])
    assert.deepEqual(asked(model, { effort: 'minimal' }), ['low', 1], model)
  assert.deepEqual(asked('gemini-3-pro-preview', { effort: 'medium' }), ['high', 1])
  assert.deepEqual(asked('gemini-3.1-pro-preview', { effort: 'medium' }), ['medium', 0])
  assert.deepEqual(asked('gemini-3.7-flash', { mode: 'off' }), ['low', 1])
  assert.deepEqual(asked('gemini-3.5-flash', { effort: 'minimal' }), ['minimal', 0])
  assert.deepEqual(asked('gemini-3.5-flash', { effort: 'huge' }), [undefined, 1], 'and a word that is none is told of')
})
