/** The body of an exchange as documents: one, or the events of a stream; what is broken is kept beside them. */

import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { sseSplitter } from '#base/sse.ts'
import type { Exchange } from './exchange.ts'

export type WireEvent = {
  readonly name: string | null
  readonly json: JsonObject
  /** Milliseconds after the request was sent. */
  readonly atMs: number
}

export type WireReading = {
  readonly form: 'document' | 'events' | 'neither'
  readonly events: readonly WireEvent[]
  /** Data that is no JSON object, and no end marker. */
  readonly broken: readonly string[]
  readonly done: boolean
  readonly afterDone: number
  readonly comments: number
  /** Events whose blank line never came. */
  readonly unclosed: number
  /** Events that are not valid UTF-8 by themselves. */
  readonly brokenText: number
}

/** JSON as a value; `undefined` = it is none. */
export const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const isEventStream = ({ headers, body }: Exchange): boolean =>
  (headers['content-type'] ?? '').includes('text/event-stream') ||
  /^\s*(?:data|event|:)/.test(body.toString('latin1', 0, 64))

class Gathering {
  readonly events: WireEvent[] = []
  readonly broken: string[] = []
  done = false
  afterDone = 0
  comments = 0
  unclosed = 0
  brokenText = 0

  take(event: ReturnType<ReturnType<typeof sseSplitter>['feed']>[number], atMs: number): void {
    if (!event.closed) this.unclosed += 1
    if (event.raw.includes(0x3a) && /^:/m.test(event.raw.toString('latin1'))) this.comments += 1
    if (event.data === null) return
    if (!isUtf8(event.data)) this.brokenText += 1
    const text = event.data.toString('utf8')
    if (this.done) this.afterDone += 1
    if (text.trim() === '[DONE]') {
      this.done = true
      return
    }
    const value = parsed(text)
    if (isObject(value)) this.events.push({ name: event.event, json: value, atMs })
    else this.broken.push(text.slice(0, 200))
  }
}

const readEvents = (exchange: Exchange): WireReading => {
  const gathering = new Gathering()
  const splitter = sseSplitter()
  for (const { atMs, bytes } of exchange.pieces)
    for (const event of splitter.feed(bytes as Buffer)) gathering.take(event, atMs)
  for (const event of splitter.end()) gathering.take(event, exchange.endMs)
  return { form: 'events', ...gathering }
}

/** Reads leniently: what deviates is for the probes to say. */
export const readWire = (exchange: Exchange): WireReading => {
  if (isEventStream(exchange)) return readEvents(exchange)
  const none = { done: false, afterDone: 0, comments: 0, unclosed: 0 }
  const brokenText = isUtf8(exchange.body) ? 0 : 1
  const text = exchange.body.toString('utf8')
  const value = parsed(text)
  return isObject(value)
    ? { form: 'document', events: [{ name: null, json: value, atMs: exchange.endMs }], broken: [], brokenText, ...none }
    : { form: 'neither', events: [], broken: text === '' ? [] : [text.slice(0, 200)], brokenText, ...none }
}

/** A member that is an object; `{}` where it is not. */
export const objectAt = (holder: JsonObject | undefined, name: string): JsonObject => {
  const value = holder?.[name]
  return isObject(value) ? value : {}
}

/** The objects of a member that is a list. */
export const objectsAt = (holder: JsonObject | undefined, name: string): readonly JsonObject[] => {
  const value = holder?.[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A member that is text; `''` where it is not. */
export const textAt = (holder: JsonObject | undefined, name: string): string => {
  const value = holder?.[name]
  return typeof value === 'string' ? value : ''
}

/** A member that is a whole number from 0; `null` where it is not. */
export const countAt = (holder: JsonObject | undefined, name: string): number | null => {
  const value = holder?.[name]
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : null
}

/** The JSON of a body; `undefined` where it is none. */
export const bodyJson = ({ body }: Exchange): Json | undefined => parsed(body.toString('utf8'))

/** The `error` object of an answer; `null` where there is none in the form of the OpenAI API. */
export const errorOf = (exchange: Exchange): JsonObject | null => {
  const value = bodyJson(exchange)
  if (isObject(value)) return isObject(value['error']) ? value['error'] : null
  return null
}

/** What a refusal says, wherever it says it, for a person. */
export const refusalText = (exchange: Exchange): string => {
  const value = bodyJson(exchange)
  const holder = Array.isArray(value) ? value[0] : value
  const error = isObject(holder) ? (holder['error'] ?? holder['detail'] ?? holder['message']) : undefined
  const text = isObject(error) ? error['message'] : error
  return `${exchange.status}: ${typeof text === 'string' ? text : exchange.body.toString('utf8', 0, 200)}`.slice(0, 240)
}
