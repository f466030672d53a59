/** Contents of a Gemini request, read into the shared words. Google takes both spellings of a name: `functionCall`, `function_call`. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { carrierFormats, isRedacted, openCarrier } from '#protocol/carrier.ts'
import type { Block, MediumSource, Message } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'
import type { Carrier } from '#protocol/part.ts'

/** Keys in Google's own spelling, at the levels that are read here; values below stay as they are. */
export const camelKeys = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [
      name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
      value as Json,
    ]),
  )

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

type Medium = Extract<Block, { source: unknown }>

const mediumOf = (source: MediumSource, filename: string | null): Medium => {
  const type = source.kind === 'text' ? 'text/plain' : (source.mediaType ?? '')
  if (type.startsWith('image/')) return { type: 'image', source, detail: null }
  if (type.startsWith('audio/')) return { type: 'audio', source }
  if (type.startsWith('video/')) return { type: 'video', source }
  return { type: 'file', source, filename, context: null, cited: false }
}

/** Google reads both alphabets, and its SDK for Python writes the one for addresses; every other provider wants the usual one. */
const standardBase64 = (text: string): string => {
  const letters = text.replaceAll('-', '+').replaceAll('_', '/')
  return letters.endsWith('=') ? letters : letters.padEnd(Math.ceil(letters.length / 4) * 4, '=')
}

const inlineMedium = (value: JsonObject): Medium => {
  const data = camelKeys(value)
  const mediaType = textOf(data['mimeType']) ?? 'application/octet-stream'
  const source: MediumSource = { kind: 'base64', mediaType, data: standardBase64(textOf(data['data']) ?? '') }
  return mediumOf(source, textOf(data['displayName']))
}

/** Files of Gemini's own store have an address below its API; all others are where they say. */
const fileMedium = (value: JsonObject): Medium => {
  const data = camelKeys(value)
  const mediaType = textOf(data['mimeType'])
  const uri = textOf(data['fileUri']) ?? ''
  const isStored = /^https:\/\/generativelanguage\.googleapis\.com\/|^files\/|^gs:\/\//.test(uri)
  const source: MediumSource = isStored ? { kind: 'file', id: uri, mediaType } : { kind: 'url', url: uri, mediaType }
  return mediumOf(source, textOf(data['displayName']))
}

/** Calls without ids are told by their order: each gets one, and the answers of the same name take them in turn. */
export class CallIds {
  readonly #open = new Map<string, string[]>()
  #count = 0

  begin(id: string | null, name: string): string {
    this.#count += 1
    const used = id ?? `call_${this.#count}`
    this.#open.set(name, [...(this.#open.get(name) ?? []), used])
    return used
  }

  answer(id: string | null, name: string): string {
    const waiting = this.#open.get(name) ?? []
    const used = id ?? waiting[0] ?? `call_of_${name}`
    this.#open.set(
      name,
      waiting.filter((one) => one !== used),
    )
    return used
  }
}

const carriersIn = (fields: Fields): readonly Carrier[] => {
  const signature = fields.text('thoughtSignature') ?? ''
  return signature === '' ? [] : [openCarrier(signature, carrierFormats.gemini)]
}

const readCall = (value: JsonObject, carriers: readonly Carrier[], ids: CallIds): Block => {
  const fields = new Fields(value)
  const name = fields.text('name') ?? unreadable('functionCall.name', 'a string')
  return {
    type: 'tool-call',
    id: ids.begin(fields.text('id'), name),
    name,
    kind: 'function',
    executor: 'caller',
    input: JSON.stringify(fields.take('args') ?? {}),
    carriers,
    ...fields.rest(),
  }
}

/** A result is an object: of one text under the usual name that text, else its JSON. */
const resultText = (response: JsonObject): { readonly text: string; readonly isError: boolean } => {
  const names = Object.keys(response)
  const [only] = names
  if (names.length === 1 && (only === 'result' || only === 'output') && typeof response[only] === 'string')
    return { text: response[only], isError: false }
  if (names.length === 1 && only === 'error' && typeof response['error'] === 'string')
    return { text: response['error'], isError: true }
  return { text: JSON.stringify(response), isError: false }
}

