/** Histories of Responses: reasoning that another account, region or vendor has encrypted. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { carrierFormats, openCarrier } from '#protocol/carrier.ts'
import { Changes, eachObject, objectsIn, sourceOf, textsOf } from './history-mender.ts'
import type { HistoryMender, HistoryQuestion } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

const itemsOf = (call: Call): readonly Json[] => {
  const input = call.payload.kind === 'json' ? call.body()['input'] : undefined
  return Array.isArray(input) ? (input as readonly Json[]) : []
}

const secretOf = ({ type, encrypted_content: secret }: JsonObject): string | null =>
  type === 'reasoning' && typeof secret === 'string' && secret !== '' ? secret : null

/** Of another format: Drover gave it to the caller, and it means nothing here. */
const isForeign = (secret: string): boolean =>
  openCarrier(secret, carrierFormats.openaiResponses).format !== carrierFormats.openaiResponses

const isUnreadable = (secret: string | null, { isRefused }: HistoryQuestion): boolean =>
  secret !== null && (isForeign(secret) || isRefused(secret))

/**
 * An item that followed its reasoning names it by its own id, and is refused without it: "provided without its required 'reasoning'
 * item" (https://github.com/laravel/ai/pull/1052, read 2026-11-29). Calls and results are paired by `call_id`.
 */
const withoutId = (item: JsonObject): JsonObject => {
  const { id: _id, status: _status, ...rest } = item
  const texts = objectsIn(item['content']).map(({ type, text }) => (type === 'output_text' ? text : null))
  // What was said is an item of an answer only with its id; without one it is taken as a text.
  const isText = item['role'] === 'assistant' && texts.length > 0 && texts.every((text) => typeof text === 'string')
  return isText ? { ...rest, content: texts.join('') } : rest
}

const mend = (question: HistoryQuestion) => {
  const { call } = question
  const source = sourceOf(call)
  const secrets = source === null ? [] : [...textsOf(source, 'encrypted_content')]
  if (!secrets.some((secret) => secret === null || isUnreadable(secret, question))) return noAdjustment
  const changes = new Changes()
  let follows = false
  const input = eachObject(itemsOf(call), (item) => {
    if (item['type'] === 'reasoning') {
      follows = isUnreadable(secretOf(item), question)
      if (!follows) return item
      changes.note('input.reasoning', 'cut', 'encrypted elsewhere: not taken by the provider')
      return null
    }
    const isSpoken =
      item['type'] === 'function_call' || item['type'] === 'custom_tool_call' || item['role'] === 'assistant'
    if (!isSpoken) follows = false
    return follows && item['id'] !== undefined ? withoutId(item) : item
  })
  return changes.adjustment(() => ({ input }))
}

export const responsesHistory: HistoryMender = {
  mend,
  secretsOf: (call) =>
    objectsIn(itemsOf(call) as Json)
      .map(secretOf)
      .filter((secret) => secret !== null),
  // https://github.com/openai/codex/issues/8100 (Azure) and https://github.com/Wei-Shaw/sub2api/issues/2863, read 2026-11-29.
  refuses: (status, text) =>
    status === 400 &&
    /invalid_encrypted_content|[Ee]ncrypted content .{0,200}could not be (?:verified|decrypted)/.test(text),
}
