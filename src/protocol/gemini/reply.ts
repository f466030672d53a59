/** An answer of Gemini, whole or piece by piece, read into parts. https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse, read 2026-11-28. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { countOf } from '#base/usage.ts'
import type { Call } from '#protocol/call.ts'
import { carrierFormats, openCarrier } from '#protocol/carrier.ts'
import type { EventReading, ReplySteps } from '#protocol/openai/reply-steps.ts'
import { Choice, PartList } from '#protocol/openai-chat/choice.ts'
import type { Carrier, Part } from '#protocol/part.ts'
import { finishWord, readFinishReason } from './finish-reason.ts'
import { readLogprobs } from './logprobs.ts'
import { PartialArguments } from './partial-arguments.ts'
import { readUsage, withSearches } from './usage.ts'

const candidatesMax = 64
const queriesMax = 1_024

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Fields of a piece of content that parts name. */
const contentFields = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'functionCall',
  'inlineData',
  'executableCode',
  'codeExecutionResult',
])
const candidateFields = new Set([
  'index',
  'content',
  'finishReason',
  'groundingMetadata',
  'citationMetadata',
  'urlContextMetadata',
])
const replyFields = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'promptFeedback',
  'createTime',
])

const others = (object: JsonObject, named: ReadonlySet<string>): JsonObject | null => {
  const left = Object.entries(object).filter(([name, value]) => !named.has(name) && value !== null)
  return left.length === 0 ? null : Object.fromEntries(left)
}

const carriersOf = (piece: JsonObject): readonly Carrier[] => {
  const signature = textOf(piece['thoughtSignature'])
  return signature === '' ? [] : [openCarrier(signature, carrierFormats.gemini)]
}

/** `extra` gathers what no part names until the candidate's end. */
type Candidate = {
  readonly choice: Choice
  readonly extra: Record<string, Json>
  calls: number
  sources: number
  finish: string | null
  /** Of the tokens that have just come, until a text takes them. */
  logprobs: JsonObject | null
  /** A call whose arguments come in pieces. */
  partial: { readonly block: number; readonly args: PartialArguments } | null
}

class GeminiReading {
  readonly #call: Call
  readonly #candidates = new Map<number, Candidate>()
  #started = false
  #blocked = false
  /** Each search once: events of a stream repeat them. */
  readonly #queries = new Set<string>()

  constructor(call: Call) {
    this.#call = call
  }

