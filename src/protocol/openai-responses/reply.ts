/** A response, whole or event by event, read into parts. https://platform.openai.com/docs/api-reference/responses-streaming, read 2026-11-22. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { EventReading, ReplySteps } from '#protocol/openai/reply-steps.ts'
import { readInBandProblem } from '#protocol/openai/upstream-problem.ts'
import { saysNothing } from '#protocol/openai/usage.ts'
import type { Part } from '#protocol/part.ts'
import { readFinish } from './finish.ts'
import { ItemReading } from './item-reading.ts'
import { readUsageOf } from './usage.ts'
import { othersAs, responseFields } from './wire.ts'

const named = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** More items than any response has; a stream that counts further is not an answer. */
const itemsMax = 4096

const errorOf = (document: JsonObject): Part => ({
  type: 'error',
  problem: readInBandProblem(document, null),
  raw: document,
})

/** A failure that tells nothing still is one. */
const failureOf = (response: JsonObject): Part => {
  const { error, status } = response
  return errorOf({ error: isObject(error) ? error : { code: 'server_error', message: `The response is ${status}.` } })
}

/** What an event belongs to whose item was never begun: some servers leave that out. */
const impliedItem = (name: string): JsonObject | null => {
  if (/^(?:output_text|refusal)\.delta$/.test(name)) return { type: 'message' }
  return /^reasoning_(?:summary_)?text\.delta$/.test(name) ? { type: 'reasoning' } : null
}

class ResponsesReading {
  readonly #items = new Map<number, ItemReading>()
  readonly #nextBlock: () => number
  #blocks = 0
  #started = false
  #ended = false
  #calls = false

  constructor() {
    this.#nextBlock = () => {
      this.#blocks += 1
      return this.#blocks - 1
    }
  }

  finished(): boolean {
    return this.#ended
  }

  event(data: JsonObject): EventReading {
    const type = named(data['type']) ?? ''
    const { response } = data
    if (isObject(response)) return this.#responseEvent(type, response)
    if (type === 'error') return { parts: [errorOf({ error: data })], role: 'content' }
    if (type === 'keepalive') return { parts: [{ type: 'ping' }], role: 'content' }
    return { parts: this.#itemEvent(type, data), role: 'content' }
  }

  document(response: JsonObject): readonly Part[] {
    const { status } = response
    if (status === 'failed' || status === 'cancelled') return [...this.#start(response), failureOf(response)]
    // A response in the background has only begun: it has no end yet.
    if (status === 'queued' || status === 'in_progress') return this.#start(response)
    return [...this.#start(response), ...this.#rest(response), ...this.#end(response)]
  }

  /** Ends what a stream left open. */
  close(): readonly Part[] {
    return [...this.#items.values()].flatMap((item) => item.end(null))
  }

  #responseEvent(type: string, response: JsonObject): EventReading {
    const start = this.#start(response)
    if (type === 'response.failed' || type === 'response.cancelled')
      return { parts: [...start, ...this.#usage(response), failureOf(response)], role: 'content' }
    if (type !== 'response.completed' && type !== 'response.incomplete') return { parts: start, role: 'content' }
    this.#ended = true
    return { parts: [...start, ...this.#rest(response), ...this.close(), ...this.#end(response)], role: 'end' }
  }

  #start(response: JsonObject): readonly Part[] {
    if (this.#started) return []
    this.#started = true
    const created = countOf(response['created_at'])
    return [
      {
        type: 'start',
        id: named(response['id']),
        model: named(response['model']),
        createdMs: created === null || created === 0 ? null : created * 1000,
        ...othersAs('response', response, responseFields),
      },
    ]
  }

  /** Items that no event told of before: all of a whole response. */
  #rest(response: JsonObject): readonly Part[] {
    const { output } = response
    if (!Array.isArray(output)) return []
    return output.flatMap((item: Json, index) =>
      isObject(item) && !this.#items.has(index) ? this.#whole(index, item) : [],
    )
  }

  #whole(index: number, item: JsonObject): readonly Part[] {
    const reading = this.#open(index, item)
    return reading === null ? [] : [...reading.begin(), ...reading.end(item)]
  }

  #usage(response: JsonObject): readonly Part[] {
    const { usage: raw } = response
    const usage = readUsageOf(response)
    return usage === null || !isObject(raw) || saysNothing(usage) ? [] : [{ type: 'usage', usage, raw }]
  }

  #end(response: JsonObject): readonly Part[] {
    return [...this.#usage(response), { type: 'finish', choice: 0, ...readFinish(response, this.#calls) }]
  }

  #open(index: number, item: JsonObject): ItemReading | null {
    if (this.#items.size >= itemsMax) return null
    const reading = new ItemReading(item, this.#nextBlock)
    if (reading.isCall) this.#calls = true
    this.#items.set(index, reading)
    return reading
  }

  #itemEvent(type: string, data: JsonObject): readonly Part[] {
    const index = countOf(data['output_index'])
    if (index === null) return []
    const { item } = data
    const known = this.#items.get(index)
    if (type === 'response.output_item.added')
      return isObject(item) && known === undefined ? (this.#open(index, item)?.begin() ?? []) : []
    if (type === 'response.output_item.done') {
      if (!isObject(item)) return []
      return known === undefined ? this.#whole(index, item) : known.end(item)
    }
    const name = type.replace(/^response\./, '')
    if (known !== undefined) return known.piece(name, data)
    const implied = impliedItem(name)
    const opened = implied === null ? null : this.#open(index, implied)
    return opened === null ? [] : [...opened.begin(), ...opened.piece(name, data)]
  }
}

/** Steps for one response; the event that tells its status ends a stream, there is no marker behind it. */
export const responsesSteps = (): ReplySteps => {
  const reading = new ResponsesReading()
  return {
    event: (data) => reading.event(data),
    endMarker: () => reading.close(),
    finished: () => reading.finished(),
    markerEnds: false,
    document: (document) => reading.document(document),
    members: null,
  }
}
