/** Parts gathered into one message. */

import { Buffer } from 'node:buffer'
import type { Json, JsonObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import { objectArguments } from '#protocol/tool-arguments.ts'
import type { PartOf } from './block-shape.ts'
import { citationOf, extraOf, headOf, opaque, toolBlock, wholeBlock } from './block-shape.ts'
import { problemDocument } from './problem.ts'
import { WriterState } from './writer-state.ts'

type Growing = {
  readonly kind: 'text' | 'reasoning' | 'tool' | 'whole'
  readonly content: JsonObject
  readonly redacted: boolean
  text: string
  readonly citations: JsonObject[]
  readonly opaque: string[]
}

class WholeWriter implements ReplyWriter {
  readonly contentType = 'application/json'
  readonly #context: ReplyContext
  readonly #state: WriterState
  /** In the order in which they began. */
  readonly #blocks = new Map<number, Growing>()
  /** Sources that were told outside of their text: they are put to the last one. */
  readonly #sources: JsonObject[] = []
  #start: PartOf<'start'> | null = null
  #error: PartOf<'error'> | null = null

  constructor(context: ReplyContext) {
    this.#context = context
    this.#state = new WriterState(context)
  }

  warnings(): ReturnType<WriterState['warnings']> {
    return this.#state.warnings()
  }

  write(part: Part): null {
    if (part.type === 'start') this.#start = part
    else if (part.type === 'error') this.#error ??= part
    else if (part.type !== 'ping' && !this.#state.take(part)) this.#add(part as Extract<Part, { block: number }>)
    return null
  }

  end(): Buffer {
    if (this.#error !== null) return problemDocument(this.#error.problem, this.#context.asked)
    this.#cite()
    const { stop_reason, stop_sequence, ...carried } = this.#state.stop()
    const whole = {
      ...headOf(this.#context, this.#start),
      content: [...this.#blocks.values()].flatMap((block) => this.#contentOf(block)),
      stop_reason: stop_reason ?? null,
      stop_sequence: stop_sequence ?? null,
      usage: this.#state.usage(),
      ...carried,
      ...(this.#start === null ? {} : extraOf(this.#start).message),
    }
    return Buffer.from(JSON.stringify(whole))
  }

  #cite(): void {
    const text = [...this.#blocks.values()].findLast(({ kind }) => kind === 'text')
    if (text !== undefined) text.citations.unshift(...this.#sources)
    else if (this.#sources.length > 0)
      this.#state.warn('reply.citations', 'sources that belong to no text are left out')
  }

  #open(block: number, rest: Pick<Growing, 'kind' | 'content'> & Partial<Growing>): void {
    this.#blocks.set(block, { redacted: false, text: '', citations: [], opaque: [], ...rest })
  }

  #add(part: Extract<Part, { block: number }>): void {
    if (part.choice !== 0) {
      this.#state.warn('choices', 'only the first answer can be told')
      return
    }
    const open = this.#blocks.get(part.block)
    switch (part.type) {
      case 'text-start':
        this.#open(part.block, { kind: 'text', content: { type: 'text', ...extraOf(part).block } })
        break
      case 'refusal-start':
        this.#state.refused = true
        this.#open(part.block, { kind: 'text', content: { type: 'text' } })
        break
      case 'reasoning-start': {
        const content = { ...extraOf(part).block }
        this.#open(part.block, { kind: 'reasoning', content, redacted: part.redacted === true })
        break
      }
      case 'tool-input-start':
        this.#beginTool(part)
        break
      case 'text-delta':
      case 'refusal-delta':
      case 'reasoning-delta':
      case 'tool-input-delta':
        if (open !== undefined) open.text += part.text
        break
      case 'reasoning-end':
        open?.opaque.push(...(part.carriers ?? []).map(opaque))
        break
      case 'text-end':
      case 'refusal-end':
      case 'tool-input-end':
        break
      default:
        this.#other(part)
    }
  }

  #beginTool(part: PartOf<'tool-input-start'>): void {
    if (part.executor === 'caller') this.#state.called = true
    const content = toolBlock(part, this.#context)
    if (content !== null) this.#open(part.block, { kind: 'tool', content })
    else
      this.#state.warn(`reply.${part.name}`, "a call of a provider's own tool that Messages does not know is left out")
  }

  #other(part: Extract<Part, { block: number }>): void {
    if (part.type === 'citation') {
      const open = this.#blocks.get(part.block)
      if (open?.kind === 'text') open.citations.push(citationOf(part))
      else this.#sources.push(citationOf(part))
      return
    }
    if (part.type === 'tool-result' || part.type === 'other') {
      const content = wholeBlock(part)
      if (content !== null) {
        this.#open(part.block, { kind: 'whole', content })
        return
      }
    }
    if (part.type !== 'audio-delta' && part.type !== 'audio-end')
      this.#state.warn(`reply.${part.type === 'other' ? part.name : part.type}`, 'Messages has no block for it')
  }

  #contentOf(block: Growing): readonly JsonObject[] {
    if (block.kind === 'whole') return [block.content]
    if (block.kind === 'text')
      return [
        {
          ...block.content,
          text: block.text,
          ...(block.citations.length === 0 ? {} : { citations: block.citations as Json }),
        },
      ]
    if (block.kind === 'tool') {
      const { input, broken } = objectArguments(block.text)
      if (broken)
        this.#state.warn('reply.tool_use', 'its arguments are no JSON object: they stand in "input" as a text')
      return [{ ...block.content, input }]
    }
    const redacted = (data: string): JsonObject => ({ type: 'redacted_thinking', data })
    const [first = '', ...others] = block.opaque
    if (block.redacted) return block.opaque.map(redacted)
    return [{ type: 'thinking', thinking: block.text, signature: first, ...block.content }, ...others.map(redacted)]
  }
}

/** Gathers parts; the message comes from `end`. An error part makes it an error envelope. */
export const wholeWriter = (context: ReplyContext): ReplyWriter => new WholeWriter(context)
