/** The content of a message's item, or of a tool's output, read into blocks. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Block, Citation, MediumSource } from '#protocol/chat-request.ts'
import { Fields, readDataUrl, unreadable } from '#protocol/field-reading.ts'

const sourceOf = (url: string): MediumSource => {
  const inline = readDataUrl(url)
  return inline === null ? { kind: 'url', url, mediaType: null } : { kind: 'base64', ...inline }
}

const readImage = (fields: Fields): Block => {
  const [id, url] = [fields.text('file_id'), fields.text('image_url')]
  const detail = fields.text('detail')
  if (id === null && url === null) return unreadable(fields.at('image_url'), '"image_url" or "file_id"')
  const source: MediumSource = url === null ? { kind: 'file', id: id ?? '', mediaType: null } : sourceOf(url)
  return { type: 'image', source, detail, ...fields.rest() }
}

const fileSource = (fields: Fields): MediumSource => {
  const [id, data, url] = [fields.text('file_id'), fields.text('file_data'), fields.text('file_url')]
  if (data !== null) return readFileData(data)
  if (url !== null) return { kind: 'url', url, mediaType: null }
  return id === null
    ? unreadable(fields.at('file_id'), '"file_id", "file_data" or "file_url"')
    : { kind: 'file', id, mediaType: null }
}

const readFileData = (data: string): MediumSource => {
  const inline = readDataUrl(data)
  return inline === null ? { kind: 'base64', mediaType: 'application/pdf', data } : { kind: 'base64', ...inline }
}

const readFile = (fields: Fields): Block => ({
  type: 'file',
  source: fileSource(fields),
  filename: fields.text('filename'),
  context: null,
  cited: false,
  ...fields.rest(),
})

const readAudio = (fields: Fields): Block => {
  const audio = fields.object('input_audio') ?? {}
  const { data, format } = audio
  if (typeof data !== 'string') return unreadable(`${fields.at('input_audio')}.data`, 'a string')
  const mediaType = `audio/${typeof format === 'string' ? format : 'wav'}`
  return { type: 'audio', source: { kind: 'base64', mediaType, data }, ...fields.rest() }
}

const citationOf = (raw: JsonObject): Citation => {
  const { url, title } = raw
  return { url: typeof url === 'string' ? url : null, title: typeof title === 'string' ? title : null, raw }
}

const readText = (fields: Fields): Block => {
  const citations = fields.objects('annotations').map(citationOf)
  fields.drop('logprobs')
  return {
    type: 'text',
    text: fields.text('text') ?? '',
    ...(citations.length === 0 ? {} : { citations }),
    ...fields.rest(),
  }
}

const readings: Readonly<Record<string, (fields: Fields) => Block>> = {
  input_text: readText,
  output_text: readText,
  text: readText,
  input_image: readImage,
  input_file: readFile,
  input_audio: readAudio,
  refusal: (fields) => ({ type: 'refusal', text: fields.text('refusal') ?? '', ...fields.rest() }),
}

const readPart = (value: Json, place: string): Block => {
  if (!isObject(value)) return unreadable(place, 'an object')
  const fields = new Fields(value, place)
  const name = fields.text('type') ?? ''
  const reading = Object.hasOwn(readings, name) ? readings[name] : undefined
  return reading?.(fields) ?? { type: 'other', name, raw: value }
}

/** A text or a list of parts. An empty text is no block. */
export const readContent = (value: Json | undefined, place: string): readonly Block[] => {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  if (Array.isArray(value)) return value.map((part: Json, index) => readPart(part, `${place}[${index}]`))
  return unreadable(place, 'a string or an array')
}
