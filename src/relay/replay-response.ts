/** The events of a response that has ended and that Drover keeps, told again as they were told. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { sseSplitter } from '#base/sse.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { KeptResponse } from '#resource/responses.ts'

/** Bytes of the pieces of one stream that are taken down; of a longer one the events are made from what came of it. */
const piecesBytesMax = 4_194_304

/** Takes down how a stream came, so that its events can be told again with the same numbers. */
export type PieceKeeper = {
  readonly see: (part: Part) => void
  /** `null` = they are too many. */
  readonly pieces: () => readonly JsonObject[] | null
}

/** For one stream. */
export const pieceKeeper = (): PieceKeeper => {
  let kept: JsonObject[] | null = []
  let sizeBytes = 0
  return {
    see: (part) => {
      if (kept === null || part.type === 'ping' || part.type === 'error') return
      const text = JSON.stringify(part)
      sizeBytes += text.length
      if (sizeBytes > piecesBytesMax) kept = null
      else kept.push(JSON.parse(text) as JsonObject)
    },
    pieces: () => kept,
  }
}

type Replay = { readonly protocol: Protocol; readonly inbound: Inbound; readonly nowMs: number }

/** The call as the writer of events must know it: what the answer echoes of it stands in the document. */
const callFor = (document: JsonObject, { protocol, inbound }: Replay): Call => {
  const isSecret = JSON.stringify(document).includes('"encrypted_content"')
  const body = {
    model: String(document['model'] ?? 'unknown'),
    input: [],
    stream: true,
    ...(isSecret ? { include: ['reasoning.encrypted_content'] } : {}),
  }
  const bytes = Buffer.from(JSON.stringify(body))
  return protocol.server.readCall({ ...inbound, body: { kind: 'bytes', bytes, contentType: 'application/json' } })
}

const partsOf = (document: JsonObject, call: Call, { protocol }: Replay): readonly Part[] => {
  const head = { status: 200, headers: { 'content-type': 'application/json' } }
  const reader = protocol.client.readReply({ ...call, stream: false }, head, { whole: true })
  return [...reader.read(Buffer.from(JSON.stringify(document))), ...reader.end()].flatMap(({ parts }) => parts)
}

export type ReplayedEvent = { readonly sequence: number; readonly raw: Buffer }

const eventOf = (name: string | null, value: JsonObject, document: JsonObject): ReplayedEvent => {
  const { response, sequence_number: sequence } = value
  const isEnd = isObject(response) && response['status'] !== 'in_progress'
  const begun = { ...document, status: 'in_progress', output: [], usage: null, completed_at: null }
  const told: Json = isEnd ? document : begun
  const event = isObject(response) ? { ...value, response: told } : value
  return {
    sequence: typeof sequence === 'number' ? sequence : 0,
    raw: Buffer.from(`event: ${name ?? String(value['type'])}\ndata: ${JSON.stringify(event)}\n\n`),
  }
}

/** Its events from the first to the last, numbered as they were when they were told first. */
export const replayOf = ({ document, pieces }: KeptResponse, replay: Replay): readonly ReplayedEvent[] => {
  const call = callFor(document, replay)
  const asked = { id: String(document['id'] ?? '').replace(/^resp_/, ''), origin: replay.inbound.origin }
  const writer = replay.protocol.server.writeReply({ call, asked, nowMs: replay.nowMs })
  const parts = (pieces as readonly Part[] | undefined) ?? partsOf(document, call, replay)
  const bytes = [...parts.map((part) => writer.write(part)).filter((one) => one !== null), writer.end()]
  const events = sseSplitter().feed(Buffer.concat(bytes))
  return events.flatMap(({ event, data }) =>
    data === null ? [] : [eventOf(event, JSON.parse(data.toString('utf8')) as JsonObject, document)],
  )
}
