/** Parts written as the events of a Messages stream: one block after the other, whatever order their pieces come in. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import type { Part } from '#protocol/part.ts'
import type { ReplyContext, ReplyWriter } from '#protocol/protocol.ts'
import type { PartOf } from './block-shape.ts'
import { citationOf, extraOf, headOf, opaque, toolBlock, wholeBlock } from './block-shape.ts'
import { heartbeat, writeStreamProblem } from './problem.ts'
import { WriterState } from './writer-state.ts'

type Placed = Extract<Part, { readonly block: number }>

const nothing = Buffer.alloc(0)

const event = (value: JsonObject): Buffer => Buffer.from(`event: ${value['type']}\ndata: ${JSON.stringify(value)}\n\n`)

class StreamWriter implements ReplyWriter {
  readonly contentType = 'text/event-stream; charset=utf-8'
  readonly #context: ReplyContext
  readonly #state: WriterState
  #begun = false
  #failed = false
  #index = 0
  /** The block that is open on the wire; `silent` = one that this format does not show, or that waits for its end. */
  #open: { readonly block: number; readonly silent: boolean } | null = null
  /** Parts of blocks that began while another was open. */
  #waiting: Placed[] = []
  /** Sources that were told before their text. */
  #sources: PartOf<'citation'>[] = []

  constructor(context: ReplyContext) {
    this.#context = context
    this.#state = new WriterState(context)
  }

  warnings(): ReturnType<WriterState['warnings']> {
    return this.#state.warnings()
  }

  write(part: Part): Buffer | null {
    if (this.#failed) return null
    if (part.type === 'ping') return heartbeat
    if (part.type === 'error') {
      this.#failed = true
      return writeStreamProblem(part.problem, this.#context.asked)
    }
    if (part.type === 'start') return this.#begin(part)
    if (this.#state.take(part)) return null
    const placed = part as Placed
    if (placed.choice !== 0) {
      this.#state.warn('choices', 'only the first answer can be told')
      return null
    }
    const events = this.#place(placed)
    if (events.length === 0) return null
    const begun = this.#begin(null)
    return Buffer.concat(begun === null ? events : [begun, ...events])
  }

  end(): Buffer {
    if (this.#failed) return nothing
    const begun = this.#begin(null) ?? nothing
    const rest = this.#closeAll()
    if (this.#sources.length > 0) this.#state.warn('reply.citations', 'sources that came after the text are left out')
    const { stop_reason, stop_sequence, ...carried } = this.#state.stop()
    const { container, ...beside } = carried
    const delta = {
      stop_reason: stop_reason ?? null,
      stop_sequence: stop_sequence ?? null,
      ...(container === undefined ? {} : { container }),
    }
    const last = { type: 'message_delta', delta, usage: this.#state.usage(), ...beside }
    return Buffer.concat([begun, ...rest, event(last), event({ type: 'message_stop' })])
  }

  #begin(start: PartOf<'start'> | null): Buffer | null {
    if (this.#begun) return null
    this.#begun = true
    const message = {
      ...headOf(this.#context, start),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      // Clients add to these figures; the real ones come with the end of the message.
      usage: { input_tokens: 0, output_tokens: 0 },
      ...(start === null ? {} : extraOf(start).message),
    }
    return event({ type: 'message_start', message })
  }

  #place(part: Placed): Buffer[] {
    const isOpen = this.#open !== null && this.#open.block === part.block
    if (this.#open !== null && !isOpen) {
      this.#waiting.push(part)
      return []
    }
    const events = this.#step(part)
    return this.#open === null ? [...events, ...this.#drain()] : events
  }

  #drain(): Buffer[] {
    const waiting = this.#waiting
    this.#waiting = []
    return waiting.flatMap((part) => this.#place(part))
  }

  #closeAll(): Buffer[] {
    const events: Buffer[] = []
    while (this.#open !== null) {
      events.push(...this.#stop())
      events.push(...this.#drain())
    }
    return events
  }

  #start(block: number, content: JsonObject): Buffer[] {
    this.#open = { block, silent: false }
    return [event({ type: 'content_block_start', index: this.#index, content_block: content })]
  }

  #hide(block: number): Buffer[] {
    this.#open = { block, silent: true }
    return []
  }

  #delta(delta: JsonObject): Buffer[] {
    if (this.#open === null || this.#open.silent) return []
    return [event({ type: 'content_block_delta', index: this.#index, delta })]
  }

  #stop(): Buffer[] {
    const open = this.#open
    this.#open = null
    if (open === null || open.silent) return []
    this.#index += 1
    return [event({ type: 'content_block_stop', index: this.#index - 1 })]
  }

  #whole(block: number, content: JsonObject): Buffer[] {
    return [...this.#start(block, content), ...this.#stop()]
  }

  #step(part: Placed): Buffer[] {
    switch (part.type) {
      case 'text-start':
      case 'refusal-start':
        if (part.type === 'refusal-start') this.#state.refused = true
        return [
          ...this.#start(part.block, { type: 'text', text: '', ...extraOf(part).block }),
          ...this.#sources.splice(0).flatMap((source) => this.#cite(source)),
        ]
      case 'text-delta':
      case 'refusal-delta':
        return this.#delta({ type: 'text_delta', text: part.text })
      case 'reasoning-start':
        // What may not be read is known only at its end.
        if (part.redacted === true) return this.#hide(part.block)
        return this.#start(part.block, { type: 'thinking', thinking: '', signature: '', ...extraOf(part).block })
      case 'reasoning-delta':
        return this.#delta({ type: 'thinking_delta', thinking: part.text })
      case 'reasoning-end':
        return this.#endReasoning(part)
      case 'tool-input-start':
        return this.#beginTool(part)
      case 'tool-input-delta':
        return this.#delta({ type: 'input_json_delta', partial_json: part.text })
      case 'text-end':
      case 'refusal-end':
      case 'tool-input-end':
        return this.#stop()
      default:
        return this.#other(part)
    }
  }

  #beginTool(part: PartOf<'tool-input-start'>): Buffer[] {
    if (part.executor === 'caller') this.#state.called = true
    const block = toolBlock(part, this.#context)
    if (block !== null) return this.#start(part.block, block)
    this.#state.warn(`reply.${part.name}`, "a call of a provider's own tool that Messages does not know is left out")
    return this.#hide(part.block)
  }

  #endReasoning({ block, carriers = [] }: PartOf<'reasoning-end'>): Buffer[] {
    const hidden = this.#open?.silent === true
    const [first, ...others] = carriers
    const redacted = (hidden ? carriers : others).flatMap((carrier) =>
      this.#whole(block, { type: 'redacted_thinking', data: opaque(carrier) }),
    )
    if (hidden) {
      this.#open = null
      return redacted
    }
    // Also where there is none: Vercel's provider sends back only thought whose signature was told (`@ai-sdk/anthropic` 4.0.105, read 2026-11-29).
    const signature = this.#delta({ type: 'signature_delta', signature: opaque(first) })
    return [...signature, ...this.#stop(), ...redacted]
  }

  #other(part: Placed): Buffer[] {
    if (part.type === 'citation') return this.#cite(part)
    if (part.type === 'tool-result' || part.type === 'other') {
      const block = wholeBlock(part)
      if (block !== null) return this.#whole(part.block, block)
    }
    if (part.type !== 'audio-delta' && part.type !== 'audio-end')
      this.#state.warn(`reply.${part.type === 'other' ? part.name : part.type}`, 'Messages has no block for it')
    return []
  }

  /** A citation belongs to the text that is open, else to the next one. */
  #cite(part: PartOf<'citation'>): Buffer[] {
    if (this.#open?.silent === false) return this.#delta({ type: 'citations_delta', citation: citationOf(part) })
    this.#sources.push(part)
    return []
  }
}

/** Writes events as parts come. What tells the end comes from `end` alone. */
export const streamWriter = (context: ReplyContext): ReplyWriter => new StreamWriter(context)
