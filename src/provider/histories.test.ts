/** A conversation that changes its vendor, for each pair of those that speak one format: what the other would refuse is mended and told, what is its own is left alone. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { sealCarrier } from '#protocol/carrier.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import { objectsIn } from './history-mender.ts'
import { vendorOf } from './index.ts'
import { callOf } from './test-call.ts'
import { noAdjustment } from './vendor.ts'

const models: Readonly<Record<string, string>> = {
  openai: 'gpt-4.1',
  azure: 'gpt-4.1',
  moonshot: 'kimi-k2.6',
  deepseek: 'deepseek-v4-pro',
  mistral: 'mistral-large',
  groq: 'openai/gpt-oss-120b',
  gemini: 'gemini-3-pro',
  openrouter: 'moonshotai/kimi-k2.6',
  vertex: 'claude-sonnet-5',
  bedrock: 'us.anthropic.claude-sonnet-5',
  anthropic: 'claude-sonnet-5',
  xai: 'grok-4',
}

type Mended = { readonly body: JsonObject; readonly warnings: readonly string[]; readonly isSame: boolean }
type More = { readonly model?: string; readonly isRefused?: (secret: string) => boolean }

const mendFor =
  (name: string, protocol: UpstreamProtocolName) =>
  (body: object, more: More = {}): Mended => {
    const vendor = vendorOf(name)
    assert.ok(vendor !== undefined, name)
    const text = JSON.stringify(body)
    const call = callOf(text, { protocol })
    const question = { call, model: more.model ?? models[name] ?? 'm', isRefused: more.isRefused ?? (() => false) }
    const adjustment = vendor.histories[protocol]?.mend(question) ?? noAdjustment
    const whole = spliceTopLevel(scanTopLevel(Buffer.from(text)), adjustment.edits).toString()
    const warnings = adjustment.warnings.map(({ field, reason }) => `${field}:${reason}`)
    if (adjustment !== noAdjustment) assert.ok(adjustment.shims.length > 0, 'what is changed stands on the record')
    return { body: JSON.parse(whole) as JsonObject, warnings, isSame: whole === text }
  }

const tool = (id: string, name = 'tide', more: object = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: '{"port":"Brest"}' },
  ...more,
})
const turn = (assistant: object, id: string) => [
  { role: 'user', content: 'When is high water?' },
  { role: 'assistant', content: null, ...assistant },
  { role: 'tool', tool_call_id: id, content: '06:12' },
  { role: 'assistant', content: 'At 06:12.' },
  { role: 'user', content: 'And "reasoning_content" tomorrow?' },
]

const longId = 'functions.look_up_the_time_of_high_water_for_port:0'
const signed = { extra_content: { google: { thought_signature: 'AY89a1signature' } } }

/** What the models of each vendor write into a history of Chat Completions. */
const written: Readonly<Record<string, readonly object[]>> = {
  moonshot: turn({ reasoning_content: 'Ask the table.', tool_calls: [tool('functions.tide:0')] }, 'functions.tide:0'),
  'moonshot with a long name': turn({ reasoning_content: 'Ask.', tool_calls: [tool(longId)] }, longId),
  deepseek: turn({ reasoning_content: 'Ask.', tool_calls: [tool('call_00_9nLfpIQ6VO1J')] }, 'call_00_9nLfpIQ6VO1J').map(
    (one) => (one.role === 'assistant' ? { reasoning_content: 'So.', ...one } : one),
  ),
  openai: turn(
    { refusal: null, annotations: [], tool_calls: [tool('call_4mJ2kq0pLw9sXy7ZbN3vTgHc')] },
    'call_4mJ2kq0pLw9sXy7ZbN3vTgHc',
  ),
  mistral: turn(
    {
      content: [
        { type: 'thinking', thinking: [{ type: 'text', text: 'Ask the table.' }] },
        { type: 'text', text: 'Let me see.' },
      ],
      tool_calls: [tool('D681PevKs')],
    },
    'D681PevKs',
  ),
  groq: turn({ reasoning: 'Ask the table.', tool_calls: [tool('fc_0f1e2d')] }, 'fc_0f1e2d'),
  openrouter: turn(
    { reasoning: 'Ask.', reasoning_details: [{ type: 'reasoning.text', text: 'Ask.' }], tool_calls: [tool('tide:0')] },
    'tide:0',
  ),
  gemini: turn({ tool_calls: [tool('function-call-77', 'tide', signed)] }, 'function-call-77'),
}
const chatVendors = ['openai', 'azure', 'moonshot', 'deepseek', 'mistral', 'groq', 'gemini', 'openrouter']

