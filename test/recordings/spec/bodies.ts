/** Every body that Drover writes for others: what fixtures and recordings become in the formats that have a published document. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { Protocol, ProtocolName } from '#protocol/protocol.ts'
import { translateCall } from '#protocol/translate-call.ts'
import { translatedReader } from '#protocol/translated-reply.ts'
import { openaiDialect } from '#provider/vendor-defaults.ts'
import { crossReply, readRequests } from '../../wire/crossing.ts'
import { readFixtures } from '../../wire/fixture.ts'
import { callOf, inboundOf, readExchanges } from '../exchange.ts'

export type Body = { readonly schema: string; readonly source: string; readonly value: Json }

/** The names of a format's bodies in the document that describes it. */
export type Names = { readonly request: string; readonly reply: string; readonly event: string }

const target = { dialect: openaiDialect('gpt-5'), outputMax: 64_000 }

const written = (call: Call, from: Protocol, to: Protocol): JsonObject | null => {
  try {
    const { value } = translateCall(call, { from, to, target })
    return { ...value.call.body(), ...(to.name === 'gemini' ? {} : { model: 'gpt-5' }) }
  } catch (thrown) {
    // What cannot be read at all is refused, and written for nobody.
    if (thrown instanceof Problem) return null
    throw thrown
  }
}

const eventsIn = (text: string): readonly Json[] =>
  text.split(/\r?\n\r?\n/).flatMap((event) => {
    const data = event
      .split(/\r?\n/)
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice(6))
      .join('\n')
    return data === '' || data === '[DONE]' ? [] : [JSON.parse(data) as Json]
  })

/** An error in the midst, or instead of an answer, has a shape of its own. */
const isAnswer = (value: Json): boolean => !isObject(value) || value['error'] === undefined || value['error'] === null

const requests = (to: Protocol, names: Names): readonly Body[] => {
  const all = [
    ...readRequests().map(({ name, call, protocol }) => ({ name, call, protocol })),
    ...readExchanges().flatMap((exchange) => {
      const { protocol, recording, row } = exchange
      if (protocol.server.readChat === undefined || !isObject(recording.request?.body)) return []
      return [{ name: row.file, call: callOf(exchange), protocol }]
    }),
  ]
  return all.flatMap(({ name, call, protocol }) => {
    const body = protocol === to ? null : written(call, protocol, to)
    return body === null ? [] : [{ schema: names.request, source: name, value: body }]
  })
}

const askFor = (to: Protocol, stream: boolean): Call => {
  const asked = {
    model: 'm',
    max_tokens: 1000,
    messages: [{ role: 'user', content: 'Hello' }],
    contents: [],
    input: [],
  }
  const bytes = Buffer.from(JSON.stringify({ ...asked, stream, stream_options: { include_usage: true } }))
  const path = `/v1beta/models/m:${stream ? 'streamGenerateContent' : 'generateContent'}`
  const inbound = inboundOf(path, bytes)
  return to.server.readCall({ ...inbound, query: new URLSearchParams('alt=sse') })
}

type Crossing = { readonly name: string; readonly text: string }

const recorded = (to: Protocol, stream: boolean): readonly Crossing[] =>
  readExchanges().flatMap((exchange): readonly Crossing[] => {
    const { protocol, recording, row, bytes } = exchange
    if (protocol === to || protocol.kind !== 'chat' || recording.response.status !== 200) return []
    const context = { call: askFor(to, stream), asked: { id: 'call_x', origin: '' }, nowMs: 1_790_000_000_000 }
    const writer = to.server.writeReply(context)
    const inner = protocol.client.readReply(callOf(exchange), recording.response, { whole: true })
    const reader = translatedReader(inner, writer, { stream })
    try {
      const frames = [...reader.read(bytes), ...reader.end()]
      return [{ name: row.file, text: Buffer.concat(frames.map(({ raw }) => raw)).toString('utf8') }]
    } catch (thrown) {
      if (thrown instanceof Problem) return []
      throw thrown
    }
  })

const handWritten = (to: Protocol, stream: boolean): readonly Crossing[] =>
  readFixtures().flatMap((fixture): readonly Crossing[] => {
    if (fixture.protocol.client.writeChat === undefined || fixture.protocol === to) return []
    const { written: told } = crossReply(fixture, to, { stream })
    if (told === null) return []
    return [{ name: fixture.name, text: stream ? (told as readonly string[]).join('') : JSON.stringify(told) }]
  })

const replies = (to: Protocol, names: Names): readonly Body[] => {
  const whole = [...handWritten(to, false), ...recorded(to, false)].flatMap(({ name, text }): readonly Body[] => {
    if (text === '') return []
    return [{ schema: names.reply, source: name, value: JSON.parse(text) as Json }]
  })
  const events = [...handWritten(to, true), ...recorded(to, true)].flatMap(({ name, text }) =>
    eventsIn(text).map((value): Body => ({ schema: names.event, source: name, value })),
  )
  return [...whole, ...events].filter(({ value }) => isAnswer(value))
}

const kinds: Names = { request: 'request', reply: 'reply', event: 'event' }
const bodiesByFormat = new Map<ProtocolName, readonly Body[]>()

/** All bodies that are written in one format, from every other; each once. */
const allIn = (format: ProtocolName): readonly Body[] => {
  const before = bodiesByFormat.get(format)
  if (before !== undefined) return before
  const to = protocols[format]
  const bodies = [...requests(to, kinds), ...replies(to, kinds)]
  const once = [...new Map(bodies.map((body) => [`${body.schema}${JSON.stringify(body.value)}`, body])).values()]
  bodiesByFormat.set(format, once)
  return once
}

/** All bodies that are written in one format, by the names that a document has for them. */
export const bodiesIn = (format: ProtocolName, names: Names): readonly Body[] =>
  allIn(format).map((body) => ({ ...body, schema: names[body.schema as keyof Names] }))
