/** A chat completion, whole or streamed, as one value: what was said, and everything that is odd about how. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Exchange } from '#probe/exchange.ts'
import type { WireReading } from '#probe/wire-events.ts'
import { objectAt, objectsAt, readWire, textAt } from '#probe/wire-events.ts'

export type ToolReading = {
  readonly index: number | null
  readonly id: string
  readonly type: string
  readonly name: string
  readonly input: string
}

export type ChoiceReading = {
  readonly index: number
  readonly role: string | null
  readonly content: string
  readonly reasoning: string
  /** The names under which reasoning came. */
  readonly reasoningFields: readonly string[]
  /** Text came before reasoning did. */
  readonly spokeFirst: boolean
  readonly refusal: string
  readonly tools: readonly ToolReading[]
  /** What an SDK that puts calls together by their index would stumble over. */
  readonly toolFaults: readonly string[]
  readonly functionCall: boolean
  /** In the order in which they came; `null`s left out. */
  readonly finishes: readonly string[]
  /** Text, reasoning or tool input came after the finish reason. */
  readonly afterFinish: boolean
  readonly logprobs: JsonObject | null
}

export type UsageReading = {
  readonly where: 'top' | 'choice' | 'elsewhere'
  readonly usage: JsonObject
  readonly last: boolean
}

export type ChatReading = {
  readonly wire: WireReading
  readonly choices: readonly ChoiceReading[]
  readonly usages: readonly UsageReading[]
  readonly ids: readonly string[]
  readonly models: readonly string[]
  readonly objects: readonly string[]
  readonly created: readonly number[]
  /** Errors within the body or the stream. */
  readonly errors: readonly JsonObject[]
}

type OpenTool = { index: number | null; id: string; type: string; name: string; input: string }

const reasoningNames = ['reasoning_content', 'reasoning', 'thinking'] as const

class ChoiceGathering {
  readonly index: number
  role: string | null = null
  content = ''
  reasoning = ''
  readonly reasoningFields = new Set<string>()
  spokeFirst = false
  refusal = ''
  readonly tools: OpenTool[] = []
  readonly toolFaults = new Set<string>()
  functionCall = false
  readonly finishes: string[] = []
  afterFinish = false
  logprobs: JsonObject | null = null

  constructor(index: number) {
    this.index = index
  }

  message(message: JsonObject, isPiece: boolean): void {
    const said = this.content.length + this.reasoning.length + this.tools.length
    if (this.role === null && textAt(message, 'role') !== '') this.role = textAt(message, 'role')
    const reasoning = this.#reason(message)
    const content = textAt(message, 'content')
    if (reasoning !== '' && this.content !== '' && this.reasoning === '') this.spokeFirst = true
    this.reasoning += reasoning
    this.content += content
    this.refusal += textAt(message, 'refusal')
    if (isObject(message['function_call'])) this.functionCall = true
    for (const call of objectsAt(message, 'tool_calls')) this.#tool(call, isPiece)
    const isMore = this.content.length + this.reasoning.length + this.tools.length > said
    if (isMore && this.finishes.length > 0) this.afterFinish = true
  }

  #reason(message: JsonObject): string {
    for (const name of reasoningNames) {
      const text = textAt(message, name)
      if (text === '') continue
      this.reasoningFields.add(name)
      return text
    }
    return ''
  }

  #tool(call: JsonObject, isPiece: boolean): void {
    const index = typeof call['index'] === 'number' ? call['index'] : null
    const id = textAt(call, 'id')
    const inner = objectAt(call, 'function')
    const name = textAt(inner, 'name')
    const given = inner['arguments']
    const input = typeof given === 'string' ? given : given === undefined || given === null ? '' : JSON.stringify(given)
    if (typeof given === 'object' && given !== null) this.toolFaults.add('the arguments are an object, not text')
    const open = isPiece ? this.#open(index, id, name) : undefined
    if (open === undefined) {
      this.tools.push({ index, id, type: textAt(call, 'type'), name, input })
      return
    }
    open.input += input
    open.id = open.id === '' ? id : open.id
    open.name = open.name === '' ? name : open.name
  }

  #open(index: number | null, id: string, name: string): OpenTool | undefined {
    if (index === null) {
      this.toolFaults.add('a piece of a tool call has no index')
      return id === '' && name === '' ? this.tools.at(-1) : this.tools.find((tool) => id !== '' && tool.id === id)
    }
    const same = this.tools.findLast((tool) => tool.index === index)
    if (same === undefined || id === '' || same.id === '' || same.id === id) return same
    this.toolFaults.add(`two tool calls share the index ${index}`)
    return this.tools.find((tool) => tool.id === id)
  }
}

