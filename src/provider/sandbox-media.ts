/**
 * The sandbox's images, speech and transcriptions: the smallest that are valid. Their documents and events are those of
 * https://github.com/openai/openai-openapi, read 2026-11-22.
 */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { SandboxJob } from './sandbox-job.ts'
import { answersOf, createdSeconds } from './sandbox-job.ts'
import { inputTexts } from './sandbox-prompt.ts'
import { wordsOf } from './sandbox-text.ts'

export type Media = { readonly contentType: string; readonly pieces: readonly (string | Buffer)[] }

/** One transparent pixel. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII='

const look = { size: '1024x1024', quality: 'low', background: 'transparent', output_format: 'png' }

const event = (data: JsonObject): string => `event: ${String(data['type'])}\ndata: ${JSON.stringify(data)}\n\n`

const json = (document: JsonObject): Media => ({ contentType: 'application/json', pieces: [JSON.stringify(document)] })

const events = (list: readonly JsonObject[]): Media => ({ contentType: 'text/event-stream', pieces: list.map(event) })

/** The tokens of an image cost what they cost at each model: here, of one pixel, one. */
const imageUsage = (input: number, images: number): JsonObject => ({
  input_tokens: input,
  output_tokens: images,
  total_tokens: input + images,
  input_tokens_details: { text_tokens: input, image_tokens: 0 },
})

/** `n` times one pixel, as base64, or as a data URL where a URL is asked for. */
export const imageMedia = async (job: SandboxJob): Promise<Media> => {
  const body = job.call.body()
  const images = answersOf(job)
  const usage = imageUsage(await job.countTokens(inputTexts(body['prompt']).join('\n')), images)
  const created = createdSeconds(job)
  if (job.call.stream) {
    const kind = job.call.endpoint === 'images/edits' ? 'image_edit' : 'image_generation'
    return events([{ type: `${kind}.completed`, b64_json: png, created_at: created, ...look, usage }])
  }
  const image = body['response_format'] === 'url' ? { url: `data:image/png;base64,${png}` } : { b64_json: png }
  return json({ created, data: Array.from({ length: images }, () => image), usage })
}

const sampleRate = 8_000
/** A tenth of a second. */
const samples = 800

const chunkHead = (name: string, sizeBytes: number): Buffer => {
  const head = Buffer.alloc(8)
  head.write(name, 'latin1')
  head.writeUInt32LE(sizeBytes, 4)
  return head
}

/** 16 bit, one channel, silence. */
const wav = (): Buffer => {
  const format = Buffer.alloc(16)
  format.writeUInt16LE(1, 0)
  format.writeUInt16LE(1, 2)
  format.writeUInt32LE(sampleRate, 4)
  format.writeUInt32LE(sampleRate * 2, 8)
  format.writeUInt16LE(2, 12)
  format.writeUInt16LE(16, 14)
  const data = Buffer.alloc(samples * 2)
  const body = [Buffer.from('WAVE'), chunkHead('fmt ', format.length), format, chunkHead('data', data.length), data]
  const sizeBytes = body.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([chunkHead('RIFF', sizeBytes), ...body])
}

/** Silence: raw where `pcm` is asked for, else a WAV whatever is asked for, and its content-type says so. */
export const speechMedia = async (job: SandboxJob): Promise<Media> => {
  const body = job.call.body()
  const sound = wav()
  if (body['stream_format'] === 'sse') {
    const input = await job.countTokens(inputTexts(body['input']).join('\n'))
    const usage = { input_tokens: input, output_tokens: 1, total_tokens: input + 1 }
    return events([
      { type: 'speech.audio.delta', audio: sound.toString('base64') },
      { type: 'speech.audio.done', usage },
    ])
  }
  if (body['response_format'] === 'pcm') return { contentType: 'audio/pcm', pieces: [sound.subarray(44)] }
  return { contentType: 'audio/wav', pieces: [sound.subarray(0, 44), sound.subarray(44)] }
}

const fileBytes = ({ call }: SandboxJob): number => {
  if (call.payload.kind === 'form')
    return call.payload.form.parts.reduce((sum, part) => sum + (part.kind === 'file' ? part.sizeBytes : 0), 0)
  // Clients of OpenRouter send sound as base64 in JSON.
  const { input_audio: audio } = call.body()
  const data = isObject(audio) ? audio['data'] : undefined
  return typeof data === 'string' ? Buffer.byteLength(data, 'base64') : 0
}

const verbose = (text: string): JsonObject => ({
  task: 'transcribe',
  language: 'english',
  duration: 1,
  text,
  segments: [{ id: 0, start: 0, end: 1, text, tokens: [], temperature: 0, avg_logprob: -0.01, no_speech_prob: 0 }],
})

const transcriptEvents = (text: string, usage: JsonObject): Media =>
  events([
    ...wordsOf(text).map((delta) => ({ type: 'transcript.text.delta', delta })),
    { type: 'transcript.text.done', text, usage },
  ])

/** Says how many bytes of sound it was given, in the form that was asked for. */
export const transcriptionMedia = async (job: SandboxJob): Promise<Media> => {
  const text = `[audio ${fileBytes(job)} bytes]`
  const tokens = await job.countTokens(text)
  const usage = { type: 'tokens', input_tokens: 1, output_tokens: tokens, total_tokens: tokens + 1 }
  if (job.call.stream) return transcriptEvents(text, usage)
  switch (job.call.body()['response_format']) {
    case 'text':
      return { contentType: 'text/plain; charset=utf-8', pieces: [`${text}\n`] }
    case 'srt':
      return { contentType: 'text/plain; charset=utf-8', pieces: [`1\n00:00:00,000 --> 00:00:01,000\n${text}\n\n`] }
    case 'vtt':
      return {
        contentType: 'text/plain; charset=utf-8',
        pieces: [`WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n${text}\n\n`],
      }
    case 'verbose_json':
      return json({ ...verbose(text), usage: { type: 'duration', seconds: 1 } })
    default:
      return json({ text, usage })
  }
}
