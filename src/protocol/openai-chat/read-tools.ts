/** The tools of a chat request and the wishes about them. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { readCacheMark } from '#protocol/cache-mark.ts'
import type { Tool, ToolChoice } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'

const readFunction = (body: JsonObject, place: string): Tool => {
  const fields = new Fields(body, place)
  const name = fields.text('name') ?? unreadable(`${place}.name`, 'a string')
  return {
    kind: 'function',
    name,
    description: fields.text('description'),
    parameters: fields.object('parameters'),
    strict: fields.flag('strict'),
    ...readCacheMark(fields),
    ...fields.rest(),
  }
}

/** Kimi's own tools: their calls come to the caller, who sends the arguments back as they are (https://platform.kimi.com/docs/guide/use-web-search.md, from memory). */
const readBuiltin = (tool: JsonObject, fields: Fields): Tool => {
  const name = fields.object('function')?.['name']
  const does = name === '$web_search' ? 'web-search' : null
  return {
    kind: 'provider',
    does,
    name: typeof name === 'string' ? name : 'builtin_function',
    raw: does === null ? tool : { type: 'builtin_function' },
  }
}

const readTool = (tool: JsonObject, place: string): Tool => {
  const fields = new Fields(tool, place)
  const type = fields.text('type') ?? 'function'
  if (type === 'function') {
    // OpenRouter's mark stands on the tool, not on its function.
    const { extra, ...tool } = readFunction(fields.object('function') ?? {}, `${place}.function`)
    const mark = readCacheMark(fields)
    const left = { ...fields.rest().extra, ...extra }
    return { ...tool, ...mark, ...(Object.keys(left).length === 0 ? {} : { extra: left }) } as Tool
  }
  if (type === 'builtin_function') return readBuiltin(tool, fields)
  if (type !== 'custom') return { kind: 'provider', does: null, name: type, raw: tool }
  const custom = new Fields(fields.object('custom') ?? {}, `${place}.custom`)
  const name = custom.text('name') ?? unreadable(`${place}.custom.name`, 'a string')
  return {
    kind: 'custom',
    name,
    description: custom.text('description'),
    format: custom.object('format'),
    ...custom.rest(),
  }
}

/** The tools, the old `functions`, and the search that OpenAI's own chat models do (`web_search_options`). */
export const readTools = (fields: Fields): readonly Tool[] => {
  const search = fields.object('web_search_options')
  return [
    ...fields.objects('tools').map((tool, index) => readTool(tool, `tools[${index}]`)),
    ...fields.objects('functions').map((body, index) => readFunction(body, `functions[${index}]`)),
    ...(search === null ? [] : [{ kind: 'provider', does: 'web-search', name: 'web_search', raw: search } as const]),
  ]
}

const nameIn = (choice: JsonObject, kind: 'function' | 'custom'): string | null => {
  const body = choice[kind]
  const name = isObject(body) ? body['name'] : choice['name']
  return typeof name === 'string' ? name : null
}

const readAllowed = (choice: JsonObject): ToolChoice => {
  const allowed = isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice
  const tools = Array.isArray(allowed['tools']) ? allowed['tools'].filter(isObject) : []
  const names = tools.map((tool) => nameIn(tool, 'function') ?? nameIn(tool, 'custom')).filter((name) => name !== null)
  return { mode: 'allowed', required: allowed['mode'] === 'required', names }
}

const readChoice = (value: Json, place: string): ToolChoice => {
  if (value === 'auto' || value === 'none' || value === 'required') return { mode: value }
  // Mistral's word for it.
  if (value === 'any') return { mode: 'required' }
  if (!isObject(value)) return unreadable(place, '"auto", "none", "required" or an object')
  if (value['type'] === 'allowed_tools') return readAllowed(value)
  const kind = value['type'] === 'custom' ? 'custom' : 'function'
  const name = nameIn(value, kind)
  return name === null ? unreadable(`${place}.${kind}.name`, 'a string') : { mode: 'tool', name, kind }
}

/** Which tools may or must be called, also by the old `function_call`; `null` = not said. */
export const readToolChoice = (fields: Fields): ToolChoice | null => {
  const value = fields.take('tool_choice')
  const old = fields.take('function_call')
  if (value !== undefined) return readChoice(value, 'tool_choice')
  if (old === undefined) return null
  return isObject(old)
    ? readChoice({ type: 'function', function: old }, 'function_call')
    : readChoice(old, 'function_call')
}
