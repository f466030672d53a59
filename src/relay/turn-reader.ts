/** What a migration wants to know of an answer beside its times and tokens: tools called, arguments and JSON well formed, refusals. */

import { hasMember, readMember } from '#base/json.ts'
import { isObject } from '#base/json-type.ts'
import type { Observation } from '#migration/observation.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { WireShim } from '#provider/wire-shim.ts'
import { fitsTool, toolSchemas } from './tool-schema.ts'

/** Of an answer's text, and of one call's arguments; what is longer is not judged. */
const charactersMax = 262_144
/** Of one answer; more are not judged. */
const functionsMax = 64

export type TurnReader = {
  readonly see: (part: Part) => void
  /** What the reply deviates in, and clients that go by the letter trip over. */
  readonly deviates: (shim: WireShim) => void
  /** Whether the caller asked for usage and gets it where clients do not look. */
  readonly misplacesUsage: () => boolean
  /** Of an answer that has come to its end: it ended of its own accord, and there is nothing in it for the caller but perhaps a thought. */
  readonly saysNothing: () => boolean
  /** Of an answer that has come to its end. */
  readonly found: () => Pick<
    Observation,
    'toolCalled' | 'toolArgumentsValid' | 'jsonValid' | 'refused' | 'truncated' | 'unknownFinish'
  >
  /** As the answer names it; `null` = it has named none. */
  readonly answeredModel: () => string | null
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Whether the caller asked for JSON: `response_format` of Chat Completions, `text.format` of Responses, `generationConfig` of Gemini. */
export const asksJson = ({ payload }: Call): boolean => {
  if (payload.kind !== 'json') return false
  const typeIn = (value: unknown): unknown => (isObject(value) ? value['type'] : undefined)
  const text = readMember(payload.top, 'text')
  const asked = [
    typeIn(readMember(payload.top, 'response_format')),
    isObject(text) ? typeIn(text['format']) : undefined,
  ]
  const generation = readMember(payload.top, 'generationConfig')
  if (isObject(generation) && generation['responseMimeType'] === 'application/json') return true
  return asked.some((type) => type === 'json_object' || type === 'json_schema')
}

const offersTools = ({ payload }: Call): boolean => payload.kind === 'json' && hasMember(payload.top, 'tools')

const asksUsage = ({ payload }: Call): boolean => {
  const options = payload.kind === 'json' ? readMember(payload.top, 'stream_options') : undefined
  return isObject(options) && options['include_usage'] === true
}

/** A turn that was made to call one tool ends with "stop" at OpenAI itself. */
const namesTool = ({ payload }: Call): boolean =>
  payload.kind === 'json' && isObject(readMember(payload.top, 'tool_choice'))

/** Whether the part is something that whoever asked can do something with. */
const isContent = (part: Part): boolean => {
  if (part.type === 'text-delta') return part.text.trim() !== ''
  return !/^(?:start|ping|text-|reasoning-|usage|finish|error)/.test(part.type)
}

/** Remembers no more of the answer than it needs to judge it. */
export const turnReader = (call: Call): TurnReader => {
  const readsText = asksJson(call)
  const readsTools = offersTools(call)
  const inputs = new Map<number, string>()
  /** By block, the function's name. */
  const functions = new Map<number, string>()
  const deviations = new Set<WireShim>()
  let text = ''
  let refused = false
  let truncated = false
  let hasContent = false
  let endedItself = false
  let answeredModel: string | null = null
  let unknownFinish: string | null = null
  return {
    see: (part) => {
      hasContent ||= isContent(part)
      endedItself ||= part.type === 'finish' && part.reason === 'stop'
      if (part.type === 'start') answeredModel = part.model ?? answeredModel
      else if (part.type === 'finish') {
        if (part.reason === 'other') unknownFinish ??= part.raw
        truncated ||= part.reason === 'length'
        refused ||= part.reason === 'refusal' || part.reason === 'content-filter'
      } else if (part.type === 'refusal-delta') refused = true
      else if (part.type === 'text-delta' && readsText && part.choice === 0 && text.length <= charactersMax)
        text += part.text
      else if (part.type === 'tool-input-start' && part.executor === 'caller') {
        inputs.set(part.block, '')
        if (part.kind === 'function' && functions.size < functionsMax) functions.set(part.block, part.name)
      } else if (part.type === 'tool-input-delta') {
        const before = inputs.get(part.block)
        if (before !== undefined && before.length <= charactersMax) inputs.set(part.block, before + part.text)
      }
    },
    deviates: (shim) => void deviations.add(shim),
    misplacesUsage: () => deviations.has('usage-position') && asksUsage(call),
    saysNothing: () => endedItself && !hasContent,
    found: () => {
      const isGlued = deviations.has('tool-index') || (deviations.has('tool-finish') && !namesTool(call))
      const schemas: ReturnType<typeof toolSchemas> = functions.size === 0 ? new Map() : toolSchemas(call)
      const judged = [...functions]
        .map(([block, name]) => ({ name, input: inputs.get(block) ?? '' }))
        .filter(({ input }) => input.length <= charactersMax)
      const asText = readsText && inputs.size === 0 && !refused && !truncated && text.length <= charactersMax
      return {
        toolCalled: readsTools ? inputs.size > 0 : null,
        toolArgumentsValid:
          judged.length === 0
            ? null
            : !isGlued && judged.every(({ name, input }) => fitsTool(input, schemas.get(name)) !== false),
        jsonValid: asText ? isJson(text) : null,
        refused,
        truncated,
        unknownFinish,
      }
    },
    answeredModel: () => answeredModel,
  }
}
