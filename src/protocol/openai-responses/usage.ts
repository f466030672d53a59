/** Usage as the Responses API writes it: the block of the family, and the tools that the server ran, which are billed by the piece. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { countOf, usageOf } from '#base/usage.ts'
import { readUsage as readFamilyUsage } from '#protocol/openai/usage.ts'

/** xAI counts its tools in the usage: https://docs.x.ai/docs/guides/tools, read 2026-11-22. */
const toolsTold: ReadonlyArray<readonly [field: string, item: string]> = [
  ['web_search_calls', 'web_search'],
  ['x_search_calls', 'x_search'],
  ['code_interpreter_calls', 'code_interpreter'],
  ['file_search_calls', 'file_search'],
  ['document_search_calls', 'document_search'],
  ['image_generation_calls', 'image_generation'],
]

/** OpenAI tells them only as items of the output. Opening a page that a search found is no search of its own. */
const itemOf = (item: JsonObject, search: string): string | null => {
  switch (item['type']) {
    case 'web_search_call':
      return (objectAt(item, 'action')['type'] ?? 'search') === 'search' ? search : null
    case 'file_search_call':
      return 'file_search'
    case 'code_interpreter_call':
      return 'code_interpreter'
    default:
      return null
  }
}

/** Calls of one container are one session of it. */
const placeOf = (item: JsonObject, index: number): string => {
  const container = item['container_id']
  return typeof container === 'string' ? container : String(index)
}

/** The search tool's name in the price list: the earlier version has a price of its own, and the response repeats what was asked for. */
const searchNamed = (tools: unknown): string =>
  Array.isArray(tools) &&
  tools.filter(isObject).some(({ type }) => typeof type === 'string' && type.startsWith('web_search_preview'))
    ? 'web_search_preview'
    : 'web_search'

const itemsInOutput = (output: unknown, search: string): ReadonlyMap<string, number> => {
  const places = new Map<string, Set<string>>()
  for (const [index, item] of (Array.isArray(output) ? output.filter(isObject) : []).entries()) {
    const name = itemOf(item, search)
    if (name === null) continue
    const known = places.get(name) ?? new Set<string>()
    places.set(name, known.add(placeOf(item, index)))
  }
  return new Map([...places].map(([name, found]) => [name, found.size]))
}

/** The usage block alone. */
export const readUsage = (usage: JsonObject): Usage => {
  const read = readFamilyUsage(usage)
  const told = objectAt(usage, 'server_side_tool_usage_details')
  const tools = toolsTold.map(([field, item]) => [item, countOf(told[field]) ?? 0] as const)
  const items = { ...read.items, ...Object.fromEntries(tools.filter(([, count]) => count > 0)) }
  return usageOf({ ...read, items: Object.keys(items).length === 0 ? null : items })
}

/** The usage of a response document: with the tier that served it, and the tools in its output where the usage tells none. */
export const readUsageOf = (response: JsonObject): Usage | null => {
  const { usage, output, tools, service_tier: tier } = response
  if (!isObject(usage)) return null
  const read = readUsage(usage)
  const items: Record<string, number> = { ...read.items }
  for (const [name, count] of itemsInOutput(output, searchNamed(tools))) items[name] = Math.max(items[name] ?? 0, count)
  return {
    ...read,
    items: Object.keys(items).length === 0 ? null : items,
    serviceTier: typeof tier === 'string' ? tier : read.serviceTier,
  }
}
