/** A request in the shared words written as a Gemini request. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Converted } from '#protocol/call.ts'
import type { ChatRequest, ProviderTool, ReasoningWish, Tool, ToolChoice } from '#protocol/chat-request.ts'
import { withWarnings } from '#protocol/feature.ts'
import { given } from '#protocol/field-reading.ts'
import type { ChatTarget, Dialect } from '#protocol/protocol.ts'
import { freeTextSchema } from '#protocol/tool-schema.ts'
import type { Writing } from './write-content.ts'
import { writeContents, writeSystem } from './write-content.ts'

const stopsMax = 5

const declarationOf = (tool: Exclude<Tool, { kind: 'provider' }>, own: boolean): JsonObject => {
  if (own && tool.raw !== undefined) return tool.raw
  const parameters = tool.kind === 'custom' ? freeTextSchema : tool.parameters
  return {
    ...given({ name: tool.name, description: tool.description, parametersJsonSchema: parameters }),
    ...(own ? tool.extra : {}),
  }
}

const providerTools: Readonly<Record<string, JsonObject>> = {
  'web-search': { googleSearch: {} },
  'web-fetch': { urlContext: {} },
  'code-execution': { codeExecution: {} },
}

/** Google's own tools take none of the settings that other makers' have; a container of the provider's own choice asks for nothing. */
const tellSettings = ({ name, raw, settings = raw }: ProviderTool, { warn }: Writing): void => {
  for (const [field, value] of Object.entries(settings)) {
    const asksNothing = isObject(value) && Object.keys(value).join() === 'type' && value['type'] === 'auto'
    if (field !== 'type' && field !== 'name' && !asksNothing)
      warn(`tools.${name}.${field}`, 'the same tool of Gemini has no field for it')
  }
}

const toolsOf = (writing: Writing): readonly JsonObject[] => {
  const { request, own } = writing
  const declared = request.tools.flatMap((tool) => (tool.kind === 'provider' ? [] : [declarationOf(tool, own)]))
  const provided = request.tools.flatMap((tool): JsonObject[] => {
    if (tool.kind !== 'provider') return []
    if (own) return [tool.raw]
    const mine = tool.does === null ? undefined : providerTools[tool.does]
    if (mine === undefined) return []
    tellSettings(tool, writing)
    return [mine]
  })
  return [...(declared.length === 0 ? [] : [{ functionDeclarations: declared }]), ...provided]
}

const modes = { auto: 'AUTO', none: 'NONE', required: 'ANY' } as const

const callingConfig = (choice: ToolChoice | null): JsonObject | null => {
  if (choice === null) return null
  if (choice.mode === 'tool') return { mode: 'ANY', allowedFunctionNames: [choice.name] }
  if (choice.mode === 'allowed')
    return { mode: choice.required ? 'ANY' : 'VALIDATED', allowedFunctionNames: [...choice.names] }
  return { mode: modes[choice.mode] }
}

