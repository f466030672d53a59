/**
 * Histories of Messages for Claude, wherever it runs: signatures of Anthropic, Bedrock and Vertex AI hold at each of them
 * (https://platform.claude.com/docs/en/build-with-claude/extended-thinking, read 2026-11-22), those of other makers at none. Pure.
 */

import { hasMember, readMember } from '#base/json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { carrierFormats, openCarrier } from '#protocol/carrier.ts'
import { fitToolId } from '#protocol/tool-id.ts'
import { Changes, eachObject, objectsIn, sourceOf } from './history-mender.ts'
import type { HistoryMender, HistoryQuestion } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** https://platform.claude.com/docs/en/api/messages (`tool_use.id`), read 2026-11-22. */
const idForm = { fits: /^[a-zA-Z0-9_-]+$/, lengthMax: 200 }

/** DeepSeek signs with the id of its message (https://github.com/NousResearch/hermes-agent/pull/21048, read 2026-11-29). */
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** What OpenAI encrypts begins so, also where a gateway tells it as a thought of Claude's (https://github.com/can1357/oh-my-pi/issues/6379, read 2026-11-29). */
const openaiForm = 'gAAAA'

/** Certainly none of Claude's. Its own have had several forms (recorded: `E…` of 3.7 to 5, `CAI…` of Opus 5): what might be one is left to Claude. */
const isForeign = (signature: Json | undefined): boolean =>
  typeof signature !== 'string' ||
  signature === '' ||
  uuid.test(signature) ||
  signature.startsWith(openaiForm) ||
  openCarrier(signature, carrierFormats.anthropic).format !== carrierFormats.anthropic

const isThought = ({ type }: JsonObject): boolean => type === 'thinking' || type === 'redacted_thinking'
const secretOf = ({ type, signature, data }: JsonObject): Json | undefined =>
  type === 'redacted_thinking' ? data : signature

const blocksOf = ({ content }: JsonObject): readonly JsonObject[] => objectsIn(content)

const oddId = (id: Json | undefined): id is string => typeof id === 'string' && !idForm.fits.test(id)

const mendBlock = (
  block: JsonObject,
  { changes, isRefused }: { changes: Changes; isRefused: HistoryQuestion['isRefused'] },
) => {
  if (isThought(block)) {
    const secret = secretOf(block)
    if (!isForeign(secret) && !isRefused(secret as string)) return block
    changes.note('messages.thinking', 'cut', "signed by another maker's model: not taken by Claude")
    return null
  }
  const name = block['type'] === 'tool_use' ? 'id' : block['type'] === 'tool_result' ? 'tool_use_id' : null
  if (name === null || !oddId(block[name])) return block
  changes.note('messages.tool_use.id', 'renamed', 'in a form that Claude takes')
  return { ...block, [name]: fitToolId(block[name], idForm) }
}

/** A turn of which nothing is left is no turn. */
const mendTurns = (messages: readonly Json[], how: Parameters<typeof mendBlock>[1]): readonly Json[] =>
  eachObject(messages, (message) => {
    if (!Array.isArray(message['content'])) return message
    const content = eachObject(message['content'] as readonly Json[], (block) => mendBlock(block, how))
    return content.length === 0 && message['content'].length > 0 ? null : { ...message, content }
  })

const isResult = ({ type }: JsonObject): boolean => type === 'tool_result'

/**
 * Whether a tool answers a turn that does not begin with a thought: with a budget to think Claude refuses that, where it thinks as much
 * as it finds right it does not (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking, from memory).
 */
const goesOnWithoutThought = (messages: readonly Json[]): boolean => {
  const turns = objectsIn(messages as Json)
  const last = turns.at(-1)
  if (last === undefined || !blocksOf(last).some(isResult)) return false
  const [first] = blocksOf(turns.findLast(({ role }) => role === 'assistant') ?? {})
  return first !== undefined && !isThought(first)
}

