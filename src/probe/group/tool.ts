/** Tool calls: their form, their pieces, their end, several at once, and who decides. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { functionTool, say, weatherParameters, weatherTool } from '#probe/chat/ask.ts'
import type { ChatReading } from '#probe/chat/reading.ts'
import { firstChoice } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers, toolFaults, toolsOf } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Findings, Judgement } from '#probe/judgement.ts'
import { unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { parsed } from '#probe/wire-events.ts'
import { client, groupOf, impossible, shim } from './define.ts'

const wanting = 'Use the get_weather tool for Oslo. Call the tool, do not answer in words.'
const tokens = 256

const withWeather =
  (content: string, more: JsonObject = {}) =>
  (facts: Facts) => [say(facts, content, { tokens, tools: [weatherTool], ...more })]

/** Judges turns that should hold a tool call; models that never call one have nothing to be judged. */
const judgeCalls = (
  had: readonly Exchange[],
  words: readonly string[],
  judge: (reading: ChatReading, findings: Findings) => Judgement | undefined,
): Judgement =>
  judgeAnswers(declinableAnswersOf(had, ['tool', ...words]), (readings, findings) => {
    if (readings.every((reading) => toolsOf(reading).length === 0)) return unsupported('The model called no tool.')
    if (readings.some((reading) => firstChoice(reading).finishes.includes('length')))
      return unsupported('The answer was cut by its limit of tokens before the call was whole.')
    for (const reading of readings) {
      const own = judge(reading, findings)
      if (own !== undefined) return own
    }
    return undefined
  })

const called: Probe['judge'] = (had) =>
  judgeCalls(had, [], (reading, findings) => {
    const tools = toolsOf(reading)
    for (const tool of tools)
      for (const fault of toolFaults(tool, 'get_weather', weatherParameters)) findings.must(false, fault)
    const ids = tools.map(({ id }) => id)
    findings.must(new Set(ids).size === ids.length, 'Two calls have the same id.')
    findings.must(!firstChoice(reading).functionCall, 'A function_call comes although tools were given.')
    return undefined
  })

const assembled: Probe['judge'] = (had) =>
  judgeCalls(had, [], (reading, findings) => {
    const { toolFaults: faults, tools } = firstChoice(reading)
    for (const fault of faults) findings.must(false, `SDKs put calls together by their index: ${fault}.`)
    for (const { input } of tools)
      findings.must(parsed(input) !== undefined, `The pieces put together are no JSON: ${input.slice(0, 80)}`)
    findings.should(
      tools.every(({ index }, place) => index === null || index === place),
      'The indices do not count from 0.',
    )
    return undefined
  })

const ended: Probe['judge'] = (had) =>
  judgeCalls(had, [], (reading, findings) => {
    const [finish = 'nothing'] = firstChoice(reading).finishes
    findings.must(finish === 'tool_calls', `The turn ends with '${finish}': agents stop instead of running the tool.`)
    return undefined
  })

const parallel: Probe['judge'] = (had) =>
  judgeCalls(had, [], (reading, findings) => {
    const { tools, toolFaults: faults } = firstChoice(reading)
    const glued = tools.find(({ input }) => parsed(input) === undefined && /\}\s*\{/.test(input))
    findings.must(glued === undefined, `Two calls are glued into one: ${glued?.input.slice(0, 80)}`)
    for (const fault of faults.filter((text) => text.startsWith('two'))) findings.must(false, `${fault}.`)
    if (glued === undefined && tools.length < 2) return unsupported('The model makes one call at a time.')
    for (const tool of tools)
      for (const fault of toolFaults(tool, 'get_weather', weatherParameters)) findings.must(false, fault)
    findings.must(new Set(tools.map(({ id }) => id)).size === tools.length, 'Two calls have the same id.')
    return undefined
  })

const single: Probe['judge'] = (had) =>
  judgeCalls(had, ['parallel_tool_calls'], (reading, findings) => {
    findings.must(toolsOf(reading).length <= 1, `${toolsOf(reading).length} calls come although parallel ones are off.`)
    return undefined
  })

const manyTools: readonly JsonObject[] = Array.from({ length: 48 }, (_, index) =>
  functionTool(`lookup_${index}`, `Looks up fact number ${index}.`, {
    type: 'object',
    properties: { key: { type: 'string' } },
    required: ['key'],
  }),
)

const many: Probe['judge'] = (had) =>
  judgeCalls(had, [], (reading, findings) => {
    for (const { name, input } of toolsOf(reading)) {
      findings.must(/^lookup_\d+$/.test(name), `A tool is called that does not exist: '${name.slice(0, 80)}'.`)
      findings.must(parsed(input) !== undefined, 'The arguments are no JSON.')
    }
    return undefined
  })

const orderParameters: JsonObject = {
  type: 'object',
  properties: {
    customer: { $ref: '#/$defs/person' },
    items: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { sku: { type: 'string' }, count: { type: 'integer', minimum: 1 } },
        required: ['sku', 'count'],
      },
    },
    priority: { enum: ['low', 'normal', 'high'] },
    gift: {
      anyOf: [{ type: 'null' }, { type: 'object', properties: { note: { type: 'string' } }, required: ['note'] }],
    },
  },
  required: ['customer', 'items', 'priority'],
  $defs: {
    person: {
      type: 'object',
      properties: { name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
      required: ['name'],
    },
  },
}

