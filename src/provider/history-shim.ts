/** Repairs of the history that a chat is sent with. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import type { Adjustment } from './vendor.ts'
import { noAdjustment } from './vendor.ts'
import type { HistoryShim, WireShim } from './wire-shim.ts'

type Repair = (messages: readonly Json[]) => readonly Json[]

const objects = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])
const hasCalls = (message: JsonObject): boolean => objects(message['tool_calls']).length > 0

const eachObject =
  (change: (message: JsonObject) => JsonObject): Repair =>
  (messages) =>
    messages.map((message) => (isObject(message) ? change(message) : message))

const nameOf = (call: JsonObject): string => {
  const inner = call['function']
  return isObject(inner) && typeof inner['name'] === 'string' ? inner['name'] : 'tool'
}

/** Kimi K2 numbers the calls of a whole conversation: functions.get_weather:0, :1 … (https://github.com/MoonshotAI/K2-Vendor-Verifier, read 2026-11-22). */
const renameIds: Repair = (messages) => {
  const names = new Map<string, string>()
  for (const message of messages)
    for (const call of isObject(message) ? objects(message['tool_calls']) : [])
      if (typeof call['id'] === 'string') names.set(call['id'], `functions.${nameOf(call)}:${names.size}`)
  const renamed = (id: Json | undefined): Json => (typeof id === 'string' ? (names.get(id) ?? id) : (id ?? null))
  return eachObject((message) => {
    if (typeof message['tool_call_id'] === 'string')
      return { ...message, tool_call_id: renamed(message['tool_call_id']) }
    if (!hasCalls(message)) return message
    return {
      ...message,
      tool_calls: objects(message['tool_calls']).map((call) => ({ ...call, id: renamed(call['id']) })),
    }
  })(messages)
}

const repairs: Readonly<Record<HistoryShim, Repair>> = {
  'tool-ids': renameIds,
  'reasoning-cut': eachObject(({ reasoning_content: _reasoning, ...message }) => message),
  'reasoning-empty': eachObject((message) =>
    message['role'] === 'assistant' && hasCalls(message) && message['reasoning_content'] === undefined
      ? { ...message, reasoning_content: '' }
      : message,
  ),
}

const isHistoryShim = (name: WireShim): name is HistoryShim => Object.hasOwn(repairs, name)

/** What must change in the messages of a chat; nothing where none of the repairs finds anything. */
export const shimHistory = (call: Call, shims: readonly WireShim[]): Adjustment => {
  const wanted = shims.filter(isHistoryShim)
  if (wanted.length === 0 || call.protocol !== 'openai-chat' || call.payload.kind !== 'json') return noAdjustment
  const messages = call.body()['messages']
  if (!Array.isArray(messages)) return noAdjustment
  let kept: readonly Json[] = messages as readonly Json[]
  const used: string[] = []
  for (const name of wanted) {
    const before = JSON.stringify(kept)
    kept = repairs[name](kept)
    if (JSON.stringify(kept) !== before) used.push(`messages:${name}`)
  }
  if (used.length === 0) return noAdjustment
  return { edits: { set: { messages: JSON.stringify(kept) }, cut: [], rename: {} }, warnings: [], shims: used }
}
