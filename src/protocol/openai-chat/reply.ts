/** A chat completion from any OpenAI-compatible provider, whole or chunk by chunk, read into parts. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Call } from '#protocol/call.ts'
import type { EventReading, ReplySteps } from '#protocol/openai/reply-steps.ts'
import { findUsage, readUsageOf, saysNothing } from '#protocol/openai/usage.ts'
import type { Part } from '#protocol/part.ts'
import { Choice, PartList } from './choice.ts'
import { readFinishReason } from './finish-reason.ts'
import { readMessage } from './message-steps.ts'
import type { ChatExtra, WireReply } from './wire.ts'
import { choiceFields, messageFields, replyFields } from './wire.ts'

/** More answers than any provider makes; a stream that counts further is not an answer. */
const choicesMax = 1024

/** Fields that no part names and that were not carried with this value before; `null` = nothing was. */
const unnamed = (
  from: JsonObject,
  named: ReadonlySet<string>,
  seen: Map<string, unknown> | null,
): JsonObject | null => {
  let found: Record<string, Json> | null = null
  for (const name in from) {
    const value = from[name]
    if (value === undefined || value === null || named.has(name)) continue
    if (seen !== null && seen.get(name) === value) continue
    // Assigned like any other field, this one would change the object's prototype.
    if (name === '__proto__') continue
    seen?.set(name, value)
    found ??= {}
    found[name] = value
  }
  return found
}

/** A message's own fields are pieces of a text, where the same piece twice is twice the text. */
const unnamedInMessage = (message: JsonObject): JsonObject | null => unnamed(message, messageFields, null)

const namedText = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

class ChatReading {
  readonly #choicesAsked: number
  readonly #choices = new Map<number, Choice>()
  readonly #seen = new Map<string, unknown>()
  #started = false
  /** Of events without parts, for the next one. */
  #waiting: ChatExtra | null = null

  constructor(call: Call) {
    this.#choicesAsked = call.choices
  }

  event(chunk: WireReply): EventReading {
    const list = this.#read(chunk, false)
    const empty = Array.isArray(chunk.choices) && chunk.choices.length === 0
    const onlyUsage = empty && list.parts.length > 0 && list.parts.every((part) => part.type === 'usage')
    return { parts: list.parts, role: onlyUsage ? 'usage-only' : 'content' }
  }

  document(document: WireReply): readonly Part[] {
    return this.#read(document, true).parts
  }

  endMarker(): readonly Part[] {
    const list = new PartList()
    for (const choice of this.#choices.values()) choice.close(list)
    return list.parts
  }

  finished(): boolean {
    const choices = [...this.#choices.values()]
    return choices.length >= Math.max(1, this.#choicesAsked) && choices.every((choice) => choice.finished)
  }

  #read(reply: WireReply, whole: boolean): PartList {
    const list = new PartList()
    if (this.#waiting !== null) list.wait(this.#waiting)
    const extra = unnamed(reply, replyFields, this.#seen)
    if (extra !== null) list.wait({ reply: extra })
    this.#start(reply, list)
    if (Array.isArray(reply.choices))
      for (const [place, choice] of reply.choices.entries())
        if (isObject(choice)) this.#choice(choice, place, { list, whole, reply })
    this.#usage(reply, list)
    this.#waiting = list.take()
    return list
  }

  /** Azure begins with a chunk about the prompt, in which everything else is empty: the answer begins behind it. */
  #start(reply: WireReply, list: PartList): void {
    const id = namedText(reply.id)
    if (this.#started || (id === null && !(Array.isArray(reply.choices) && reply.choices.length > 0))) return
    this.#started = true
    const created = countOf(reply.created)
    list.push({
      type: 'start',
      id,
      model: namedText(reply.model),
      createdMs: created === null || created === 0 ? null : created * 1000,
    })
  }

  #usage(reply: WireReply, list: PartList): void {
    const raw = findUsage(reply)
    if (raw === null) return
    const usage = readUsageOf(reply, raw)
    if (!saysNothing(usage)) list.push({ type: 'usage', usage, raw })
  }

  #stateOf(wire: JsonObject, place: number): Choice | null {
    const index = countOf(wire['index']) ?? place
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    if (this.#choices.size >= choicesMax) return null
    const choice = new Choice(index)
    this.#choices.set(index, choice)
    return choice
  }

  #choice(wire: JsonObject, place: number, context: { list: PartList; whole: boolean; reply: WireReply }): void {
    const choice = this.#stateOf(wire, place)
    if (choice === null) return
    const { list, whole } = context
    // A chunk may show the whole message beside its piece (Perplexity); only a stream that never sends pieces is read by it.
    const delta = isObject(wire['delta']) ? wire['delta'] : null
    const said = whole ? wire['message'] : (delta ?? (choice.begun ? null : wire['message']))
    const message = isObject(said) ? said : {}
    const choiceExtra = unnamed(wire, choiceFields, choice.seen)
    const messageExtra = unnamedInMessage(message)
    if (choice.waiting !== null) list.wait(choice.waiting)
    if (choiceExtra !== null) list.wait({ choice: choiceExtra })
    if (messageExtra !== null) list.wait({ message: messageExtra })
    const logprobs = isObject(wire['logprobs']) ? wire['logprobs'] : null
    const reading = { choice, list, message, logprobs }
    readMessage(reading)
    if (reading.logprobs !== null) list.wait({ choice: { ...choiceExtra, logprobs: reading.logprobs } })
    this.#finish(choice, wire, context)
    if (whole) choice.close(list)
    choice.waiting = list.take()
  }

  #finish(choice: Choice, wire: JsonObject, { list, reply }: { list: PartList; reply: WireReply }): void {
    const { finish_reason: reason, stop_reason, matched_stop } = wire
    if (typeof reason !== 'string' || reason === '' || choice.finished) return
    this.#cite(choice, reply, list)
    choice.close(list)
    choice.finish()
    const finish = { type: 'finish', choice: choice.index, reason: readFinishReason(reason), raw: reason } as const
    // vLLM's name and SGLang's for the text that ended it; of a token they tell its number.
    const stopSequence = [stop_reason, matched_stop].find((text) => typeof text === 'string')
    list.push(stopSequence === undefined ? finish : { ...finish, stopSequence })
  }

  /** Perplexity names its sources beside the choices (https://docs.perplexity.ai/api-reference, read 2026-11-22). */
  #cite(choice: Choice, reply: WireReply, list: PartList): void {
    if (choice.cited || choice.index !== 0) return
    const results = Array.isArray(reply['search_results']) ? reply['search_results'].filter(isObject) : []
    const urls = Array.isArray(reply['citations']) ? reply['citations'] : []
    for (const url of urls) {
      if (typeof url !== 'string') continue
      const found = results.find((result) => result['url'] === url) ?? null
      const title = typeof found?.['title'] === 'string' ? found['title'] : null
      choice.citation(list, { url, title, start: null, end: null, raw: found ?? { url } })
    }
  }
}

/** The steps of one chat reply. */
export const chatSteps = (call: Call): ReplySteps => {
  const reading = new ChatReading(call)
  return {
    event: (data) => reading.event(data),
    endMarker: () => reading.endMarker(),
    finished: () => reading.finished(),
    document: (document) => reading.document(document),
    members: null,
    readsAlike: true,
  }
}
