/** A reply of one format read as a reply of another: the bytes of its frames are those that the caller's format has for its parts. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import { customToolParts } from './custom-tool-parts.ts'
import { emptyArguments } from './empty-arguments.ts'
import type { Part, UsagePart } from './part.ts'
import type { Frame, ReplyForm, ReplyReader, ReplyWriter } from './protocol.ts'
import type { ToolNames } from './tool-name.ts'
import { withOwnName } from './tool-name.ts'

/** An answer that is gathered before it is written may not be larger than this. */
const gatheredBytesMax = 67_108_864

const nothing = Buffer.alloc(0)

/** What the provider said of its failure is in its own format: the caller gets it in words. */
const inWords = (part: Part): Part => {
  if (part.type !== 'error' || part.problem.detail.raw === undefined) return part
  const { code, detail } = part.problem
  const raw = { ...part.problem.detail.raw, foreign: true } as const
  return { ...part, problem: new Problem(code, { ...detail, raw }) }
}

const tooLarge = (): Problem =>
  new Problem('upstream_error', {
    message: `The provider's answer is larger than ${gatheredBytesMax} bytes, which is the most that is translated. Ask for a stream.`,
    facts: { fault: 'protocol' },
  })

/** Fields that no part names are in the words of the provider's format: the caller's has no place for them. */
const withoutExtra = (part: Part): Part => {
  if (!('extra' in part)) return part
  const { extra: _extra, ...named } = part
  return named as Part
}

export type TranslatedOptions = {
  readonly stream: boolean
  /** Tools of free text among the caller's own. */
  readonly customTools?: ReadonlySet<string>
  /** The caller's own names of tools that went out under others. */
  readonly toolNames?: ToolNames
  /** Both formats are one: what is carried means something to the writer. */
  readonly own?: boolean
}

const none: ReadonlySet<string> = new Set()
const asTheyAre: ToolNames = new Map()

class TranslatedReader implements ReplyReader {
  readonly form: ReplyForm
  readonly #reader: ReplyReader
  readonly #writer: ReplyWriter
  readonly #own: boolean
  readonly #toolNames: ToolNames
  readonly #turnBack: (part: Part) => readonly Part[]
  readonly #withArguments: (part: Part) => readonly Part[]
  #readBytes = 0
  #failed = false
  #written = false
  #usage: UsagePart | null = null

  constructor(reader: ReplyReader, writer: ReplyWriter, options: TranslatedOptions) {
    const { stream, customTools = none, toolNames = asTheyAre, own = false } = options
    this.form = stream ? 'events' : 'json'
    this.#own = own
    this.#toolNames = toolNames
    this.#turnBack = customTools.size === 0 ? (part) => [part] : customToolParts(customTools)
    this.#withArguments = own ? (part) => [part] : emptyArguments()
    this.#reader = reader
    this.#writer = writer
  }

  read(bytes: Buffer): readonly Frame[] {
    this.#readBytes += bytes.length
    if (this.form === 'json' && this.#readBytes > gatheredBytesMax) throw tooLarge()
    return this.#translate(this.#reader.read(bytes))
  }

  end(): readonly Frame[] {
    const frames = [...this.#translate(this.#reader.end())]
    if (this.#written || !(this.#reader.complete() || this.#failed)) return frames
    return [...frames, this.#close()]
  }

  complete(): boolean {
    return this.#written && this.#reader.complete()
  }

  #translate(frames: readonly Frame[]): readonly Frame[] {
    return frames.flatMap((frame) => {
      const parts = frame.parts
        .map((part) => withOwnName(inWords(part), this.#toolNames))
        .flatMap(this.#turnBack)
        .flatMap(this.#withArguments)
      const translated: Frame = {
        raw: this.#bytesOf(parts),
        parts,
        role: frame.role === 'usage-only' ? 'content' : frame.role,
      }
      const isOver = frame.role === 'end' && !this.#written && this.#reader.complete()
      return isOver ? [translated, this.#close()] : [translated]
    })
  }

  #bytesOf(parts: readonly Part[]): Buffer {
    const pieces: Buffer[] = []
    for (const part of parts) {
      if (part.type === 'usage') this.#usage = part
      if (part.type === 'error') this.#failed = true
      const bytes = this.#written ? null : this.#writer.write(this.#own ? part : withoutExtra(part))
      if (bytes !== null) pieces.push(bytes)
    }
    const [only] = pieces
    return pieces.length === 1 && only !== undefined ? only : pieces.length === 0 ? nothing : Buffer.concat(pieces)
  }

  /** The end of the answer in the caller's format. It tells usage, so the usage stands with it: its cost is written in there. */
  #close(): Frame {
    this.#written = true
    return { raw: this.#writer.end(), parts: this.#usage === null ? [] : [this.#usage], role: 'end' }
  }
}

/**
 * Reads what an upstream sends and gives what the caller is to get. A reply that is cut is never closed: `complete` says no,
 * and nothing that ends it has been written.
 */
export const translatedReader = (reader: ReplyReader, writer: ReplyWriter, options: TranslatedOptions): ReplyReader =>
  new TranslatedReader(reader, writer, options)
