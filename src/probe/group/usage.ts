/** Usage: that it comes, where, and that its figures can be true. */

import type { JsonObject } from '#base/json-type.ts'
import { chat, room, say, user } from '#probe/chat/ask.ts'
import type { ChatReading } from '#probe/chat/reading.ts'
import { usageOfChat } from '#probe/chat/reading.ts'
import { answersOf, declinableAnswersOf, judgeAnswers } from '#probe/chat/verdict.ts'
import type { Findings } from '#probe/judgement.ts'
import { unsupported } from '#probe/judgement.ts'
import type { Facts, Probe } from '#probe/probe.ts'
import { countAt, objectAt } from '#probe/wire-events.ts'
import { groupOf, impossible, relay, shim } from './define.ts'

const asked: JsonObject = { stream_options: { include_usage: true } }
const sentence = 'Name three colours of the rainbow.'

const askUsage = (facts: Facts) => [say(facts, sentence, facts.stream ? { tokens: 64, ...asked } : { tokens: 64 })]

const figures = (usage: JsonObject | null) => ({
  input: countAt(usage ?? {}, 'prompt_tokens'),
  output: countAt(usage ?? {}, 'completion_tokens'),
  total: countAt(usage ?? {}, 'total_tokens'),
})

const final: Probe['judge'] = (had, { stream }) =>
  judgeAnswers(declinableAnswersOf(had, ['stream_options', 'include_usage']), ([reading], findings) => {
    const usage = reading === undefined ? null : usageOfChat(reading)
    const { input, output } = figures(usage)
    findings.must(usage !== null, stream ? 'No usage comes, although it was asked for.' : 'The answer has no usage.')
    findings.must(
      usage === null || (input !== null && output !== null),
      'prompt_tokens or completion_tokens is missing.',
    )
    const told = (reading?.usages ?? []).filter((one) => one.where === 'top')
    const growing = new Set(told.map((one) => JSON.stringify(one.usage))).size
    findings.should(growing <= 1, `${growing} different usages come: the last one counts.`)
    return undefined
  })

const position: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['stream_options', 'include_usage']), ([reading], findings) => {
    const usages = reading?.usages ?? []
    if (usages.length === 0) return unsupported('No usage came.')
    findings.must(
      usages.some(({ where }) => where === 'top'),
      `Usage comes in ${usages[0]?.where === 'choice' ? 'a choice' : 'a field of the vendor'} only, where SDKs do not look.`,
    )
    findings.should(
      usages.every(({ where }) => where === 'top'),
      'Usage comes in a second place as well.',
    )
    const last = reading?.wire.events.at(-1)?.json
    findings.should(
      Array.isArray(last?.['choices']) && last['choices'].length === 0,
      'The event with usage is not the last one with empty choices.',
    )
    return undefined
  })

const uninvited: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), ([reading], findings) => {
    const told = (reading?.usages ?? []).filter(({ where }) => where === 'top')
    const empty = (reading?.wire.events ?? []).filter(
      ({ json }) => Array.isArray(json['choices']) && json['choices'].length === 0 && json['usage'] !== undefined,
    )
    findings.must(empty.length === 0, 'An event with empty choices comes unasked: "choices[0]" fails on it.')
    findings.should(told.length === 0, 'Usage comes although nobody asked.')
    return undefined
  })

const sums: Probe['judge'] = (had) =>
  judgeAnswers(answersOf(had), (readings, findings) => {
    const all = readings.map((reading) => figures(usageOfChat(reading)))
    const known = all.flatMap(({ input, output, total }) =>
      input === null || output === null ? [] : [{ input, output, total }],
    )
    if (known.length < readings.length) return unsupported('Usage is not told.')
    for (const { input, output, total } of known)
      findings.must(total === null || total === input + output, `${input} + ${output} is not ${total}.`)
    findings.should(
      known.every(({ total }) => total !== null),
      'There is no total_tokens.',
    )
    checkLinear(
      known.map(({ input }) => input),
      findings,
    )
    checkDetails(readings, findings)
    return undefined
  })

/** Texts of one, two and three times the length: whatever the tokenizer, each step costs the same, give or take joints. */
const stepTokensMax = 3

