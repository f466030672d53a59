/** The recorded exchanges of the OpenAI family as calls through a relay: what to send, and what must come back. */

import { join } from 'node:path'
import type { Ask } from '../e2e/call.ts'
import { dig } from '../e2e/call.ts'
import type { Recording } from '../fake/replay.ts'
import { readIndex, readRecording, responseBytes } from '../fake/replay.ts'

const paths: Readonly<Record<string, string>> = {
  'openai.chat': '/v1/chat/completions',
  'openai.completions': '/v1/completions',
  'openai.embeddings': '/v1/embeddings',
  'openai.moderations': '/v1/moderations',
  'openai.images': '/v1/images/generations',
  'openai.audio.speech': '/v1/audio/speech',
  'openai.audio.transcriptions': '/v1/audio/transcriptions',
  rerank: '/v1/rerank',
}

/** What is asked where the recording holds the answer only. */
const plainBodies: Readonly<Record<string, object>> = {
  'openai.chat': { messages: [{ role: 'user', content: 'Say something.' }] },
  'openai.completions': { prompt: 'Say something.' },
  'openai.embeddings': { input: 'Some text.' },
  'openai.moderations': { input: 'Some text.' },
  'openai.images': { prompt: 'A boat.' },
  'openai.audio.speech': { input: 'Hello.', voice: 'alloy' },
  rerank: { query: 'boat', documents: ['A boat.', 'A car.'] },
}

export type Exchange = {
  readonly file: string
  /** The model's name at the fake provider: unique, so that the answer is found by it. */
  readonly model: string
  readonly recording: Recording
  readonly bytes: Buffer
}

/** Every exchange of the family, under the folder that holds the recordings. */
export function readFamily(shared: string): readonly Exchange[] {
  const folder = join(shared, 'recordings')
  const rows = readIndex(folder).filter((row) => row.api in paths)
  return rows.map(({ file }, index) => {
    const recording = readRecording(folder, file)
    return { file, model: `recording-${index}`, recording, bytes: responseBytes(recording) }
  })
}

const isStream = ({ recording }: Exchange): boolean => recording.response.sse !== undefined

function recordedBody({ recording }: Exchange): Record<string, unknown> {
  const body = recording.request?.body
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body }
  return { ...plainBodies[recording.api] }
}

/**
 * The call. With `usage` the caller asks for the usage event, whatever was recorded, so that nothing of the stream is
 * left out; without, it is asked for only where the recorded caller did.
 */
export async function askFor(
  exchange: Exchange,
  { provider, usage }: { provider: string; usage: boolean },
): Promise<Ask> {
  const path = paths[exchange.recording.api] ?? ''
  const model = `${provider}/${exchange.model}`
  if (exchange.recording.api === 'openai.audio.transcriptions') {
    const form = new FormData()
    form.set('model', model)
    form.set('file', new Blob(['sound']), 'sound.wav')
    const encoded = new Response(form)
    const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
    return { path, body: Buffer.from(await encoded.arrayBuffer()), headers }
  }
  const body: Record<string, unknown> = { ...recordedBody(exchange), model }
  // A recorded wish names providers of the router that was recorded; here it would be read as a wish to Drover.
  delete body['provider']
  if (isStream(exchange)) {
    body['stream'] = true
    if (usage) body['stream_options'] = { ...(body['stream_options'] as object | undefined), include_usage: true }
  }
  return { path, body }
}

/** Whether the recorded caller asked for the usage event of its stream. */
const askedForUsage = (exchange: Exchange): boolean =>
  dig(recordedBody(exchange), 'stream_options.include_usage') === true

const isUsageOnly = (event: string): boolean => {
  const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:'))
  const text = data
    .map((line) => line.slice(5))
    .join('\n')
    .trim()
  if (!text.startsWith('{')) return false
  const value: unknown = JSON.parse(text)
  const choices = dig(value, 'choices')
  return (
    Array.isArray(choices) &&
    choices.length === 0 &&
    typeof dig(value, 'usage') === 'object' &&
    dig(value, 'usage') !== null
  )
}

/** What the caller must get. */
export function expectedBytes(exchange: Exchange, { usage }: { usage: boolean }): Buffer {
  if (!isStream(exchange) || usage || askedForUsage(exchange)) return exchange.bytes
  const events = exchange.bytes.toString().split(/(?<=\r?\n\r?\n)/)
  return Buffer.from(events.filter((event) => !isUsageOnly(event)).join(''))
}

/** The status that section 5 of the design gives to an upstream's; 200 with an error body is one of them. */
export function expectedStatus({ recording }: Exchange): number {
  const { status, body } = recording.response
  // An error document under 200 that states its own status gets that one, where it is one that passes.
  const stated = dig(body, 'error.status')
  if (status === 200 && typeof stated === 'number' && [400, 404, 422].includes(stated)) return stated
  if (status === 200) return dig(body, 'error') === undefined ? 200 : 502
  if ([400, 404, 422].includes(status)) return status
  return [429, 503, 529].includes(status) ? 503 : 502
}