const schemas: Probe['judge'] = (had) =>
  judgeCalls(had, ['schema', '$ref', 'anyOf', '$defs'], (reading, findings) => {
    for (const tool of toolsOf(reading))
      for (const fault of toolFaults(tool, 'place_order', orderParameters)) findings.must(false, fault)
    return undefined
  })

const chosenNone: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['tool_choice']), ([reading], findings) => {
    findings.must(
      reading === undefined || toolsOf(reading).length === 0,
      'A tool is called although tool_choice is "none".',
    )
    return undefined
  })

const chosenAuto: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['tool']), ([reading], findings) => {
    if (reading === undefined) return undefined
    const { content, reasoning, tools } = firstChoice(reading)
    findings.must(
      tools.length === 0 || content === '' || parsed(tools[0]?.input ?? '') !== undefined,
      'A call is half text.',
    )
    findings.must(content + reasoning !== '' || tools.length > 0, 'With tools at hand the model says nothing at all.')
    return undefined
  })

const chosenRequired: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['tool_choice', 'required']), ([reading], findings) => {
    findings.must(reading !== undefined && toolsOf(reading).length > 0, 'No tool is called although one is required.')
    return undefined
  })

const stockTool = functionTool('get_stock', 'Gives the price of a stock.', {
  type: 'object',
  properties: { ticker: { type: 'string' } },
  required: ['ticker'],
})

const chosenNamed: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['tool_choice']), ([reading], findings) => {
    const [tool] = reading === undefined ? [] : toolsOf(reading)
    findings.must(
      tool?.name === 'get_stock',
      `The named function is ignored: ${tool === undefined ? 'none' : `'${tool.name}'`} is called.`,
    )
    return undefined
  })

/** Ids as three vendors make them, so that a history from elsewhere is what it is after a migration. */
const foreignIds = [
  'call_9Xb2LmQ7',
  'toolu_01A09q90qw90lq9178',
  'functions.get_weather:2',
  'chatcmpl-tool-3f1c',
  'call_00_k2',
]

const turn = (index: number): readonly JsonObject[] => {
  const id = foreignIds[index % foreignIds.length] ?? ''
  const city = ['Rome', 'Lima', 'Cairo', 'Delhi', 'Quito'][index % 5]
  return [
    { role: 'user', content: `Use the get_weather tool for ${city}.` },
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id, type: 'function', function: { name: 'get_weather', arguments: JSON.stringify({ city }) } }],
    },
    { role: 'tool', tool_call_id: id, content: JSON.stringify({ degrees: 20 + index }) },
    { role: 'assistant', content: `It is ${20 + index} degrees in ${city}.` },
  ]
}

const loopOf = (turns: number): Json => [
  ...Array.from({ length: turns }, (_, index) => turn(index)).flat(),
  { role: 'user', content: wanting },
]

/** One refusal of three is the history's; refused from the first on, tools are what is refused. */
const loopAnswers = (had: readonly Exchange[]) =>
  had[0]?.status === 200 ? answersOf(had) : declinableAnswersOf(had, ['tool'])

const looped: Probe['judge'] = (had) =>
  judgeAnswers(loopAnswers(had), (readings, findings) => {
    if (readings.every((reading) => toolsOf(reading).length === 0)) return unsupported('The model called no tool.')
    for (const [place, reading] of readings.entries()) {
      const turns = place * 2 + 1
      const tools = toolsOf(reading)
      findings.must(tools.length > 0, `After ${turns} turns with foreign ids no tool is called any more.`)
      for (const tool of tools)
        for (const fault of toolFaults(tool, 'get_weather', weatherParameters))
          findings.must(false, `After ${turns} turns: ${fault}`)
    }
    return undefined
  })

const both = { modes: ['plain', 'stream'] as const, dependents: { parameters: ['tools', 'functions'] } }

