/** The Messages API of Anthropic: https://platform.claude.com/docs/en/api/messages, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import { schemaFaults } from '#base/json-schema.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { weatherParameters } from '#probe/chat/ask.ts'
import type { Ask, Exchange } from '#probe/exchange.ts'
import { judgeReadBy } from '#probe/judge-read.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import type { WireReading } from '#probe/wire-events.ts'
import {
  bodyJson,
  countAt,
  errorOf,
  objectAt,
  objectsAt,
  parsed,
  readWire,
  refusalText,
  textAt,
} from '#probe/wire-events.ts'
import { groupOf, impossible, relay } from './define.ts'
import { heldToBill } from './preview.ts'

const thinkingTokens = 2_048

type Wish = JsonObject & { readonly tokens?: number }

const message = (facts: Facts, content: Json, wish: Wish = {}): Ask => {
  const { tokens = 64, ...more } = wish
  return {
    method: 'POST',
    path: 'messages',
    body: {
      model: facts.model,
      max_tokens: facts.thinks ? tokens + thinkingTokens : tokens,
      messages: [{ role: 'user', content }],
      ...(facts.stream ? { stream: true } : {}),
      ...more,
    },
  }
}

type Block = { readonly type: string; readonly text: string; readonly input: string; readonly block: JsonObject }

type Reading = {
  readonly wire: WireReading
  readonly message: JsonObject
  readonly blocks: readonly Block[]
  readonly stopReason: string
  readonly usage: JsonObject
  readonly types: readonly string[]
}

const wholeBlock = (block: JsonObject): Block => ({
  type: textAt(block, 'type'),
  text: textAt(block, 'text') || textAt(block, 'thinking'),
  input: JSON.stringify(block['input'] ?? {}),
  block,
})

const streamedBlocks = (events: readonly JsonObject[]): readonly Block[] => {
  const starts = events.filter((json) => json['type'] === 'content_block_start')
  return starts.map((start) => {
    const deltas = events
      .filter((json) => json['type'] === 'content_block_delta' && json['index'] === start['index'])
      .map((json) => objectAt(json, 'delta'))
    const joined = (name: string): string => deltas.map((delta) => textAt(delta, name)).join('')
    const block = objectAt(start, 'content_block')
    return {
      type: textAt(block, 'type'),
      text: joined('text') + joined('thinking'),
      input: joined('partial_json') || '{}',
      block,
    }
  })
}

const read = (exchange: Exchange): Reading => {
  const wire = readWire(exchange)
  const events = wire.events.map(({ json }) => json)
  if (wire.form !== 'events') {
    const [document = {}] = events
    return {
      wire,
      message: document,
      blocks: objectsAt(document, 'content').map(wholeBlock),
      stopReason: textAt(document, 'stop_reason'),
      usage: objectAt(document, 'usage'),
      types: [],
    }
  }
  const start = objectAt(
    events.find((json) => json['type'] === 'message_start'),
    'message',
  )
  const deltas = events.filter((json) => json['type'] === 'message_delta')
  return {
    wire,
    message: start,
    blocks: streamedBlocks(events),
    stopReason: deltas.map((json) => textAt(objectAt(json, 'delta'), 'stop_reason')).join(''),
    usage: Object.assign({}, objectAt(start, 'usage'), ...deltas.map((json) => objectAt(json, 'usage'))) as JsonObject,
    types: events.map((json) => textAt(json, 'type')),
  }
}

const judgeRead = judgeReadBy(read)

/** Start, then each block opened, filled and closed before the next, then the delta of the message and its stop. */
const orderFault = (types: readonly string[]): string | null => {
  const heard = types.filter((type) => type !== 'ping')
  const letters: Readonly<Record<string, string>> = {
    message_start: 'S',
    content_block_start: 'a',
    content_block_delta: 'b',
    content_block_stop: 'c',
    message_delta: 'D',
    message_stop: 'E',
  }
  const unknown = heard.find((type) => letters[type] === undefined)
  if (unknown !== undefined) return `'${unknown}' is no event of the API`
  const text = heard.map((type) => letters[type]).join('')
  return /^S(?:ab*c)*D+E$/.test(text)
    ? null
    : `the events come in the order ${heard.filter((type, place) => type !== heard[place - 1]).join(', ')}`
}

