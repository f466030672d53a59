/** A Gemini request read into the words that all formats share. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call, Converted } from '#protocol/call.ts'
import type {
  ChatRequest,
  ProviderToolKind,
  ReasoningWish,
  ResponseFormat,
  Tool,
  ToolChoice,
} from '#protocol/chat-request.ts'
import { noParameters } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'
import { CallIds, camelKeys, readContent, readSystem } from './read-content.ts'
import { jsonSchemaOf } from './schema.ts'

const functionTool = (declaration: JsonObject, place: string): Tool => {
  const raw = camelKeys(declaration)
  const fields = new Fields(raw, place)
  const schema = fields.object('parametersJsonSchema')
  const own = fields.object('parameters')
  const parameters = schema ?? (own === null ? null : (jsonSchemaOf(own) as JsonObject))
  return {
    kind: 'function',
    name: fields.text('name') ?? unreadable(`${place}.name`, 'a string'),
    description: fields.text('description'),
    parameters,
    strict: null,
    ...(own === null ? {} : { raw: declaration }),
    ...fields.rest(),
  }
}

const providerTools: Readonly<Record<string, ProviderToolKind>> = {
  googleSearch: 'web-search',
  urlContext: 'web-fetch',
  codeExecution: 'code-execution',
  fileSearch: 'file-search',
}

/** One entry holds functions, or tools of Gemini's own, or both. */
const readTools = (entry: JsonObject, place: string): readonly Tool[] => {
  const { functionDeclarations, ...others } = camelKeys(entry)
  const declared = Array.isArray(functionDeclarations) ? functionDeclarations.filter(isObject) : []
  return [
    ...declared.map((one, index) => functionTool(one, `${place}.functionDeclarations[${index}]`)),
    ...Object.entries(others).map(
      ([name, value]): Tool => ({
        kind: 'provider',
        does: providerTools[name] ?? null,
        name,
        raw: { [name]: value as Json },
        settings: isObject(value) ? value : {},
      }),
    ),
  ]
}

const modes: Readonly<Record<string, 'auto' | 'none' | 'required'>> = {
  AUTO: 'auto',
  NONE: 'none',
  ANY: 'required',
  VALIDATED: 'auto',
  MODE_UNSPECIFIED: 'auto',
}

type Choice = { readonly toolChoice: ToolChoice | null; readonly left: JsonObject }

const readToolChoice = (config: JsonObject | null): Choice => {
  if (config === null) return { toolChoice: null, left: {} }
  const { functionCallingConfig, ...rest } = camelKeys(config)
  const left = Object.keys(rest).length === 0 ? {} : { toolConfig: rest as JsonObject }
  if (!isObject(functionCallingConfig)) return { toolChoice: null, left }
  const { mode, allowedFunctionNames } = camelKeys(functionCallingConfig)
  const name = String(mode ?? 'AUTO').toUpperCase()
  const read = Object.hasOwn(modes, name) ? modes[name] : undefined
  if (read === undefined)
    return unreadable('toolConfig.functionCallingConfig.mode', '"AUTO", "ANY", "NONE" or "VALIDATED"')
  const names = Array.isArray(allowedFunctionNames) ? allowedFunctionNames.map(String) : []
  const [only] = names
  if (names.length === 1 && only !== undefined && read === 'required')
    return { toolChoice: { mode: 'tool', name: only, kind: 'function' }, left }
  if (names.length > 0) return { toolChoice: { mode: 'allowed', required: read === 'required', names }, left }
  return { toolChoice: { mode: read }, left }
}

/** Types of answers that other formats have a word for; with any other (`text/x.enum`) both type and schema stay what only Google says. */
const typesRead: ReadonlySet<unknown> = new Set(['application/json', 'text/plain', '', null, undefined])

