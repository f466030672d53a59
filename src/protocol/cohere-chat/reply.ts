/** An answer of Cohere's chat, whole or event by event, read into parts. https://docs.cohere.com/docs/streaming, read 2026-11-28. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { EventReading, ReplySteps } from '#protocol/openai/reply-steps.ts'
import { readInBandProblem } from '#protocol/openai/upstream-problem.ts'
import { Choice, PartList } from '#protocol/openai-chat/choice.ts'
import type { FinishReason } from '#protocol/part.ts'
import { readUsage } from './usage.ts'

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

const listOf = (value: Json | undefined): readonly JsonObject[] => {
  if (Array.isArray(value)) return value.filter(isObject)
  return isObject(value) ? [value] : []
}

const reasons: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool-calls',
  ERROR_TOXIC: 'content-filter',
}

/** Ends that are failures: what came before them is no whole answer. */
const failures: Readonly<Record<string, string>> = { ERROR: 'server_error', TIMEOUT: 'timeout' }

class CohereReading {
  readonly #choice = new Choice(0)
  /** Where the pieces of a tool's arguments go, by the index of its events. */
  readonly #tools = new Map<number, number>()
  #tooled = 0
  finished = false

  event(data: JsonObject): EventReading {
    const list = new PartList()
    const delta = objectAt(data, 'delta')
    const message = objectAt(delta, 'message')
    const index = countOf(data['index']) ?? 0
    const step = this.#step(textOf(data['type']), { data, delta, message, index }, list)
    return { parts: list.parts, role: step }
  }

  #step(type: string, at: Event, list: PartList): EventReading['role'] {
    const { data, delta, message, index } = at
    if (type === 'message-start')
      list.push({ type: 'start', id: textOf(data['id']) || null, model: null, createdMs: null })
    else if (type === 'content-start' || type === 'content-delta') this.#content(objectAt(message, 'content'), list)
    else if (type === 'content-end') this.#choice.closeProse(list)
    else if (type === 'tool-plan-delta') this.#prose('reasoning', textOf(message['tool_plan']), list)
    else if (type === 'tool-call-start') for (const call of listOf(message['tool_calls'])) this.#tool(index, call, list)
    else if (type === 'tool-call-delta')
      for (const call of listOf(message['tool_calls'])) this.#input(index, call, list)
    else if (type === 'tool-call-end') this.#endTool(index, list)
    else if (type === 'citation-start') for (const one of listOf(message['citations'])) this.#citation(one, list)
    else if (type === 'message-end') {
      this.#finish(delta, list)
      return this.finished ? 'end' : 'content'
    } else if (type === '' && typeof data['message'] === 'string')
      list.push({ type: 'error', problem: readInBandProblem(data, null), raw: data })
    return 'content'
  }

  document(document: JsonObject): PartList['parts'] {
    const list = new PartList()
    const message = objectAt(document, 'message')
    list.push({ type: 'start', id: textOf(document['id']) || null, model: null, createdMs: null })
    this.#prose('reasoning', textOf(message['tool_plan']), list)
    const { content } = message
    if (typeof content === 'string') this.#prose('text', content, list)
    else for (const block of listOf(content)) this.#content(block, list)
    for (const citation of listOf(message['citations'])) this.#citation(citation, list)
    for (const [index, call] of listOf(message['tool_calls']).entries()) {
      this.#tool(index, call, list)
      this.#endTool(index, list)
    }
    this.#finish(document, list)
    return list.parts
  }

  #content(block: JsonObject, list: PartList): void {
    this.#prose('reasoning', textOf(block['thinking']), list)
    this.#prose('text', textOf(block['text']), list)
  }

  #prose(kind: 'text' | 'reasoning', text: string, list: PartList): void {
    if (text === '') return
    const block = this.#choice.prose(kind, list)
    list.push({ type: `${kind}-delta`, choice: 0, block, text })
  }

  #tool(index: number, wire: JsonObject, list: PartList): void {
    this.#choice.closeProse(list)
    this.#endTool(index, list)
    const id = textOf(wire['id'])
    const name = textOf(objectAt(wire, 'function')['name'])
    const block = this.#choice.openTool(null, id)
    this.#tools.set(index, block)
    this.#tooled += 1
    list.push({ type: 'tool-input-start', choice: 0, block, id, name, kind: 'function', executor: 'caller' })
    this.#input(index, wire, list)
  }

  /** `null` is what a whole answer has in the place of no arguments, where a stream has nothing. */
  #input(index: number, wire: JsonObject, list: PartList): void {
    const block = this.#tools.get(index)
    const text = textOf(objectAt(wire, 'function')['arguments'])
    if (block === undefined || text === '' || text === 'null') return
    list.push({ type: 'tool-input-delta', choice: 0, block, text })
  }

  #endTool(index: number, list: PartList): void {
    const block = this.#tools.get(index)
    if (block === undefined) return
    this.#tools.delete(index)
    this.#choice.closeTool(block, list)
  }

  /** Each source of a passage is a citation of its own. */
  #citation(raw: JsonObject, list: PartList): void {
    const [start, end] = [countOf(raw['start']), countOf(raw['end'])]
    for (const source of listOf(raw['sources'])) {
      const document = objectAt(source, 'document')
      const url = textOf(document['url']) || null
      const title = textOf(document['title']) || textOf(source['id']) || null
      this.#choice.citation(list, { url, title, start, end, raw: { ...raw, sources: [source] } })
    }
  }

  #finish(told: JsonObject, list: PartList): void {
    const raw = textOf(told['finish_reason'])
    this.#choice.close(list)
    const { usage } = told
    if (isObject(usage)) list.push({ type: 'usage', usage: readUsage(usage), raw: usage })
    const failure = Object.hasOwn(failures, raw) ? failures[raw] : undefined
    if (failure !== undefined) {
      const message = textOf(told['error']) || `Cohere ended the answer with ${raw}.`
      const error = { type: failure, message }
      list.push({ type: 'error', problem: readInBandProblem({ error }, null), raw: { error } })
      return
    }
    if (raw === '') return
    const reason = (Object.hasOwn(reasons, raw) ? reasons[raw] : undefined) ?? 'other'
    list.push({ type: 'finish', choice: 0, reason: this.#tooled > 0 && reason === 'stop' ? 'tool-calls' : reason, raw })
    this.finished = true
  }
}

type Event = {
  readonly data: JsonObject
  readonly delta: JsonObject
  readonly message: JsonObject
  readonly index: number
}

/** The steps of one reply. */
export const cohereSteps = (): ReplySteps => {
  const reading = new CohereReading()
  return {
    event: (data) => reading.event(data),
    endMarker: () => [],
    finished: () => reading.finished,
    markerEnds: false,
    document: (document) => reading.document(document),
    members: null,
  }
}
