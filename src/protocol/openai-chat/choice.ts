/** One answer among several (`n`), while it is read: which blocks are open, and what waits to be carried. */

import type { JsonObject } from '#base/json-type.ts'
import type { Carrier, Part } from '#protocol/part.ts'
import type { ChatExtra } from './wire.ts'

export type ProseKind = 'text' | 'reasoning' | 'refusal'

type OpenTool = { readonly block: number; readonly id: string }

type Carrying = Exclude<Part, { type: 'ping' | 'error' | 'text-start' | 'reasoning-start' | 'refusal-start' }>

/**
 * Parts that can carry what no part names. The start of prose is left to its first piece: what one chunk told together is
 * written together again, or a reader would take two ways of telling the same text for twice the text.
 */
const carries = (part: Part): part is Carrying =>
  !['ping', 'error', 'text-start', 'reasoning-start', 'refusal-start'].includes(part.type)

/** Gathers the parts of one event; what is waiting to be carried goes with the first part that can. */
export class PartList {
  readonly parts: Part[] = []
  #waiting: ChatExtra | null = null

  wait(extra: ChatExtra): void {
    this.#waiting = { ...this.#waiting, ...extra }
  }

  push(part: Part): void {
    if (this.#waiting === null || !carries(part)) {
      this.parts.push(part)
      return
    }
    this.parts.push({ ...part, extra: { ...part.extra, ...this.#waiting } as JsonObject })
    this.#waiting = null
  }

  /** What has found no part yet; it waits here no longer. */
  take(): ChatExtra | null {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting
  }
}

/** The state of one choice. Text, reasoning and refusal follow each other; tools and sound may lie open beside them. */
export class Choice {
  readonly index: number
  #blocks = 0
  #prose: { readonly kind: ProseKind; readonly block: number } | null = null
  #audio: number | null = null
  readonly #tools = new Map<number, OpenTool>()
  #lastTool = 0
  #carriers: Carrier[] = []
  #finished = false
  /** Fields seen so far, so that what each chunk repeats is carried once. */
  readonly seen = new Map<string, unknown>()
  /** Left over from an event without parts, for the next one. */
  waiting: ChatExtra | null = null
  cited = false
  /** Whether thought was told as a text, so that its details are not told again. */
  thoughtTold = false

  constructor(index: number) {
    this.index = index
  }

  get finished(): boolean {
    return this.#finished
  }

  /** Whether anything was read of this choice. */
  get begun(): boolean {
    return this.#blocks > 0
  }

  get #at(): { readonly choice: number; readonly block: number } {
    return { choice: this.index, block: this.#prose?.block ?? Math.max(0, this.#blocks - 1) }
  }

  #next(): number {
    this.#blocks += 1
    return this.#blocks - 1
  }

  /** The block of this kind of prose: the open one, or a new one after closing another kind. */
  prose(kind: ProseKind, list: PartList): number {
    if (this.#prose?.kind === kind) return this.#prose.block
    if (this.#prose === null && this.#carriers.length > 0 && kind !== 'reasoning') this.closeCarriers(list)
    this.closeProse(list)
    const block = this.#next()
    this.#prose = { kind, block }
    list.push({ type: `${kind}-start`, choice: this.index, block })
    return block
  }

  closeProse(list: PartList): void {
    if (this.#prose === null) return
    const { kind, block } = this.#prose
    this.#prose = null
    const carriers = this.#carriers
    if (kind !== 'reasoning' || carriers.length === 0) {
      list.push({ type: `${kind}-end`, choice: this.index, block })
      return
    }
    this.#carriers = []
    list.push({ type: 'reasoning-end', choice: this.index, block, carriers })
  }

  /** Kept until the reasoning that it belongs to ends. */
  carry(carrier: Carrier): void {
    this.#carriers.push(carrier)
  }

  /** Signatures may come without any readable reasoning: then the block is only for them. */
  closeCarriers(list: PartList): void {
    if (this.#carriers.length > 0) this.prose('reasoning', list)
    this.closeProse(list)
  }

  image(list: PartList, source: { readonly mediaType: string; readonly data?: string; readonly url?: string }): void {
    this.closeProse(list)
    list.push({ type: 'image', choice: this.index, block: this.#next(), ...source, complete: true })
  }

  citation(list: PartList, citation: Omit<Extract<Part, { type: 'citation' }>, 'type' | 'choice' | 'block'>): void {
    this.cited = true
    list.push({ type: 'citation', ...this.#at, ...citation })
  }

  /** Something beside the text that no part names. */
  other(list: PartList, told: Pick<Extract<Part, { type: 'other' }>, 'format' | 'name' | 'raw'>): void {
    list.push({ type: 'other', ...this.#at, ...told })
  }

  /** The block of sound, begun with the first piece. */
  audio(list: PartList, id: string | null): number {
    if (this.#audio !== null) return this.#audio
    this.#audio = this.#next()
    list.push({ type: 'audio-start', choice: this.index, block: this.#audio, id, format: null })
    return this.#audio
  }

  closeAudio(list: PartList, expiresMs: number | null): void {
    if (this.#audio === null) return
    list.push({ type: 'audio-end', choice: this.index, block: this.#audio, expiresMs })
    this.#audio = null
  }

  /**
   * The open tool call that a piece belongs to; `null` = a new one begins. Without an index it is told by id; without
   * both, a name begins one and all else belongs to the last. Some servers give every call the index 0: another id is
   * another call.
   */
  tool(index: number | null, id: string, name: string): OpenTool | null {
    if (index === null && id !== '') return [...this.#tools.values()].find((tool) => tool.id === id) ?? null
    if (index === null && name !== '') return null
    const tool = this.#tools.get(index ?? this.#lastTool) ?? null
    if (tool === null || id === '' || tool.id === '' || tool.id === id) return tool
    return [...this.#tools.values()].find((other) => other.id === id) ?? null
  }

  openTool(index: number | null, id: string): number {
    const block = this.#next()
    // A second call under a used index gets a key of its own behind all real ones.
    const key = index === null || this.#tools.has(index) ? Math.max(-1, ...this.#tools.keys()) + 1 : index
    this.#tools.set(key, { block, id })
    this.#lastTool = key
    return block
  }

  /** Ends one call of a tool, where the format says where it ends. */
  closeTool(block: number, list: PartList): void {
    const key = [...this.#tools].find(([, tool]) => tool.block === block)?.[0]
    if (key === undefined) return
    this.#tools.delete(key)
    list.push({ type: 'tool-input-end', choice: this.index, block })
  }

  /** Ends what is open, in order of the blocks. */
  close(list: PartList): void {
    this.closeCarriers(list)
    this.closeAudio(list, null)
    for (const { block } of this.#tools.values()) list.push({ type: 'tool-input-end', choice: this.index, block })
    this.#tools.clear()
  }

  finish(): void {
    this.#finished = true
  }
}
