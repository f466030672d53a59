/** The tools of a Responses request and the wishes about them. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { ProviderToolKind, Tool, ToolChoice } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'

const kinds: Readonly<Record<string, ProviderToolKind>> = {
  web_search: 'web-search',
  web_search_preview: 'web-search',
  file_search: 'file-search',
  code_interpreter: 'code-execution',
  mcp: 'mcp',
}

/** Dated names (`web_search_2025_08_26`) are the same tool. */
const kindOf = (type: string): ProviderToolKind | null => {
  const name = type.replace(/_\d{4}_\d{2}_\d{2}$/, '')
  return (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? null
}

/** A grammar stands here beside its type; in the shared words within a member of its own. */
const grammarIn = (format: JsonObject | null): JsonObject | null => {
  if (format === null || format['type'] !== 'grammar' || isObject(format['grammar'])) return format
  const { type, ...grammar } = format
  return { type, grammar }
}

const readTool = (raw: JsonObject, place: string): Tool => {
  const fields = new Fields(raw, place)
  const type = fields.text('type') ?? 'function'
  if (type !== 'function' && type !== 'custom') return { kind: 'provider', does: kindOf(type), name: type, raw }
  const name = fields.text('name') ?? unreadable(`${place}.name`, 'a string')
  const description = fields.text('description')
  if (type === 'custom')
    return { kind: 'custom', name, description, format: grammarIn(fields.object('format')), ...fields.rest() }
  return {
    kind: 'function',
    name,
    description,
    parameters: fields.object('parameters'),
    strict: fields.flag('strict'),
    ...fields.rest(),
  }
}

export const readTools = (fields: Fields): readonly Tool[] =>
  fields.objects('tools').map((tool, index) => readTool(tool, `tools[${index}]`))

export type Choosing = {
  readonly toolChoice: ToolChoice | null
  /** A choice of a provider's own tool, which only this format has. */
  readonly extra: JsonObject
}

const chosen = (toolChoice: ToolChoice | null): Choosing => ({ toolChoice, extra: {} })

const readAllowed = (value: JsonObject): ToolChoice => {
  const tools = Array.isArray(value['tools']) ? value['tools'].filter(isObject) : []
  const names = tools.map(({ name }) => name).filter((name): name is string => typeof name === 'string')
  return { mode: 'allowed', required: value['mode'] === 'required', names }
}

export const readToolChoice = (value: Json | undefined): Choosing => {
  if (value === undefined) return chosen(null)
  if (value === 'auto' || value === 'none' || value === 'required') return chosen({ mode: value })
  if (!isObject(value)) return unreadable('tool_choice', '"auto", "none", "required" or an object')
  const { type, name } = value
  if (type === 'allowed_tools') return chosen(readAllowed(value))
  if (type !== 'function' && type !== 'custom') return { toolChoice: null, extra: { tool_choice: value } }
  return typeof name === 'string'
    ? chosen({ mode: 'tool', name, kind: type })
    : unreadable('tool_choice.name', 'a string')
}