class ChatGathering {
  readonly choices = new Map<number, ChoiceGathering>()
  readonly usages: { where: UsageReading['where']; usage: JsonObject; event: number }[] = []
  readonly errors: JsonObject[] = []

  document(json: JsonObject, event: number): void {
    if (isObject(json['error'])) this.errors.push(json['error'])
    if (isObject(json['usage'])) this.usages.push({ where: 'top', usage: json['usage'], event })
    for (const [name, value] of Object.entries(json))
      if (name.startsWith('x_') && isObject(value) && isObject(value['usage']))
        this.usages.push({ where: 'elsewhere', usage: value['usage'], event })
    for (const choice of objectsAt(json, 'choices')) this.#choice(choice, event)
  }

  #choice(choice: JsonObject, event: number): void {
    const index = typeof choice['index'] === 'number' ? choice['index'] : 0
    const gathering = this.choices.get(index) ?? new ChoiceGathering(index)
    this.choices.set(index, gathering)
    if (isObject(choice['usage'])) this.usages.push({ where: 'choice', usage: choice['usage'], event })
    if (isObject(choice['logprobs'])) gathering.logprobs ??= choice['logprobs']
    const isPiece = isObject(choice['delta'])
    gathering.message(objectAt(choice, isPiece ? 'delta' : 'message'), isPiece)
    if (typeof choice['finish_reason'] === 'string') gathering.finishes.push(choice['finish_reason'])
  }
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]

/** Reads an answer of the Chat Completions API. */
export const readChat = (exchange: Exchange): ChatReading => {
  const wire = readWire(exchange)
  const gathering = new ChatGathering()
  for (const [place, { json }] of wire.events.entries()) gathering.document(json, place)
  const documents = wire.events.map(({ json }) => json).filter((json) => json['error'] === undefined)
  const texts = (name: string): readonly string[] =>
    distinct(documents.flatMap((json) => (typeof json[name] === 'string' ? [json[name]] : [])))
  const last = Math.max(-1, ...gathering.usages.map(({ event }) => event))
  return {
    wire,
    choices: [...gathering.choices.values()]
      .toSorted((left, right) => left.index - right.index)
      .map((choice) => ({
        ...choice,
        reasoningFields: [...choice.reasoningFields],
        toolFaults: [...choice.toolFaults],
      })),
    usages: gathering.usages.map(({ where, usage, event }) => ({ where, usage, last: event === last })),
    ids: texts('id'),
    models: texts('model'),
    objects: texts('object'),
    created: distinct(documents.flatMap((json) => (typeof json['created'] === 'number' ? [json['created']] : []))),
    errors: gathering.errors,
  }
}

const silent: ChoiceReading = {
  index: 0,
  role: null,
  content: '',
  reasoning: '',
  reasoningFields: [],
  spokeFirst: false,
  refusal: '',
  tools: [],
  toolFaults: [],
  functionCall: false,
  finishes: [],
  afterFinish: false,
  logprobs: null,
}

/** The first choice, or one that says nothing. */
export const firstChoice = (reading: ChatReading): ChoiceReading => reading.choices[0] ?? silent

/** The usage that counts: the last at the top, else the last anywhere; `null` = none came. */
export const usageOfChat = (reading: ChatReading): JsonObject | null =>
  (reading.usages.findLast(({ where }) => where === 'top') ?? reading.usages.at(-1))?.usage ?? null
