/** Parts gathered into one chat completion. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Warning } from '#protocol/call.ts'
import { usageJson } from '#protocol/openai/usage.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { finishMembers } from './finish-reason.ts'
import { detailsOf } from './reasoning-detail.ts'
import type { PartOf } from './reply-shape.ts'
import { annotationOf, extraContentOf, extraOf, identityOf, imageOf, logprobsOf, lossOf } from './reply-shape.ts'
import type { ChatExtra } from './wire.ts'

type Tool = { readonly part: PartOf<'tool-input-start'>; text: string }

type Sound = { id: string | null; data: string[]; transcript: string; expiresMs: number | null }

/** One message as it grows. */
type Message = {
  content: string | null
  reasoning: string | null
  /** The thought that is open, and what must come back of those that ended. */
  thought: { text: string; redacted: boolean }
  readonly details: JsonObject[]
  textStart: number
  refusal: string | null
  readonly tools: Map<number, Tool>
  sound: Sound | null
  readonly images: JsonObject[]
  readonly annotations: JsonObject[]
  readonly logprobs: Record<string, Json[]>
  message: JsonObject
  choice: JsonObject
  finish: JsonObject
}

const newMessage = (): Message => ({
  content: null,
  reasoning: null,
  thought: { text: '', redacted: false },
  details: [],
  textStart: 0,
  refusal: null,
  tools: new Map(),
  sound: null,
  images: [],
  annotations: [],
  logprobs: {},
  message: {},
  choice: {},
  finish: { finish_reason: null },
})

const addLogprobs = (message: Message, logprobs: JsonObject | null | undefined): void => {
  for (const [name, list] of Object.entries(logprobs ?? {})) {
    if (!Array.isArray(list)) continue
    message.logprobs[name] ??= []
    message.logprobs[name].push(...list)
  }
}

const soundOf = (message: Message): Sound => {
  message.sound ??= { id: null, data: [], transcript: '', expiresMs: null }
  return message.sound
}

type Step<T extends Part['type']> = (message: Message, part: PartOf<T>) => void

const steps: { readonly [T in Part['type']]?: Step<T> } = {
  'text-delta': (message, { text, logprobs }) => {
    message.content = (message.content ?? '') + text
    addLogprobs(message, logprobs)
  },
  'text-start': (message) => {
    message.textStart = message.content?.length ?? 0
  },
  'reasoning-start': (message, { redacted = false }) => {
    message.thought = { text: '', redacted }
  },
  'reasoning-delta': (message, { text }) => {
    message.reasoning = (message.reasoning ?? '') + text
    message.thought.text += text
  },
  'reasoning-end': (message, { carriers = [] }) => {
    message.details.push(...detailsOf({ ...message.thought, carriers }, message.details.length))
  },
  'refusal-delta': (message, { text }) => {
    message.refusal = (message.refusal ?? '') + text
  },
  'tool-input-start': (message, part) => {
    if (part.executor === 'caller') message.tools.set(part.block, { part, text: '' })
  },
  'tool-input-delta': (message, { block, text }) => {
    const tool = message.tools.get(block)
    if (tool !== undefined) tool.text += text
  },
  image: (message, part) => {
    if (part.complete) message.images.push(imageOf(part))
  },
  'audio-start': (message, { id }) => {
    soundOf(message).id ??= id
  },
  'audio-delta': (message, { data, transcript }) => {
    const sound = soundOf(message)
    if (data !== null) sound.data.push(data)
    sound.transcript += transcript ?? ''
  },
  'audio-end': (message, { expiresMs }) => {
    soundOf(message).expiresMs = expiresMs
  },
  citation: (message, part) => {
    message.annotations.push(annotationOf(part, { start: message.textStart, end: message.content?.length ?? 0 }))
  },
  finish: (message, { reason, raw }) => {
    message.finish = finishMembers(reason, raw)
  },
}

/** Pieces of base64 that each end in padding were encoded one by one; others are one text that was cut. */
const joinBase64 = (pieces: readonly string[]): string =>
  pieces.slice(0, -1).some((piece) => piece.endsWith('='))
    ? Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))).toString('base64')
    : pieces.join('')

const soundJson = ({ id, data, transcript, expiresMs }: Sound): JsonObject => ({
  ...(id === null ? {} : { id }),
  data: joinBase64(data),
  transcript,
  ...(expiresMs === null ? {} : { expires_at: Math.floor(expiresMs / 1000) }),
})

