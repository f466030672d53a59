/** One item of a response while it is read: what of it was told in pieces, and what only its end tells. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import { carrierFormats, openCarrier } from '#protocol/carrier.ts'
import type { Part } from '#protocol/part.ts'
import { itemFields, othersAs } from './wire.ts'

type Prose = {
  readonly kind: 'text' | 'refusal'
  readonly block: number
  said: boolean
  sources: number
  over: boolean
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : []

/** Between two parts of a summary, which are paragraphs. */
const paragraph = '\n\n'

const citationOf = (raw: JsonObject, block: number): Part => {
  const { url, title, filename } = raw
  return {
    type: 'citation',
    choice: 0,
    block,
    url: textOf(url) || null,
    title: textOf(title) || textOf(filename) || null,
    start: countOf(raw['start_index']),
    end: countOf(raw['end_index']),
    raw,
  }
}

/** What it is called where the text of one of its tools is. */
const inputFields: Readonly<Record<string, 'arguments' | 'input'>> = {
  function_call: 'arguments',
  custom_tool_call: 'input',
}

export class ItemReading {
  readonly #item: JsonObject
  readonly #type: string
  readonly #next: () => number
  readonly #prose = new Map<number, Prose>()
  /** The block of a thought, a call or a picture. */
  #block = -1
  #said = false
  /** The part of the thought that was told last: a summary, or the thought itself. */
  #place: string | null = null
  #over = false

  constructor(item: JsonObject, next: () => number) {
    this.#item = item
    this.#type = textOf(item['type'])
    this.#next = next
  }