const ordered: Probe['judge'] = (had) =>
  judgeRead(had, ([reading], findings) => {
    const type = had[0]?.headers['content-type'] ?? ''
    findings.must(type.startsWith('text/event-stream'), `The stream has the type '${type}'.`)
    const fault = orderFault(reading?.types ?? [])
    findings.must(fault === null, `SDKs keep a state machine: ${fault}.`)
    const named = (reading?.wire.events ?? []).every(({ name, json }) => name === json['type'])
    findings.must(named, 'An event has another name than the type in its data, or none.')
    findings.must((reading?.wire.broken.length ?? 0) === 0, 'An event is no JSON.')
    return undefined
  })

const shaped: Probe['judge'] = (had, { model }) =>
  judgeRead(had, ([reading], findings) => {
    const { message: own = {}, blocks = [], stopReason = '' } = reading ?? {}
    findings.must(textAt(own, 'id') !== '', 'The message has no id.')
    findings.must(
      own['type'] === 'message' && own['role'] === 'assistant',
      'type or role of the message is not as documented.',
    )
    findings.should(textAt(own, 'id').startsWith('msg_'), 'The id does not begin with msg_.')
    findings.should(textAt(own, 'model') === model, `The answer names '${textAt(own, 'model')}'.`)
    findings.must(
      blocks.some(({ type, text }) => type === 'text' && text !== ''),
      'There is no block of text.',
    )
    findings.must(
      ['end_turn', 'stop_sequence', 'max_tokens', 'refusal'].includes(stopReason),
      `stop_reason is '${stopReason}'.`,
    )
    return undefined
  })

const counted: Probe['judge'] = (had) =>
  judgeRead(had, ([reading], findings) => {
    const input = countAt(reading?.usage, 'input_tokens')
    const output = countAt(reading?.usage, 'output_tokens')
    findings.must(input !== null && output !== null, 'usage has no input_tokens or no output_tokens.')
    findings.must(
      input === null || input > 0 || countAt(reading?.usage, 'cache_read_input_tokens') !== null,
      'A prompt counts as no token.',
    )
    findings.must(
      output === null || output > 1,
      'An answer of several words counts as one token or none: the last usage is missing.',
    )
    return undefined
  })

const tool: JsonObject = {
  name: 'get_weather',
  description: 'Gives the weather of a city.',
  input_schema: weatherParameters,
}
const wanting = 'Use the get_weather tool for Oslo. Call the tool, do not answer in words.'

const called: Probe['judge'] = (had) =>
  judgeRead(
    had,
    ([reading], findings) => {
      const calls = (reading?.blocks ?? []).filter(({ type }) => type === 'tool_use')
      if (calls.length === 0) return unsupported('The model called no tool.')
      for (const { block, input } of calls) {
        const value = parsed(input)
        findings.must(
          textAt(block, 'id') !== '' && textAt(block, 'name') === 'get_weather',
          'tool_use has no id, or another name.',
        )
        findings.must(isObject(value), `The input is no JSON object: ${input.slice(0, 80)}`)
        for (const fault of value === undefined ? [] : schemaFaults(value, weatherParameters))
          findings.must(false, `Input: ${fault}.`)
      }
      findings.must(reading?.stopReason === 'tool_use', `The turn ends with '${reading?.stopReason}', not 'tool_use'.`)
      return undefined
    },
    true,
  )

const isUnbounded = ({ ask }: Exchange): boolean => ask.body !== undefined && ask.body['max_tokens'] === undefined

const envelope: Probe['judge'] = (had) => {
  const findings = new Findings()
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`A faulty request is not refused: ${broken}.`)
    // Who does without max_tokens is generous, and breaks nobody.
    if (exchange.status === 200 && isUnbounded(exchange)) {
      findings.should(false, 'A request without max_tokens is answered.')
      continue
    }
    const value = bodyJson(exchange)
    const error = errorOf(exchange)
    findings.must(exchange.status >= 400, `A faulty request is answered with ${exchange.status}.`)
    findings.must(isObject(value) && value['type'] === 'error', 'The body does not say "type": "error".')
    findings.must(
      error !== null && textAt(error, 'type') !== '' && textAt(error, 'message') !== '',
      'error.type or error.message is missing.',
    )
    findings.should(
      error !== null && textAt(error, 'type') === 'invalid_request_error',
      'error.type is not invalid_request_error.',
    )
  }
  return findings.judgement()
}

