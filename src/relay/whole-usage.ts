/** What an answer came to that is read after its call is gone: a line of a batch, a response that a provider made in the background. */

import { Buffer } from 'node:buffer'
import { scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import type { Call, CallKind } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { CountTokens, Meter } from './meter.ts'
import { charactersPerToken, meter } from './meter.ts'
import { countable } from './settle.ts'

export type WholeAnswer = {
  readonly protocol: Protocol
  /** Behind the version: `chat/completions`. */
  readonly endpoint: string
  /** As the caller called it. */
  readonly model: string
  readonly body: JsonObject
  /** Of what was asked, which is not here any more; `null` = not known. */
  readonly inputBytes: number | null
  /** Tokens that its model reads at most; `null` = not known. */
  readonly contextTokens: number | null
  readonly countTokens: CountTokens
}

const emptyTop = scanTopLevel(Buffer.from('{}'))

const callFor = ({ protocol, endpoint, model }: WholeAnswer): Call => ({
  id: '',
  protocol: protocol.name,
  endpoint,
  kind: protocol.kind,
  model,
  models: [],
  stream: false,
  outputMax: null,
  choices: 1,
  payload: { kind: 'json', top: emptyTop },
  inputBytes: 0,
  usageWish: { inStream: false, cost: false },
  body: () => ({}),
  warnings: [],
})

/** By its size: its words are at the provider. A model reads no more than its window. */
const inputTokensOf = ({ inputBytes, contextTokens }: WholeAnswer): number | null => {
  if (inputBytes === null) return null
  const tokens = Math.ceil(inputBytes / charactersPerToken)
  return Math.min(tokens, contextTokens ?? tokens)
}

/** Answers of which only the input is billed. */
const silent: readonly CallKind[] = ['embedding', 'moderation', 'rerank']

const usageIn = async (answer: WholeAnswer, counted: Meter): Promise<Usage | null> => {
  const { kind } = answer.protocol
  const isText = countable.includes(kind)
  const said = counted.reported()
  if (said === null && silent.includes(kind) && answer.inputBytes !== null)
    return usageOf({ input: inputTokensOf(answer), output: 0, source: 'estimated' })
  if (said === null && !isText) return null
  const usage = await counted.usage({ whole: true, isText, request: () => '' })
  if (!isText || (said?.input ?? null) !== null) return usage
  return { ...usage, input: inputTokensOf(answer), source: 'estimated' }
}

/**
 * As for a call: what the provider's figures leave unsaid is counted, and what cannot be is unknown, never nothing. `usage: null` = it told
 * none, and neither its answer nor what was asked is text that could be counted.
 */
export const readWhole = async (
  answer: WholeAnswer,
): Promise<{ readonly usage: Usage | null; readonly finishReason: string | null }> => {
  const { protocol, body, countTokens } = answer
  const head = { status: 200, headers: { 'content-type': 'application/json' } }
  const reader = protocol.client.readReply(callFor(answer), head, { whole: true })
  const counted = meter(countTokens)
  for (const frame of [...reader.read(Buffer.from(JSON.stringify(body))), ...reader.end()])
    for (const part of frame.parts) counted.see(part)
  return { usage: await usageIn(answer, counted), finishReason: counted.finishReason() }
}

/** What is said on the record where a provider did not say all; `null` = it did. */
export const unsaidWarning = (usage: Usage | null, what: string): string | null => {
  if (usage === null) return `usage:the provider told none for this ${what}`
  if (usage.source === 'reported') return null
  const how = usage.input === null || usage.output === null ? 'and it is not known' : 'and it was counted'
  return `usage:the provider did not say all of it for this ${what}, ${how}`
}
