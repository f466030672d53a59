/** Tools and their choice as Converse has them. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html, read 2026-11-28. */

import type { JsonObject } from '#base/json-type.ts'
import type { Tool, ToolChoice } from '#protocol/chat-request.ts'
import { given } from '#protocol/field-reading.ts'
import { freeTextSchema, objectSchema } from '#protocol/tool-schema.ts'
import type { Writing } from './write-content.ts'
import { cachePoint } from './write-content.ts'

const toolOf = (tool: Tool, writing: Writing, place: string): readonly JsonObject[] => {
  if (tool.kind === 'provider') return []
  const { name, description } = tool
  const json = tool.kind === 'custom' ? freeTextSchema : objectSchema(tool.parameters)
  const strict = tool.kind === 'function' && tool.strict === true ? { strict: true } : {}
  // An empty description is refused.
  const told = given({ description: description === '' ? null : description })
  return [{ toolSpec: { name, ...told, inputSchema: { json }, ...strict } }, ...cachePoint(tool.cache, writing, place)]
}

/** Tools that the conversation has used, by name. */
const usedNames = ({ request: { messages } }: Writing): ReadonlySet<string> =>
  new Set(
    messages.flatMap(({ content }) =>
      content.flatMap((block) => (block.type === 'tool-call' && block.executor === 'caller' ? [block.name] : [])),
    ),
  )

/** A conversation with calls in it is refused without tools: then those it names are declared, and nothing of them is known. */
const declaredFor = (writing: Writing): readonly JsonObject[] => {
  const names = [...usedNames(writing)]
  if (names.length > 0)
    writing.warn('tools', 'declared by the names that the conversation uses: Bedrock refuses its calls without')
  return names.map((name) => ({ toolSpec: { name, inputSchema: { json: objectSchema(null) } } }))
}

const isOffered = (choice: ToolChoice | null, { name }: Tool): boolean =>
  choice?.mode !== 'allowed' || choice.names.includes(name)

const choiceOf = (choice: ToolChoice | null): JsonObject | null => {
  if (choice === null || choice.mode === 'none') return null
  if (choice.mode === 'tool') return { tool: { name: choice.name } }
  const isRequired = choice.mode === 'required' || (choice.mode === 'allowed' && choice.required)
  return isRequired ? { any: {} } : { auto: {} }
}

/** `null` = there are no tools to speak of. */
export const toolConfigOf = (writing: Writing): JsonObject | null => {
  const { tools, toolChoice } = writing.request
  const forbidden = toolChoice?.mode === 'none'
  if (forbidden && usedNames(writing).size === 0) return null
  if (forbidden) writing.warn('tool_choice', 'Bedrock cannot forbid tools that the conversation has used')
  const offered = tools.flatMap((tool, index) =>
    isOffered(toolChoice, tool) ? toolOf(tool, writing, `tools[${index}]`) : [],
  )
  const config = offered.length === 0 ? declaredFor(writing) : offered
  if (config.length === 0) return null
  const choice = offered.length === 0 ? null : choiceOf(toolChoice)
  return { tools: config, ...given({ toolChoice: choice }) }
}
