/**
 * Answers to questions that were asked before in other words: which calls may have one, what must be the same, and the look for it.
 * Whatever makes an answer more than its question's words leaves a call out: other turns, pictures, tools, chance, what the sandbox says.
 */

import { createHash } from 'node:crypto'
import { asProblem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import type { ChatRequest, Message } from '#protocol/chat-request.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { AnswerTaker } from '#reuse/answer-taker.ts'
import type { CachedAnswer } from '#reuse/cached-answers.ts'
import { fixedWords } from '#reuse/fixed-words.ts'
import type { SimilarAnswers } from '#reuse/similar-answers.ts'
import { CallerLeft } from './attempt.ts'
import type { CacheAsking } from './cache-question.ts'
import { decidingText, inOneOrder } from './cache-question.ts'
import type { Journey } from './journey.ts'
import { measure } from './measure.ts'

/** Of a shorter text a vector says little, of a longer one it hides much. */
const [textLengthMin, textLengthMax] = [16, 4_000]

/** What of a call is looked for, or why it is not. */
type Question = { readonly text: string } | { readonly not: string }

const isText = ({ content }: Message): boolean => content.every(({ type }) => type === 'text')

const questionIn = (request: ChatRequest): Question => {
  const { messages, tools, temperature, choices, store, audio, modalities, extra } = request
  const said = messages.filter(({ role }) => role !== 'system' && role !== 'developer')
  const [message] = said
  const [block] = message?.content ?? []
  const [unknown] = Object.keys(extra)
  if (tools.length > 0) return { not: 'it has tools' }
  if (temperature !== 0) return { not: 'its temperature is not 0' }
  if ((choices ?? 1) !== 1) return { not: 'it asks for several answers' }
  if (store === true) return { not: 'its answer is to be kept' }
  if (audio !== null || modalities?.some((one) => one !== 'text') === true) return { not: 'it asks for more than text' }
  if (unknown !== undefined) return { not: `nothing is known of '${unknown.slice(0, 64)}'` }
  if (said.length !== 1 || message?.role !== 'user') return { not: 'it has more than one turn' }
  if (!messages.every(isText) || message.content.length !== 1 || block?.type !== 'text')
    return { not: 'it is more than one text' }
  const { length } = block.text
  if (length < textLengthMin || length > textLengthMax)
    return { not: `its text has not ${textLengthMin} to ${textLengthMax} characters` }
  return { text: block.text }
}

const questionOf = (call: Call, protocol: Protocol, isTest: boolean): Question => {
  if (isTest) return { not: 'it is of the sandbox' }
  if (call.kind !== 'chat' || protocol.server.readChat === undefined) return { not: 'it is no chat' }
  try {
    return questionIn(protocol.server.readChat(call).value)
  } catch (thrown) {
    return { not: asProblem(thrown).message }
  }
}

/** The body without its question; `null` where the same words stand in it twice. */
const bodyWithout = (call: Call, text: string): string | null => {
  let seen = 0
  const written = JSON.stringify(call.body(), (name, value: unknown) => {
    if (value !== text) return inOneOrder(name, value)
    seen += 1
    return ''
  })
  return seen === 1 ? written : null
}

export type SimilarLook =
  | { readonly kind: 'hit'; readonly answer: CachedAnswer }
  | { readonly kind: 'miss'; readonly taker: AnswerTaker }

type SimilarOrder = {
  readonly similar: SimilarAnswers
  readonly asking: CacheAsking
  readonly lifetimeMs: number
}

type Measured = { readonly text: string; readonly rest: string; readonly dimensions: number }

/** Of one key alone, and one session: nobody else's question is ever answered by it. */
const scopeOf = ({ asking, similar }: SimilarOrder, { text, rest, dimensions }: Measured): string => {
  const { key, labels } = asking
  const own = [key.id, labels.session, similar.settings.embeddings, dimensions, fixedWords(text)]
  return createHash('sha256')
    .update(`${JSON.stringify(own)}\n${decidingText(asking)}\n${rest}`)
    .digest('hex')
}

/** Looks for an answer to a similar question; `null` = the call may not have one. Throws CallerLeft alone. */
export const lookForSimilar = async (journey: Journey, look: SimilarOrder): Promise<SimilarLook | null> => {
  const { similar, asking, lifetimeMs } = look
  // Measured with the operator's own credentials, whatever the account has brought.
  const { draft, protocol, snapshot } = journey
  const { call, key } = asking
  const leaveOut = (why: string): null => {
    draft.warnings = [...draft.warnings, `x-drover-cache:not by similarity; ${why}`]
    return null
  }
  const question = questionOf(call, protocol, key.test)
  if ('not' in question) return leaveOut(question.not)
  const { text } = question
  const rest = bodyWithout(call, text)
  if (rest === null) return leaveOut('its words stand in it twice')
  let vector: readonly number[]
  try {
    vector = await measure(journey, { text, model: similar.settings.embeddings, key, snapshot })
  } catch (thrown) {
    if (thrown instanceof CallerLeft || asking.inbound.signal.aborted) throw thrown
    return leaveOut(`its words could not be measured: ${asProblem(thrown).code}`)
  }
  const asked = { scope: scopeOf(look, { text, rest, dimensions: vector.length }), vector, lifetimeMs }
  const found = await similar.find(asked)
  if (found === null) return { kind: 'miss', taker: similar.taker(asked, draft.id) }
  const { answer, similarity } = found
  draft.warnings = [...draft.warnings, `x-drover-cache:similar ${similarity.toFixed(4)} to ${answer.call}`]
  return { kind: 'hit', answer }
}
