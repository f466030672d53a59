/** The content of a chat request's messages, read into blocks. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { readCacheMark } from '#protocol/cache-mark.ts'
import type { Block, MediumSource } from '#protocol/chat-request.ts'
import { Fields, readDataUrl, unreadable } from '#protocol/field-reading.ts'

const sourceOf = (url: string): MediumSource => {
  const inline = readDataUrl(url)
  return inline === null ? { kind: 'url', url, mediaType: null } : { kind: 'base64', ...inline }
}

type Part = { readonly fields: Fields; readonly place: string }

/** `image_url: {url}`, and the bare string that some servers take. */
const urlIn = (fields: Fields, name: string): { readonly url: string; readonly detail: string | null } => {
  const value = fields.take(name)
  const url = isObject(value) ? value['url'] : value
  if (typeof url !== 'string') return unreadable(fields.at(name), 'an object with "url"')
  const detail = isObject(value) && typeof value['detail'] === 'string' ? value['detail'] : null
  return { url, detail }
}

const readImage = ({ fields }: Part): Block => {
  const { url, detail } = urlIn(fields, 'image_url')
  return { type: 'image', source: sourceOf(url), detail, ...readCacheMark(fields), ...fields.rest() }
}

const readVideo = ({ fields }: Part): Block => ({
  type: 'video',
  source: sourceOf(urlIn(fields, 'video_url').url),
  ...readCacheMark(fields),
  ...fields.rest(),
})

/** OpenAI's object; Mistral takes the bytes, or their address, as a bare string. */
const readAudio = ({ fields }: Part): Block => {
  const audio = fields.take('input_audio')
  const told = isObject(audio) ? audio : { data: audio }
  const { data, format } = told
  if (typeof data !== 'string') return unreadable(`${fields.at('input_audio')}.data`, 'a string')
  const mediaType = `audio/${typeof format === 'string' ? format : 'wav'}`
  const isAddress = /^https?:/.test(data)
  const source: MediumSource = isAddress
    ? { kind: 'url', url: data, mediaType: null }
    : { kind: 'base64', mediaType, data }
  return { type: 'audio', source, ...readCacheMark(fields), ...fields.rest() }
}

const fileSource = (file: JsonObject, place: string): MediumSource => {
  const { file_id: id, file_data: data } = file
  if (typeof id === 'string') return { kind: 'file', id, mediaType: null }
  if (typeof data !== 'string') return unreadable(place, '"file_id" or "file_data"')
  const inline = readDataUrl(data)
  if (inline !== null) return { kind: 'base64', ...inline }
  return /^https?:/.test(data)
    ? { kind: 'url', url: data, mediaType: null }
    : { kind: 'base64', mediaType: 'application/pdf', data }
}

const readFile = ({ fields, place }: Part): Block => {
  const file = fields.object('file') ?? {}
  const { filename } = file
  return {
    type: 'file',
    source: fileSource(file, `${place}.file`),
    filename: typeof filename === 'string' ? filename : null,
    context: null,
    cited: false,
    ...readCacheMark(fields),
    ...fields.rest(),
  }
}

const readText = ({ fields }: Part): Block => ({
  type: 'text',
  text: fields.text('text') ?? '',
  ...readCacheMark(fields),
  ...fields.rest(),
})

const readRefusal = ({ fields }: Part): Block => ({
  type: 'refusal',
  text: fields.text('refusal') ?? '',
  ...fields.rest(),
})

const readings: Readonly<Record<string, (part: Part) => Block>> = {
  text: readText,
  input_text: readText,
  output_text: readText,
  image_url: readImage,
  video_url: readVideo,
  input_audio: readAudio,
  file: readFile,
  refusal: readRefusal,
}

const readPart = (value: Json, place: string): Block => {
  if (typeof value === 'string') return { type: 'text', text: value }
  if (!isObject(value)) return unreadable(place, 'an object')
  const fields = new Fields(value, place)
  const type = fields.take('type')
  const name = typeof type === 'string' ? type : 'text'
  const reading = Object.hasOwn(readings, name) ? readings[name] : undefined
  return reading?.({ fields, place }) ?? { type: 'other', name, raw: value }
}

/** A text or a list of parts. An empty text is no block. */
export const readContent = (value: Json | undefined, place: string): readonly Block[] => {
  if (value === undefined || value === null || value === '') return []
  if (typeof value === 'string') return [{ type: 'text', text: value }]
  if (Array.isArray(value)) return value.map((part: Json, index) => readPart(part, `${place}[${index}]`))
  return unreadable(place, 'a string or an array')
}
