/** Usage of a stream is an option of the request in the OpenAI family: how it is asked for, and how the question is taken out. */

import type { TopLevel } from '#base/json.ts'
import { hasMember, memberText, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { Call, Edits } from '#protocol/call.ts'

/** The caller's own `stream_options`, as a top level that can be spliced; `null` = there are none. */
const streamOptions = (call: Call): TopLevel | null => {
  if (call.payload.kind !== 'json') return null
  const text = memberText(call.payload.top, 'stream_options')
  return text?.[0] === 0x7b ? scanTopLevel(text) : null
}

/**
 * Asks the upstream for the usage of a stream; the caller's other `stream_options` stay. `null` = nothing to ask: the call does
 * not stream, its endpoint has no `stream_options`, or the caller asks itself.
 */
export const askStreamUsage = (call: Call): Edits | null => {
  const takesIt = call.kind === 'chat' || call.kind === 'completion'
  if (!takesIt || !call.stream || call.usageWish.inStream || call.payload.kind !== 'json') return null
  const given = streamOptions(call)
  const text =
    given === null
      ? '{"include_usage":true}'
      : spliceTopLevel(given, { set: { include_usage: 'true' } }).toString('utf8')
  return { set: { stream_options: text }, cut: [], rename: {} }
}

/** Takes the question for usage out of a call, for an upstream that refuses it; an emptied `stream_options` goes whole. */
export const dropStreamUsage = (call: Call): Edits | null => {
  const given = streamOptions(call)
  if (given === null || !hasMember(given, 'include_usage')) return null
  const others = given.members.filter(({ key }) => key !== 'include_usage')
  if (others.length === 0) return { set: {}, cut: ['stream_options'], rename: {} }
  const text = spliceTopLevel(given, { cut: ['include_usage'] }).toString('utf8')
  return { set: { stream_options: text }, cut: [], rename: {} }
}
