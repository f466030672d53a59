/** Endpoints of Anthropic's and Gemini's own APIs that do everything right, and one fault for each probe of them. */

import type { Answer, Asked, Body } from './ideal-model.ts'
import { goodKey, list, model, object } from './ideal-model.ts'

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  documents: [],
  isStream: false,
  raw: Buffer.from(JSON.stringify(body)),
})

type Event = Body & { readonly type?: string }

const events = (all: readonly Event[]): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  documents: [],
  isStream: true,
  raw: Buffer.from(
    all
      .map((one) => `${one.type === undefined ? '' : `event: ${one.type}\n`}data: ${JSON.stringify(one)}\n\n`)
      .join(''),
  ),
})

const words = (text: string): readonly string[] => text.match(/\s*\S+/g) ?? []
const tokensOf = (value: unknown): number => words(JSON.stringify(value) ?? '').length

type Said = { readonly text: string; readonly isCut: boolean; readonly isStopped: boolean }

/** The answer within its limit and before its stop sequence. */
function speak(prompt: string, limit: unknown, stops: unknown): Said {
  const repeated = /^Repeat exactly: (.*)$/.exec(prompt)?.[1]
  const full = prompt.startsWith('Count')
    ? 'one, two, three, four, five, six, seven, eight, nine, ten'
    : (repeated ?? 'A very good morning to you all.')
  const stop = (Array.isArray(stops) ? stops : []).map(String).find((one) => full.includes(one))
  const before = stop === undefined ? full : full.slice(0, full.indexOf(stop))
  const kept = words(before).slice(0, Number(limit))
  return { text: kept.join(''), isCut: kept.length < words(before).length, isStopped: stop !== undefined }
}

const lastText = (messages: readonly Body[], name: string): string => {
  const content = messages.at(-1)?.[name]
  return typeof content === 'string' ? content : String(list(content)[0]?.['text'] ?? '')
}

const anthropicError = (status: number, type: string): Answer =>
  json(status, { type: 'error', error: { type, message: 'No.' } })

function anthropicBlocks(body: Body): { readonly blocks: readonly Body[]; readonly stopReason: string } {
  const prompt = lastText(list(body['messages']), 'content')
  if (prompt.startsWith('Use the get_weather tool') && body['tools'] !== undefined)
    return {
      blocks: [{ type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: { city: 'Oslo' } }],
      stopReason: 'tool_use',
    }
  const { text, isCut, isStopped } = speak(prompt, body['max_tokens'], body['stop_sequences'])
  const thinking = object(body['thinking'])['type'] === 'enabled' ? [{ type: 'thinking', thinking: 'Hm.' }] : []
  return {
    blocks: [...thinking, { type: 'text', text }],
    stopReason: isCut ? 'max_tokens' : isStopped ? 'stop_sequence' : 'end_turn',
  }
}

const deltaOf = (block: Body): Body => {
  if (block['type'] === 'text') return { type: 'text_delta', text: block['text'] }
  if (block['type'] === 'thinking') return { type: 'thinking_delta', thinking: block['thinking'] }
  return { type: 'input_json_delta', partial_json: JSON.stringify(block['input']) }
}

/** The Messages API as it should be. */
export function idealAnthropic(asked: Asked): Answer {
  const { body, path } = asked
  if (asked.headers['authorization'] !== `Bearer ${goodKey}`) return anthropicError(401, 'authentication_error')
  if (Object.keys(body).length === 0 || !Array.isArray(body['messages']))
    return anthropicError(400, 'invalid_request_error')
  if (body['model'] !== model) return anthropicError(404, 'not_found_error')
  const input = tokensOf(body['messages'])
  if (path === 'messages/count_tokens') return json(200, { input_tokens: input })
  if (body['max_tokens'] === undefined) return anthropicError(400, 'invalid_request_error')
  const { blocks, stopReason } = anthropicBlocks(body)
  const usage = { input_tokens: input, output_tokens: 3 + tokensOf(blocks) }
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model, content: [], stop_reason: null }
  if (body['stream'] !== true) return json(200, { ...message, content: blocks, stop_reason: stopReason, usage })
  return events([
    { type: 'message_start', message: { ...message, usage: { ...usage, output_tokens: 1 } } },
    { type: 'ping' },
    ...blocks.flatMap((block, index): Event[] => [
      {
        type: 'content_block_start',
        index,
        content_block: { ...block, ...(block['type'] === 'tool_use' ? { input: {} } : { text: '' }) },
      },
      { type: 'content_block_delta', index, delta: deltaOf(block) },
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', delta: { stop_reason: stopReason }, usage: { output_tokens: usage.output_tokens } },
    { type: 'message_stop' },
  ])
}

const geminiError = (code: number, status: string): Answer => json(code, { error: { code, message: 'No.', status } })

/** The Gemini API as it should be. */
export function idealGemini(asked: Asked): Answer {
  const { body, path } = asked
  if (asked.headers['authorization'] !== `Bearer ${goodKey}`) return geminiError(400, 'INVALID_ARGUMENT')
  if (path.startsWith('models?')) return json(200, { models: [{ name: `models/${model}` }] })
  if (!path.startsWith(`models/${model}:`)) return geminiError(404, 'NOT_FOUND')
  if (!Array.isArray(body['contents'])) return geminiError(400, 'INVALID_ARGUMENT')
  const input = tokensOf(body['contents'])
  if (path.endsWith(':countTokens')) return json(200, { totalTokens: input })
  const prompt = lastText(list(body['contents']), 'parts')
  const config = object(body['generationConfig'])
  const isCall = body['tools'] !== undefined && prompt.startsWith('Use the')
  const { text, isCut } = speak(prompt, config['maxOutputTokens'], config['stopSequences'])
  const part = isCall
    ? { functionCall: { name: 'get_weather', args: { city: 'Oslo' } } }
    : { text: config['responseSchema'] === undefined ? text : '{"city":"Oslo"}' }
  const usageMetadata = { promptTokenCount: input, candidatesTokenCount: 5, totalTokenCount: input + 5 }
  const answer = {
    candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: isCut ? 'MAX_TOKENS' : 'STOP' }],
    usageMetadata,
    modelVersion: model,
  }
  return path.includes('alt=sse') ? events([answer]) : json(200, answer)
}