const messagesOf = ({ body }: Mended): readonly JsonObject[] => objectsIn(body['messages'])
const callsOf = (messages: readonly JsonObject[]): readonly JsonObject[] =>
  messages.flatMap(({ tool_calls: calls }) => objectsIn(calls))

/** What each of them is known to refuse. */
const refusals: Readonly<Record<string, (messages: readonly JsonObject[]) => boolean>> = {
  openai: (all) =>
    all.some((one) => 'reasoning_content' in one || 'reasoning' in one || 'reasoning_details' in one) ||
    callsOf(all).some(({ id, extra_content: extra }) => String(id).length > 40 || extra !== undefined),
  moonshot: (all) => all.some((one) => 'tool_calls' in one && !one['reasoning_content']),
  deepseek: (all) => all.some((one) => one['role'] === 'assistant' && !one['reasoning_content']),
  mistral: (all) =>
    all.some((one) => Object.keys(one).some((name) => !/^(?:role|content|tool_calls|tool_call_id)$/.test(name))) ||
    callsOf(all).some(({ id, extra_content: extra }) => !/^[a-zA-Z0-9]{9}$/.test(String(id)) || extra !== undefined),
  groq: (all) => all.some((one) => 'reasoning_content' in one || 'reasoning_details' in one || 'annotations' in one),
  gemini: (all) =>
    all.some((one) => 'reasoning_content' in one || 'reasoning' in one) ||
    all.some((one) => 'tool_calls' in one && !JSON.stringify(one['tool_calls']).includes('thought_signature')),
  openrouter: () => false,
}
const refuses = (name: string): ((messages: readonly JsonObject[]) => boolean) =>
  refusals[name === 'azure' ? 'openai' : name] ?? assert.fail(name)

describe('Chat Completions', () => {
  for (const [maker, messages] of Object.entries(written))
    for (const taker of chatVendors)
      test(`${maker} to ${taker}`, () => {
        const mended = mendFor(taker, 'openai-chat')({ model: 'm', messages })
        const before = objectsIn(messages as never)
        const after = messagesOf(mended)
        assert.equal(refuses(taker)(after), false, JSON.stringify(after))
        if (refuses(taker)(before)) assert.ok(!mended.isSame)
        if (maker === taker) assert.ok(mended.isSame, JSON.stringify(mended.body))
        // Members without a word in them go without one.
        if (!mended.isSame && !(maker === 'openai' && taker === 'groq')) assert.ok(mended.warnings.length > 0)
        // Nothing that was said is lost, and results still find their calls.
        assert.equal(after.length, before.length)
        assert.deepEqual(
          after.map(({ role }) => role),
          before.map(({ role }) => role),
        )
        const said =
          maker === 'mistral' && taker !== 'mistral' && taker !== 'openrouter' ? 'Let me see.' : before[1]?.['content']
        assert.deepEqual(after[1]?.['content'], said)
        assert.deepEqual(
          callsOf(after).map(({ function: inner }) => inner),
          callsOf(before).map(({ function: inner }) => inner),
        )
        assert.deepEqual(
          callsOf(after).map(({ id }) => id),
          after.flatMap(({ tool_call_id: id }) => (id === undefined ? [] : [id])),
        )
      })

  test('thought goes under the name that the other looks for, and a name for a call can be taken back', () => {
    const fromGroq = mendFor('moonshot', 'openai-chat')({ messages: written['groq'] })
    assert.equal(messagesOf(fromGroq)[1]?.['reasoning_content'], 'Ask the table.')
    assert.deepEqual(fromGroq.warnings, ['messages.reasoning:sent as reasoning_content'])
    const fromMistral = mendFor('moonshot', 'openai-chat')({ messages: written['mistral'] })
    assert.equal(messagesOf(fromMistral)[1]?.['reasoning_content'], 'Ask the table.')
    const toOpenai = mendFor('openai', 'openai-chat')({ messages: written['moonshot'] })
    assert.equal(callsOf(messagesOf(toOpenai))[0]?.['id'], 'functions.tide:0', 'an id that is taken stays')
    assert.deepEqual(toOpenai.warnings, ['messages.reasoning_content:of another model, not taken by the provider'])
  })

  test('where thinking is off, or the model does not think, no thought is put in', () => {
    const messages = written['openai']
    assert.ok(mendFor('moonshot', 'openai-chat')({ messages, thinking: { type: 'disabled' } }).isSame)
    assert.ok(mendFor('moonshot', 'openai-chat')({ messages }, { model: 'moonshot-v1-8k' }).isSame)
    assert.ok(mendFor('gemini', 'openai-chat')({ messages }, { model: 'gemini-2.0-flash' }).isSame)
    assert.ok(mendFor('deepseek', 'openai-chat')({ messages: [{ role: 'assistant', content: 'Hello' }] }).isSame)
  })

  test('a refusal in words stays in words', () => {
    const messages = [{ role: 'assistant', content: null, refusal: 'I will not.' }]
    const [message] = messagesOf(mendFor('groq', 'openai-chat')({ messages }))
    assert.deepEqual(message, { role: 'assistant', content: 'I will not.' })
  })
})

