/** What a call cost, put into the usage that the provider reported; every other byte stays as it came. */

import { Buffer } from 'node:buffer'
import type { TopLevel } from '#base/json.ts'
import { memberText, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { decimalOf } from '#base/money.ts'
import { Problem } from '#base/problem.ts'
import type { SseEvent } from '#base/sse.ts'
import { sseSplitter } from '#base/sse.ts'
import { findUsage } from './usage.ts'

const braceOpen = 0x7b

/** `cost` is a JSON number written digit by digit from the integer, `cost_nano_usd` the integer as a string. */
const costMembers = (costNanoUsd: bigint): Readonly<Record<string, string>> => ({
  cost: decimalOf(costNanoUsd, 0),
  cost_nano_usd: `"${costNanoUsd}"`,
})

/** Usage that stands elsewhere (inside a choice, in `x_groq`) is copied to the top, where callers look for the cost. */
const usageAtTop = (json: Buffer, cost: Readonly<Record<string, string>>): string | null => {
  const document = JSON.parse(json.toString('utf8')) as JsonObject
  const usage = findUsage(document)
  if (usage === null) return null
  const top = scanTopLevel(Buffer.from(JSON.stringify(usage)))
  return spliceTopLevel(top, { set: cost }).toString('utf8')
}

const withCost = (json: Buffer, cost: Readonly<Record<string, string>>): Buffer => {
  const top = scanTopLevel(json)
  const text = memberText(top, 'usage')
  const usage =
    text?.[0] === braceOpen
      ? spliceTopLevel(scanTopLevel(text), { set: cost }).toString('utf8')
      : usageAtTop(json, cost)
  return usage === null ? inResponse(json, top, cost) : spliceTopLevel(top, { set: { usage } })
}

/** The events of the Responses API hold the whole response, and the usage in it. */
const inResponse = (json: Buffer, top: TopLevel, cost: Readonly<Record<string, string>>): Buffer => {
  const text = memberText(top, 'response')
  if (text?.[0] !== braceOpen) return json
  const changed = withCost(text, cost)
  return changed === text ? json : spliceTopLevel(top, { set: { response: changed.toString('utf8') } })
}

const isDataLine = (line: string): boolean => /^\uFEFF?data(?::|[\r\n]|$)/.test(line)

/** The event with other data: in place where the data is one line, else its data lines become one. */
const withData = (raw: Buffer, data: Buffer, changed: Buffer): Buffer => {
  const at = raw.indexOf(data)
  if (at !== -1) return Buffer.concat([raw.subarray(0, at), changed, raw.subarray(at + data.length)])
  const lines = raw.toString('utf8').split(/(?<=\r\n|\n|\r(?!\n))/)
  const first = lines.findIndex(isDataLine)
  const others = lines.filter((line) => !isDataLine(line))
  // Outside of its strings, which cannot hold one, a line end in JSON is only a blank.
  others.splice(first, 0, `data: ${changed.toString('utf8').replaceAll('\n', '')}\n`)
  return Buffer.from(others.join(''))
}

const ofEvent = ({ raw, data }: SseEvent, cost: Readonly<Record<string, string>>): Buffer => {
  const text = data?.toString('utf8') ?? ''
  if (data === null || !text.trimStart().startsWith('{') || !isObject(JSON.parse(text))) return raw
  const changed = withCost(data, cost)
  return changed === data ? raw : withData(raw, data, changed)
}

/** A frame that was written anew may hold several events. */
const ofEvents = (raw: Buffer, cost: Readonly<Record<string, string>>): Buffer => {
  const splitter = sseSplitter()
  const events = [...splitter.feed(raw), ...splitter.end()].map((event) => ofEvent(event, cost))
  const [only] = events
  return events.length === 1 && only !== undefined ? only : Buffer.concat(events)
}

/**
 * `usage.cost` and `usage.cost_nano_usd` put into one frame: a whole JSON reply, or one event. A frame without usage, and one
 * whose JSON cannot be read strictly, comes back as it is: a cost that cannot be shown must not cost the answer.
 */
export const addCost = (raw: Buffer, costNanoUsd: bigint): Buffer => {
  const cost = costMembers(costNanoUsd)
  const first = raw.find((byte) => byte > 0x20)
  try {
    return first === braceOpen ? withCost(raw, cost) : ofEvents(raw, cost)
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof Problem) return raw
    throw thrown
  }
}