  read(reply: JsonObject): readonly Part[] {
    const list = new PartList()
    this.#start(reply, list)
    const candidates = Array.isArray(reply['candidates']) ? reply['candidates'].filter(isObject) : []
    for (const [place, candidate] of candidates.entries()) this.#candidate(candidate, place, list)
    this.#block(reply['promptFeedback'], list)
    const usage = reply['usageMetadata']
    if (isObject(usage))
      list.push({ type: 'usage', usage: withSearches(readUsage(usage), this.#queries.size), raw: usage })
    return list.parts
  }

  /** Each of the answers has said why it ended; an answer that was blocked before it began has none. */
  finished(): boolean {
    const candidates = [...this.#candidates.values()]
    return this.#blocked || (candidates.length > 0 && candidates.every(({ finish }) => finish !== null))
  }

  #start(reply: JsonObject, list: PartList): void {
    if (this.#started) return
    this.#started = true
    const createdMs = Date.parse(textOf(reply['createTime']))
    const extra = others(reply, replyFields)
    list.push({
      type: 'start',
      id: textOf(reply['responseId']) || null,
      model: textOf(reply['modelVersion']) || null,
      createdMs: Number.isNaN(createdMs) ? null : createdMs,
      ...(extra === null ? {} : { extra: { response: extra } }),
    })
  }

  #stateOf(index: number): Candidate | null {
    const known = this.#candidates.get(index)
    if (known !== undefined) return known
    if (this.#candidates.size >= candidatesMax) return null
    const state: Candidate = {
      choice: new Choice(index),
      extra: {},
      calls: 0,
      sources: 0,
      finish: null,
      logprobs: null,
      partial: null,
    }
    this.#candidates.set(index, state)
    return state
  }

  #candidate(wire: JsonObject, place: number, list: PartList): void {
    const state = this.#stateOf(countOf(wire['index']) ?? place)
    if (state === null) return
    Object.assign(state.extra, others(wire, candidateFields))
    const content = isObject(wire['content']) ? wire['content'] : {}
    const pieces = Array.isArray(content['parts']) ? content['parts'].filter(isObject) : []
    state.logprobs = readLogprobs(wire['logprobsResult'])
    for (const piece of pieces) this.#piece(piece, state, list)
    this.#cite(wire, state, list)
    const raw = finishWord(wire['finishReason'])
    if (raw === null || state.finish !== null) return
    state.finish = raw
    state.choice.close(list)
    const reason = readFinishReason(raw, state.calls > 0)
    const carried = Object.keys(state.extra).length === 0 ? {} : { extra: { candidate: { ...state.extra } } }
    list.push({ type: 'finish', choice: state.choice.index, reason, raw, ...carried })
  }

  #piece(piece: JsonObject, state: Candidate, list: PartList): void {
    const { choice } = state
    const { functionCall, inlineData, executableCode, codeExecutionResult } = piece
    const text = textOf(piece['text'])
    const carriers = carriersOf(piece)
    if (isObject(functionCall)) {
      this.#tool(functionCall, { state, carriers }, list)
      return
    }
    if (isObject(inlineData)) this.#media(inlineData, choice, list)
    else if (isObject(executableCode)) this.#code(executableCode, state, list)
    else if (isObject(codeExecutionResult)) this.#outcome(codeExecutionResult, state, list)
    else if (text !== '') this.#prose(piece['thought'] === true ? 'reasoning' : 'text', text, { state, list })
    else {
      const raw = others(piece, contentFields)
      if (raw !== null) this.#other(raw, choice, list)
    }
    // A signature stands behind what it is for; where that is no thought, it is carried by an empty one.
    for (const carrier of carriers) choice.carry(carrier)
    if (carriers.length > 0) choice.closeCarriers(list)
  }

  #prose(kind: 'text' | 'reasoning', text: string, { state, list }: { state: Candidate; list: PartList }): void {
    const { choice, logprobs } = state
    const at = { choice: choice.index, block: choice.prose(kind, list) }
    if (kind === 'reasoning' || logprobs === null) {
      list.push({ type: `${kind}-delta`, ...at, text })
      return
    }
    state.logprobs = null
    list.push({ type: 'text-delta', ...at, text, logprobs })
  }

  /** A call comes whole. Most have no id: then it is made from the call's own, so that the next turn can name it. */
  #tool(
    wire: JsonObject,
    { state, carriers }: { state: Candidate; carriers: readonly Carrier[] },
    list: PartList,
  ): void {
    const { choice } = state
    if (state.partial !== null) {
      this.#morePieces(wire, state, list)
      return
    }
    choice.closeProse(list)
    const given = textOf(wire['id'])
    const id = given === '' ? `${this.#call.id.replace(/[^A-Za-z0-9]/g, '')}${choice.index}${state.calls}` : given
    state.calls += 1
    const at = { choice: choice.index, block: choice.openTool(null, id) }
    list.push({
      type: 'tool-input-start',
      ...at,
      id,
      name: textOf(wire['name']),
      kind: 'function',
      executor: 'caller',
      ...(carriers.length === 0 ? {} : { carriers }),
    })
    if (wire['willContinue'] === true) {
      state.partial = { block: at.block, args: new PartialArguments() }
      state.partial.args.add(wire['partialArgs'])
    } else list.push({ type: 'tool-input-delta', ...at, text: JSON.stringify(wire['args'] ?? {}) })
  }

