/** A reply of the OpenAI family, told apart by its first byte, and read by steps that each endpoint gives. */

import { Buffer } from 'node:buffer'
import type { Call } from '#protocol/call.ts'
import type { Frame, ReadOptions, ReplyForm, ReplyHead, ReplyReader } from '#protocol/protocol.ts'
import { eventReader } from './event-reply.ts'
import { jsonReader } from './json-reply.ts'
import type { BodyReader, ReplySteps } from './reply-steps.ts'
import { notTheProtocol } from './upstream-problem.ts'

/** Blanks that may come before a document: OpenRouter sends them to keep a connection open. */
const blankBytesMax = 1024 * 1024

/** The media type of a reply, lower-case, without parameters. */
export const contentTypeOf = ({ headers }: ReplyHead): string => {
  const value = headers['content-type']
  const text = (typeof value === 'string' ? value : value?.[0]) ?? ''
  const parametersAt = text.indexOf(';')
  return (parametersAt < 0 ? text : text.slice(0, parametersAt)).trim().toLowerCase()
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
const isMark = (byte: number): boolean => byte === 0xef || byte === 0xbb || byte === 0xbf

/** Whether a JSON document can begin so; one that does and then breaks is a cut answer, not words. */
const startsJson = (byte: number): boolean => byte === 0x7b || byte === 0x5b || byte === 0x22

const expectedForm = (contentType: string, call: Call): ReplyForm => {
  if (contentType === 'text/event-stream') return 'events'
  return contentType === 'application/json' || !call.stream ? 'json' : 'events'
}

/** Bytes that only pass: sound, text of a transcription. Whole when the transport says that the body ended. */
export const binaryReader = (): ReplyReader => {
  let ended = false
  return {
    form: 'binary',
    read: (bytes) => [{ raw: bytes, parts: [], role: 'content' }],
    end: () => {
      ended = true
      return []
    },
    complete: () => ended,
  }
}

export type ReaderOptions = Partial<ReadOptions> & {
  readonly call: Call
  readonly head: ReplyHead
  readonly steps: ReplySteps
}

class SniffingReader implements ReplyReader {
  readonly #steps: ReplySteps
  #blanks: Buffer[] = []
  #blankBytes = 0
  readonly #streams: boolean
  readonly #whole: boolean
  #form: ReplyForm
  #body: BodyReader | null = null

  constructor({ call, head, steps, whole = false }: ReaderOptions) {
    this.#steps = steps
    this.#streams = call.stream
    this.#whole = whole
    this.#form = expectedForm(contentTypeOf(head), call)
  }

  /** What the head promises; from the first byte on, what the body is. */
  get form(): ReplyForm {
    return this.#form
  }

  read(bytes: Buffer): readonly Frame[] {
    if (this.#body !== null) return this.#body.read(bytes)
    const first = bytes.findIndex((byte) => !isBlank(byte) && !isMark(byte))
    if (first === -1) return this.#keep(bytes)
    this.#body = this.#choose(bytes[first] as number)
    return this.#body.read(this.#blanks.length === 0 ? bytes : Buffer.concat([...this.#blanks, bytes]))
  }

  end(): readonly Frame[] {
    if (this.#body === null && this.#form === 'json')
      throw notTheProtocol('The provider answered with success and nothing in it.', 'cut')
    if (this.#body !== null) return this.#body.end()
    return this.#blankBytes === 0 ? [] : [{ raw: Buffer.concat(this.#blanks), parts: [], role: 'comment' }]
  }

  complete(): boolean {
    return this.#body?.complete() ?? false
  }

  #keep(bytes: Buffer): readonly Frame[] {
    this.#blanks.push(bytes)
    this.#blankBytes += bytes.length
    if (this.#blanks.length === 1024) this.#blanks = [Buffer.concat(this.#blanks)]
    if (this.#blankBytes > blankBytesMax)
      throw notTheProtocol(`The provider sent more than ${blankBytesMax} blanks and no answer.`, 'protocol')
    return []
  }

  #choose(first: number): BodyReader {
    if (first === 0x3c)
      throw notTheProtocol(
        'The provider answered with success and a page (HTML) in it. The address in its base_url is probably not that of its API.',
        'protocol',
      )
    if (first === 0x7b) this.#form = 'json'
    // Words that are no JSON at all are the provider's own (some compatible servers answer so): they pass as they came.
    if (this.#form === 'json' && !this.#streams && !this.#whole && !startsJson(first)) {
      this.#form = 'binary'
      return binaryReader()
    }
    return this.#form === 'json' ? jsonReader(this.#steps, { whole: this.#whole }) : eventReader(this.#steps)
  }
}

/**
 * A reader for one reply. The body decides: a document may come where a stream was asked for, and the reverse.
 * @throws Problem `upstream_error` from `read` and `end` (facts.fault `protocol` or `cut`) for what is neither.
 */
export const openaiReader = (options: ReaderOptions): ReplyReader => new SniffingReader(options)
