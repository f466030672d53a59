/**
 * A reply as guardrails let it pass. A frame is held while its text may still be the beginning of something; one in which nothing was found
 * keeps its bytes, and of another one only the text is spliced.
 */

import { Buffer } from 'node:buffer'
import type { JsonLeaf } from '#base/json-leaves.ts'
import { replaceLeaves } from '#base/json-leaves.ts'
import { Problem } from '#base/problem.ts'
import type { Decisions, Guard } from '#policy/guard.ts'
import { blocked, guardText } from '#policy/guard.ts'
import type { GatedPiece, TextGate } from '#policy/guard-gate.ts'
import { textGate } from '#policy/guard-gate.ts'
import type { Part } from '#protocol/part.ts'
import type { Frame, ReplyReader } from '#protocol/protocol.ts'
import { saysWords } from './guard-leaves.ts'

/** A whole answer that is looked at may not be larger than this. */
const wholeBytesMax = 67_108_864
/** Frames that wait for a text to be decided; beyond it everything is decided as it stands. */
const waitingBytesMax = 1_048_576

type TextPart = Extract<
  Part,
  { readonly type: 'text-delta' | 'reasoning-delta' | 'refusal-delta' | 'tool-input-delta' }
>
type Slot = { readonly frame: Frame; readonly pieces: Map<TextPart, GatedPiece> }

const textTypes: ReadonlySet<string> = new Set([
  'text-delta',
  'reasoning-delta',
  'refusal-delta',
  'tool-input-delta',
] satisfies readonly TextPart['type'][])
const isText = (part: Part): part is TextPart => textTypes.has(part.type)

/** Members in which formats keep text of an answer. */
const textKeys: ReadonlySet<string | null> = new Set([
  'content',
  'text',
  'reasoning_content',
  'reasoning',
  'thinking',
  'refusal',
  'partial_json',
  'arguments',
  'input',
  'args',
  'executableCode',
  'response',
])

/** Objects that a model fills in for a tool: their text is looked at as a whole. */
const toolInputKeys: ReadonlySet<string> = new Set(['args', 'input', 'executableCode'])

/** What stands beside the words of an answer: what a provider's own tools did and found, sources, what no part names. Such parts come whole. */
const besideTypes: ReadonlySet<string> = new Set([
  'tool-result',
  'other',
  'citation',
  'audio-delta',
  'image',
] satisfies readonly Part['type'][])

/** A frame that nothing is read from may say anything, and in that of the end some formats repeat their texts. */
const hasBeside = ({ parts }: Frame): boolean =>
  parts.length === 0 || parts.some(({ type }) => besideTypes.has(type) || type === 'finish')

const compact = (json: string): string => JSON.stringify(JSON.parse(json))

/** Texts of a frame and what they become. `beside`: what another text becomes; `null` = it stays. */
type Changes = {
  readonly texts: ReadonlyMap<string, string>
  readonly beside: ((leaf: JsonLeaf) => string | null) | null
}

const changedDocument = (source: string, { texts, beside }: Changes, done: Set<string>): string => {
  const isChanged = [...texts].some(([text, put]) => text !== put)
  const change = (leaf: JsonLeaf): string | null => {
    const { key, kind, text: written, isFree } = leaf
    // Tokens with their probabilities would tell what was taken out.
    if (kind === 'object' && key === 'logprobs') return isChanged ? 'null' : null
    if (kind === 'number' || kind === 'name') return null
    const text = kind === 'object' && textKeys.has(key) ? compact(written) : written
    const put = textKeys.has(key) ? texts.get(text) : undefined
    if (put === undefined) {
      const isLookedAt = kind === 'object' ? key !== null && toolInputKeys.has(key) : !isFree
      return isLookedAt ? (beside?.(leaf) ?? null) : null
    }
    done.add(text)
    return put === text ? null : put
  }
  return replaceLeaves(source, change, toolInputKeys)
}

const dataLine = /^(\uFEFF?data: ?)(.*)$/gm