const checkLinear = ([one = 0, two = 0, three = 0]: readonly number[], findings: Findings): void => {
  findings.measure('prompt_tokens', one)
  findings.must(one > 0, 'A prompt of many words counts as no token.')
  findings.must(two > one && three > two, `A longer prompt does not count more: ${one}, ${two}, ${three} tokens.`)
  findings.must(
    Math.abs(three - two - (two - one)) <= stepTokensMax,
    `The same text costs ${two - one} tokens first and ${three - two} then.`,
  )
}

const checkDetails = (readings: readonly ChatReading[], findings: Findings): void => {
  for (const reading of readings) {
    const usage = usageOfChat(reading) ?? {}
    const cached = countAt(objectAt(usage, 'prompt_tokens_details'), 'cached_tokens') ?? 0
    const thought = countAt(objectAt(usage, 'completion_tokens_details'), 'reasoning_tokens') ?? 0
    findings.must(cached <= (countAt(usage, 'prompt_tokens') ?? 0), 'More tokens are cached than the prompt has.')
    findings.must(
      thought <= (countAt(usage, 'completion_tokens') ?? 0),
      'More tokens are reasoning than the answer has.',
    )
  }
}

const paragraph =
  'The harbour wakes before the town does: nets are mended, ropes are coiled, and the first boats leave. '

const growing = (facts: Facts) =>
  [1, 2, 3].map((times) =>
    chat(
      facts,
      { messages: [user(`${facts.nonce} ${paragraph.repeat(times * 4)}\nSay OK.`)], ...room(facts, 16) },
      { asStream: false },
    ),
  )

/** Sampling differs from call to call; the prompt does not. */
const same: Probe['judge'] = (had) =>
  judgeAnswers(declinableAnswersOf(had, ['stream_options', 'include_usage']), (readings, findings) => {
    const [plain = null, streamed = null] = readings.map((reading) => figures(usageOfChat(reading)).input)
    if (plain === null || streamed === null) return unsupported('Usage is not told in both modes.')
    findings.must(plain === streamed, `The same prompt counts ${plain} tokens whole and ${streamed} streamed.`)
    return undefined
  })

export const usageProbes = groupOf({ group: 'usage' }, [
  {
    id: 'usage-final',
    title: 'Usage comes',
    level: 'blocking',
    modes: ['plain', 'stream'],
    rule: 'Whole answers have it; streams have it when stream_options.include_usage asks.',
    remedy: relay('Drover asks for it, counts where none comes, and says so (usage.source).'),
    known: ['Mistral refuses to be asked, and sends it anyway', 'some local servers never send it'],
    ask: askUsage,
    judge: final,
  },
  {
    id: 'usage-position',
    title: 'Usage is where SDKs look',
    level: 'warning',
    modes: ['stream'],
    rule: 'At the top level of the last event, whose choices are empty.',
    remedy: shim('Drover reads usage in choices and in x_ fields; the shim usage-position copies it to the top.'),
    known: ['Kimi puts it into the last choice', 'Groq into x_groq'],
    dependents: { parameters: ['stream_options'] },
    ask: askUsage,
    judge: position,
  },
  {
    id: 'usage-uninvited',
    title: 'No usage event when nobody asked',
    level: 'warning',
    modes: ['stream'],
    rule: 'Without stream_options no event has empty choices.',
    remedy: relay('Drover leaves out the usage event that it asked for itself.'),
    known: ['vendors that always send it'],
    dependents: 'streams',
    ask: (facts) => [say(facts, sentence)],
    judge: uninvited,
  },
  {
    id: 'usage-sums',
    title: 'The figures add up and grow with the prompt',
    level: 'blocking',
    rule: 'total = prompt + completion; equal steps of text cost equal steps of tokens (give or take 3); parts are not more than the whole.',
    remedy: impossible('Drover shows what the provider reports; reconciliation compares it with its own count.'),
    known: ['Kimi accepts [exact, +3] of itself'],
    ask: growing,
    judge: sums,
  },
  {
    id: 'usage-same-in-both-modes',
    title: 'A prompt counts the same whole and streamed',
    level: 'warning',
    rule: 'Equal prompt_tokens.',
    remedy: impossible('Drover shows what the provider reports.'),
    ask: (facts) => [
      chat(facts, { messages: [user(sentence)], ...room(facts, 32) }, { asStream: false }),
      chat(facts, { messages: [user(sentence)], ...room(facts, 32), ...asked }, { asStream: true }),
    ],
    judge: same,
  },
])
