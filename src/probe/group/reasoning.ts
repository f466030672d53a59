/** Reasoning: apart from the answer, first in the stream, and in a history as documented. */

import type { JsonObject } from '#base/json-type.ts'
import { say, weatherTool } from '#probe/chat/ask.ts'
import { firstChoice, usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers, leakedMarker } from '#probe/chat/verdict.ts'
import type { Exchange } from '#probe/exchange.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt, objectAt, refusalText } from '#probe/wire-events.ts'
import { client, groupOf, relay, shim } from './define.ts'

const riddle = 'A train leaves at 14:10 and arrives at 16:45. How many minutes does it take? Answer with the number.'

const separate: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['reasoning']), ([reading], findings) => {
    if (reading === undefined) return undefined
    const { reasoning, reasoningFields, content, spokeFirst } = firstChoice(reading)
    const details = objectAt(usageOfChat(reading) ?? {}, 'completion_tokens_details')
    const hidden = countAt(details, 'reasoning_tokens') ?? 0
    findings.must(leakedMarker(content) === null, `Reasoning stands in the answer, behind ${leakedMarker(content)}.`)
    if (reasoning === '' && leakedMarker(content) === null)
      return unsupported(hidden > 0 ? 'The model thinks, and does not show it.' : 'The model shows no reasoning.')
    findings.must(!spokeFirst, 'The answer begins before the reasoning does.')
    findings.should(reasoningFields.join() === 'reasoning_content', `Reasoning comes as '${reasoningFields.join()}'.`)
    return undefined
  })

const history = (facts: Facts, extra: JsonObject): JsonObject[] => [
  { role: 'user', content: `Use the get_weather tool for Rome. (${facts.nonce})` },
  {
    role: 'assistant',
    content: '',
    ...extra,
    tool_calls: [
      { id: 'call_a1b2c3', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Rome"}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'call_a1b2c3', content: '{"degrees":21}' },
]

const withHistory = (facts: Facts, extra: JsonObject) => {
  const ask = say(facts, '', { tokens: 128, tools: [weatherTool] })
  return { ...ask, body: { ...ask.body, messages: history(facts, extra) } }
}

const isOk = (exchange: Exchange | undefined): boolean => exchange !== undefined && exchange.status === 200

const remembered: Probe['judge'] = (had) => {
  const [without, within] = had
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`A tool turn in the history breaks it: ${broken}.`)
  }
  const refused = had.filter(({ status }) => status >= 400)
  if (refused.length === had.length && refused.every((one) => /tool/i.test(refusalText(one))))
    return unsupported(`Tools are refused: ${refused[0] === undefined ? '' : refusalText(refused[0])}`)
  const findings = new Findings()
  findings.must(isOk(without) || isOk(within), 'A tool turn is refused with and without reasoning_content.')
  findings.must(
    isOk(without),
    `A history without reasoning_content is refused: ${without === undefined ? '' : refusalText(without)}`,
  )
  findings.must(
    isOk(within),
    `A history with reasoning_content is refused: ${within === undefined ? '' : refusalText(within)}`,
  )
  return findings.judgement()
}

/** The ways in which vendors spell it; the first that is taken is judged. */
const switches: readonly (readonly [off: JsonObject, on: JsonObject])[] = [
  [{ reasoning_effort: 'none' }, { reasoning_effort: 'high' }],
  [{ thinking: { type: 'disabled' } }, { thinking: { type: 'enabled' } }],
  [
    { chat_template_kwargs: { thinking: false, enable_thinking: false } },
    { chat_template_kwargs: { thinking: true, enable_thinking: true } },
  ],
]

const thought = (exchange: Exchange): number | null => {
  if (exchange.status !== 200) return null
  const answers = answersOf([exchange])
  const [reading] = Array.isArray(answers) ? answers : []
  if (reading === undefined) return null
  const hidden = countAt(objectAt(usageOfChat(reading) ?? {}, 'completion_tokens_details'), 'reasoning_tokens') ?? 0
  return Math.max(hidden, firstChoice(reading).reasoning.length)
}

const switched: Probe['judge'] = (had) => {
  const pairs = switches.map((_, index) => had.slice(index * 2, index * 2 + 2).map(thought))
  const works = pairs.findIndex(([off, on]) => off === 0 && (on ?? 0) > 0)
  if (works >= 0) {
    const findings = new Findings()
    findings.note(`${Object.keys(switches[works]?.[0] ?? {})[0]} switches it.`)
    findings.should(works === 0, 'reasoning_effort does not switch it.')
    return findings.judgement()
  }
  if (pairs.flat().every((amount) => amount === 0 || amount === null))
    return unsupported('The model shows no reasoning, however it is asked.')
  const broken = had.map(brokenBy).find((one) => one !== null)
  return failed(
    broken === undefined || broken === null
      ? 'No known field switches thinking off and on.'
      : `A switch breaks it: ${broken}.`,
  )
}

const counted: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['reasoning']), ([reading], findings) => {
    if (reading === undefined) return undefined
    const usage = usageOfChat(reading)
    const { reasoning, content } = firstChoice(reading)
    const output = countAt(usage ?? {}, 'completion_tokens')
    if (reasoning === '' || output === null) return unsupported('The model shows no reasoning, or no usage.')
    // A token is seldom more than six characters, and never so many on average.
    findings.must(
      output * 8 >= reasoning.length + content.length,
      `${output} tokens cannot hold ${reasoning.length} characters of reasoning: they are not counted.`,
    )
    const details = countAt(objectAt(usage ?? {}, 'completion_tokens_details'), 'reasoning_tokens')
    findings.should(details !== null, 'completion_tokens_details.reasoning_tokens is missing.')
    findings.must(details === null || details <= output, 'More tokens are reasoning than the answer has.')
    return undefined
  })

