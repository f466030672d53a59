/** Losses that no table of fields tells of, because they are of a value and not of a field: each is warned of where it happens. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '#base/json-type.ts'
import { redactedCarrier, sealCarrier } from '#protocol/carrier.ts'
import { emptyArguments } from '#protocol/empty-arguments.ts'
import { protocols, upstreamProtocols } from '#protocol/index.ts'
import { detailsOf, readDetail } from '#protocol/openai-chat/reasoning-detail.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { compatibleDialect } from '#provider/vendor-defaults.ts'
import { crossReply } from './crossing.ts'
import { inboundOf, readFixtures } from './fixture.ts'

type InFront = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini'
type Behind = keyof typeof upstreamProtocols

const paths: Partial<Record<InFront, string>> = { gemini: '/v1beta/models/m:generateContent' }

const cross = (from: InFront, to: Behind, body: object): { readonly body: JsonObject; readonly warned: string[] } => {
  const protocol = protocols[from]
  const path = paths[from]
  const call = protocol.server.readCall(
    inboundOf(Buffer.from(JSON.stringify({ model: 'm', ...body })), path === undefined ? {} : { path }),
  )
  const target = { dialect: { ...compatibleDialect, thinking: 'budget' as const }, outputMax: 64_000 }
  const { value, warnings } = translateCall(call, { from: protocol, to: upstreamProtocols[to], target })
  return { body: value.call.body(), warned: warnings.map(({ field, reason }) => `${field}: ${reason}`) }
}

const said = [{ role: 'user', content: 'hi' }]
const spoken = [{ role: 'user', parts: [{ text: 'hi' }] }]
const file = { filename: 'boats.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' }
const tide = { name: 'tide', parameters: { type: 'object', properties: {} } }

const losses: readonly (readonly [InFront, Behind, object, string])[] = [
  [
    'openai-chat',
    'anthropic-messages',
    { messages: said, response_format: { type: 'json_object' } },
    'response_format: Claude holds an answer to a schema, not to "any JSON"',
  ],
  [
    'openai-responses',
    'anthropic-messages',
    { input: 'hi', text: { format: { type: 'json_object' } } },
    'response_format: Claude holds an answer to a schema, not to "any JSON"',
  ],
  [
    'openai-chat',
    'anthropic-messages',
    { messages: said, response_format: { type: 'grammar', grammar: 'root ::= "a"' } },
    'response_format: unknown to the format of the target',
  ],
  [
    'openai-responses',
    'openai-chat',
    { input: 'hi', text: { format: { type: 'grammar', syntax: 'lark' } } },
    'text: unknown to the format of the target',
  ],
  [
    'anthropic-messages',
    'gemini',
    { messages: said, max_tokens: 9, output_config: { format: { type: 'regex', pattern: 'a' } } },
    'output_config: unknown to the format of the target',
  ],
  [
    'openai-chat',
    'gemini',
    { messages: [{ role: 'user', content: [{ type: 'file', file }] }] },
    'messages[0].content[0]: Gemini is not told the name of a file',
  ],
  [
    'openai-responses',
    'ollama-chat',
    {
      input: 'hi',
      tools: [{ type: 'function', ...tide }],
      tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'tide' }] },
    },
    'tool_choice: Ollama cannot be made to call a tool',
  ],
  [
    'openai-chat',
    'anthropic-messages',
    { messages: said, tools: [{ type: 'function', function: tide, brand_new: 1 }] },
    'tools[0].brand_new: unknown to the format of the target',
  ],
  [
    'gemini',
    'openai-chat',
    {
      contents: spoken,
      generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } },
    },
    'generationConfig: unknown to the format of the target',
  ],
  ...(['anthropic-messages', 'bedrock-converse', 'openai-responses'] as const).map(
    (to) =>
      [
        'gemini',
        to,
        {
          contents: [
            ...spoken,
            { role: 'model', parts: [{ functionCall: { name: 'tide', args: {} }, thoughtSignature: 'c2ln' }] },
            { role: 'user', parts: [{ functionResponse: { name: 'tide', response: { result: 'high' } } }] },
          ],
        },
        "messages[1].content[0]: signed by another maker's model: not taken back",
      ] as const,
  ),
]

describe('what a format cannot say is warned of', () => {
  for (const [from, to, body, warning] of losses)
    test(`${from} to ${to}: ${warning}`, () => {
      const { warned } = cross(from, to, body)
      assert.ok(warned.includes(warning), warned.join('\n'))
    })

  test('an answer of one word among several is not asked for as JSON', () => {
    const { body } = cross('gemini', 'openai-chat', {
      contents: spoken,
      generationConfig: { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } },
    })
    assert.equal(body['response_format'], undefined)
  })
})

describe('a thought of Claude’s that may not be read comes back to Claude as what it was', () => {
  const carrier = redactedCarrier('hidden', 'anthropic')
  const back = { type: 'redacted_thinking', data: 'hidden' }

  test('through Gemini’s signature', () => {
    const parts = [{ text: '', thought: true, thoughtSignature: sealCarrier(carrier, 'gemini') }, { text: 'so' }]
    const { body } = cross('gemini', 'anthropic-messages', {
      contents: [...spoken, { role: 'model', parts }, ...spoken],
    })
    assert.deepEqual((body['messages'] as JsonObject[])[1]?.['content'], [back, { type: 'text', text: 'so' }])
  })

  test('through the encrypted content of Responses', () => {
    const thought = { type: 'reasoning', summary: [], encrypted_content: sealCarrier(carrier, 'openai-responses') }
    const { body } = cross('openai-responses', 'anthropic-messages', { input: [...said, thought, ...said] })
    assert.deepEqual((body['messages'] as JsonObject[])[1]?.['content'], [back])
  })

  test('through reasoning_details, where a signature over a thought that was not told stays a signature', () => {
    const details = detailsOf({ text: '', redacted: true, carriers: [carrier] }, 0)
    assert.deepEqual(
      details.map((one) => readDetail(one).redacted),
      [true],
    )
    const signed = { format: 'anthropic', value: 'c2ln' }
    const [untold] = detailsOf({ text: '', redacted: false, carriers: [signed] }, 0)
    assert.ok(untold)
    assert.deepEqual(readDetail(untold), {
      type: 'reasoning',
      text: '',
      redacted: false,
      summary: false,
      carriers: [signed],
    })
  })
})

describe('a call of a tool that takes nothing', () => {
  const start = {
    type: 'tool-input-start',
    choice: 0,
    block: 0,
    id: '',
    name: 'now',
    kind: 'function',
    executor: 'caller',
  } as const
  const end = { type: 'tool-input-end', choice: 0, block: 0 } as const
  const delta = { type: 'tool-input-delta', choice: 0, block: 0, text: '{}' } as const

  /** A whole answer of a provider of Chat Completions as a caller of another format gets it. */
  const answered = (to: InFront, message: object) => {
    const whole = readFixtures().find(({ name }) => name === 'openai-chat/whole')
    assert.ok(whole)
    const choice = { index: 0, message: { role: 'assistant', content: null, ...message }, finish_reason: 'tool_calls' }
    const bytes = Buffer.from(JSON.stringify({ id: 'c', choices: [choice] }))
    return crossReply({ ...whole, bytes }, protocols[to], { stream: false })
  }

  test('has the empty object for arguments, whatever its provider said', () => {
    const see = emptyArguments()
    assert.deepEqual([start, end].flatMap(see), [start, delta, end])
    assert.deepEqual([start, delta, end].flatMap(see), [start, delta, end])
    const custom = { ...start, kind: 'custom' } as const
    assert.deepEqual([custom, end].flatMap(see), [custom, end])
  })

  test('gets an id for Claude’s clients where it came without', () => {
    const { written } = answered('anthropic-messages', { function_call: { name: 'now', arguments: '' } })
    assert.deepEqual((written as JsonObject)['content'], [
      { type: 'tool_use', id: 'toolu_call_1_0', name: 'now', input: {} },
    ])
  })

  test('whose arguments are no JSON is warned of by Gemini as well', () => {
    const call = { id: 'c', type: 'function', function: { name: 'now', arguments: '{bad' } }
    assert.deepEqual(answered('gemini', { tool_calls: [call] }).warnings, [
      'functionCall: its arguments are no JSON object: they stand in "input" as a text',
    ])
  })
})

test('a budget for thinking is an effort where the model takes no budget', () => {
  const body = { model: 'm', messages: said, reasoning: { max_tokens: 3_000 } }
  const call = protocols['openai-chat'].server.readCall(inboundOf(Buffer.from(JSON.stringify(body))))
  const { value } = translateCall(call, {
    from: protocols['openai-chat'],
    to: upstreamProtocols['anthropic-messages'],
    target: { dialect: { ...compatibleDialect, thinking: 'adaptive' }, outputMax: 64_000 },
  })
  const { thinking, output_config } = value.call.body()
  assert.deepEqual([thinking, output_config], [{ type: 'adaptive' }, { effort: 'low' }])
})

test('a list of ends in which something is no text is refused, and not shortened', () => {
  assert.throws(() => cross('openai-chat', 'anthropic-messages', { messages: said, stop: ['a', 5] }), /'stop\[1\]'/)
})
