/**
 * Transcriptions and translations: a form with a file, answered with JSON, text, subtitles or events
 * (https://platform.openai.com/docs/api-reference/audio/createTranscription, read 2026-11-22).
 */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyHead, ReplyWriter } from '#protocol/protocol.ts'
import { endpointProtocol, usageParts } from './endpoint.ts'
import { binaryReader, contentTypeOf, openaiReader } from './reply.ts'
import type { ReplySteps } from './reply-steps.ts'

const at = { choice: 0, block: 0 } as const

/** Where no usage is told, `verbose_json` still tells how long the sound was. */
const usageOrDuration = (document: JsonObject): readonly Part[] => {
  const told = usageParts(document)
  const { duration } = document
  return told.length > 0 || typeof duration !== 'number' ? told : usageParts({ usage: { seconds: duration } })
}

const wholeText = (document: JsonObject): readonly Part[] => {
  const { text } = document
  if (typeof text !== 'string' || text === '') return usageOrDuration(document)
  return [
    { type: 'text-start', ...at },
    { type: 'text-delta', ...at, text },
    { type: 'text-end', ...at },
    ...usageOrDuration(document),
  ]
}

const transcriptSteps = (): ReplySteps => {
  let begun = false
  let done = false
  const read = (event: JsonObject): readonly Part[] => {
    if (event['type'] === 'transcript.text.done') {
      done = true
      return begun ? [{ type: 'text-end', ...at }, ...usageParts(event)] : wholeText(event)
    }
    const { delta } = event
    if (typeof delta !== 'string' || delta === '') return []
    const first: readonly Part[] = begun ? [] : [{ type: 'text-start', ...at }]
    begun = true
    return [...first, { type: 'text-delta', ...at, text: delta }]
  }
  return {
    event: (data) => ({ parts: read(data), role: 'content' }),
    endMarker: () => [],
    finished: () => done,
    document: wholeText,
    members: ['text', 'duration'],
  }
}

/** `text`, `srt` and `vtt` are no protocol: they pass. A page of HTML under success is refused all the same. */
const isPlain = (call: Call, head: ReplyHead): boolean => {
  const contentType = contentTypeOf(head)
  if (contentType === '') return ['text', 'srt', 'vtt'].includes(String(call.body()['response_format']))
  return !['application/json', 'text/event-stream', 'text/html'].includes(contentType)
}

const writeReply = (context: ReplyContext): ReplyWriter => {
  let text = ''
  let usage: JsonObject | null = null
  let error: JsonObject | null = null
  return {
    contentType: 'application/json',
    write: (part) => {
      if (part.type === 'text-delta') text += part.text
      if (part.type === 'usage') usage = part.raw
      if (part.type === 'error') error = errorJson(part.problem, context.asked)
      return null
    },
    end: () => {
      const whole = { text, ...(usage === null ? {} : { usage }) }
      return Buffer.from(JSON.stringify(error === null ? whole : { error }))
    },
  }
}

export const openaiTranscriptions = endpointProtocol({
  request: {
    name: 'openai-transcriptions',
    kind: 'transcription',
    endpoints: ['audio/transcriptions', 'audio/translations'],
    modelDefault: null,
    required: {},
    form: true,
    outputMax: [],
    choices: [],
    batch: null,
  },
  steps: transcriptSteps,
  readReply: (call, head) =>
    isPlain(call, head) ? binaryReader() : openaiReader({ call, head, steps: transcriptSteps() }),
  writeReply,
})
