/** An id of 19 digits, as many systems have them, comes through every format as it is: in arguments of tools, whole and streaming, and in the history. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from '#protocol/call.ts'
import { upstreamProtocols } from '#protocol/index.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import { behind, callerOf, crossReply, inFront } from './crossing.ts'
import type { Fixture } from './fixture.ts'
import { inboundOf } from './fixture.ts'

const id = '1234567890123456789'
const given = `{"id":${id}}`

/** A turn in which the tool was called with the id; formats that have arguments as a text have them quoted. */
const asked: Readonly<Record<string, string>> = {
  'openai-chat': `{"model":"m","messages":[{"role":"user","content":"go"},{"role":"assistant","content":null,"tool_calls":
    [{"id":"c1","type":"function","function":{"name":"look","arguments":${JSON.stringify(given)}}}]}]}`,
  'openai-responses': `{"model":"m","input":[{"role":"user","content":"go"},
    {"type":"function_call","call_id":"c1","name":"look","arguments":${JSON.stringify(given)}}]}`,
  'anthropic-messages': `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"go"},
    {"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"look","input":${given}}]}]}`,
  gemini: `{"contents":[{"role":"user","parts":[{"text":"go"}]},{"role":"model","parts":[{"functionCall":{"id":"c1","name":"look","args":${given}}}]}]}`,
}

const callIn = (name: string, body: string): Call => {
  const protocol = inFront.find((one) => one.name === name)
  assert.ok(protocol !== undefined, name)
  return protocol.server.readCall(inboundOf(Buffer.from(body), { path: '/v1beta/models/m:generateContent' }))
}

test('in the history of a call', () => {
  const target = { dialect: compatibleDialect, outputMax: 1000 }
  for (const from of inFront)
    for (const to of behind) {
      const { value } = translateCall(callIn(from.name, asked[from.name] ?? '{}'), { from, to, target })
      assert.ok(JSON.stringify(value.call.body()).includes(`:${id}`), `${from.name} to ${to.name}`)
    }
})

const answers: Readonly<Record<string, string>> = {
  'openai-chat': `{"id":"a","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":
    "assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":${JSON.stringify(given)}}}]}}]}`,
  'anthropic-messages': `{"id":"a","type":"message","role":"assistant","model":"m","stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1},
    "content":[{"type":"tool_use","id":"c1","name":"look","input":${given}}]}`,
  gemini: `{"candidates":[{"index":0,"finishReason":"STOP","content":{"role":"model","parts":[{"functionCall":{"name":"look","args":${given}}}]}}]}`,
  'ollama-chat': `{"model":"m","created_at":"2026-11-22T00:00:00Z","done":true,"done_reason":"stop","message":{"role":"assistant","content":"",
    "tool_calls":[{"function":{"name":"look","arguments":${given}}}]}}`,
  'bedrock-converse': `{"stopReason":"tool_use","usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2},
    "output":{"message":{"role":"assistant","content":[{"toolUse":{"toolUseId":"c1","name":"look","input":${given}}}]}}}`,
}

test('in an answer', () => {
  for (const [name, text] of Object.entries(answers)) {
    const protocol = Object.values(upstreamProtocols).find((one) => one.name === name) as Fixture['protocol']
    for (const to of inFront) {
      const call = callerOf(to, false)
      const bytes = Buffer.from(text)
      const fixture = { protocol, call, contentType: 'application/json', bytes } as unknown as Fixture
      const { written, failure } = crossReply(fixture, to, { stream: true })
      assert.equal(failure, null, `${name} to ${to.name}`)
      assert.match(JSON.stringify(written), new RegExp(`:${id}`), `${name} to ${to.name}`)
    }
  }
})