/** A document, or the data of events, with these texts changed; `null` = one of them was not found where it should stand. */
const changedRaw = (raw: Buffer, changes: Changes): Buffer | null => {
  const source = raw.toString('utf8')
  const done = new Set<string>()
  try {
    const changed = /^\s*\{/.test(source)
      ? changedDocument(source, changes, done)
      : source.replace(dataLine, (line: string, head: string, data: string) =>
          data.trimStart().startsWith('{') ? `${head}${changedDocument(data, changes, done)}` : line,
        )
    const isWhole = [...changes.texts].every(([text, put]) => text === put || done.has(text))
    return isWhole ? Buffer.from(changed) : null
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null
    throw thrown
  }
}

const changedPartOf = (part: Part, pieces: Slot['pieces']): Part => {
  const piece = isText(part) ? pieces.get(part) : undefined
  if (piece === undefined || !isText(part) || piece.out === part.text) return part
  return part.type === 'text-delta' ? { ...part, text: piece.out, logprobs: null } : { ...part, text: piece.out }
}

export type GuardedReading = {
  readonly guards: readonly Guard[]
  readonly decisions: Decisions
  /** Whether the bytes go to the caller; where they are written anew from the parts, those alone count. */
  readonly splices: boolean
}

class GuardedReader implements ReplyReader {
  readonly #reader: ReplyReader
  readonly #reading: GuardedReading
  readonly #gates = new Map<string, TextGate>()
  #slots: Slot[] = []
  #waitingBytes = 0
  #readBytes = 0
  #failure: Problem | null = null

  constructor(reader: ReplyReader, reading: GuardedReading) {
    this.#reader = reader
    this.#reading = reading
  }

  get form(): ReplyReader['form'] {
    return this.#reader.form
  }

  read(bytes: Buffer): readonly Frame[] {
    if (this.#failure !== null) throw this.#failure
    this.#readBytes += bytes.length
    if (this.form === 'json' && this.#readBytes > wholeBytesMax)
      throw new Problem('upstream_error', {
        message: `The provider's answer is larger than ${wholeBytesMax} bytes, which is the most that guardrails look at. Ask for a stream.`,
        facts: { fault: 'protocol' },
      })
    return this.#pass(this.#reader.read(bytes), false)
  }

  end(): readonly Frame[] {
    if (this.#failure !== null) throw this.#failure
    return this.#pass(this.#reader.end(), true)
  }

  complete(): boolean {
    return this.#failure === null && this.#slots.length === 0 && this.#reader.complete()
  }

  /** What was clean before something that must not pass still goes out. */
  #pass(frames: readonly Frame[], isEnd: boolean): readonly Frame[] {
    const passed: Frame[] = []
    try {
      for (const frame of frames) {
        this.#take(frame)
        passed.push(...this.#ready())
      }
      if (isEnd || this.#waitingBytes > waitingBytesMax) this.#decideAll()
      passed.push(...this.#ready())
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      this.#failure = thrown
      if (passed.length === 0) throw thrown
    }
    return passed
  }

  #take(frame: Frame): void {
    const pieces: Slot['pieces'] = new Map()
    this.#slots.push({ frame, pieces })
    this.#waitingBytes += frame.raw.length
    for (const part of frame.parts) {
      if (isText(part)) pieces.set(part, this.#gateOf(part).add(part.text))
      else if (part.type === 'finish' || part.type === 'error') this.#decideAll()
      else if (part.type.endsWith('-end') && 'block' in part) this.#gates.get(`${part.choice}/${part.block}`)?.end()
    }
    if (frame.role === 'end') this.#decideAll()
  }

  #gateOf({ choice, block, type }: TextPart): TextGate {
    const name = `${choice}/${block}`
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const { guards, decisions } = this.#reading
    const gate = textGate({ guards, decisions, side: 'reply', isJson: type === 'tool-input-delta' })
    this.#gates.set(name, gate)
    return gate
  }

  #decideAll(): void {
    for (const gate of this.#gates.values()) gate.end()
  }

  #ready(): readonly Frame[] {
    const waits = this.#slots.findIndex(({ pieces }) => [...pieces.values()].some(({ left }) => left > 0))
    const ready = waits === -1 ? this.#slots : this.#slots.slice(0, waits)
    this.#slots = waits === -1 ? [] : this.#slots.slice(waits)
    for (const { frame } of ready) this.#waitingBytes -= frame.raw.length
    return ready.map((slot) => this.#changed(slot))
  }

  /** Of what comes whole and stands beside the words each text is looked at by itself. */
  #beside(leaf: JsonLeaf): string | null {
    const { guards, decisions } = this.#reading
    const isLookedAt = leaf.kind === 'object' || (leaf.kind === 'text' && saysWords(leaf))
    return isLookedAt ? guardText(leaf.text, { guards, side: 'reply', decisions }) : null
  }

  #besidePart(part: Part): Part {
    if (!besideTypes.has(part.type)) return part
    const source = JSON.stringify(part)
    const changed = replaceLeaves(source, (leaf) => (leaf.kind === 'text' ? this.#beside(leaf) : null))
    return changed === source ? part : (JSON.parse(changed) as Part)
  }

  #changed({ frame, pieces }: Slot): Frame {
    const isChanged = [...pieces].some(([part, { out }]) => out !== part.text)
    const beside = hasBeside(frame) ? (leaf: JsonLeaf) => this.#beside(leaf) : null
    if (!isChanged && beside === null) return frame
    const parts = isChanged ? frame.parts.map((part) => changedPartOf(part, pieces)) : frame.parts
    if (!this.#reading.splices) return { ...frame, parts: parts.map((part) => this.#besidePart(part)) }
    const raw = changedRaw(frame.raw, {
      texts: new Map([...pieces].map(([part, { out }]) => [part.text, out])),
      beside,
    })
    if (raw === null && !isChanged) return frame
    if (raw === null) {
      const name = this.#reading.guards[0]?.name ?? ''
      throw blocked({ name }, 'what it found in the reply could not be taken out, so the reply is withheld')
    }
    return { ...frame, raw, parts }
  }
}

/** Reads what `reader` reads, as the guardrails let it pass. @throws Problem `content_blocked`. */
export const guardedReader = (reader: ReplyReader, reading: GuardedReading): ReplyReader =>
  new GuardedReader(reader, reading)
