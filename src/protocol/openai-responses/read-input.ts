/** The items of an input, read as the turns of a conversation: what an answer was made of is one turn of the assistant. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { carrierFormats, holdsSecret, isRedacted, openCarrier } from '#protocol/carrier.ts'
import type { Block, Message, ReasoningBlock, Role, ToolCallBlock } from '#protocol/chat-request.ts'
import { Fields, unreadable } from '#protocol/field-reading.ts'
import { readContent } from './read-content.ts'

const roles: Readonly<Record<string, Role>> = {
  system: 'system',
  developer: 'developer',
  user: 'user',
  assistant: 'assistant',
}

type Item = { readonly fields: Fields; readonly raw: JsonObject; readonly place: string }

/** What every item may have: it means something only to the provider that gave it. */
const ownOfItem: readonly string[] = ['type', 'id', 'status']

const textsOf = (list: readonly JsonObject[]): string =>
  list.map(({ text }) => (typeof text === 'string' ? text : '')).join('\n\n')

/** The summary of a thought, or the thought; and what must come back with it. */
const readReasoning = ({ fields, raw }: Item): ReasoningBlock => {
  const summary = fields.objects('summary')
  const content = fields.objects('content')
  const secret = fields.text('encrypted_content')
  const carriers =
    secret === null || secret === '' ? [] : [openCarrier(secret, carrierFormats.openaiResponses)].filter(holdsSecret)
  fields.drop(...ownOfItem)
  return {
    type: 'reasoning',
    text: textsOf(summary.length > 0 ? summary : content),
    redacted: isRedacted(carriers),
    summary: summary.length > 0,
    carriers,
    ...fields.rest(),
    raw,
  }
}

const inputOf = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value ?? {}))

const readCall = ({ fields, raw, place }: Item, kind: ToolCallBlock['kind']): ToolCallBlock => {
  fields.drop(...ownOfItem)
  return {
    type: 'tool-call',
    id: fields.text('call_id') ?? fields.text('id') ?? unreadable(`${place}.call_id`, 'a string'),
    name: fields.text('name') ?? unreadable(`${place}.name`, 'a string'),
    kind,
    executor: 'caller',
    input: inputOf(fields.take(kind === 'custom' ? 'input' : 'arguments')),
    carriers: [],
    ...fields.rest(),
    raw,
  }
}

const readOutput = ({ fields, raw, place }: Item): Block => {
  const output = fields.take('output')
  fields.drop(...ownOfItem)
  return {
    type: 'tool-result',
    id: fields.text('call_id') ?? unreadable(`${place}.call_id`, 'a string'),
    name: null,
    executor: 'caller',
    isError: false,
    content: isObject(output)
      ? [{ type: 'text', text: JSON.stringify(output) }]
      : readContent(output, fields.at('output')),
    ...fields.rest(),
    raw,
  }
}

/** What answers of the assistant are made of beside its messages. */
const answerItems: Readonly<Record<string, (item: Item) => Block>> = {
  reasoning: readReasoning,
  function_call: (item) => readCall(item, 'function'),
  custom_tool_call: (item) => readCall(item, 'custom'),
}

const resultItems: ReadonlySet<string> = new Set(['function_call_output', 'custom_tool_call_output'])

const notKept = (place: string): never => {
  throw new Problem('invalid_request_error', {
    message: `'${place}' refers to an item that only its provider keeps, and the model's provider is another. Send the item itself: SDKs do so with "store": false.`,
    param: place,
  })
}

/**
 * Clients that take `store` for true where they leave it out send thoughts as references, also those that this relay told them
 * (`@ai-sdk/openai` 4.0.118, read 2026-11-29). What a model needs of a thought is kept with the calls that it led to.
 */
const refersToThought = (id: string | null): boolean => id?.startsWith('rs_') === true