const claudes = `EqoBCkgIARABGAIiQ${'c3BlYWs'.repeat(12)}`
const opus5 = `CAISyAEKQggBEAEYAiJA${'b3B1cw'.repeat(12)}`
const used = { type: 'tool_use', id: 'toolu_01', name: 'tide', input: {} }
const claudeTurn = (thoughts: readonly object[], id = 'toolu_01') => [
  { role: 'user', content: 'When?' },
  { role: 'assistant', content: [...thoughts, { ...used, id }] },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: '06:12' }] },
]
const thought = (signature: string | undefined) => ({
  type: 'thinking',
  thinking: 'Ask.',
  ...(signature === undefined ? {} : { signature }),
})
const cut = "messages.thinking:signed by another maker's model: not taken by Claude"

describe('Messages', () => {
  for (const taker of ['anthropic', 'bedrock', 'vertex'])
    test(`${taker} takes back what Claude has signed anywhere, and what only might be`, () => {
      for (const signature of [claudes, opus5, 'sig-of-some-new-form']) {
        const thoughts = [thought(signature), { type: 'redacted_thinking', data: claudes }]
        const body = { messages: claudeTurn(thoughts), thinking: { type: 'enabled', budget_tokens: 2000 } }
        assert.ok(mendFor(taker, 'anthropic-messages')(body).isSame, signature)
      }
    })

  for (const [maker, signature] of [
    ['Kimi', ''],
    ['a server that signs nothing', undefined],
    ['DeepSeek', '91cfbb94-554b-4136-8e21-fa02280d56ed'],
    ['a gateway to OpenAI', `gAAAAABo${'x'.repeat(80)}`],
    ['Gemini by way of Drover', sealCarrier({ format: 'gemini', value: 'AY89' }, 'anthropic')],
  ] as const)
    test(`thought of ${maker} is not sent to Claude, whose next turn does not think`, () => {
      const body = { messages: claudeTurn([thought(signature)]), thinking: { type: 'enabled', budget_tokens: 2000 } }
      for (const taker of ['anthropic', 'bedrock', 'vertex']) {
        const mended = mendFor(taker, 'anthropic-messages')(body)
        assert.deepEqual(messagesOf(mended)[1]?.['content'], [used])
        assert.deepEqual(mended.body['thinking'], { type: 'disabled' })
        assert.deepEqual(mended.warnings[0], cut)
        assert.match(mended.warnings[1] ?? '', /^thinking:off in this turn/)
      }
      const adaptive = mendFor('anthropic', 'anthropic-messages')({ ...body, thinking: { type: 'adaptive' } })
      assert.deepEqual([adaptive.body['thinking'], adaptive.warnings], [{ type: 'adaptive' }, [cut]])
      for (const taker of ['moonshot', 'deepseek']) assert.ok(mendFor(taker, 'anthropic-messages')(body).isSame, taker)
    })

  test('a member of a tool that is called signature hides no thought without one', () => {
    const messages = claudeTurn([thought(undefined), { ...used, input: { signature: 'J. Doe' } }])
    const content = objectsIn(messagesOf(mendFor('anthropic', 'anthropic-messages')({ messages }))[1]?.['content'])
    assert.deepEqual(
      content.map(({ type }) => type),
      ['tool_use', 'tool_use'],
    )
  })

  test('Kimi and DeepSeek do not think on where a call of a tool came without its thought', () => {
    const body = { messages: claudeTurn([]), thinking: { type: 'enabled', budget_tokens: 2000 } }
    for (const taker of ['moonshot', 'deepseek']) {
      const mended = mendFor(taker, 'anthropic-messages')(body)
      assert.deepEqual(mended.body, { ...body, thinking: { type: 'disabled' } })
      assert.equal(mended.warnings.length, 1)
      assert.ok(mendFor(taker, 'anthropic-messages')({ ...body, messages: claudeTurn([thought(claudes)]) }).isSame)
      assert.ok(mendFor(taker, 'anthropic-messages')({ messages: claudeTurn([]) }).isSame)
    }
  })

  test('what Claude has refused before is left out, and what it has written since stays', () => {
    const messages = [
      ...claudeTurn([thought('c2lnbmVkIGVsc2V3aGVyZQ')]),
      { role: 'assistant', content: [thought(claudes), { type: 'text', text: 'At 06:12.' }] },
      { role: 'user', content: 'Thanks' },
    ]
    const isRefused = (secret: string): boolean => secret === 'c2lnbmVkIGVsc2V3aGVyZQ'
    const mended = mendFor('anthropic', 'anthropic-messages')({ messages }, { isRefused })
    assert.deepEqual(messagesOf(mended)[1]?.['content'], [used])
    assert.deepEqual(messagesOf(mended)[3], messages[3])
    assert.deepEqual(mended.warnings, [cut])
  })

  test('ids of other makers are renamed for both the call and its result; a turn of nothing but thought goes', () => {
    const mended = mendFor(
      'anthropic',
      'anthropic-messages',
    )({
      messages: [...claudeTurn([], 'functions.tide:0'), { role: 'assistant', content: [thought('')] }],
    })
    const all = messagesOf(mended)
    assert.equal(all.length, 3)
    const [id, result] = [objectsIn(all[1]?.['content'])[0]?.['id'], objectsIn(all[2]?.['content'])[0]?.['tool_use_id']]
    assert.match(String(id), /^[a-zA-Z0-9_-]+$/)
    assert.equal(id, result)
  })
})

