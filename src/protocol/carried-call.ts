/**
 * What a model needs back with the result of a tool: the thoughts around its call and the call's own signature. A caller whose
 * format has no room for them, or who leaves out what it does not know, gets them put back from what was kept of the answer.
 */

import { createHash } from 'node:crypto'
import { canonicalJson } from '#base/canonical-json.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Block, ChatRequest, Message, ReasoningBlock, ToolCallBlock } from './chat-request.ts'
import type { Carrier, Part } from './part.ts'

/** A number is the length of a text, in UTF-16 units, that stood there. */
type Stand = ReasoningBlock | number

export type CarriedCall = {
  /** Tells this call from another one of the same id. */
  readonly digest: string
  /** What stood between the call before and this one, and behind the last one, in order. */
  readonly before: readonly Stand[]
  readonly after: readonly Stand[]
  readonly carriers: readonly Carrier[]
}

const digestOf = (name: string, input: string): string =>
  createHash('sha256')
    .update(`${name}\n${canonicalJson(input)}`)
    .digest('base64url')

const thought = (text: string, more: Partial<ReasoningBlock> = {}): ReasoningBlock => ({
  type: 'reasoning',
  text,
  redacted: false,
  summary: false,
  carriers: [],
  ...more,
})

type OpenCall = {
  readonly id: string
  readonly name: string
  input: string
  readonly before: readonly Stand[]
  readonly carriers: readonly Carrier[]
}

/** One answer of several (`choices`) as it comes. */
class Turn {
  #stands: Stand[] = []
  #thought: { text: string; readonly redacted: boolean; summary: boolean } | null = null
  readonly #calls = new Map<number, OpenCall>()

  see(part: Part): void {
    switch (part.type) {
      case 'text-delta':
        this.#text(part.text.length)
        break
      case 'reasoning-start':
        this.#thought = { text: '', redacted: part.redacted === true, summary: false }
        break
      case 'reasoning-delta':
        this.#thought ??= { text: '', redacted: false, summary: false }
        this.#thought.text += part.text
        this.#thought.summary ||= part.summary === true
        break
      case 'reasoning-end': {
        const { text = '', redacted = false, summary = false } = this.#thought ?? {}
        this.#thought = null
        this.#stands.push(thought(text, { redacted, summary, carriers: part.carriers ?? [] }))
        break
      }
      case 'tool-input-start':
        if (part.executor !== 'caller') break
        this.#calls.set(part.block, {
          id: part.id,
          name: part.name,
          input: '',
          before: this.#stands,
          carriers: part.carriers ?? [],
        })
        this.#stands = []
        break
      case 'tool-input-delta': {
        const call = this.#calls.get(part.block)
        if (call !== undefined) call.input += part.text
        break
      }
      default:
    }
  }

  calls(): ReadonlyMap<string, CarriedCall> {
    const calls = [...this.#calls.values()]
    const isEmpty = ({ before, carriers }: OpenCall): boolean =>
      carriers.length === 0 && before.every((stand) => typeof stand === 'number')
    if (calls.every(isEmpty) && this.#stands.every((stand) => typeof stand === 'number')) return new Map()
    return new Map(
      calls.map(({ id, name, input, before, carriers }, index) => [
        id,
        {
          digest: digestOf(name, input),
          before,
          carriers,
          after: index === calls.length - 1 ? this.#stands : [],
        },
      ]),
    )
  }

  #text(length: number): void {
    const last = this.#stands.at(-1)
    if (typeof last === 'number') this.#stands[this.#stands.length - 1] = last + length
    else this.#stands.push(length)
  }
}

export type CallGatherer = {
  readonly see: (part: Part) => void
  /** The calls so far by their ids; none where nothing of them must come back. */
  readonly calls: () => ReadonlyMap<string, CarriedCall>
}

/** Gathers from the parts of an answer what its calls need back. */
export const gatherCalls = (): CallGatherer => {
  const turns = new Map<number, Turn>()
  return {
    see: (part) => {
      if (!('choice' in part)) return
      let turn = turns.get(part.choice)
      if (turn === undefined) {
        turn = new Turn()
        turns.set(part.choice, turn)
      }
      turn.see(part)
    },
    calls: () => new Map([...turns.values()].flatMap((turn) => [...turn.calls()])),
  }
}

const isCall = (block: Block): block is ToolCallBlock => block.type === 'tool-call' && block.executor === 'caller'

/** Ids that count instead of naming (`functions.tide:0`, `call_1`) mean another call in another conversation. */
const counts = (id: string): boolean => id.length < 12 || /^functions\.|:\d+$/.test(id)

const textOf = ({ content }: Message): string =>
  content.map((block) => (block.type === 'text' ? block.text : '')).join('\n')

/** The name under which a call is kept: its id, and where that only counts, what the user had said last. */
export const nameOfCall = (id: string, said: string): string =>
  counts(id) ? `${id} ${createHash('sha256').update(said).digest('base64url')}` : id

/** What the user had said before the message at `index`. */
export const saidBefore = (messages: readonly Message[], index = messages.length): string => {
  const last = messages.slice(0, index).findLast(({ role }) => role === 'user')
  return last === undefined ? '' : textOf(last)
}