/** Signatures that a thoughtless item in front of a call brought back belong to the call: its own item has no room for them. */
const withSignature = (call: ToolCallBlock, before: Block | undefined): ToolCallBlock | null => {
  if (before?.type !== 'reasoning' || before.text !== '' || before.carriers.length === 0) return null
  const foreign = before.carriers.every(({ format }) => format === carrierFormats.gemini)
  return foreign ? { ...call, carriers: before.carriers } : null
}

class Turns {
  readonly messages: Message[] = []
  /** `referred`: the place of a reference to a thought of the turn. */
  #open: { role: Role; content: Block[]; referred: string | null } | null = null

  /** A block of the assistant's turn, or a result: what follows each other is one message. */
  add(role: 'assistant' | 'tool', block: Block): void {
    if (this.#open?.role !== role) this.#begin(role)
    const content = this.#open?.content ?? []
    const signed = block.type === 'tool-call' ? withSignature(block, content.at(-1)) : null
    if (signed !== null) content.pop()
    content.push(signed ?? block)
  }

  /** A thought of the assistant's turn that is not told. */
  refer(place: string): void {
    if (this.#open?.role !== 'assistant') this.#begin('assistant')
    if (this.#open !== null) this.#open.referred ??= place
  }

  message(message: Message): void {
    const open = this.#open
    const pending = open?.content.some(({ type }) => type === 'tool-call') ?? false
    const begun = open?.content.some(({ type }) => type === 'text' || type === 'refusal') ?? false
    const joins = message.role === 'assistant' && open?.role === 'assistant' && message.extra === undefined
    if (joins && (pending || !begun)) open.content.push(...message.content)
    else if (message.role === 'assistant' && message.extra === undefined) {
      this.#begin('assistant')
      this.#open?.content.push(...message.content)
    } else {
      this.close()
      this.messages.push(message)
    }
  }

  close(): void {
    if (this.#open === null) return
    const { role, content, referred } = this.#open
    this.#open = null
    if (referred !== null && content.length === 0) notKept(referred)
    this.messages.push({ role, content, name: null, ...(referred === null ? {} : { thoughtReferred: true }) })
  }

  #begin(role: Role): void {
    this.close()
    this.#open = { role, content: [], referred: null }
  }
}

const readMessage = ({ fields, place }: Item): Message => {
  const stated = fields.text('role') ?? ''
  const role = Object.hasOwn(roles, stated) ? roles[stated] : undefined
  if (role === undefined) return unreadable(`${place}.role`, `one of ${Object.keys(roles).join(', ')}`)
  const content = readContent(fields.take('content'), fields.at('content'))
  fields.drop('id', 'status')
  return { role, content, name: fields.text('name'), ...fields.rest() }
}

const readItem = (raw: JsonObject, place: string, turns: Turns): void => {
  const fields = new Fields(raw, place)
  const type = fields.text('type') ?? 'message'
  const item: Item = { fields, raw, place }
  const reading = Object.hasOwn(answerItems, type) ? answerItems[type] : undefined
  if (type === 'message') turns.message(readMessage(item))
  else if (type === 'item_reference') refersToThought(fields.text('id')) ? turns.refer(place) : notKept(place)
  else if (resultItems.has(type)) turns.add('tool', readOutput(item))
  else turns.add(/_output$/.test(type) ? 'tool' : 'assistant', reading?.(item) ?? { type: 'other', name: type, raw })
}

/** @throws Problem `invalid_request_error` naming the place. */
export const readInput = (input: Json | undefined): readonly Message[] => {
  if (input === undefined || input === null) return []
  if (typeof input === 'string') return [{ role: 'user', content: [{ type: 'text', text: input }], name: null }]
  if (!Array.isArray(input)) return unreadable('input', 'a string or an array')
  const turns = new Turns()
  for (const [index, item] of input.entries())
    readItem(isObject(item) ? item : unreadable(`input[${index}]`, 'an object'), `input[${index}]`, turns)
  turns.close()
  return turns.messages
}