const toolJson = ({ part, text }: Tool): JsonObject => ({
  id: part.id,
  type: part.kind,
  ...(part.kind === 'custom'
    ? { custom: { name: part.name, input: text } }
    : { function: { name: part.name, arguments: text } }),
  ...extraContentOf(part),
  ...extraOf(part).tool,
})

const toolsJson = (tools: readonly Tool[]): JsonObject => {
  const legacy = tools.find(({ part }) => extraOf(part).legacy === true)
  const called = tools.filter((tool) => tool !== legacy)
  return {
    ...(called.length === 0 ? {} : { tool_calls: called.map(toolJson) }),
    ...(legacy === undefined ? {} : { function_call: { name: legacy.part.name, arguments: legacy.text } }),
  }
}

const messageJson = (message: Message): JsonObject => ({
  role: 'assistant',
  content: message.content,
  ...(message.reasoning === null ? {} : { reasoning_content: message.reasoning }),
  ...(message.details.length === 0 ? {} : { reasoning_details: message.details }),
  refusal: message.refusal,
  ...toolsJson([...message.tools.values()]),
  ...(message.sound === null ? {} : { audio: soundJson(message.sound) }),
  ...(message.images.length === 0 ? {} : { images: message.images }),
  ...(message.annotations.length === 0 ? {} : { annotations: message.annotations }),
  ...message.message,
})

const choiceJson = (index: number, message: Message): JsonObject => ({
  index,
  message: messageJson(message),
  logprobs: Object.keys(message.logprobs).length === 0 ? null : logprobsOf(message.logprobs),
  ...message.finish,
  ...message.choice,
})

/** What several pieces carried of one field: lists and texts grow, all else is the last. */
const gather = (before: JsonObject, more: JsonObject | undefined): JsonObject => {
  if (more === undefined) return before
  const gathered: Record<string, Json | undefined> = { ...before }
  for (const [name, value] of Object.entries(more)) {
    const old = before[name]
    if (Array.isArray(old) && Array.isArray(value)) gathered[name] = [...old, ...value]
    else gathered[name] = typeof old === 'string' && typeof value === 'string' ? old + value : value
  }
  return gathered
}

class WholeWriter implements ReplyWriter {
  readonly contentType = 'application/json'
  readonly #context: ReplyContext
  readonly #messages = new Map<number, Message>()
  #start: PartOf<'start'> | null = null
  #usage: PartOf<'usage'> | null = null
  #error: PartOf<'error'> | null = null
  #reply: JsonObject = {}
  readonly #losses = new Map<string, Warning>()

  constructor(context: ReplyContext) {
    this.#context = context
  }

  warnings(): readonly Warning[] {
    return [...this.#losses.values()]
  }

  write(part: Part): null {
    const loss = lossOf(part)
    if (loss !== null) this.#losses.set(loss.field, loss)
    const extra = extraOf(part)
    this.#reply = { ...this.#reply, ...extra.reply }
    if (part.type === 'start') this.#start = part
    else if (part.type === 'usage') this.#usage = part
    else if (part.type === 'error') this.#error ??= part
    else if (part.type !== 'ping') this.#add(part, extra)
    return null
  }

  end(): Buffer {
    if (this.#error !== null)
      return Buffer.from(JSON.stringify({ error: errorJson(this.#error.problem, this.#context.asked) }))
    const { id, created, model } = identityOf(this.#context, this.#start)
    const choices = [...this.#messages].sort(([a], [b]) => a - b).map(([index, message]) => choiceJson(index, message))
    const usage = this.#usage === null ? null : usageJson(this.#usage.usage, this.#usage.raw)
    const whole = {
      id,
      object: 'chat.completion',
      created,
      model,
      choices,
      ...(usage === null ? {} : { usage }),
      ...this.#reply,
    }
    return Buffer.from(JSON.stringify(whole))
  }

  #add(part: Exclude<Part, { type: 'start' | 'usage' | 'error' | 'ping' }>, extra: ChatExtra): void {
    const message = this.#messages.get(part.choice) ?? newMessage()
    this.#messages.set(part.choice, message)
    message.message = gather(message.message, extra.message)
    const { logprobs, ...choice } = extra.choice ?? {}
    message.choice = { ...message.choice, ...choice }
    if (isObject(logprobs)) addLogprobs(message, logprobs)
    const step = steps[part.type] as Step<typeof part.type> | undefined
    step?.(message, part as never)
  }
}

/** Gathers parts; the document comes from `end`. An error part makes the document an error envelope. */
export const wholeWriter = (context: ReplyContext): ReplyWriter => new WholeWriter(context)
