/** The recorded exchanges of the OpenAI family, read where they lie, with the readers that are tried on them. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Inbound } from '#http/inbound.ts'
import type { Call } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { Part } from '#protocol/part.ts'
import type { Frame, Protocol, ProtocolName } from '#protocol/protocol.ts'
import type { IndexRow, Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'

const apis: Readonly<Record<string, ProtocolName>> = {
  'openai.chat': 'openai-chat',
  'openai.responses': 'openai-responses',
  'anthropic.messages': 'anthropic-messages',
  'openai.completions': 'openai-completions',
  'openai.embeddings': 'openai-embeddings',
  'openai.moderations': 'openai-moderations',
  'openai.images': 'openai-images',
  'openai.audio.speech': 'openai-speech',
  'openai.audio.transcriptions': 'openai-transcriptions',
  rerank: 'openai-rerank',
}

export type Exchange = {
  readonly row: IndexRow
  readonly recording: Recording
  readonly protocol: Protocol
  readonly bytes: Buffer
}

/** The folder that lies beside the checkout, or where DROVER_SHARED says. Throws a sentence where it is absent. */
export const sharedFolder = (): string => {
  const folder = resolve(process.env['DROVER_SHARED'] ?? join(import.meta.dirname, '..', '..', '..', 'shared'))
  if (existsSync(join(folder, 'recordings', 'index.jsonl'))) return folder
  throw new Error(`There are no recordings in ${folder}. Set DROVER_SHARED to the folder that holds recordings/.`)
}

/** All exchanges of the family, errors included. */
export const readExchanges = (): readonly Exchange[] => {
  const folder = join(sharedFolder(), 'recordings')
  return readIndex(folder).flatMap((row) => {
    const name = apis[row.api]
    if (name === undefined) return []
    const recording = readRecording(folder, row.file)
    return [{ row, recording, protocol: protocols[name], bytes: responseBytes(recording) }]
  })
}

/** The request as bytes; `null` where it is not known, or was no JSON. */
export const requestBytes = ({ recording }: Exchange): Buffer | null => {
  const body = recording.request?.body
  return body === undefined || body === null ? null : Buffer.from(JSON.stringify(body))
}

export const inboundOf = (path: string, bytes: Buffer): Inbound => ({
  id: 'call_test',
  origin: '',
  method: 'POST',
  path,
  query: new URLSearchParams(),
  headers: {},
  remoteAddress: '127.0.0.1',
  fromLoopback: true,
  arrivedMs: 0,
  signal: new AbortController().signal,
  body: { kind: 'bytes', bytes, contentType: 'application/json' },
})

const fillers: Readonly<Record<string, object>> = {
  'openai-chat': { messages: [] },
  'openai-responses': { input: 'x' },
  'anthropic-messages': { messages: [], max_tokens: 9 },
  'openai-embeddings': { input: 'x' },
  'openai-moderations': { input: 'x' },
  'openai-speech': { input: 'x' },
  'openai-rerank': { query: 'x', documents: [] },
}

/** The recorded request as a call; where it is unknown, or names its model in the path (Azure), one that could have been. */
export const callOf = (exchange: Exchange): Call => {
  const { protocol, row, recording } = exchange
  const known = (recording.request?.body ?? fillers[protocol.name] ?? {}) as Record<string, unknown>
  const body = { model: row.model ?? 'unknown', ...known, stream: known['stream'] ?? row.stream }
  return protocol.server.readCall(inboundOf('/v1/x', Buffer.from(JSON.stringify(body))))
}

export type Read = {
  readonly raw: Buffer
  readonly frames: readonly Frame[]
  readonly parts: readonly Part[]
  readonly complete: boolean
}

/** Reads the answer cut in pieces of these lengths, the last one repeated; no length = whole. */
export const readAnswer = (exchange: Exchange, lengths: readonly number[] = []): Read => {
  const { bytes, protocol, recording } = exchange
  const reader = protocol.client.readReply(callOf(exchange), recording.response)
  const frames: Frame[] = []
  let at = 0
  for (let piece = 0; at < bytes.length; piece += 1) {
    const length = lengths[Math.min(piece, lengths.length - 1)] ?? bytes.length
    frames.push(...reader.read(bytes.subarray(at, at + length)))
    at += length
  }
  frames.push(...reader.end())
  return {
    raw: Buffer.concat(frames.map((frame) => frame.raw)),
    frames,
    parts: frames.flatMap((frame) => frame.parts),
    complete: reader.complete(),
  }
}