const refused =
  (status: number, type: string): Probe['judge'] =>
  ([exchange]) => {
    if (exchange === undefined) return failed('Nothing was asked.')
    if (exchange.status === 200) return unsupported('It is answered: nothing is checked.')
    const findings = new Findings()
    findings.must([status, 400].includes(exchange.status), `The status is ${exchange.status}, not ${status}.`)
    findings.should(exchange.status === status, `The status is ${exchange.status}, not ${status}.`)
    findings.must(errorOf(exchange) !== null, 'The refusal has no error object.')
    findings.should(
      textAt(errorOf(exchange) ?? {}, 'type') === type,
      `error.type is '${textAt(errorOf(exchange) ?? {}, 'type')}', not '${type}'.`,
    )
    return findings.judgement()
  }

const preview: Probe['judge'] = (had) => {
  const [count, call] = had
  if (count !== undefined && count.status >= 400) return unsupported(`It is not there: ${refusalText(count)}`)
  const value = count === undefined ? null : bodyJson(count)
  const tokens = countAt(isObject(value) ? value : {}, 'input_tokens')
  return judgeRead(call === undefined ? [] : [call], ([reading], findings) => {
    const billed = countAt(reading?.usage, 'input_tokens')
    heldToBill(findings, { name: 'input_tokens', tokens, billed })
    return undefined
  })
}

const stopped: Probe['judge'] = (had) =>
  judgeRead(had, ([limit, sequence], findings) => {
    findings.must(
      limit?.stopReason === 'max_tokens',
      `An answer that was cut ends with '${limit?.stopReason}', not 'max_tokens'.`,
    )
    findings.must(
      sequence?.stopReason === 'stop_sequence',
      `A stopped answer ends with '${sequence?.stopReason}', not 'stop_sequence'.`,
    )
    findings.must(
      !(sequence?.blocks ?? []).some(({ text }) => text.includes('gamma')),
      'The answer goes on past its stop sequence.',
    )
    return undefined
  })

const thought: Probe['judge'] = (had) =>
  judgeRead(
    had,
    ([reading], findings) => {
      const types = (reading?.blocks ?? []).map(({ type }) => type)
      if (!types.includes('thinking')) return unsupported('No thinking is shown.')
      findings.must(
        types.indexOf('thinking') < types.indexOf('text') || !types.includes('text'),
        'The answer comes before the thinking.',
      )
      return undefined
    },
    true,
  )

const turns: Json = [
  { role: 'user', content: 'Use the get_weather tool for Rome.' },
  {
    role: 'assistant',
    content: [{ type: 'tool_use', id: 'call_9Xb2LmQ7', name: 'get_weather', input: { city: 'Rome' } }],
  },
  {
    role: 'user',
    content: [{ type: 'tool_result', tool_use_id: 'call_9Xb2LmQ7', content: [{ type: 'text', text: '21 degrees' }] }],
  },
]

