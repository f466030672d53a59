/** Probabilities of tokens between Gemini, which tells them of an answer, and formats that tell them with its text or beside it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import { callerOf, crossReply } from './crossing.ts'
import type { Fixture } from './fixture.ts'

const answerOf = (name: 'gemini' | 'openai-chat' | 'ollama-chat', document: object): Fixture => {
  const protocol = upstreamProtocols[name]
  const bytes = Buffer.from(JSON.stringify(document))
  return {
    protocol,
    call: callerOf(protocols.gemini, false),
    contentType: 'application/json',
    bytes,
  } as unknown as Fixture
}

const ownTokens = {
  chosenCandidates: [
    { token: 'Hi', logProbability: -0.25 },
    { token: '!', logProbability: -0.75 },
  ],
  topCandidates: [{ candidates: [{ token: 'Hi', logProbability: -0.25 }] }, { candidates: [] }],
}
const content = [
  { token: 'Hi', bytes: null, logprob: -0.25, top_logprobs: [{ token: 'Hi', bytes: null, logprob: -0.25 }] },
  { token: '!', bytes: null, logprob: -0.75, top_logprobs: [] },
]

test('from Gemini, with the text that they are of', () => {
  const parts = [{ text: 'thinking', thought: true }, { text: 'Hi!' }]
  const candidate = { index: 0, finishReason: 'STOP', content: { role: 'model', parts }, logprobsResult: ownTokens }
  const fixture = answerOf('gemini', { candidates: [candidate] })
  const whole = crossReply(fixture, protocols['openai-chat'], { stream: false })
  const { choices } = whole.written as { choices: readonly { logprobs: { content: unknown } }[] }
  assert.deepEqual(choices[0]?.logprobs.content, content)
  const streamed = crossReply(fixture, protocols['openai-chat'], { stream: true })
  assert.equal(JSON.stringify(streamed.written).match(/logprob\\":-0\.75/g)?.length, 1)
})

test('to Gemini, at the end of the answer, whole and streamed', () => {
  const message = { role: 'assistant', content: 'Hi!' }
  const document = {
    id: 'c',
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message, logprobs: { content } }],
  }
  const told = { avgLogprobs: -0.5, logprobsResult: ownTokens }
  const whole = crossReply(answerOf('openai-chat', document), protocols.gemini, { stream: false })
  const { candidates } = whole.written as { candidates: readonly Record<string, unknown>[] }
  const { avgLogprobs, logprobsResult } = candidates[0] ?? {}
  assert.deepEqual({ avgLogprobs, logprobsResult }, told)
  const { written } = crossReply(answerOf('openai-chat', document), protocols.gemini, { stream: true })
  const last = (written as readonly string[]).at(-1) ?? ''
  assert.ok(last.includes(JSON.stringify(told).slice(1, -1)), last)
})

test('from Ollama, which has them beside the message', () => {
  const message = { role: 'assistant', content: 'Hi!' }
  const document = { model: 'm', created_at: '2026-11-22T00:00:00Z', message, logprobs: content, done: true }
  const { written } = crossReply(answerOf('ollama-chat', document), protocols['openai-chat'], { stream: false })
  const { choices } = written as { choices: readonly { logprobs: { content: unknown } }[] }
  assert.deepEqual(choices[0]?.logprobs.content, content)
})
