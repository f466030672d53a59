/** One answer in each format, as a stream of pieces and as a document: text of ordinary length, a thought, and a call of a tool. */

import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import type { Answer } from '../../interop/matrix/script.ts'
import { signature } from '../../interop/matrix/script.ts'
import { chat } from '../../interop/matrix/upstream/chat.ts'
import { google } from '../../interop/matrix/upstream/google.ts'
import { messages } from '../../interop/matrix/upstream/messages.ts'
import { responses } from '../../interop/matrix/upstream/responses.ts'
import type { Tongue } from '../../interop/matrix/upstream/tongue.ts'
import { bedrock, cohere, ollama } from './provider-only.ts'

export type Sample = {
  readonly protocol: UpstreamProtocolName
  /** A chunk of bytes for each event, as they come from a socket. */
  readonly chunks: readonly Buffer[]
  readonly document: Buffer
  /** Of the stream. */
  readonly contentType: string
  readonly pieces: number
}

const pieces = 200
const words = ['The', ' tide', ' at', ' Brest', ' 号', ' rises,', ' falls', ' and', ' "turns"', '.']

const answer: Answer = {
  thought: 'Two ports, one tide. I look it up.',
  signature,
  pieces: Array.from({ length: pieces }, (_, index) => words[index % words.length] ?? ''),
  calls: [{ id: 'call_1', name: 'tide', input: '{"port":"Brest","day":"2026-11-29"}' }],
  finish: 'tools',
}

const sampleOf = (protocol: UpstreamProtocolName, { events, whole }: Tongue): Sample => ({
  protocol,
  chunks: events(answer, 'a-model').map((event) => Buffer.from(event)),
  document: Buffer.from(JSON.stringify(whole(answer, 'a-model'))),
  contentType: 'text/event-stream',
  pieces,
})

export const samples: readonly Sample[] = [
  sampleOf('openai-chat', chat),
  sampleOf('openai-responses', responses),
  sampleOf('anthropic-messages', messages),
  sampleOf('gemini', google),
  { protocol: 'bedrock-converse', ...bedrock(answer), pieces },
  { protocol: 'cohere-chat', ...cohere(answer), pieces },
  { protocol: 'ollama-chat', ...ollama(answer), pieces },
]
