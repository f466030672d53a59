/** Histories of Chat Completions: thought of other makers, ids of calls, and what must stand beside a call. Pure. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { foreignSignature } from '#protocol/gemini/write-content.ts'
import type { ToolIdForm } from '#protocol/tool-id.ts'
import { fitToolId } from '#protocol/tool-id.ts'
import { Changes, eachObject, objectsIn, sourceOf, textsOf } from './history-mender.ts'
import type { HistoryMender, HistoryQuestion } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** What a vendor's Chat Completions take of a history that others have written. */
export type ChatTaste = {
  /** Members of an assistant's message that it refuses; what stands in them is lost, with a warning. For a model without a name: all that any model refuses. */
  readonly refused: (model: string) => readonly string[]
  /** Whether it refuses what Gemini puts beside a call. */
  readonly bareCalls: boolean
  /** Whether thought stands among the parts of its content, as in Mistral's own answers. */
  readonly thoughtParts: boolean
  /** The ids of calls that it takes; `null` = any. */
  readonly toolIds: ToolIdForm | null
  /** Which messages of the assistant must have a thought (`reasoning_content`), where the model thinks. */
  readonly thoughtOf: (model: string) => 'calls' | 'all' | 'none'
  /** Whether calls must be signed by Gemini. */
  readonly signedCalls: (model: string) => boolean
  /** Parts of contents that it writes otherwise, by their type; nothing is lost by it. */
  readonly parts: Readonly<Record<string, (part: JsonObject) => JsonObject>>
  /** Whether it has no `developer`: what one says is the system's. */
  readonly noDeveloper: boolean
}

const takesAll: ChatTaste = {
  refused: () => [],
  bareCalls: false,
  thoughtParts: false,
  toolIds: null,
  thoughtOf: () => 'none',
  signedCalls: () => false,
  parts: {},
  noDeveloper: false,
}

/** The thought of other makers' models, by the names that there are for it. */
export const thoughtMembers: readonly string[] = ['reasoning_content', 'reasoning', 'reasoning_details']

/**
 * Stands where a thought must and none was told: Kimi takes an empty text for none (https://github.com/theopenco/llmgateway/pull/2093,
 * read 2026-11-29), and so does DeepSeek (https://github.com/earendil-works/pi/pull/3640, read 2026-11-29).
 */
const untoldThought = ' '

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

const callsIn = (message: JsonObject): readonly JsonObject[] => objectsIn(message['tool_calls'])
const isAssistant = ({ role }: JsonObject): boolean => role === 'assistant'
const isThoughtPart = (part: Json): part is JsonObject => isObject(part) && part['type'] === 'thinking'

/** The words of Mistral's thinking parts: texts, or lists of parts of text (https://docs.mistral.ai/capabilities/reasoning, from memory). */
const wordsOf = ({ thinking }: JsonObject): string =>
  typeof thinking === 'string'
    ? thinking
    : objectsIn(thinking)
        .map(({ text }) => (typeof text === 'string' ? text : ''))
        .join('')

/** One message at a time; what was changed is noted. */
class ChatMender {
  readonly changes = new Changes()
  readonly #taste: ChatTaste
  readonly #model: string
  readonly #refused: readonly string[]

  constructor(taste: ChatTaste, model: string) {
    this.#taste = taste
    this.#model = model
    this.#refused = taste.refused(model)
  }