const formatOf = (fields: Fields, config: JsonObject): ResponseFormat | null => {
  if (!typesRead.has(config['responseMimeType'])) return null
  const type = fields.text('responseMimeType')
  const json = fields.take('responseJsonSchema')
  const own = fields.take('responseSchema')
  const schema = isObject(json) ? json : isObject(own) ? jsonSchemaOf(own) : null
  if (isObject(schema)) return { type: 'json-schema', name: null, description: null, schema, strict: true }
  if (type === 'application/json') return { type: 'json' }
  return type === 'text/plain' ? { type: 'text' } : null
}

const reasoningOf = (config: JsonObject | null): ReasoningWish | null => {
  if (config === null) return null
  const fields = new Fields(camelKeys(config), 'generationConfig.thinkingConfig')
  const budget = fields.number('thinkingBudget')
  const level = fields.text('thinkingLevel')
  const shows = fields.flag('includeThoughts')
  return {
    mode: budget === 0 ? 'off' : budget === -1 ? 'adaptive' : budget !== null && budget > 0 ? 'on' : null,
    effort: level === null || level === 'THINKING_LEVEL_UNSPECIFIED' ? null : level.toLowerCase(),
    budgetTokens: budget !== null && budget > 0 ? budget : null,
    summary: shows === null ? null : shows ? 'auto' : 'none',
  }
}

type Config = Pick<
  ChatRequest,
  | 'outputMax'
  | 'choices'
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'frequencyPenalty'
  | 'presencePenalty'
  | 'seed'
  | 'stop'
  | 'logprobs'
  | 'topLogprobs'
  | 'responseFormat'
  | 'reasoning'
  | 'modalities'
> & { readonly left: JsonObject }

const readConfig = (config: JsonObject): Config => {
  const told = camelKeys(config)
  const fields = new Fields(told, 'generationConfig')
  const modalities = fields.texts('responseModalities')
  const read: Omit<Config, 'left'> = {
    outputMax: fields.number('maxOutputTokens'),
    choices: fields.number('candidateCount'),
    temperature: fields.number('temperature'),
    topP: fields.number('topP'),
    topK: fields.number('topK'),
    frequencyPenalty: fields.number('frequencyPenalty'),
    presencePenalty: fields.number('presencePenalty'),
    seed: fields.number('seed'),
    stop: fields.texts('stopSequences'),
    logprobs: fields.flag('responseLogprobs'),
    topLogprobs: fields.number('logprobs'),
    responseFormat: formatOf(fields, told),
    reasoning: reasoningOf(fields.object('thinkingConfig')),
    modalities: modalities === null ? null : modalities.map((one) => one.toLowerCase()),
  }
  const rest = fields.rest().extra
  return { ...read, left: rest === undefined ? {} : { generationConfig: rest } }
}

/** Google takes one entry without its list as well. */
const entriesOf = (fields: Fields, name: string): readonly JsonObject[] => {
  const value = fields.take(name)
  return isObject(value) ? [value] : fields.objects(name)
}

const readBody = (call: Call): ChatRequest => {
  const fields = new Fields(camelKeys(call.body()))
  const ids = new CallIds()
  const { left: configLeft, ...config } = readConfig(fields.object('generationConfig') ?? {})
  const { left: choiceLeft, toolChoice } = readToolChoice(fields.object('toolConfig'))
  fields.drop('model')
  const request: Omit<ChatRequest, 'extra'> = {
    ...noParameters,
    source: 'gemini',
    stream: call.stream,
    messages: [
      ...readSystem(fields.take('systemInstruction')),
      ...entriesOf(fields, 'contents').flatMap((content, index) => readContent(content, `contents[${index}]`, ids)),
    ],
    tools: entriesOf(fields, 'tools').flatMap((entry, index) => readTools(entry, `tools[${index}]`)),
    toolChoice,
    serviceTier: fields.text('serviceTier')?.toLowerCase() ?? null,
    store: fields.flag('store'),
    ...config,
  }
  return { ...request, extra: { ...configLeft, ...choiceLeft, ...fields.rest().extra } }
}

/** @throws Problem `invalid_request_error` naming the field that cannot be read. */
export const readChat = (call: Call): Converted<ChatRequest> => ({ value: readBody(call), warnings: [] })