const reasoningParameters = ['reasoning_effort', 'reasoning', 'thinking']

export const reasoningProbes = groupOf({ group: 'reasoning', dependents: { parameters: reasoningParameters } }, [
  {
    id: 'reasoning-separate',
    title: 'Reasoning is apart from the answer, and first',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'reasoning_content (or reasoning) holds it, before any content; no <think> in the text.',
    remedy: shim(
      "Drover reads reasoning_content, reasoning and thinking blocks, and writes the name of the caller's protocol.",
    ),
    known: ['some vLLM builds name it "reasoning"', 'engines without a reasoning parser leave <think> in the text'],
    ask: (facts) => [
      say({ ...facts, thinks: true }, riddle, { tokens: 512, ...(facts.thinks ? {} : { reasoning_effort: 'low' }) }),
    ],
    judge: separate,
  },
  {
    id: 'reasoning-history',
    title: 'Tool turns with and without reasoning_content',
    level: 'blocking',
    rule: 'Both are taken.',
    remedy: shim(
      'The shim reasoning-cut leaves reasoning_content out of a history; reasoning-empty puts an empty one in.',
    ),
    known: ['DeepSeek refuses tool turns without it while thinking', 'DeepSeek R1 refused turns with it'],
    dependents: { parameters: ['tools', ...reasoningParameters] },
    ask: (facts) => [withHistory(facts, {}), withHistory(facts, { reasoning_content: 'The user wants the weather.' })],
    judge: remembered,
  },
  {
    id: 'reasoning-switch',
    title: 'Thinking can be switched off and on',
    level: 'warning',
    rule: 'reasoning_effort, thinking.type or chat_template_kwargs does it.',
    remedy: client('Use the field that the note names.'),
    known: ['Kimi: thinking.type', 'vLLM: chat_template_kwargs.thinking', 'OpenAI: reasoning_effort'],
    ask: (facts) =>
      switches.flatMap(([off, on]) =>
        [off, on].map((body) => say({ ...facts, thinks: true }, riddle, { tokens: 512, ...body })),
      ),
    judge: switched,
  },
  {
    id: 'reasoning-counted',
    title: 'Reasoning is counted as output',
    level: 'warning',
    rule: 'completion_tokens is large enough to hold it.',
    remedy: relay('Drover counts what was delivered where usage is missing, reasoning included.'),
    ask: (facts) => [
      say({ ...facts, thinks: true }, riddle, { tokens: 512, ...(facts.thinks ? {} : { reasoning_effort: 'low' }) }),
    ],
    judge: counted,
  },
])