const item = (secret: string) => ({ type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: secret })
const asked = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'tide', arguments: '{}' }
const input = (secret: string) => [
  { role: 'user', content: 'When?' },
  item(secret),
  asked,
  { type: 'function_call_output', call_id: 'call_1', output: '06:12' },
  { type: 'message', role: 'assistant', id: 'msg_1', content: [] },
]

describe('Responses', () => {
  test('what OpenAI or Azure has encrypted goes back as it came', () => {
    for (const taker of ['openai', 'azure', 'xai'])
      assert.ok(mendFor(taker, 'openai-responses')({ input: input('gAAAAABo') }).isSame, taker)
  })

  test('an answer that followed such a thought is told as a text', () => {
    const said = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' }
    const content = [{ type: 'output_text', text: 'At 06:12.', annotations: [] }]
    const foreign = item(sealCarrier({ format: 'anthropic', value: claudes }, 'openai-responses'))
    const { body } = mendFor('openai', 'openai-responses')({ input: [foreign, { ...said, content }] })
    assert.deepEqual(body['input'], [{ type: 'message', role: 'assistant', content: 'At 06:12.' }])
  })

  test('what was encrypted elsewhere is left out, with the ids of what followed it', () => {
    const foreign = sealCarrier({ format: 'anthropic', value: claudes }, 'openai-responses')
    for (const [secret, isRefused] of [
      [foreign, () => false],
      ['gAAAAABo', () => true],
    ] as const) {
      const { body, warnings } = mendFor('azure', 'openai-responses')({ input: input(secret) }, { isRefused })
      const { id: _id, ...bare } = asked
      assert.deepEqual(body['input'], [input(secret)[0], bare, ...input(secret).slice(3)])
      assert.deepEqual(warnings, ['input.reasoning:encrypted elsewhere: not taken by the provider'])
    }
    assert.ok(mendFor('openrouter', 'openai-responses')({ input: input(foreign) }).isSame)
  })
})