/** Words of effort as budgets, for models that take only those: what Google's own OpenAI-compatible endpoint makes of them. */
const budgets: Readonly<Record<string, number>> = { minimal: 1024, low: 1024, medium: 8192, high: 24_576 }
const levels: Readonly<Record<string, string>> = {
  none: 'minimal',
  minimal: 'minimal',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

type Target = { readonly dialect: Dialect; readonly warn: Writing['warn'] }

/** The next level that the model has, upwards where there is one: it thinks no less than it is asked to. */
const fittingLevel = (level: string | null, { dialect: { thinkingRange }, warn }: Target): string | null => {
  const taken = thinkingRange?.levels
  if (level === null || taken === undefined || taken.includes(level)) return level
  const order = Object.values(levels)
  const next = taken.find((one) => order.indexOf(one) > order.indexOf(level)) ?? taken.at(-1) ?? level
  warn('reasoning', `this model thinks at ${taken.join(' or ')}: "${next}" is asked for`)
  return next
}

/** -1 leaves it to the model, 0 is no thinking. */
const fittingBudget = (budget: number, { dialect: { thinkingRange }, warn }: Target): number => {
  const taken = thinkingRange?.tokens
  if (taken === undefined || budget === -1 || (budget === 0 && taken.canBeOff)) return budget
  const fitting = Math.min(Math.max(budget, taken.least), taken.most)
  if (fitting !== budget) warn('reasoning', `this model thinks within ${taken.least} to ${taken.most} tokens`)
  return fitting
}

const thinkingOf = (wish: ReasoningWish | null, { dialect, warn }: Target) => {
  if (wish === null) return null
  const { mode, effort, budgetTokens, summary } = wish
  if (dialect.thinking === 'none') {
    if (mode !== 'off' && effort !== 'none') warn('reasoning', 'this model does not think')
    return null
  }
  const includeThoughts = summary === null ? (mode === 'on' || mode === 'adaptive' ? true : null) : summary !== 'none'
  if (dialect.thinking === 'effort') {
    const level = mode === 'off' ? 'minimal' : effort === null ? null : (levels[effort] ?? null)
    if (effort !== null && level === null) warn('reasoning', `"${effort}" is no level of thinking`)
    if (budgetTokens !== null && level === null) warn('reasoning', 'this model takes a level of thinking, not a budget')
    return given({ thinkingLevel: fittingLevel(level, { dialect, warn }), includeThoughts })
  }
  if (mode === 'off' || effort === 'none') return { thinkingBudget: fittingBudget(0, { dialect, warn }) }
  const budget = budgetTokens ?? (effort === null ? (mode === 'adaptive' ? -1 : null) : (budgets[effort] ?? -1))
  return given({
    thinkingBudget: budget === null ? null : fittingBudget(budget, { dialect, warn }),
    includeThoughts,
  })
}

const configOf = (writing: Writing, dialect: Dialect): JsonObject => {
  const { request, warn, own } = writing
  const { responseFormat: format, stop } = request
  if (stop !== null && stop.length > stopsMax && !own) warn('stop', `only the first ${stopsMax} are taken`)
  const thinking = thinkingOf(request.reasoning, { dialect, warn })
  return given({
    maxOutputTokens: request.outputMax,
    candidateCount: request.choices,
    temperature: request.temperature,
    topP: request.topP,
    topK: request.topK,
    frequencyPenalty: request.frequencyPenalty,
    presencePenalty: request.presencePenalty,
    seed: request.seed,
    stopSequences: own ? stop : (stop?.slice(0, stopsMax) ?? null),
    responseLogprobs: request.logprobs,
    logprobs: request.topLogprobs,
    responseMimeType: format === null ? null : format.type === 'text' ? 'text/plain' : 'application/json',
    responseJsonSchema: format?.type === 'json-schema' ? format.schema : null,
    thinkingConfig: thinking !== null && Object.keys(thinking).length > 0 ? thinking : null,
    responseModalities: request.modalities === null ? null : request.modalities.map((one) => one.toUpperCase()),
  })
}

const namesOf = ({ messages }: ChatRequest): ReadonlyMap<string, string> =>
  new Map(
    messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool-call' ? [[block.id, block.name] as const] : [])),
    ),
  )

/** Members that are put back into an object that is written anyhow. */
const merged = (written: JsonObject, left: Json | undefined): JsonObject => ({
  ...written,
  ...(left as JsonObject | undefined),
})

const bodyOf = (request: ChatRequest, { dialect }: ChatTarget, warn: Writing['warn']): JsonObject => {
  const own = request.source === 'gemini'
  const names = namesOf(request)
  const writing: Writing = {
    request,
    warn,
    own,
    signed: dialect.thinking === 'effort',
    nameOf: (id) => names.get(id) ?? null,
  }
  const { generationConfig, toolConfig, ...extra } = own ? request.extra : {}
  const config = merged(configOf(writing, dialect), generationConfig)
  const calling = callingConfig(request.toolChoice)
  const tool = merged(calling === null ? {} : { functionCallingConfig: calling }, toolConfig)
  const tools = toolsOf(writing)
  return {
    ...given({ systemInstruction: writeSystem(writing) }),
    contents: writeContents(writing),
    ...(tools.length === 0 ? {} : { tools }),
    ...(Object.keys(tool).length === 0 ? {} : { toolConfig: tool }),
    ...(Object.keys(config).length === 0 ? {} : { generationConfig: config }),
    ...given({
      serviceTier: request.serviceTier === 'auto' ? null : request.serviceTier,
      store: own ? request.store : null,
    }),
    ...extra,
  }
}

/** The body; the model stands in the path. */
export const writeChat = (request: ChatRequest, target: ChatTarget): Converted<JsonObject> =>
  withWarnings((warn) => bodyOf(request, target, warn))