export const toolProbes = groupOf({ group: 'tools' }, [
  {
    ...both,
    id: 'tool-call',
    title: 'A tool call has id, type, name and valid arguments',
    level: 'blocking',
    rule: 'Every field is there, and the arguments are an instance of the schema.',
    remedy: impossible('What the model fills in cannot be repaired on the way; a retry or another target can.'),
    known: ['engines without guided decoding'],
    ask: withWeather(wanting),
    judge: called,
  },
  {
    ...both,
    id: 'tool-deltas',
    title: 'The pieces of a call belong together by their index',
    level: 'blocking',
    modes: ['stream'],
    rule: 'Every piece has an index, and no index has two ids.',
    remedy: shim('The shim tool-index numbers the calls of a stream.'),
    known: [
      "Gemini's compatible endpoint leaves the index out, or gives 0 to the second call",
      'Mistral leaves it out in some streams',
      'Databricks gives no arguments at all to a tool without parameters',
    ],
    ask: withWeather(wanting),
    judge: assembled,
  },
  {
    ...both,
    id: 'tool-finish',
    title: 'A turn with tool calls ends with "tool_calls"',
    level: 'blocking',
    rule: 'finish_reason is tool_calls in both modes.',
    remedy: shim('The shim tool-finish writes tool_calls where calls were made.'),
    known: ['Gemini streams end with "stop" (python-genai #2868)'],
    ask: withWeather(wanting),
    judge: ended,
  },
  {
    ...both,
    id: 'tool-parallel',
    title: 'Several calls in one turn stay apart',
    level: 'blocking',
    rule: 'Two calls, two ids, each with arguments of its own.',
    remedy: shim('The shim tool-index tells calls that share an index apart by their ids.'),
    known: ["Gemini's compatible endpoint glues the arguments of two calls"],
    ask: withWeather(
      'Use the get_weather tool for Oslo and, in the same turn, for Madrid. Call the tool twice at once.',
    ),
    judge: parallel,
  },
  {
    ...both,
    id: 'tool-parallel-off',
    title: 'parallel_tool_calls: false is obeyed',
    level: 'warning',
    rule: 'At most one call, or a clear refusal of the field.',
    remedy: client('Run the calls one after the other, whatever their number.'),
    dependents: { parameters: ['parallel_tool_calls'] },
    ask: withWeather('Use the get_weather tool for Oslo and for Madrid.', { parallel_tool_calls: false }),
    judge: single,
  },
  {
    ...both,
    id: 'tool-many',
    title: 'More than 40 tools',
    level: 'warning',
    rule: 'Accepted, and a tool that exists is called.',
    remedy: client('Send fewer tools: those that this turn can need.'),
    ask: (facts) => [say(facts, 'Use the tool lookup_17 with the key "moon".', { tokens, tools: manyTools })],
    judge: many,
  },
  {
    ...both,
    id: 'tool-schemas',
    title: 'Nested schemas with $ref, anyOf and enum',
    level: 'warning',
    rule: 'Accepted, and the arguments are an instance.',
    remedy: client('Write the schema flat: no $ref, no anyOf.'),
    known: ["Anthropic's compatible endpoint ignores strict", 'Kimi wants its own subset of schemas (MFJS)'],
    ask: (facts) => [
      say(facts, 'Use the place_order tool: Ada Byron orders two of SKU A-1, priority high, no gift.', {
        tokens: 512,
        tools: [functionTool('place_order', 'Places an order.', orderParameters)],
      }),
    ],
    judge: schemas,
  },
  {
    ...both,
    id: 'tool-choice-none',
    title: 'tool_choice: none',
    level: 'blocking',
    rule: 'No tool is called.',
    remedy: client('Leave the tools out of turns that must not call one.'),
    ask: withWeather(wanting, { tool_choice: 'none' }),
    judge: chosenNone,
  },
  {
    ...both,
    id: 'tool-choice-auto',
    title: 'tool_choice: auto',
    level: 'blocking',
    rule: 'An answer comes, with or without a call.',
    remedy: client('Leave tool_choice out: auto is what it then is.'),
    ask: withWeather('What is two plus two? Answer with the number.', { tool_choice: 'auto' }),
    judge: chosenAuto,
  },
  {
    ...both,
    id: 'tool-choice-required',
    title: 'tool_choice: required',
    level: 'blocking',
    rule: 'A tool is called, or the field is refused clearly.',
    remedy: shim('Where the catalog says that a model takes "auto" only, params: shim changes it with a warning.'),
    known: ['Kimi K2.6 refuses "required"; K3 takes it'],
    dependents: { parameters: ['tool_choice'] },
    ask: withWeather('How is the weather in Oslo?', { tool_choice: 'required' }),
    judge: chosenRequired,
  },
  {
    ...both,
    id: 'tool-choice-named',
    title: 'tool_choice names a function',
    level: 'warning',
    rule: 'That function is called, or the field is refused clearly.',
    remedy: client('Offer only the one tool, with tool_choice "required".'),
    known: ['Kimi K3 ignores the named form silently'],
    dependents: { parameters: ['tool_choice'] },
    ask: (facts) => [
      say(facts, 'How is the weather in Oslo, and what does ACME cost?', {
        tokens,
        tools: [weatherTool, stockTool],
        tool_choice: { type: 'function', function: { name: 'get_stock' } },
      }),
    ],
    judge: chosenNamed,
  },
  {
    ...both,
    id: 'tool-loop',
    title: 'Histories of five tool turns with foreign ids',
    level: 'blocking',
    rule: 'After 1, 3 and 5 turns a valid call still comes.',
    remedy: shim('The shim tool-ids writes the ids of a history as functions.NAME:NUMBER.'),
    known: ['Kimi K2 degrades after three or four turns when ids are not functions.name:index'],
    ask: (facts) =>
      [1, 3, 5].map((turns) => {
        const ask = say(facts, '', { tokens, tools: [weatherTool] })
        return { ...ask, body: { ...ask.body, messages: loopOf(turns) } }
      }),
    judge: looped,
  },
])
