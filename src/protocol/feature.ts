/**
 * What a request can ask for, as one list; and for each format what becomes of it there. The losses of a translation are
 * found by these tables, and so is the published table (docs/reference/translation.md): what is not declared does not pass the tests.
 */

import type { JsonObject } from '#base/json-type.ts'
import type { Converted, Warning } from './call.ts'
import type { Block, ChatRequest, Message, Parameters, Tool } from './chat-request.ts'

export const features = [
  'system',
  'message-name',
  'text',
  'image',
  'image-detail',
  'audio',
  'video',
  'file',
  'file-id',
  'file-context',
  'file-cited',
  'reasoning',
  'reasoning-redacted',
  'carrier',
  'refusal',
  'citation',
  'tool-call',
  'tool-call-custom',
  'provider-tool-call',
  'tool-result',
  'tool-result-error',
  'tool-result-media',
  'cache-mark',
  'function-tool',
  'function-tool-strict',
  'custom-tool',
  'web-search',
  'web-fetch',
  'code-execution',
  'file-search',
  'mcp',
  'provider-tool',
  'outputMax',
  'choices',
  'temperature',
  'topP',
  'topK',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'stop',
  'logprobs',
  'topLogprobs',
  'logitBias',
  'toolChoice',
  'tool-choice-allowed',
  'parallelTools',
  'responseFormat',
  'reasoning-effort',
  'reasoning-budget',
  'reasoning-summary',
  'verbosity',
  'modalities',
  'audio-out',
  'user',
  'metadata',
  'serviceTier',
  'promptCacheKey',
  'store',
] as const

export type Feature = (typeof features)[number]

/** What a format does with a feature when it writes: says it as it is, says it otherwise, or cannot say it. */
export type Fate =
  | 'kept'
  | { readonly converted: string }
  /** The reason stands in the warning. */
  | { readonly lost: string }

/**
 * What a request field of a format is: features, or what it is when it is none (`model`, `stream`: every format has it
 * in its own place; `own`: only this format knows it, so that it is carried in `extra`; `refused`: only a provider of the format
 * itself can do it, such as who keeps what it refers to, so that no other target is asked; `here`: the relay itself honours it, whoever
 * answers).
 */
export type FieldMeaning = readonly Feature[] | 'model' | 'stream' | 'own' | 'refused' | 'here'

export type FieldTable = {
  /** Fields of the format by path: `temperature`, `messages[].content[].image_url`. */
  readonly fields: Readonly<Record<string, FieldMeaning>>
  readonly writes: Readonly<Record<Feature, Fate>>
}

/** Where each used feature stands first, as a person finds it in the request. */
type Found = Map<Feature, string>

const note = (found: Found, feature: Feature, place: string): void => {
  if (!found.has(feature)) found.set(feature, place)
}

const mediumFeatures = (block: Extract<Block, { source: unknown }>, found: Found, place: string): void => {
  if (block.source.kind === 'file') note(found, 'file-id', place)
  else note(found, block.type, place)
  if (block.type === 'image' && block.detail !== null) note(found, 'image-detail', place)
  if (block.type !== 'file') return
  if (block.context !== null) note(found, 'file-context', place)
  if (block.cited) note(found, 'file-cited', place)
}

type ToolBlock = Extract<Block, { type: 'tool-call' | 'tool-result' }>

const toolFeatures = (block: ToolBlock, found: Found, place: string): void => {
  if (block.executor === 'provider') note(found, 'provider-tool-call', place)
  else if (block.type === 'tool-call') note(found, block.kind === 'custom' ? 'tool-call-custom' : 'tool-call', place)
  else {
    note(found, 'tool-result', place)
    if (block.isError) note(found, 'tool-result-error', place)
    if (block.content.some(({ type }) => type !== 'text')) note(found, 'tool-result-media', place)
    for (const [index, inner] of block.content.entries()) blockFeatures(inner, found, `${place}.content[${index}]`)
  }
}

const blockFeatures = (block: Block, found: Found, place: string): void => {
  if (block.cache !== undefined) note(found, 'cache-mark', place)
  if ('source' in block) mediumFeatures(block, found, place)
  else if (block.type === 'tool-call' || block.type === 'tool-result') toolFeatures(block, found, place)
  else if (block.type === 'reasoning') note(found, block.redacted ? 'reasoning-redacted' : 'reasoning', place)
  else if (block.type === 'text' || block.type === 'refusal') note(found, block.type, place)
  if ('carriers' in block && block.carriers.length > 0) note(found, 'carrier', place)
  if (block.type === 'text' && (block.citations?.length ?? 0) > 0) note(found, 'citation', place)
}

const messageFeatures = (message: Message, found: Found, place: string): void => {
  if (message.role === 'system' || message.role === 'developer') note(found, 'system', place)
  if (message.name !== null) note(found, 'message-name', `${place}.name`)
  for (const [index, block] of message.content.entries()) blockFeatures(block, found, `${place}.content[${index}]`)
}

const oneTool = (tool: Tool, found: Found, place: string): void => {
  if (tool.cache !== undefined) note(found, 'cache-mark', place)
  if (tool.kind === 'provider') note(found, tool.does ?? 'provider-tool', place)
  else note(found, tool.kind === 'custom' ? 'custom-tool' : 'function-tool', place)
  if (tool.kind === 'function' && tool.strict === true) note(found, 'function-tool-strict', place)
}