  /** Thought that stands among the parts of a content: elsewhere it is a member of its own, or nothing. */
  plainContent(message: JsonObject): JsonObject {
    const { content } = message
    if (this.#taste.thoughtParts || !isAssistant(message) || !Array.isArray(content)) return message
    const parts = content as readonly Json[]
    const thoughts = parts.filter(isThoughtPart)
    if (thoughts.length === 0) return message
    const rest = parts.filter((part) => !isThoughtPart(part))
    const texts = objectsIn(rest).map(({ type, text }) => (type === 'text' && typeof text === 'string' ? text : null))
    const isText = texts.length === rest.length && !texts.includes(null)
    const said = rest.length === 0 && callsIn(message).length > 0 ? null : isText ? texts.join('') : rest
    const isKept = this.#taste.thoughtOf(this.#model) !== 'none' && isEmpty(message['reasoning_content'])
    this.changes.note(
      'messages.content',
      'thinking-cut',
      isKept ? 'thought among the parts is sent as reasoning_content' : 'thought among the parts is not taken',
    )
    const thought = isKept ? { reasoning_content: thoughts.map(wordsOf).join('') } : {}
    return { ...message, content: said, ...thought }
  }

  ownForms(message: JsonObject): JsonObject {
    const { parts, noDeveloper } = this.#taste
    const isDeveloper = noDeveloper && message['role'] === 'developer'
    if (isDeveloper) this.changes.note('messages.role', 'renamed')
    const plain = isDeveloper ? { ...message, role: 'system' } : message
    const { content } = plain
    if (!Array.isArray(content)) return plain
    const written = eachObject(content as readonly Json[], (part) => {
      const { type } = part
      const own = typeof type === 'string' && Object.hasOwn(parts, type) ? parts[type]?.(part) : undefined
      if (own === undefined || own === part) return part
      this.changes.note('messages.content', 'renamed')
      return own
    })
    return { ...plain, content: written }
  }

  withoutRefused(message: JsonObject): JsonObject {
    if (!isAssistant(message)) return message
    const kept: Record<string, Json | undefined> = { ...message }
    for (const name of this.#refused) {
      if (kept[name] === undefined) continue
      const value = kept[name]
      delete kept[name]
      const isWord = name === 'refusal' && isEmpty(kept['content']) && typeof value === 'string' && value !== ''
      if (isWord) kept['content'] = value
      const lost = isEmpty(value) || isWord ? undefined : 'of another model, not taken by the provider'
      this.changes.note(`messages.${name}`, 'cut', lost)
    }
    return kept
  }

  /** Another maker's word for the same thought is put where this one looks for it; a blank where there is none. */
  withThought(message: JsonObject): JsonObject {
    const wanted = this.#taste.thoughtOf(this.#model)
    if (wanted === 'none' || !isAssistant(message) || !isEmpty(message['reasoning_content'])) return message
    if (wanted === 'calls' && callsIn(message).length === 0) return message
    const { reasoning, ...rest } = message
    if (typeof reasoning === 'string' && reasoning !== '') {
      this.changes.note('messages.reasoning', 'renamed', 'sent as reasoning_content')
      return { ...rest, reasoning_content: reasoning }
    }
    this.changes.note(
      'messages.reasoning_content',
      'blank',
      'none was sent with a call of a tool: a blank stands for it',
    )
    return { ...message, reasoning_content: untoldThought }
  }

  withCalls(message: JsonObject): JsonObject {
    const { toolIds, bareCalls, signedCalls } = this.#taste
    const fitted = (id: Json | undefined): Json => {
      if (toolIds === null || typeof id !== 'string' || fits(id, toolIds)) return id ?? null
      this.changes.note('messages.tool_calls.id', 'renamed', 'in a form that the provider takes')
      return fitToolId(id, toolIds)
    }
    if (typeof message['tool_call_id'] === 'string')
      return { ...message, tool_call_id: fitted(message['tool_call_id']) }
    const calls = callsIn(message)
    if (calls.length === 0) return message
    const isUnsigned = signedCalls(this.#model) && calls.every(({ extra_content: extra }) => !isSigned(extra))
    if (isUnsigned)
      this.changes.note('messages.tool_calls', 'unsigned', 'calls that another model made go without its thought')
    return {
      ...message,
      tool_calls: calls.map((call, index) => {
        const { extra_content: beside, ...bare } = call
        if (bareCalls && beside !== undefined)
          this.changes.note('messages.tool_calls.extra_content', 'cut', 'of another model, not taken by the provider')
        const own = bareCalls ? bare : call
        const signature = isUnsigned && index === 0 ? { extra_content: signatureOf(beside) } : {}
        return { ...own, ...(call['id'] === undefined ? {} : { id: fitted(call['id']) }), ...signature }
      }),
    }
  }
}

const fits = (id: string, form: ToolIdForm): boolean => form.fits.test(id) && id.length <= form.lengthMax

const isSigned = (extra: Json | undefined): boolean => {
  const google = isObject(extra) ? extra['google'] : undefined
  return isObject(google) && typeof google['thought_signature'] === 'string'
}

const signatureOf = (beside: Json | undefined): JsonObject => {
  const google = isObject(beside) && isObject(beside['google']) ? beside['google'] : {}
  return { ...(isObject(beside) ? beside : {}), google: { ...google, thought_signature: foreignSignature } }
}

/** What can be refused of any model: says only that a body is worth parsing. */
const marksOf = (taste: ChatTaste): RegExp | null => {
  const names = [
    ...taste.refused(''),
    ...(taste.bareCalls ? ['extra_content'] : []),
    ...Object.keys(taste.parts),
    ...(taste.noDeveloper ? ['developer'] : []),
    ...(taste.thoughtParts ? [] : ['thinking']),
  ]
  return names.length === 0 ? null : new RegExp(`"(?:${names.join('|')})"`)
}

const hasOddId = (source: string, form: ToolIdForm): boolean => {
  for (const id of textsOf(source, 'tool_call_id')) if (id === null || !fits(id, form)) return true
  return false
}

/** Thought that is switched off must not be told of; a history without calls needs none. */
const wantsThought = (call: Call, messages: readonly Json[]): boolean => {
  const { thinking } = call.body()
  if (isObject(thinking) && thinking['type'] === 'disabled') return false
  return objectsIn(messages as Json).some((message) => callsIn(message).length > 0)
}

const mendMessages = (taste: ChatTaste, { call, model }: HistoryQuestion) => {
  const messages = call.body()['messages']
  const mender = new ChatMender(taste, model)
  const list: readonly Json[] = Array.isArray(messages) ? (messages as readonly Json[]) : []
  const isThoughtWanted = taste.thoughtOf(model) !== 'none' && wantsThought(call, list)
  const mended = eachObject(list, (message) => {
    const plain = mender.withoutRefused(mender.ownForms(mender.plainContent(message)))
    return mender.withCalls(isThoughtWanted ? mender.withThought(plain) : plain)
  })
  return mender.changes.adjustment(() => ({ messages: mended }))
}

/** A mender by what its vendor takes; what is not said is taken as it comes. */
export const chatHistory = (changes: Partial<ChatTaste>): HistoryMender => {
  const taste: ChatTaste = { ...takesAll, ...changes }
  const marks = marksOf(taste)
  const wantsMore = (model: string): boolean => taste.thoughtOf(model) !== 'none' || taste.signedCalls(model)
  return {
    mend: (question) => {
      const source = sourceOf(question.call)
      const isMendable =
        source !== null &&
        (marks?.test(source) === true ||
          (wantsMore(question.model) && source.includes('"tool_calls"')) ||
          (taste.toolIds !== null && hasOddId(source, taste.toolIds)))
      return isMendable ? mendMessages(taste, question) : noAdjustment
    },
  }
}