describe('Gemini', () => {
  const calls = (part: object) => ({
    contents: [
      { role: 'user', parts: [{ text: 'When?' }] },
      {
        role: 'model',
        parts: [
          { text: 'Ask.', thought: true },
          { functionCall: { name: 'tide', args: {} }, ...part },
        ],
      },
      { role: 'user', parts: [{ functionResponse: { name: 'tide', response: {} } }] },
    ],
  })
  const partsIn = ({ body }: Mended): readonly JsonObject[] => objectsIn(objectsIn(body['contents'])[1]?.['parts'])

  test('its own signatures go back, at Gemini and at Vertex', () => {
    for (const taker of ['gemini', 'vertex'])
      assert.ok(mendFor(taker, 'gemini')(calls({ thoughtSignature: 'AY89a1' }), { model: 'gemini-3-pro' }).isSame)
  })

  test('a call that another model made says so to Gemini 3; 2.5 does not ask', () => {
    const sealed = sealCarrier({ format: 'anthropic', value: claudes }, 'gemini')
    for (const part of [{}, { thoughtSignature: sealed }, { thought_signature: sealed }]) {
      const mended = mendFor('gemini', 'gemini')(calls(part), { model: 'gemini-3-pro' })
      assert.deepEqual(partsIn(mended).at(-1), {
        functionCall: { name: 'tide', args: {} },
        thoughtSignature: 'skip_thought_signature_validator',
      })
      assert.ok(mended.warnings.length > 0)
    }
    assert.ok(mendFor('gemini', 'gemini')(calls({}), { model: 'gemini-2.5-pro' }).isSame)
    const older = mendFor('gemini', 'gemini')(calls({ thoughtSignature: sealed }), { model: 'gemini-2.5-pro' })
    assert.deepEqual(partsIn(older).at(-1), { functionCall: { name: 'tide', args: {} } })
  })

  test('signatures that it has refused are replaced', () => {
    const body = calls({ thoughtSignature: 'AY89a1' })
    const mended = mendFor('vertex', 'gemini')(body, { model: 'gemini-3-pro', isRefused: () => true })
    assert.equal(partsIn(mended).at(-1)?.['thoughtSignature'], 'skip_thought_signature_validator')
  })
})

test('refusals that are about a secret are known from others, and secrets are found', () => {
  const about: readonly (readonly [string, UpstreamProtocolName, string])[] = [
    ['anthropic', 'anthropic-messages', 'messages.1.content.0: Invalid `signature` in `thinking` block'],
    ['bedrock', 'anthropic-messages', 'messages.1.content.0: Invalid `data` in `redacted_thinking` block'],
    ['azure', 'openai-responses', '{"error":{"code":"invalid_encrypted_content"}}'],
    ['openai', 'openai-responses', 'The encrypted content gAAA...wXBV could not be verified.'],
    ['gemini', 'gemini', 'Corrupted thought signature.'],
  ]
  for (const [name, protocol, text] of about) {
    const mender = vendorOf(name)?.histories[protocol]
    assert.equal(mender?.refuses?.(400, text), true, text)
    assert.equal(mender?.refuses?.(500, text), false)
    assert.equal(mender?.refuses?.(400, 'max_tokens: must be at least 1'), false)
  }
  const secrets = (name: string, protocol: UpstreamProtocolName, body: object) =>
    vendorOf(name)?.histories[protocol]?.secretsOf?.(callOf(JSON.stringify(body), { protocol }))
  const both = { messages: claudeTurn([thought(claudes), { type: 'redacted_thinking', data: opus5 }, thought('')]) }
  assert.deepEqual(secrets('anthropic', 'anthropic-messages', both), [claudes, opus5])
  assert.deepEqual(secrets('openai', 'openai-responses', { input: input('gAAAAABo') }), ['gAAAAABo'])
  assert.deepEqual(secrets('openai', 'openai-responses', { input: 'Hello' }), [])
  const contents = [{ role: 'model', parts: [{ text: 'a', thoughtSignature: 'AY89' }] }]
  assert.deepEqual(secrets('gemini', 'gemini', { contents }), ['AY89'])
})

test('Mistral is sent documents and sounds in its own parts, and no developer', () => {
  const content = [
    { type: 'text', text: 'Read.' },
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    { type: 'file', file: { file_id: 'f2d9' } },
    { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    { type: 'video_url', video_url: { url: 'https://a.example/film.mp4' } },
  ]
  const messages = [
    { role: 'developer', content: 'Be short.' },
    { role: 'user', content },
  ]
  const mended = mendFor('mistral', 'openai-chat')({ model: 'm', messages })
  assert.deepEqual(messagesOf(mended), [
    { role: 'system', content: 'Be short.' },
    {
      role: 'user',
      content: [
        content[0],
        { type: 'document_url', document_url: 'data:application/pdf;base64,JVBERi0=', document_name: 'a.pdf' },
        { type: 'file', file_id: 'f2d9' },
        { type: 'input_audio', input_audio: 'UklGRg==' },
        content[4],
      ],
    },
  ])
  assert.deepEqual(mended.warnings, [], 'nothing is lost')
  const own = { model: 'm', messages: messagesOf(mended) }
  assert.deepEqual(mendFor('mistral', 'openai-chat')(own).body, own)
})
