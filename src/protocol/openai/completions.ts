/** The old text completions: https://platform.openai.com/docs/api-reference/completions (read 2026-11-22). */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Warning } from '#protocol/call.ts'
import { writeFinishReason } from '#protocol/openai-chat/finish-reason.ts'
import { chatSteps } from '#protocol/openai-chat/reply.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol, ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { endpointProtocol } from './endpoint.ts'
import { completionFields, readCompletion } from './read-completion.ts'
import { heartbeat, writeStreamProblem } from './refusal.ts'
import type { ReplySteps } from './reply-steps.ts'
import { usageJson } from './usage.ts'

/** A choice as chat has it: its text is what the message says. */
const asChatChoice = (choice: Json): Json => {
  if (!isObject(choice)) return choice
  const { text, ...rest } = choice
  const message = { content: text ?? null }
  return { ...rest, delta: message, message }
}

const asChat = (document: JsonObject): JsonObject =>
  Array.isArray(document['choices']) ? { ...document, choices: document['choices'].map(asChatChoice) } : document

const completionSteps: (call: ReplyContext['call']) => ReplySteps = (call) => {
  const steps = chatSteps(call)
  return {
    ...steps,
    event: (data, name) => steps.event(asChat(data), name),
    document: (document, objects) => steps.document(asChat(document), objects),
  }
}

/** What a text completion has no place for; a refusal is text, of which its finish reason tells. */
const lossOf = (part: Part): Warning | null => {
  const isToldOtherwise = part.type === 'other' && part.format !== 'openai-chat'
  if (part.type === 'reasoning-start' || part.type === 'image' || part.type === 'citation' || isToldOtherwise)
    return { field: `reply.${part.type === 'reasoning-start' ? 'reasoning' : part.type}`, reason: noPlace }
  if (part.type === 'tool-result' || part.type === 'tool-input-start')
    return { field: `reply.${part.name}`, reason: noPlace }
  return null
}

const noPlace = 'text completions have no place for it'

const lossKeeper = () => {
  const losses = new Map<string, Warning>()
  return {
    see: (part: Part): void => {
      const loss = lossOf(part)
      if (loss !== null) losses.set(loss.field, loss)
    },
    warnings: () => [...losses.values()],
  }
}

type Written = { text: string; finish: string | null }

type StartPart = Extract<Part, { type: 'start' }>
type UsagePart = Extract<Part, { type: 'usage' }>

const headOf = (context: ReplyContext, start: StartPart | null): JsonObject => ({
  id: start?.id ?? `cmpl-${context.asked}`,
  object: 'text_completion',
  created: Math.floor((start?.createdMs ?? context.nowMs) / 1000),
  model: start?.model ?? context.call.model,
})

const event = (value: JsonObject): Buffer => Buffer.from(`data: ${JSON.stringify(value)}\n\n`)

const usageOf = (usage: UsagePart | null): JsonObject | null =>
  usage === null ? null : usageJson(usage.usage, usage.raw)

const streamWriter = (context: ReplyContext): ReplyWriter => {
  let start: StartPart | null = null
  let usage: UsagePart | null = null
  let failed = false
  const losses = lossKeeper()
  const chunk = (index: number, text: string, finish_reason: string | null): Buffer =>
    event({ ...headOf(context, start), choices: [{ index, text, logprobs: null, finish_reason }] })
  const write = (part: Part): Buffer | null => {
    if (failed) return null
    losses.see(part)
    if (part.type === 'start') start = part
    if (part.type === 'usage') usage = part
    if (part.type === 'ping') return heartbeat
    if (part.type === 'text-delta' || part.type === 'refusal-delta') return chunk(part.choice, part.text, null)
    if (part.type === 'finish') return chunk(part.choice, '', writeFinishReason(part.reason, part.raw))
    if (part.type !== 'error') return null
    failed = true
    return writeStreamProblem(part.problem, context.asked)
  }
  const end = (): Buffer => {
    if (failed) return Buffer.alloc(0)
    const done = Buffer.from('data: [DONE]\n\n')
    const { inStream, cost } = context.call.usageWish
    const told = inStream || cost ? usageOf(usage) : null
    return told === null ? done : Buffer.concat([event({ ...headOf(context, start), choices: [], usage: told }), done])
  }
  return { contentType: 'text/event-stream; charset=utf-8', write, end, warnings: losses.warnings }
}

const wholeWriter = (context: ReplyContext): ReplyWriter => {
  const written = new Map<number, Written>()
  let start: StartPart | null = null
  let usage: UsagePart | null = null
  let error: JsonObject | null = null
  const losses = lossKeeper()
  const at = (choice: number): Written => {
    const found = written.get(choice) ?? { text: '', finish: null }
    written.set(choice, found)
    return found
  }
  const write = (part: Part): null => {
    losses.see(part)
    if (part.type === 'start') start = part
    if (part.type === 'usage') usage = part
    if (part.type === 'text-delta' || part.type === 'refusal-delta') at(part.choice).text += part.text
    if (part.type === 'finish') at(part.choice).finish = writeFinishReason(part.reason, part.raw)
    if (part.type === 'error') error = errorJson(part.problem, context.asked)
    return null
  }
  const end = (): Buffer => {
    if (error !== null) return Buffer.from(JSON.stringify({ error }))
    const choices = [...written]
      .sort(([a], [b]) => a - b)
      .map(([index, { text, finish }]) => ({ index, text, logprobs: null, finish_reason: finish }))
    const told = usageOf(usage)
    return Buffer.from(
      JSON.stringify({ ...headOf(context, start), choices, ...(told === null ? {} : { usage: told }) }),
    )
  }
  return { contentType: 'application/json', write, end, warnings: losses.warnings }
}

const completions = endpointProtocol({
  request: {
    name: 'openai-completions',
    kind: 'completion',
    endpoints: ['completions'],
    modelDefault: null,
    required: {},
    form: false,
    outputMax: ['max_tokens'],
    choices: ['n', 'best_of'],
    batch: 'prompt',
  },
  steps: completionSteps,
  writeReply: (context) => (context.call.stream ? streamWriter(context) : wholeWriter(context)),
})

/** Providers that have chats alone are asked by one message. */
export const openaiCompletions: Protocol = {
  ...completions,
  fields: completionFields,
  server: { ...completions.server, readChat: readCompletion },
}