  /** The last piece of a call is one that does not go on; only then its arguments are JSON. */
  #morePieces(wire: JsonObject, state: Candidate, list: PartList): void {
    const { partial, choice } = state
    if (partial === null) return
    partial.args.add(wire['partialArgs'])
    if (wire['willContinue'] === true) return
    state.partial = null
    list.push({ type: 'tool-input-delta', choice: choice.index, block: partial.block, text: partial.args.text() })
  }

  #media(data: JsonObject, choice: Choice, list: PartList): void {
    const mediaType = textOf(data['mimeType']) || 'application/octet-stream'
    const bytes = textOf(data['data'])
    if (mediaType.startsWith('audio/')) {
      const block = choice.audio(list, null)
      list.push({ type: 'audio-delta', choice: choice.index, block, data: bytes, transcript: null })
    } else choice.image(list, { mediaType, data: bytes })
  }

  #code(wire: JsonObject, state: Candidate, list: PartList): void {
    const { choice } = state
    choice.closeProse(list)
    const id = this.#codeId(state)
    const at = { choice: choice.index, block: choice.openTool(null, id) }
    list.push({ type: 'tool-input-start', ...at, id, name: 'code_execution', kind: 'function', executor: 'provider' })
    list.push({ type: 'tool-input-delta', ...at, text: JSON.stringify(wire) })
  }

  #outcome(wire: JsonObject, state: Candidate, list: PartList): void {
    const { choice } = state
    choice.closeProse(list)
    const id = this.#codeId(state)
    state.sources += 1
    const at = { choice: choice.index, block: choice.openTool(null, `${id}-result`) }
    list.push({ type: 'tool-result', ...at, id, name: 'code_execution', output: wire })
  }

  /** A piece of code and its outcome follow each other, and have no name of their own. */
  #codeId(state: Candidate): string {
    return `code-${state.choice.index}-${state.sources}`
  }

  #other(raw: JsonObject, choice: Choice, list: PartList): void {
    choice.closeProse(list)
    const name = Object.keys(raw)[0] ?? 'part'
    list.push({ type: 'other', choice: choice.index, block: choice.openTool(null, name), format: 'gemini', name, raw })
  }

  /** Sources of a search, and of what the model has learnt by heart. */
  #cite(wire: JsonObject, { choice }: Candidate, list: PartList): void {
    const grounding = isObject(wire['groundingMetadata']) ? wire['groundingMetadata'] : {}
    this.#search(grounding['webSearchQueries'])
    const chunks = Array.isArray(grounding['groundingChunks']) ? grounding['groundingChunks'].filter(isObject) : []
    for (const chunk of chunks) {
      const place = [chunk['web'], chunk['retrievedContext'], chunk['maps']].find(isObject) ?? {}
      const { uri, title } = place
      choice.citation(list, {
        url: textOf(uri) || null,
        title: textOf(title) || null,
        start: null,
        end: null,
        raw: chunk,
      })
    }
    const cited = isObject(wire['citationMetadata']) ? wire['citationMetadata'] : {}
    const sources = Array.isArray(cited['citationSources'] ?? cited['citations'])
      ? ((cited['citationSources'] ?? cited['citations']) as readonly Json[]).filter(isObject)
      : []
    for (const source of sources)
      choice.citation(list, {
        url: textOf(source['uri']) || null,
        title: textOf(source['title']) || null,
        start: countOf(source['startIndex']),
        end: countOf(source['endIndex']),
        raw: source,
      })
  }

  #search(queries: Json | undefined): void {
    for (const query of Array.isArray(queries) ? queries : [])
      if (typeof query === 'string' && query !== '' && this.#queries.size < queriesMax) this.#queries.add(query)
  }

  /** The prompt was refused: there is no candidate, and the reason stands for its end. */
  #block(feedback: Json | undefined, list: PartList): void {
    const raw = isObject(feedback) ? textOf(feedback['blockReason']) : ''
    if (raw === '' || this.#blocked || this.#candidates.size > 0) return
    this.#blocked = true
    list.push({ type: 'finish', choice: 0, reason: 'content-filter', raw })
  }
}

/** The steps of one reply. */
export const geminiSteps = (call: Call): ReplySteps => {
  const reading = new GeminiReading(call)
  return {
    event: (data): EventReading => ({ parts: reading.read(data), role: 'content' }),
    endMarker: () => [],
    finished: () => reading.finished(),
    document: (document) => reading.read(document),
    members: null,
  }
}