export const anthropicProbes = groupOf({ group: 'messages-api', wire: 'anthropic', modes: ['plain', 'stream'] }, [
  {
    id: 'anthropic-event-order',
    title: 'Events come in the order of the API',
    level: 'blocking',
    modes: ['stream'],
    rule: 'message_start, blocks opened, filled and closed one after the other, message_delta, message_stop.',
    remedy: relay('Where Drover translates, it writes this order.'),
    dependents: 'streams',
    ask: (facts) => [message(facts, 'Say good morning in one sentence.')],
    judge: ordered,
  },
  {
    id: 'anthropic-message',
    title: 'The message has its fields',
    level: 'blocking',
    rule: 'id, type, role, model, a block of text, and a stop_reason that SDKs know.',
    remedy: relay('Where Drover translates, it writes them.'),
    ask: (facts) => [message(facts, 'Say good morning in one sentence.')],
    judge: shaped,
  },
  {
    id: 'anthropic-usage',
    title: 'Usage comes, and its last figure counts',
    level: 'blocking',
    rule: 'input_tokens and output_tokens; in a stream message_delta has the final ones.',
    remedy: relay('Drover counts where it is missing, and says so.'),
    ask: (facts) => [message(facts, 'Say good morning in one sentence of ten words.')],
    judge: counted,
  },
  {
    id: 'anthropic-tool-use',
    title: 'tool_use has id, name and valid input',
    level: 'blocking',
    rule: 'The input is an instance of the schema, and the turn ends with tool_use.',
    remedy: impossible('What the model fills in cannot be repaired on the way.'),
    dependents: { parameters: ['tools'] },
    ask: (facts) => [message(facts, wanting, { tokens: 256, tools: [tool] })],
    judge: called,
  },
  {
    id: 'anthropic-tool-history',
    title: 'tool_result with a foreign id',
    level: 'blocking',
    modes: ['plain'],
    rule: 'Answered.',
    remedy: relay('Drover renames ids on the way in where a vendor wants a form.'),
    dependents: { parameters: ['tools'] },
    ask: (facts) => [message(facts, '', { messages: turns, tools: [tool] })],
    judge: (had) => judgeRead(had, () => undefined, true),
  },
  {
    id: 'anthropic-errors',
    title: 'Errors have the form that SDKs read',
    level: 'blocking',
    modes: ['plain'],
    rule: '{"type": "error", "error": {"type", "message"}} for broken JSON, no max_tokens, and wrong types.',
    remedy: relay("Drover answers every refusal in the caller's protocol."),
    ask: (facts) => [
      { method: 'POST', path: 'messages', raw: { bytes: Buffer.from('{"model": '), contentType: 'application/json' } },
      {
        ...message(facts, ''),
        body: { model: facts.model, messages: [{ role: 'user', content: 'Say OK.' }] },
        outputTokensMax: 64,
      },
      message(facts, '', { messages: 'no list' }),
    ],
    judge: envelope,
  },
  {
    id: 'anthropic-key',
    title: 'A wrong key is refused',
    level: 'blocking',
    modes: ['plain'],
    rule: '401 authentication_error.',
    remedy: relay('Drover checks keys itself.'),
    ask: (facts) => [{ ...message(facts, 'Say OK.', { tokens: 16 }), key: 'wrong' }],
    judge: refused(401, 'authentication_error'),
  },
  {
    id: 'anthropic-model',
    title: 'An unknown model is refused',
    level: 'blocking',
    modes: ['plain'],
    rule: '404 not_found_error.',
    remedy: relay('Drover refuses unknown names itself, with the nearest ids.'),
    ask: (facts) => [message({ ...facts, model: 'no-such-model-drover-probe' }, 'Say OK.', { tokens: 16 })],
    judge: refused(404, 'not_found_error'),
  },
  {
    id: 'anthropic-count-tokens',
    title: 'messages/count_tokens',
    level: 'warning',
    modes: ['plain'],
    rule: 'Within 5 % (or 3 tokens) of what is billed.',
    remedy: relay('Drover counts where the provider behind cannot.'),
    dependents: { endpoints: ['count_tokens'] },
    ask: (facts) => [
      {
        method: 'POST',
        path: 'messages/count_tokens',
        body: { model: facts.model, messages: [{ role: 'user', content: 'The lamp turns once every ten seconds.' }] },
      },
      message(facts, 'The lamp turns once every ten seconds.', { tokens: 16 }),
    ],
    judge: preview,
  },
  {
    id: 'anthropic-stop',
    title: 'max_tokens and stop_sequences',
    level: 'blocking',
    rule: 'stop_reason max_tokens and stop_sequence.',
    remedy: relay('Where Drover translates, it writes the words of the API.'),
    dependents: { parameters: ['max_tokens', 'stop_sequences'] },
    ask: (facts) => [
      message({ ...facts, thinks: false }, 'Count from 1 to 300 in words, separated by commas.', { tokens: 8 }),
      message(facts, 'Repeat exactly: alpha beta HALT gamma', { stop_sequences: ['HALT'] }),
    ],
    judge: stopped,
  },
  {
    id: 'anthropic-system',
    title: 'system as text and as blocks',
    level: 'blocking',
    modes: ['plain'],
    rule: 'Both are answered.',
    remedy: relay('Drover carries both forms.'),
    dependents: { parameters: ['system'] },
    ask: (facts) => [
      message(facts, 'Name a colour.', { system: 'Answer in one word.' }),
      message(facts, 'Name a colour.', {
        system: [{ type: 'text', text: 'Answer in one word.', cache_control: { type: 'ephemeral' } }],
      }),
    ],
    judge: (had) => judgeRead(had, () => undefined),
  },
  {
    id: 'anthropic-thinking',
    title: 'Thinking comes in blocks of its own, first',
    level: 'warning',
    rule: 'A block "thinking" before the text, or a clear refusal.',
    remedy: relay('Drover reads reasoning of other formats into such blocks.'),
    dependents: { parameters: ['thinking'] },
    ask: (facts) => [
      message({ ...facts, thinks: true }, 'How many minutes lie between 14:10 and 16:45?', {
        tokens: 512,
        thinking: { type: 'enabled', budget_tokens: 1_024 },
      }),
    ],
    judge: thought,
  },
])
