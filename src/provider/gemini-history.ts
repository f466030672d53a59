/** Histories for Gemini's own API: signatures of thought that another maker's model has not written, or has written in its own way. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { carrierFormats, openCarrier } from '#protocol/carrier.ts'
import { foreignSignature } from '#protocol/gemini/write-content.ts'
import { Changes, eachObject, objectsIn, sourceOf, textsOf } from './history-mender.ts'
import type { HistoryMender, HistoryQuestion } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** Google's JSON takes both spellings of a name. */
const names: readonly string[] = ['thoughtSignature', 'thought_signature']
const callNames: readonly string[] = ['functionCall', 'function_call']

const nameIn = (part: JsonObject, all: readonly string[]): string | undefined =>
  all.find((name) => part[name] !== undefined)

const secretOf = (part: JsonObject): string | null => {
  const name = nameIn(part, names)
  const secret = name === undefined ? null : part[name]
  return typeof secret === 'string' ? secret : null
}

const isForeign = (secret: string): boolean =>
  openCarrier(secret, carrierFormats.gemini).format !== carrierFormats.gemini

const turnsOf = (call: Call): readonly Json[] => {
  const contents = call.payload.kind === 'json' ? call.body()['contents'] : undefined
  return Array.isArray(contents) ? (contents as readonly Json[]) : []
}

const isCall = (part: JsonObject): boolean => nameIn(part, callNames) !== undefined

/** A part without a signature that Gemini did not write. Thought that only carried one is nothing without it. */
const plain = (
  part: JsonObject,
  { changes, isRefused }: { changes: Changes; isRefused: HistoryQuestion['isRefused'] },
) => {
  const secret = secretOf(part)
  if (secret === null || (!isForeign(secret) && !isRefused(secret))) return part
  changes.note('contents.thoughtSignature', 'cut', "signed by another maker's model: not taken by Gemini")
  const { thoughtSignature: _camel, thought_signature: _snake, ...rest } = part
  const isNothing = rest['thought'] === true || (Object.keys(rest).length === 1 && rest['text'] === '')
  return isNothing ? null : rest
}

/** The first call of a step must be signed by Gemini 3; one that another model made says so instead. */
const withSignature = (parts: readonly Json[], changes: Changes): readonly Json[] => {
  const calls = objectsIn(parts as Json).filter(isCall)
  const [first] = calls
  if (first === undefined || objectsIn(parts as Json).some((part) => secretOf(part) !== null)) return parts
  changes.note('contents.functionCall', 'unsigned', 'calls that another model made go without its thought')
  return parts.map((part) => (part === first ? { ...first, thoughtSignature: foreignSignature } : part))
}

const mend = (question: HistoryQuestion, isSigned: boolean) => {
  const { call, isRefused } = question
  const source = sourceOf(call)
  if (source === null) return noAdjustment
  const secrets = names.flatMap((name) => [...textsOf(source, name)])
  const isUnreadable = secrets.some((secret) => secret === null || isForeign(secret) || isRefused(secret))
  const hasCalls = isSigned && callNames.some((name) => source.includes(`"${name}"`))
  if (!isUnreadable && !hasCalls) return noAdjustment
  const changes = new Changes()
  const contents = eachObject(turnsOf(call), (turn) => {
    if (turn['role'] !== 'model' || !Array.isArray(turn['parts'])) return turn
    const parts = eachObject(turn['parts'] as readonly Json[], (part) => plain(part, { changes, isRefused }))
    const signed = isSigned ? withSignature(parts, changes) : parts
    return signed.length === 0 ? null : { ...turn, parts: signed as Json }
  })
  return changes.adjustment(() => ({ contents }))
}

/** `signed` = the models that refuse calls without a signature of theirs. */
export const geminiHistory = (signed: (model: string) => boolean): HistoryMender => ({
  mend: (question) => mend(question, signed(question.model)),
  secretsOf: (call) =>
    objectsIn(turnsOf(call) as Json)
      .flatMap(({ parts }) => objectsIn(parts))
      .map(secretOf)
      .filter((secret): secret is string => secret !== null && secret !== foreignSignature),
  // "Corrupted thought signature." (https://github.com/anomalyco/opencode/issues/4832, read 2026-11-29).
  refuses: (status, text) =>
    status === 400 &&
    /(?:[Cc]orrupted|[Ii]nvalid) thought[ _]signature|[Tt]hought[ _]signature is (?:not valid|invalid)/.test(text),
})