const readResult = (value: JsonObject, ids: CallIds): Block => {
  const fields = new Fields(value)
  const name = fields.text('name') ?? ''
  const response = fields.object('response') ?? {}
  const { text, isError } = resultText(response)
  const media = fields.objects('parts').flatMap((part): Block[] => {
    const { inlineData, fileData } = camelKeys(part)
    if (isObject(inlineData)) return [inlineMedium(inlineData)]
    return isObject(fileData) ? [fileMedium(fileData)] : []
  })
  return {
    type: 'tool-result',
    id: ids.answer(fields.text('id'), name),
    name: name === '' ? null : name,
    executor: 'caller',
    isError,
    content: [{ type: 'text', text }, ...media],
    raw: value,
    ...fields.rest(),
  }
}

const codeBlock = (name: 'executableCode' | 'codeExecutionResult', raw: JsonObject): Block => {
  const shared = { id: 'code', name: 'code_execution', executor: 'provider', raw } as const
  return name === 'executableCode'
    ? { type: 'tool-call', kind: 'function', input: JSON.stringify(raw[name] ?? {}), carriers: [], ...shared }
    : { type: 'tool-result', isError: false, content: [], ...shared }
}

/** One piece as blocks: a signature behind a text is carried by a thought without words. */
const readPart = (value: Json, place: string, ids: CallIds): readonly Block[] => {
  if (!isObject(value)) return unreadable(place, 'an object')
  const raw = camelKeys(value)
  const fields = new Fields(raw, place)
  const carriers = carriersIn(fields)
  const { functionCall, functionResponse, inlineData, fileData, executableCode, codeExecutionResult, text } = raw
  if (isObject(functionCall)) return [readCall(functionCall, carriers, ids)]
  if (isObject(functionResponse)) return [readResult(functionResponse, ids)]
  if (isObject(executableCode)) return [codeBlock('executableCode', raw)]
  if (isObject(codeExecutionResult)) return [codeBlock('codeExecutionResult', raw)]
  const thought = { type: 'reasoning', redacted: isRedacted(carriers), summary: false, carriers } as const
  if (raw['thought'] === true) return [{ ...thought, text: textOf(text) ?? '' }]
  const signed: readonly Block[] = carriers.length === 0 ? [] : [{ ...thought, text: '' }]
  fields.drop('inlineData', 'fileData', 'text', 'thought')
  if (isObject(inlineData)) return [{ ...inlineMedium(inlineData), ...fields.rest() }, ...signed]
  if (isObject(fileData)) return [{ ...fileMedium(fileData), ...fields.rest() }, ...signed]
  if (typeof text !== 'string') return [{ type: 'other', name: Object.keys(raw)[0] ?? 'part', raw: value }]
  return [...(text === '' ? [] : [{ type: 'text', text, ...fields.rest() } as const]), ...signed]
}

const partsIn = (content: JsonObject, place: string): readonly Json[] => {
  const { parts } = content
  if (parts === undefined || parts === null) return []
  return Array.isArray(parts) ? parts : unreadable(`${place}.parts`, 'a list')
}

/** Results of tools are messages of their own in the shared words. */
const turnsOf = (blocks: readonly Block[]): readonly Message[] => {
  const turns: { role: 'user' | 'tool'; content: Block[] }[] = []
  for (const block of blocks) {
    const role = block.type === 'tool-result' && block.executor === 'caller' ? 'tool' : 'user'
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(block)
    else turns.push({ role, content: [block] })
  }
  return turns.map((turn) => ({ ...turn, name: null }))
}

/** One entry of `contents` as messages. */
export const readContent = (content: JsonObject, place: string, ids: CallIds): readonly Message[] => {
  const role = textOf(content['role']) ?? 'user'
  const blocks = partsIn(content, place).flatMap((part, index) => readPart(part, `${place}.parts[${index}]`, ids))
  if (role === 'model') return [{ role: 'assistant', content: blocks, name: null }]
  if (role !== 'user' && role !== 'function' && role !== 'system')
    return unreadable(`${place}.role`, '"user" or "model"')
  return blocks.length === 0 ? [{ role: 'user', content: [], name: null }] : turnsOf(blocks)
}

/** The instruction at the top: an entry of the same form, or only its text. */
export const readSystem = (value: Json | undefined): readonly Message[] => {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return [{ role: 'system', content: [{ type: 'text', text: value }], name: null }]
  if (!isObject(value)) return unreadable('systemInstruction', 'an object')
  const parts = partsIn(value, 'systemInstruction')
  const content = parts.flatMap((part, index) => readPart(part, `systemInstruction.parts[${index}]`, new CallIds()))
  return content.length === 0 ? [] : [{ role: 'system', content, name: null }]
}