const thinksByBudget = (call: Call): boolean => {
  if (call.payload.kind !== 'json' || !hasMember(call.payload.top, 'thinking')) return false
  const thinking = readMember(call.payload.top, 'thinking')
  return isObject(thinking) && thinking['type'] === 'enabled'
}

/** What must be looked at in a body that nobody has parsed yet: kinds of thought, signatures, and the ids that results name. */
const marks = /"type"\s*:\s*"((?:redacted_)?thinking)"|"(signature|tool_use_id)"\s*:\s*"([^"\\]*)(["\\])/g

/** Claude's own are longer (recorded); a shorter text may be anybody's member of this name, and the body is parsed to tell. */
const signatureLengthMin = 64

/** Whether a body may hold something to mend: thought without a signature or with one that is not Claude's, or an id that Claude refuses. */
const isMendable = (source: string, { call, isRefused }: HistoryQuestion): boolean => {
  let unsigned = 0
  for (const [, thought, name, text = '', end] of source.matchAll(marks)) {
    if (thought === 'redacted_thinking' || end === '\\') return true
    if (thought !== undefined) unsigned += 1
    else if (name === 'tool_use_id' && oddId(text)) return true
    else if (name === 'signature') {
      if (text.length < signatureLengthMin || isForeign(text) || isRefused(text)) return true
      unsigned -= 1
    }
  }
  return unsigned > 0 || (thinksByBudget(call) && source.includes('"tool_result"'))
}

const mend = (question: HistoryQuestion) => {
  const { call, isRefused } = question
  const source = sourceOf(call)
  if (source === null || !isMendable(source, question)) return noAdjustment
  const messages = call.body()['messages']
  if (!Array.isArray(messages)) return noAdjustment
  const changes = new Changes()
  const mended = mendTurns(messages as readonly Json[], { changes, isRefused })
  const isOff = thinksByBudget(call) && goesOnWithoutThought(mended)
  if (isOff)
    changes.note('thinking', 'off', 'off in this turn: the thought before the call of the tool was not sent back')
  return changes.adjustment(() => ({
    messages: mended,
    ...(isOff ? { thinking: { type: 'disabled' } } : {}),
  }))
}

const secretsOf = (call: Call): readonly string[] => {
  const messages = call.payload.kind === 'json' ? call.body()['messages'] : undefined
  return objectsIn(messages)
    .flatMap(blocksOf)
    .filter(isThought)
    .map(secretOf)
    .filter((secret): secret is string => typeof secret === 'string' && !isForeign(secret))
}

/**
 * For others that speak Messages and think: once a tool was called they want the thought of every such turn back, whoever signed it ("The `content[].thinking` in
 * the thinking mode must be passed back to the API", https://github.com/NousResearch/hermes-agent/issues/17992, read 2026-11-29). Where one was never told, the turn does not
 * think.
 */
export const thoughtfulHistory: HistoryMender = {
  mend: ({ call }) => {
    const source = sourceOf(call)
    if (source === null || !thinksByBudget(call) || !source.includes('"tool_use"')) return noAdjustment
    const turns = objectsIn(call.body()['messages']).map(blocksOf)
    const isLacking = turns.some((blocks) => blocks.some(({ type }) => type === 'tool_use') && !blocks.some(isThought))
    if (!isLacking) return noAdjustment
    const changes = new Changes()
    changes.note('thinking', 'off', 'off in this turn: a call of a tool in the history came without its thought')
    return changes.adjustment(() => ({ thinking: { type: 'disabled' } }))
  },
}

export const claudeHistory: HistoryMender = {
  mend,
  secretsOf,
  // "messages.1.content.0: Invalid `signature` in `thinking` block" (https://github.com/ding113/claude-code-hub/issues/518, read 2026-11-29).
  refuses: (status, text) =>
    status === 400 && /[Ii]nvalid\W+(?:signature|data)\W+in\W+(?:redacted_)?thinking/.test(text),
}
