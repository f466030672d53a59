import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { scanTopLevel } from '#base/json.ts'
import type { GuardFacts } from '#policy/guard.ts'
import { makeDecisions, makeGuard } from '#policy/guard.ts'
import type { Call } from '#protocol/call.ts'
import { gemini } from '#protocol/gemini/index.ts'
import { openaiResponses } from '#protocol/openai-responses/index.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { guardedReader } from './guard-reply.ts'

const facts: GuardFacts = {
  name: 'pii',
  sides: ['reply'],
  action: 'redact',
  finds: ['mail'],
  patterns: [],
  promptBytesMax: null,
  modelsAllowed: null,
  parametersAllowed: null,
  parametersDenied: [],
  hook: null,
  scope: { keys: null, projects: null, plans: null, models: null },
}

const callOf = ({ name }: Protocol, stream: boolean): Call => ({
  ...{ id: 'call_1', protocol: name, endpoint: '', kind: 'chat', model: 'm', models: [], stream, outputMax: null },
  ...{ choices: 1, payload: { kind: 'json', top: scanTopLevel(Buffer.from('{}')) }, inputBytes: 0, warnings: [] },
  ...{ usageWish: { inStream: false, cost: false }, body: () => ({}) },
})

type Reading = { readonly splices: boolean; readonly stream?: boolean; readonly changes?: Partial<GuardFacts> }

/** What a caller would get: bytes, or the parts that are written anew; and what was decided. */
const read = (protocol: Protocol, documents: readonly object[], { splices, stream = true, changes }: Reading) => {
  const head = { status: 200, headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } }
  const decisions = makeDecisions()
  const inner = protocol.client.readReply(callOf(protocol, stream), head, { whole: true })
  const reader = guardedReader(inner, { guards: [makeGuard({ ...facts, ...changes })], decisions, splices })
  const bytes = documents.map((one) => (stream ? `data: ${JSON.stringify(one)}\r\n\r\n` : JSON.stringify(one))).join('')
  const frames = [...reader.read(Buffer.from(bytes)), ...reader.end()]
  const given = splices
    ? Buffer.concat(frames.map(({ raw }) => raw)).toString()
    : JSON.stringify(frames.flatMap(({ parts }) => parts))
  return { given, sent: bytes, decided: decisions.warnings() }
}

const answer = (parts: readonly object[], more: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  responseId: 'ada@example.org-is-a-name',
})
const grounding = {
  groundingChunks: [{ web: { uri: 'https://a.example/t', title: 'Write to bob@example.org' } }],
  groundingSupports: [{ segment: { endIndex: 9, text: 'Ask ada@example.org.' }, groundingChunkIndices: [0] }],
}
const told = [
  answer([{ executableCode: { language: 'PYTHON', code: 'mail("eve@example.org")' } }]),
  answer([{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: 'sent to eve@example.org' } }]),
  answer([{ functionCall: { name: 'send', args: { to: 'kim@example.org' } } }]),
  answer([{ text: 'Ask ada@exam' }]),
  answer([{ text: 'ple.org.' }], { finishReason: 'STOP', groundingMetadata: grounding }),
]

test('of Gemini all that a stream says is looked at: code that ran and what came of it, sources, and texts that come again', () => {
  const { given, decided } = read(gemini, told, { splices: true })
  assert.deepEqual(given.match(/\w+@example\.org(?!-is-a-name)/g), null)
  assert.equal(given.match(/\[redacted:mail\]/g)?.length, 6)
  assert.match(given, /"responseId":"ada@example.org-is-a-name"/)
  assert.deepEqual(decided, ['guardrail.pii:redacted 6 mail in the reply'])
  for (const line of given.split('\r\n\r\n').filter((one) => one !== '')) JSON.parse(line.slice('data: '.length))
})

test('the same of a whole answer; what is not found keeps every byte; what is only noted is counted once', () => {
  const whole = answer(
    [told[0], told[1], told[2]].flatMap((one) => one?.candidates[0]?.content.parts ?? []),
    { finishReason: 'STOP', groundingMetadata: grounding },
  )
  const { given } = read(gemini, [whole], { splices: true, stream: false })
  assert.deepEqual(given.match(/\w+@example\.org(?!-is-a-name)/g), null)
  const { given: same, sent } = read(gemini, told, { splices: true, changes: { finds: ['card'] } })
  assert.equal(same, sent)
  const noted = read(gemini, told, { splices: true, changes: { action: 'note' } })
  assert.deepEqual([noted.given, noted.decided], [noted.sent, ['guardrail.pii:noted 6 mail in the reply']])
})

test('of Responses, which are written anew, what the tools of the provider did is looked at too', () => {
  const item = (name: string, more: object) => ({ id: `${name}_1`, type: name, status: 'completed', ...more })
  const items = [
    item('code_interpreter_call', { code: 'mail("eve@example.org")', container_id: 'cntr_1', outputs: null }),
    item('mcp_call', {
      server_label: 'docs',
      name: 'ask',
      arguments: '{"to":"kim@example.org"}',
      output: 'ada@example.org',
    }),
    item('web_search_call', { action: { type: 'search', query: 'who is bob@example.org' } }),
  ]
  const events = items.flatMap((one, index) => [
    { type: 'response.output_item.added', output_index: index, item: one },
    { type: 'response.output_item.done', output_index: index, item: one },
  ])
  const { given, decided } = read(openaiResponses, events, { splices: false })
  assert.doesNotMatch(given, /@example/)
  assert.match(given, /cntr_1/)
  assert.deepEqual(decided, ['guardrail.pii:redacted 4 mail in the reply'])
})

test('what must not pass is refused there as well', () => {
  const blocking = { splices: true, changes: { action: 'block' } } as const
  assert.throws(() => read(gemini, told.slice(1, 2), blocking), { code: 'content_blocked' })
})