  /** Whether the caller has something to run. */
  get isCall(): boolean {
    return Object.hasOwn(inputFields, this.#type)
  }

  begin(): readonly Part[] {
    if (this.#type === 'reasoning') {
      this.#block = this.#next()
      return [{ type: 'reasoning-start', choice: 0, block: this.#block, ...this.#extra() }]
    }
    if (!this.isCall) return []
    this.#block = this.#next()
    const { call_id: callId, id, name } = this.#item
    const kind = this.#type === 'custom_tool_call' ? 'custom' : 'function'
    return [
      {
        type: 'tool-input-start',
        choice: 0,
        block: this.#block,
        id: textOf(callId) || textOf(id),
        name: textOf(name),
        kind,
        executor: 'caller',
        ...this.#extra(),
      },
    ]
  }

  /** An event of this item, by its name without `response.`. */
  piece(name: string, data: JsonObject): readonly Part[] {
    if (this.#over) return []
    switch (name) {
      case 'content_part.added':
        return isObject(data['part']) ? this.#openPart(data, data['part']) : []
      case 'output_text.delta':
        return this.#say('text', data)
      case 'refusal.delta':
        return this.#say('refusal', data)
      case 'output_text.annotation.added':
        return isObject(data['annotation']) ? this.#cite(data, data['annotation']) : []
      case 'reasoning_summary_text.delta':
        return this.#think(`summary ${countOf(data['summary_index']) ?? 0}`, textOf(data['delta']))
      case 'reasoning_text.delta':
        return this.#think(`text ${countOf(data['content_index']) ?? 0}`, textOf(data['delta']))
      case 'function_call_arguments.delta':
      case 'custom_tool_call_input.delta':
        return this.#input(textOf(data['delta']))
      case 'image_generation_call.partial_image':
        return this.#picture(textOf(data['partial_image_b64']), data['output_format'], false)
      case 'content_part.done':
        return isObject(data['part']) ? this.#closePart(data, data['part']) : []
      default:
        return []
    }
  }

  /** `item` as its end tells it; `null` = the stream ended first. */
  end(item: JsonObject | null): readonly Part[] {
    if (this.#over) return []
    const parts = this.#endParts(item ?? {})
    this.#over = true
    return parts
  }

  #endParts(item: JsonObject): readonly Part[] {
    if (this.#type === 'message') return this.#endMessage(item)
    if (this.#type === 'reasoning') return this.#endReasoning(item)
    if (this.isCall) {
      const input = this.#said ? [] : this.#input(textOf(item[inputFields[this.#type] ?? 'arguments']))
      return [...input, { type: 'tool-input-end', choice: 0, block: this.#block }]
    }
    if (this.#type === 'image_generation_call' && textOf(item['result']) !== '')
      return this.#picture(textOf(item['result']), item['output_format'], true)
    if (item['type'] === undefined) return []
    const at = { choice: 0, block: this.#next() }
    return [{ type: 'other', ...at, format: 'openai-responses', name: this.#type, raw: item }]
  }

  #extra(): { readonly extra?: JsonObject } {
    return othersAs('item', this.#item, itemFields)
  }

  #openPart(data: JsonObject, part: JsonObject): readonly Part[] {
    const type = part['type']
    if (type !== 'output_text' && type !== 'refusal') return []
    return this.#proseAt(countOf(data['content_index']) ?? 0, type === 'refusal' ? 'refusal' : 'text').parts
  }

  /** The open prose of a content part, begun where it was not. */
  #proseAt(index: number, kind: Prose['kind']): { readonly prose: Prose; readonly parts: readonly Part[] } {
    const known = this.#prose.get(index)
    if (known !== undefined) return { prose: known, parts: [] }
    const prose: Prose = { kind, block: this.#next(), said: false, sources: 0, over: false }
    this.#prose.set(index, prose)
    const extra = this.#prose.size === 1 ? this.#extra() : {}
    return { prose, parts: [{ type: `${kind}-start`, choice: 0, block: prose.block, ...extra }] }
  }

  #say(kind: Prose['kind'], data: JsonObject): readonly Part[] {
    const { prose, parts } = this.#proseAt(countOf(data['content_index']) ?? 0, kind)
    const text = textOf(data['delta'])
    if (text === '' || prose.over) return parts
    prose.said = true
    const at = { choice: 0, block: prose.block, text }
    const logprobs = objectsIn(data['logprobs'])
    if (kind === 'refusal') return [...parts, { type: 'refusal-delta', ...at }]
    return [
      ...parts,
      { type: 'text-delta', ...at, ...(logprobs.length === 0 ? {} : { logprobs: { content: logprobs } }) },
    ]
  }

  #cite(data: JsonObject, annotation: JsonObject): readonly Part[] {
    const { prose, parts } = this.#proseAt(countOf(data['content_index']) ?? 0, 'text')
    prose.sources += 1
    return [...parts, citationOf(annotation, prose.block)]
  }

  /** The end of a content part; what no event told before is told now. */
  #closePart(data: JsonObject, part: JsonObject): readonly Part[] {
    const type = part['type']
    if (type !== 'output_text' && type !== 'refusal') return []
    const index = countOf(data['content_index']) ?? 0
    const kind = type === 'refusal' ? 'refusal' : 'text'
    const { prose, parts } = this.#proseAt(index, kind)
    if (prose.over) return []
    const said = prose.said
      ? []
      : this.#say(kind, {
          content_index: index,
          delta: textOf(kind === 'text' ? part['text'] : part['refusal']),
          logprobs: part['logprobs'],
        })
    const untold = prose.sources > 0 ? [] : objectsIn(part['annotations'])
    prose.over = true
    return [
      ...parts,
      ...said,
      ...untold.map((annotation) => citationOf(annotation, prose.block)),
      { type: `${kind}-end`, choice: 0, block: prose.block },
    ]
  }

  #endMessage(item: JsonObject): readonly Part[] {
    const told = objectsIn(item['content']).flatMap((part, index) => this.#closePart({ content_index: index }, part))
    const open = [...this.#prose.values()].filter(({ over }) => !over)
    return [...told, ...open.map(({ kind, block }): Part => ({ type: `${kind}-end`, choice: 0, block }))]
  }

  #think(place: string, text: string): readonly Part[] {
    if (text === '') return []
    const summary = place.startsWith('summary') ? { summary: true } : {}
    const at = { choice: 0, block: this.#block }
    const isNext = this.#place !== null && this.#place !== place
    this.#place = place
    return [
      ...(isNext ? [{ type: 'reasoning-delta', ...at, text: paragraph, ...summary } as const] : []),
      { type: 'reasoning-delta', ...at, text, ...summary },
    ]
  }

  #endReasoning(item: JsonObject): readonly Part[] {
    const pieces = this.#place === null ? this.#thought(item) : []
    const secret = textOf(item['encrypted_content'])
    const carriers = secret === '' ? {} : { carriers: [openCarrier(secret, carrierFormats.openaiResponses)] }
    return [...pieces, { type: 'reasoning-end', choice: 0, block: this.#block, ...carriers }]
  }

  /** The summary, or where there is none the thought itself. */
  #thought(item: JsonObject): readonly Part[] {
    const summary = objectsIn(item['summary'])
    const kind = summary.length > 0 ? 'summary' : 'text'
    const told = summary.length > 0 ? summary : objectsIn(item['content'])
    return told.flatMap(({ text }, index) => this.#think(`${kind} ${index}`, textOf(text)))
  }

  #input(text: string): readonly Part[] {
    if (text === '') return []
    this.#said = true
    return [{ type: 'tool-input-delta', choice: 0, block: this.#block, text }]
  }

  #picture(data: string, format: Json | undefined, complete: boolean): readonly Part[] {
    if (this.#block === -1) this.#block = this.#next()
    const mediaType = `image/${textOf(format) || 'png'}`
    return [{ type: 'image', choice: 0, block: this.#block, mediaType, data, complete, ...this.#extra() }]
  }
}