const parameterFeatures: ReadonlyArray<keyof Parameters & Feature> = [
  'outputMax',
  'choices',
  'temperature',
  'topP',
  'topK',
  'frequencyPenalty',
  'presencePenalty',
  'seed',
  'stop',
  'logprobs',
  'topLogprobs',
  'logitBias',
  'parallelTools',
  'responseFormat',
  'verbosity',
  'modalities',
  'user',
  'metadata',
  'serviceTier',
  'promptCacheKey',
  'store',
]

/** Values that ask for what happens anyway, so that nothing is lost where they cannot be said. */
const asksNothing: Readonly<Partial<Record<Feature, (value: unknown) => boolean>>> = {
  choices: (value) => value === 1,
  frequencyPenalty: (value) => value === 0,
  presencePenalty: (value) => value === 0,
  logprobs: (value) => value === false,
  topLogprobs: (value) => value === 0,
  logitBias: (value) => Object.keys(value as object).length === 0,
  parallelTools: (value) => value === true,
  responseFormat: (value) => (value as { type: string }).type === 'text',
  modalities: (value) => (value as readonly string[]).every((one) => one === 'text'),
  serviceTier: (value) => value === 'auto' || value === 'default' || value === 'standard_only',
  store: (value) => value === false,
  metadata: (value) => Object.keys(value as object).length === 0,
  stop: (value) => (value as readonly string[]).length === 0,
}

const wishFeatures = (request: ChatRequest, found: Found, nameOf: (feature: Feature) => string): void => {
  const { toolChoice, reasoning, audio } = request
  for (const feature of parameterFeatures) {
    const value = request[feature]
    if (value !== null && asksNothing[feature]?.(value) !== true) note(found, feature, nameOf(feature))
  }
  if (toolChoice !== null) {
    const feature = toolChoice.mode === 'allowed' ? 'tool-choice-allowed' : 'toolChoice'
    note(found, feature, nameOf(feature))
  }
  if (audio !== null) note(found, 'audio-out', nameOf('audio-out'))
  if (reasoning === null) return
  if (reasoning.budgetTokens !== null) note(found, 'reasoning-budget', nameOf('reasoning-budget'))
  if (reasoning.effort !== null || reasoning.mode !== null) note(found, 'reasoning-effort', nameOf('reasoning-effort'))
  if (reasoning.summary !== null) note(found, 'reasoning-summary', nameOf('reasoning-summary'))
}

const featuresOf = (request: ChatRequest, source: FieldTable): Found => {
  const found: Found = new Map()
  const nameOf = (feature: Feature): string =>
    Object.entries(source.fields).find(
      ([, meaning]) => typeof meaning !== 'string' && meaning.includes(feature),
    )?.[0] ?? feature
  for (const [index, message] of request.messages.entries()) messageFeatures(message, found, `messages[${index}]`)
  for (const [index, tool] of request.tools.entries()) oneTool(tool, found, `tools[${index}]`)
  wishFeatures(request, found, nameOf)
  return found
}

const namesIn = (extra: JsonObject | undefined, place: string, warnings: Warning[]): void => {
  for (const name of Object.keys(extra ?? {}))
    warnings.push({ field: place === '' ? name : `${place}.${name}`, reason: 'unknown to the format of the target' })
}

const blockExtras = (block: Block, place: string, warnings: Warning[]): void => {
  namesIn(block.extra, place, warnings)
  if (block.type === 'other')
    warnings.push({ field: place, reason: `"${block.name}" is unknown to the format of the target` })
  if (block.type === 'tool-result')
    for (const [index, inner] of block.content.entries()) blockExtras(inner, `${place}.content[${index}]`, warnings)
}

/** What only the source's own format could say. */
const extrasOf = (request: ChatRequest): readonly Warning[] => {
  const warnings: Warning[] = []
  namesIn(request.extra, '', warnings)
  for (const [at, message] of request.messages.entries()) {
    namesIn(message.extra, `messages[${at}]`, warnings)
    if (message.thoughtReferred === true)
      warnings.push({ field: `messages[${at}]`, reason: 'the thought that it refers to is not kept, and left out' })
    for (const [index, block] of message.content.entries())
      blockExtras(block, `messages[${at}].content[${index}]`, warnings)
  }
  for (const [at, tool] of request.tools.entries()) namesIn(tool.extra, `tools[${at}]`, warnings)
  return warnings
}

/** A warning for everything in the request that a format cannot say; nothing where it is the request's own format. */
export const lossesOf = (
  request: ChatRequest,
  { source, target }: { readonly source: FieldTable; readonly target: FieldTable },
): readonly Warning[] => {
  if (source === target) return []
  const lost = [...featuresOf(request, source)].flatMap(([feature, field]): Warning[] => {
    const fate = target.writes[feature]
    return typeof fate === 'object' && 'lost' in fate ? [{ field, reason: fate.lost }] : []
  })
  return [...lost, ...extrasOf(request)]
}

/** Gathers a value's warnings as it is made. */
export const withWarnings = <T>(make: (warn: (field: string, reason: string) => void) => T): Converted<T> => {
  const warnings: Warning[] = []
  const value = make((field, reason) => void warnings.push({ field, reason }))
  return { value, warnings }
}