const hasThought = ({ content }: Message): boolean => content.some(({ type }) => type === 'reasoning')

/** The names of calls in the history that came without thought or signature, in order. */
export const callsWithout = ({ messages }: Pick<ChatRequest, 'messages'>): readonly string[] =>
  messages.flatMap((message, index) => {
    if (message.role !== 'assistant' || !message.content.some(isCall)) return []
    const lacking = message.content.filter(isCall).filter(({ carriers }) => carriers.length === 0)
    if (hasThought(message) && lacking.length === 0) return []
    const said = saidBefore(messages, index)
    return lacking.map(({ id }) => nameOfCall(id, said))
  })

export type FindCall = (name: string) => CarriedCall | null

/** Which carriers a target takes back, and whether it takes thought that has none. */
export type TakenBack = {
  readonly takes: (carrier: Carrier) => boolean
  readonly plainThought: boolean
}

const isTaken = (stand: Stand, { takes, plainThought }: TakenBack): stand is ReasoningBlock =>
  typeof stand !== 'number' &&
  (plainThought ? stand.text !== '' || stand.carriers.some(takes) : stand.carriers.some(takes))

const only = (block: ReasoningBlock, { takes }: TakenBack): ReasoningBlock => ({
  ...block,
  carriers: block.carriers.filter(takes),
})

type Known = { readonly block: ToolCallBlock; readonly call: CarriedCall | null }

const signed = ({ block, call }: Known, taken: TakenBack): ToolCallBlock =>
  block.carriers.length > 0 || call === null ? block : { ...block, carriers: call.carriers.filter(taken.takes) }

/** The message exactly as the model wrote it; `null` where the caller has changed its text. */
const asItStood = (content: readonly Block[], known: readonly Known[], taken: TakenBack): readonly Block[] | null => {
  if (known.some(({ call }) => call === null) || content.some((block) => block.type !== 'text' && !isCall(block)))
    return null
  const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  const marked = content.some((block) => block.cache !== undefined)
  const stands = known.flatMap(({ call }) => [...(call?.before ?? []), ...(call?.after ?? [])])
  const length = stands.reduce<number>((sum, stand) => sum + (typeof stand === 'number' ? stand : 0), 0)
  if (length !== text.length || marked) return null
  let at = 0
  const placed = (all: readonly Stand[]): readonly Block[] =>
    all.flatMap((stand): readonly Block[] => {
      if (typeof stand !== 'number') return isTaken(stand, taken) ? [only(stand, taken)] : []
      at += stand
      return stand === 0 ? [] : [{ type: 'text', text: text.slice(at - stand, at) }]
    })
  return known.flatMap((one) => [
    ...placed(one.call?.before ?? []),
    signed(one, taken),
    ...placed(one.call?.after ?? []),
  ])
}

/** Thoughts before what they led to: those of the first call open the message. */
const inFront = (content: readonly Block[], known: readonly Known[], taken: TakenBack): readonly Block[] => {
  const thoughts = (stands: readonly Stand[] = []): readonly Block[] =>
    stands.filter((stand) => isTaken(stand, taken)).map((stand) => only(stand, taken))
  const [first] = known
  const calls = new Map(known.map((one) => [one.block, one]))
  const body = content.flatMap((block): readonly Block[] => {
    const one = isCall(block) ? calls.get(block) : undefined
    if (one === undefined) return [block]
    return [...(one === first ? [] : thoughts(one.call?.before)), signed(one, taken)]
  })
  return [...thoughts(first?.call?.before), ...body, ...thoughts(known.at(-1)?.call?.after)]
}

const isWanted = ({ before, after, carriers }: CarriedCall, taken: TakenBack): boolean =>
  carriers.some(taken.takes) || [...before, ...after].some((stand) => isTaken(stand, taken))

/** The history with what was kept of its calls put back, where the caller did not bring it itself. */
export const putBack = (messages: readonly Message[], find: FindCall, taken: TakenBack): readonly Message[] =>
  messages.map((message, index) => {
    if (message.role !== 'assistant') return message
    const said = saidBefore(messages, index)
    const known = message.content.filter(isCall).map((block): Known => {
      const call = find(nameOfCall(block.id, said))
      return { block, call: call?.digest === digestOf(block.name, block.input) ? call : null }
    })
    if (!known.some(({ call }) => call !== null && isWanted(call, taken))) return message
    const { thoughtReferred: _given, ...whole } = message
    if (hasThought(message)) {
      const calls = new Map(known.map((one) => [one.block, one]))
      const content = message.content.map((block) => {
        const one = isCall(block) ? calls.get(block) : undefined
        return one === undefined ? block : signed(one, taken)
      })
      return { ...whole, content }
    }
    return {
      ...whole,
      content: asItStood(message.content, known, taken) ?? inFront(message.content, known, taken),
    }
  })

/** A kept call from JSON; `null` = it is none. */
export const readCarriedCall = (value: JsonObject): CarriedCall | null =>
  typeof value['digest'] === 'string' && Array.isArray(value['before']) && Array.isArray(value['carriers'])
    ? (value as unknown as CarriedCall)
    : null
