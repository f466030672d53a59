/** Repairs of a chat completion on its way in: what needs none keeps its bytes. Stateful, one for each reply. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { SseEvent } from '#base/sse.ts'
import { sseSplitter } from '#base/sse.ts'
import type { ReplyShim, WireShim } from './wire-shim.ts'

/** Takes bytes as they come and gives them on, repaired. */
export type Mender = { readonly feed: (bytes: Buffer) => readonly Buffer[]; readonly end: () => readonly Buffer[] }

/** Those that are about replies. */
export const replyShims: readonly ReplyShim[] = ['tool-index', 'tool-finish', 'usage-position']
/** A whole answer over this is given on as it is. */
const wholeBytesMax = 8 * 1024 * 1024
const wordsOfInterest = ['"tool_calls"', '"finish_reason"', '"usage"'].map((word) => Buffer.from(word))

/** The tool calls of one choice, by what the endpoint says of them. */
class Calls {
  readonly #byId = new Map<string, number>()
  /** An index that was given twice means the call that had it last. */
  readonly #byGiven = new Map<number, number>()
  #next = 0

  get any(): boolean {
    return this.#next > 0
  }

  /** The index that a piece should have. */
  indexOf(given: number | null, id: string, isNamed: boolean): number {
    const known = id === '' ? undefined : this.#byId.get(id)
    if (known !== undefined) return known
    const isNew = id !== '' || (given === null ? isNamed : !this.#byGiven.has(given))
    if (!isNew) return (given === null ? undefined : this.#byGiven.get(given)) ?? Math.max(0, this.#next - 1)
    const index = given !== null && given >= this.#next ? given : this.#next
    this.#next = index + 1
    if (id !== '') this.#byId.set(id, index)
    if (given !== null) this.#byGiven.set(given, index)
    return index
  }
}

const list = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

class Repairing {
  readonly #shims: ReadonlySet<WireShim>
  readonly #tell: (shim: ReplyShim) => void
  readonly #choices = new Map<number, Calls>()

  constructor(shims: readonly WireShim[], tell: (shim: ReplyShim) => void) {
    this.#shims = new Set(shims)
    this.#tell = tell
  }

  /** `null` = nothing is to be changed. */
  document(json: JsonObject): JsonObject | null {
    if (!Array.isArray(json['choices'])) return null
    const choices = list(json['choices']).map((choice) => this.#choice(choice))
    const changed = choices.some(({ isChanged }) => isChanged)
    const usage = this.#usage(json)
    if (!changed && usage === null) return null
    return { ...json, choices: choices.map(({ choice }) => choice), ...(usage === null ? {} : { usage }) }
  }

  #usage(json: JsonObject): JsonObject | null {
    if (!this.#shims.has('usage-position') || isObject(json['usage'])) return null
    const usage = list(json['choices'])
      .map((choice) => choice['usage'])
      .find(isObject)
    if (usage === undefined) return null
    this.#tell('usage-position')
    return usage
  }

  #choice(choice: JsonObject): { readonly choice: JsonObject; readonly isChanged: boolean } {
    const place = typeof choice['index'] === 'number' ? choice['index'] : 0
    const calls = this.#choices.get(place) ?? new Calls()
    this.#choices.set(place, calls)
    const delta = this.#delta(choice['delta'], calls)
    const message = isObject(choice['message']) ? list(choice['message']['tool_calls']) : []
    const isWrongEnd = choice['finish_reason'] === 'stop' && (calls.any || message.length > 0)
    const mendsEnd = isWrongEnd && this.#shims.has('tool-finish')
    if (mendsEnd) this.#tell('tool-finish')
    if (delta === null && !mendsEnd) return { choice, isChanged: false }
    return {
      choice: { ...choice, ...(delta === null ? {} : { delta }), ...(mendsEnd ? { finish_reason: 'tool_calls' } : {}) },
      isChanged: true,
    }
  }

  #delta(delta: unknown, calls: Calls): JsonObject | null {
    if (!isObject(delta)) return null
    const pieces = list(delta['tool_calls'])
    let isChanged = false
    const mended = pieces.map((piece) => {
      const given = typeof piece['index'] === 'number' ? piece['index'] : null
      const inner = isObject(piece['function']) ? piece['function'] : {}
      const id = typeof piece['id'] === 'string' ? piece['id'] : ''
      const index = calls.indexOf(given, id, typeof inner['name'] === 'string' && inner['name'] !== '')
      if (index === given) return piece
      isChanged = true
      return { ...piece, index }
    })
    if (!isChanged || !this.#shims.has('tool-index')) return null
    this.#tell('tool-index')
    return { ...delta, tool_calls: mended }
  }
}

const parsed = (bytes: Buffer): JsonObject | null => {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

const mendEvent = ({ raw, data }: SseEvent, repairing: Repairing): Buffer => {
  if (data === null || !wordsOfInterest.some((word) => data.includes(word))) return raw
  const json = parsed(data)
  const mended = json === null ? null : repairing.document(json)
  if (mended === null) return raw
  const at = raw.indexOf(data)
  // Data on several lines stand in the event with their names between them.
  if (at === -1) return Buffer.from(`data: ${JSON.stringify(mended)}\n\n`)
  return Buffer.concat([raw.subarray(0, at), Buffer.from(JSON.stringify(mended)), raw.subarray(at + data.length)])
}

const streamMender = (repairing: Repairing): Mender => {
  const splitter = sseSplitter()
  const mend = (events: readonly SseEvent[]): readonly Buffer[] => events.map((event) => mendEvent(event, repairing))
  return { feed: (bytes) => mend(splitter.feed(bytes)), end: () => mend(splitter.end()) }
}

const wholeMender = (repairing: Repairing): Mender => {
  let held: Buffer[] = []
  let sizeBytes = 0
  return {
    feed: (bytes) => {
      held.push(bytes)
      sizeBytes += bytes.length
      if (sizeBytes <= wholeBytesMax) return []
      const given = held
      held = []
      return given
    },
    end: () => {
      if (sizeBytes > wholeBytesMax) return held
      const raw = Buffer.concat(held)
      const json = parsed(raw)
      const mended = json === null ? null : repairing.document(json)
      return raw.length === 0 ? [] : [mended === null ? raw : Buffer.from(JSON.stringify(mended))]
    },
  }
}

/** A mender for one reply; `null` = none of the shims is about replies. `tell` is called each time one was needed. */
export const replyMender = (
  shims: readonly WireShim[],
  isStream: boolean,
  tell: (shim: ReplyShim) => void,
): Mender | null => {
  if (!shims.some((shim) => replyShims.some((one) => one === shim))) return null
  const repairing = new Repairing(shims, tell)
  return isStream ? streamMender(repairing) : wholeMender(repairing)
}
