/** Tools that a provider runs itself and bills by the piece: which of them a call asks for, and how often one may be run. */

import { hasMember, readMember } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Call } from '#protocol/call.ts'
import { bearsMark, markPattern } from './body-mark.ts'

/** How often a tool is taken to run in one call where the request says no less. What is run beyond it is settled all the same. */
export const toolRunsMax = 16

export type ToolItem = {
  /** The price row's name for a run of it. */
  readonly item: string
  /** As the caller wrote it, for messages. */
  readonly tool: string
  readonly runsMax: number
}

/** `anthropic-messages` writes a date behind the name, `openai-responses` sometimes; the longest beginning counts. */
const kinds: ReadonlyArray<readonly [begins: string, items: readonly string[]]> = [
  ['web_search_preview', ['web_search_preview']],
  ['web_search', ['web_search']],
  ['openrouter:web_search', ['web_search']],
  ['x_search', ['x_search']],
  ['file_search', ['file_search']],
  ['collections_search', ['file_search']],
  ['code_interpreter', ['code_interpreter']],
  ['advisor', ['advisor_input_tokens', 'advisor_output_tokens']],
]

const marks = markPattern([
  '"web_search',
  '"openrouter:web_search',
  '"$web_search',
  '"x_search',
  '"file_search',
  '"collections_search',
  '"code_interpreter',
  '"advisor',
  '"google_search',
  '"googleSearch',
  '"search_parameters"',
  '"plugins"',
])

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** A tool by its type. A function that only bears such a name is the caller's own. */
const byType = (tool: JsonObject, most: number): readonly ToolItem[] => {
  const { type } = tool
  if (type === 'builtin_function') {
    const name = isObject(tool['function']) ? tool['function']['name'] : null
    return name === '$web_search' ? [{ item: 'web_search', tool: name, runsMax: most }] : []
  }
  if (typeof type !== 'string') return []
  const items = kinds.find(([begins]) => type.startsWith(begins))?.[1] ?? []
  const runsMax = countOf(tool['max_uses']) ?? most
  return items.map((item) => ({ item, tool: type, runsMax }))
}

const geminiNames = ['googleSearch', 'google_search', 'googleSearchRetrieval', 'google_search_retrieval']

const ofGemini = (tool: JsonObject): readonly ToolItem[] => {
  const name = geminiNames.find((one) => isObject(tool[one]))
  return name === undefined ? [] : [{ item: 'web_search', tool: name, runsMax: toolRunsMax }]
}

/** xAI bills each source that was used; it takes 20 of them where the caller sets no other maximum. */
const liveSourcesMax = 20

const beside = (read: (name: string) => unknown): readonly ToolItem[] => {
  const found: ToolItem[] = []
  if (isObject(read('web_search_options')))
    found.push({ item: 'web_search', tool: 'web_search_options', runsMax: toolRunsMax })
  const live = read('search_parameters')
  if (isObject(live) && live['mode'] !== 'off')
    found.push({
      item: 'search_sources',
      tool: 'search_parameters',
      runsMax: countOf(live['max_search_results']) ?? liveSourcesMax,
    })
  if (objectsIn(read('plugins')).some(({ id }) => id === 'web'))
    found.push({ item: 'web_search', tool: 'plugins.web', runsMax: toolRunsMax })
  return found
}

/** What a model that always searches makes of every call: one of Perplexity's fees, and the queries of its research. */
const unasked: ReadonlyMap<string, number> = new Map([
  ['search_context_low', 1],
  ['search_context_medium', 1],
  ['search_context_high', 1],
  ['search_queries', toolRunsMax],
])

/** Items that only searches and other tools make, so that no other call holds money for them. */
export const isToolItem = (item: string): boolean =>
  unasked.has(item) ||
  item === 'search_sources' ||
  item === 'grounded_prompt' ||
  kinds.some(([, items]) => items.includes(item))

/** Of each item the most runs that any of the call's tools may make of it. */
export const toolItemsOf = (call: Call): readonly ToolItem[] => {
  if (call.payload.kind !== 'json') return []
  const { top } = call.payload
  if (!bearsMark(top.names(), marks)) return []
  const read = (name: string): unknown => (hasMember(top, name) ? readMember(top, name) : undefined)
  // Of Responses: the most runs of all tools together.
  const runsMax = countOf(read('max_tool_calls')) ?? toolRunsMax
  const tools = objectsIn(read('tools')).flatMap((tool) => [...byType(tool, runsMax), ...ofGemini(tool)])
  const most = new Map<string, ToolItem>()
  for (const found of [...tools, ...beside(read)])
    if (found.runsMax > (most.get(found.item)?.runsMax ?? 0)) most.set(found.item, found)
  return [...most.values()]
}

/** The most pieces that these tools of a chat call can come to, by item, asked for or not. A grounded prompt is another measure of its searches. */
export const toolRunsOf = (tools: readonly ToolItem[]): ReadonlyMap<string, number> => {
  const runs = new Map([...unasked, ...tools.map(({ item, runsMax }) => [item, runsMax] as const)])
  return runs.has('web_search') ? runs.set('grounded_prompt', 1) : runs
}
