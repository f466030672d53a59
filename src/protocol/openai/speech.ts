/** Speech: bytes of sound, or events with pieces of them (https://platform.openai.com/docs/api-reference/audio/createSpeech, read 2026-11-22). */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyHead, ReplyWriter } from '#protocol/protocol.ts'
import { endpointProtocol, usageParts } from './endpoint.ts'
import { binaryReader, contentTypeOf, openaiReader } from './reply.ts'
import type { ReplySteps } from './reply-steps.ts'

const speechSteps = (): ReplySteps => {
  let begun = false
  let done = false
  const read = (event: JsonObject): readonly Part[] => {
    const at = { choice: 0, block: 0 }
    if (event['type'] === 'speech.audio.done') {
      done = true
      return [{ type: 'audio-end', ...at, expiresMs: null }, ...usageParts(event)]
    }
    const data = event['audio']
    if (typeof data !== 'string') return []
    const first: readonly Part[] = begun ? [] : [{ type: 'audio-start', ...at, id: null, format: null }]
    begun = true
    return [...first, { type: 'audio-delta', ...at, data, transcript: null }]
  }
  return {
    event: (data) => ({ parts: read(data), role: 'content' }),
    endMarker: () => [],
    finished: () => done,
    document: usageParts,
    members: [],
  }
}

/** Only what cannot be sound is read: errors and pages come as JSON, text and HTML. */
const isSound = (head: ReplyHead): boolean =>
  !['application/json', 'text/event-stream', 'text/html', 'text/plain'].includes(contentTypeOf(head))

const soundWriter = (): ReplyWriter => ({
  contentType: 'application/octet-stream',
  write: (part) => (part.type === 'audio-delta' && part.data !== null ? Buffer.from(part.data, 'base64') : null),
  end: () => Buffer.alloc(0),
})

export const openaiSpeech = endpointProtocol({
  request: {
    name: 'openai-speech',
    kind: 'speech',
    endpoints: ['audio/speech'],
    modelDefault: null,
    required: { input: 'anything' },
    form: false,
    outputMax: [],
    choices: [],
    batch: null,
  },
  steps: speechSteps,
  readReply: (call, head) => (isSound(head) ? binaryReader() : openaiReader({ call, head, steps: speechSteps() })),
  writeReply: soundWriter,
})
