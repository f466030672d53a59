/** What several probes of chats look at in the same way. */

import { schemaFaults } from '#base/json-schema.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { Judgement } from '#probe/judgement.ts'
import { brokenBy, Findings, failed, unsupported } from '#probe/judgement.ts'
import { errorOf, parsed, refusalText } from '#probe/wire-events.ts'
import type { ChatReading, ToolReading } from './reading.ts'
import { firstChoice, readChat } from './reading.ts'

/** An answer that every endpoint has to give: anything else is a failure. */
export const answersOf = (had: readonly Exchange[]): Judgement | readonly ChatReading[] => {
  for (const exchange of had) {
    const broken = brokenBy(exchange)
    if (broken !== null) return failed(`${exchange.ask.path}: ${broken}.`)
    if (exchange.status !== 200) return failed(`It was refused with ${refusalText(exchange)}`)
  }
  const readings = had.map(readChat)
  const within = readings.flatMap(({ errors }) => errors)[0]
  return within === undefined
    ? readings
    : failed(`An error came under status 200: ${JSON.stringify(within).slice(0, 200)}`)
}

const names = (exchange: Exchange, words: readonly string[]): boolean => {
  const text = exchange.body.toString('utf8').toLowerCase()
  return words.some((word) => text.includes(word.toLowerCase()))
}

/**
 * An answer that an endpoint may decline: a clear refusal is `unsupported`, one that does not name what it refuses is still one,
 * with a stray.
 */
export const declinableAnswersOf = (
  had: readonly Exchange[],
  words: readonly string[],
): Judgement | readonly ChatReading[] => {
  const refused = had.find(({ status }) => status >= 400 && status < 500)
  if (refused === undefined || had.some((exchange) => brokenBy(exchange) !== null)) return answersOf(had)
  if (errorOf(refused) === null && !names(refused, words))
    return failed(`The refusal says nothing: ${refusalText(refused)}`)
  return unsupported(`It is refused: ${refusalText(refused)}`)
}

/** Whether what `answersOf` gave is already the judgement. */
export const isJudgement = (value: Judgement | readonly ChatReading[]): value is Judgement => !Array.isArray(value)

/** Judges the answers, or passes on why there are none. */
export const judgeAnswers = (
  answers: Judgement | readonly ChatReading[],
  judge: (readings: readonly ChatReading[], findings: Findings) => Judgement | undefined,
): Judgement => {
  if (isJudgement(answers)) return answers
  const findings = new Findings()
  return judge(answers, findings) ?? findings.judgement()
}

/** Every fault of one tool call: its fields, and its arguments against the schema. */
export const toolFaults = (tool: ToolReading, name: string, parameters: JsonObject): readonly string[] => {
  const value = parsed(tool.input)
  return [
    ...(tool.id === '' ? ['The tool call has no id.'] : []),
    ...(tool.type === 'function' ? [] : [`The tool call has the type '${tool.type}'.`]),
    ...(tool.name === name ? [] : [`The tool call names '${tool.name.slice(0, 80)}', not '${name}'.`]),
    ...(isObject(value)
      ? schemaFaults(value, parameters).map((fault) => `Arguments: ${fault}.`)
      : [`The arguments are no JSON object: ${tool.input.slice(0, 120)}`]),
  ]
}

/** The calls that a turn holds; a model that would rather talk gives none. */
export const toolsOf = (reading: ChatReading): readonly ToolReading[] => firstChoice(reading).tools

/** Sequences that belong between a model and its server, never in text. */
const markers =
  /<\|[a-z_]*tool[a-z_]*\|?>?|<\/?think(?:ing)?>|<\|im_(?:start|end)\|>|<\/?tool_calls?>|<function=|\[TOOL_CALLS\]|<\|python_tag\|>|<｜[^｜]{1,40}｜>|◁\/?think▷|<\/s>|\[\/?INST\]/

/** A marker of the model's own format that has leaked into text; `null` = none has. */
export const leakedMarker = (text: string): string | null => markers.exec(text)?.[0] ?? null