export type Fault = readonly [holds: (asked: Asked) => boolean, change: (text: string) => string | Answer]

const has = (words: string) => (asked: Asked) => asked.text.includes(words)
const swap = (from: string | RegExp, to: string) => (text: string) => text.replaceAll(new RegExp(from, 'g'), to)
const boom = (): Answer => json(500, {})

/** By probe: on which requests, and what becomes of the bytes. */
export const anthropicFaults: Readonly<Record<string, Fault>> = {
  'anthropic-event-order': [
    (asked) => has('good morning in one sentence."')(asked) && asked.body['stream'] === true,
    (text) => text.replace(/event: content_block_stop[\s\S]*?\n\n/, ''),
  ],
  'anthropic-message': [has('good morning in one sentence."'), swap('"id":"msg_1"', '"id":""')],
  'anthropic-usage': [has('ten words'), swap(/"output_tokens":\d+/, '"output_tokens":1')],
  'anthropic-tool-use': [has('Call the tool'), swap('city', 'town')],
  'anthropic-tool-history': [has('tool_result'), boom],
  'anthropic-errors': [(asked) => asked.text.startsWith('{"model": '), () => json(400, { error: 'no' })],
  'anthropic-key': [(asked) => asked.headers['authorization'] === 'Bearer sk-wrong', () => json(403, {})],
  'anthropic-model': [has('no-such-model'), () => json(403, { error: {} })],
  'anthropic-count-tokens': [({ path }) => path.endsWith('count_tokens'), () => json(200, { input_tokens: 900 })],
  'anthropic-stop': [has('Count from'), swap('max_tokens', 'end_turn')],
  'anthropic-system': [has('cache_control'), boom],
  'anthropic-thinking': [
    (asked) => has('budget_tokens')(asked) && asked.body['stream'] !== true,
    (text) => {
      const message = JSON.parse(text) as { content: unknown[] }
      return JSON.stringify({ ...message, content: message.content.toReversed() })
    },
  ],
}

/** The same for Gemini. */
export const geminiFaults: Readonly<Record<string, Fault>> = {
  'gemini-answer': [has('good morning in one sentence."'), swap('"finishReason":"STOP"', '"finishReason":""')],
  'gemini-usage': [has('ten words'), swap(/"totalTokenCount":\d+/, '"totalTokenCount":1')],
  'gemini-function-call': [has('functionDeclarations'), swap('"city"', '"town"')],
  'gemini-errors': [has('{"contents":7}'), () => json(400, [{ error: { code: 400, message: 'No.' } }])],
  'gemini-key': [(asked) => asked.headers['authorization'] === 'Bearer sk-wrong', () => json(500, { error: {} })],
  'gemini-model': [({ path }) => path.includes('no-such-model'), () => json(404, {})],
  'gemini-models': [({ path }) => path.startsWith('models?'), () => json(200, { models: [] })],
  'gemini-count-tokens': [({ path }) => path.endsWith(':countTokens'), () => json(200, { totalTokens: 900 })],
  'gemini-stop': [has('Count from'), swap('MAX_TOKENS', 'STOP')],
  'gemini-schema': [has('responseSchema'), swap(/Oslo/, '\\\\')],
}

/** The endpoint with the fault in it. */
export const faulty =
  (ideal: (asked: Asked) => Answer, [holds, change]: Fault) =>
  (asked: Asked): Answer => {
    const answer = ideal(asked)
    if (!holds(asked)) return answer
    const changed = change(answer.raw?.toString() ?? '')
    return typeof changed === 'string' ? { ...answer, raw: Buffer.from(changed) } : changed
  }
