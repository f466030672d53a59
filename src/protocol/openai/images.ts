/**
 * Images: generations (JSON), edits and variations (multipart or JSON), whole or as a stream of previews
 * (https://platform.openai.com/docs/api-reference/images-streaming, read 2026-11-22).
 */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { errorJson } from '#http/problem-answer.ts'
import type { Call } from '#protocol/call.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { endpointProtocol, usageParts } from './endpoint.ts'
import type { ReplySteps } from './reply-steps.ts'

const mediaTypeOf = (event: JsonObject): string => {
  const format = event['output_format']
  return typeof format === 'string' ? `image/${format}` : 'image/png'
}

const imagePart = (event: JsonObject, block: number, complete: boolean): Part => {
  const { b64_json: data, url } = event
  return {
    type: 'image',
    choice: 0,
    block,
    mediaType: mediaTypeOf(event),
    ...(typeof data === 'string' ? { data } : {}),
    ...(typeof url === 'string' ? { url } : {}),
    complete,
  }
}

/** More pictures than any provider makes at once: of a list that goes on, no more parts are made. */
const picturesMax = 1_024

/** Where providers put pictures; SiliconFlow's first form is the second. */
const pictureLists: readonly string[] = ['data', 'images']

/** A document's pictures are counted, and not looked at. */
const documentParts = (document: JsonObject, objects: (list: string) => number | null): readonly Part[] => {
  const count = Math.min(picturesMax, Math.max(0, ...pictureLists.map((list) => objects(list) ?? 0)))
  const pictures = Array.from({ length: count }, (_, block) => imagePart(document, block, true))
  return [...pictures, ...usageParts(document)]
}

const imageSteps = (call: Call): ReplySteps => {
  let completed = 0
  return {
    event: (data) => {
      const kind = typeof data['type'] === 'string' ? data['type'].split('.').at(-1) : null
      if (kind === 'partial_image') return { parts: [imagePart(data, completed, false)], role: 'content' }
      if (kind !== 'completed') return { parts: usageParts(data), role: 'content' }
      completed += 1
      return { parts: [imagePart(data, completed - 1, true), ...usageParts(data)], role: 'content' }
    },
    endMarker: () => [],
    finished: () => completed >= call.choices,
    document: documentParts,
    members: ['output_format'],
    lists: pictureLists,
  }
}

/** Whole images as one document. */
const writeReply = (context: ReplyContext): ReplyWriter => {
  const images: JsonObject[] = []
  let usage: JsonObject | null = null
  let error: JsonObject | null = null
  return {
    contentType: 'application/json',
    write: (part) => {
      if (part.type === 'image' && part.complete)
        images.push(part.data === undefined ? { url: part.url ?? '' } : { b64_json: part.data })
      if (part.type === 'usage') usage = part.raw
      if (part.type === 'error') error = errorJson(part.problem, context.asked)
      return null
    },
    end: () => {
      const created = Math.floor(context.nowMs / 1000)
      const whole = { created, data: images, ...(usage === null ? {} : { usage }) }
      return Buffer.from(JSON.stringify(error === null ? whole : { error }))
    },
  }
}

export const openaiImages = endpointProtocol({
  request: {
    name: 'openai-images',
    kind: 'image',
    endpoints: ['images/generations', 'images/edits', 'images/variations'],
    modelDefault: 'gpt-image-2',
    required: {},
    form: true,
    outputMax: [],
    choices: ['n'],
    batch: null,
  },
  steps: imageSteps,
  writeReply,
})
