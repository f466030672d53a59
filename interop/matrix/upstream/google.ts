/** Gemini's `generateContent`. Calls carry ids and the first of them a signature, as Gemini 3's do. */

import type { Answer } from '../script.ts'
import { callSignature, usage } from '../script.ts'
import type { Json, Tongue } from './tongue.ts'
import { dataEvent, inThree, list, parsed, record, text } from './tongue.ts'

const partsOf = (content: unknown): readonly Json[] => list(record(content)['parts'])

const textOf = (parts: readonly Json[]): string => parts.map((part) => text(part['text'])).join('')

/** Where a result has no id, the call of its name that comes next has it. */
const idsOf = (calls: readonly Json[]): readonly string[] =>
  calls.map((call, index) => (typeof call['id'] === 'string' ? call['id'] : `${text(call['name'])}#${index}`))

/** Google takes names in both spellings; its SDK for Python writes the other one. */
const camel = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camel)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase()),
      camel(inner),
    ]),
  )
}

/** Bytes, in either alphabet. */
const bytesOf = (value: unknown): string => Buffer.from(text(value), 'base64').toString('base64')

const hear: Tongue['hear'] = (sent, path) => {
  const body = record(camel(sent))
  const contents = list(body['contents'])
  const parts = (role: string): readonly Json[] =>
    contents.filter((content) => (content['role'] ?? 'user') === role).flatMap(partsOf)
  const calls = parts('model').filter((part) => part['functionCall'] !== undefined)
  const called = calls.map((part) => record(part['functionCall']))
  const ids = idsOf(called)
  const results = contents
    .flatMap(partsOf)
    .filter((part) => part['functionResponse'] !== undefined)
    .map((part) => record(part['functionResponse']))
  const config = record(body['generationConfig'])
  const lastAsked = contents.findLast(
    (content) => (content['role'] ?? 'user') === 'user' && textOf(partsOf(content)) !== '',
  )
  return {
    stream: path.includes(':streamGenerateContent'),
    system: textOf(partsOf(body['systemInstruction'])),
    asked: textOf(partsOf(lastAsked)),
    images: parts('user')
      .filter((part) => part['inlineData'] !== undefined)
      .map((part) => {
        const { mimeType, data } = record(part['inlineData'])
        return { mediaType: text(mimeType), data: bytesOf(data) }
      }),
    tools: list(body['tools'])
      .flatMap((tool) => list(tool['functionDeclarations']))
      .map((one) => ({ name: text(one['name']), parameters: one['parametersJsonSchema'] ?? one['parameters'] })),
    schema: config['responseJsonSchema'] ?? config['responseSchema'] ?? null,
    calls: called.map((call, index) => ({ id: ids[index] ?? '', name: text(call['name']), input: call['args'] })),
    results: results.map((result, index) => ({
      id: typeof result['id'] === 'string' ? result['id'] : (ids[index] ?? ''),
      text: Object.values(record(result['response'])).map(text).join(''),
    })),
    thoughts: [...calls, ...parts('model').filter((part) => part['thought'] === true)].flatMap((part) =>
      typeof part['thoughtSignature'] === 'string'
        ? [{ text: text(part['text']), signature: bytesOf(part['thoughtSignature']) }]
        : [],
    ),
    ...(calls.length === 0 ? {} : { callSignature: bytesOf(calls[0]?.['thoughtSignature']) }),
  }
}

const finishes = { stop: 'STOP', length: 'MAX_TOKENS', tools: 'STOP' } as const

const figures = {
  promptTokenCount: usage.input,
  cachedContentTokenCount: usage.cached,
  candidatesTokenCount: usage.output - usage.reasoning,
  thoughtsTokenCount: usage.reasoning,
  totalTokenCount: usage.input + usage.output,
}

const callParts = ({ calls, signature }: Answer): readonly object[] =>
  calls.map(({ id, name, input }, index) => ({
    functionCall: { id, name, args: parsed(input) },
    // Only the first of several calls in parallel carries it.
    ...(index === 0 ? { thoughtSignature: signature === '' ? callSignature : signature } : {}),
  }))

const reply = (
  parts: readonly object[],
  model: string,
  more: { readonly candidate?: object; readonly usage?: object },
) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more.candidate }],
  ...(more.usage === undefined ? {} : { usageMetadata: more.usage }),
  modelVersion: model,
  responseId: 'r1',
})

const whole = (answer: Answer, model: string): object => {
  const { thought, pieces, finish } = answer
  const parts = [
    ...(thought === '' ? [] : [{ text: thought, thought: true }]),
    ...(pieces.length === 0 ? [] : [{ text: pieces.join('') }]),
    ...callParts(answer),
  ]
  return reply(parts, model, { candidate: { finishReason: finishes[finish] }, usage: figures })
}

const events = (answer: Answer, model: string): readonly string[] => {
  const { thought, pieces, finish } = answer
  return [
    ...inThree(thought).map((piece) => reply([{ text: piece, thought: true }], model, {})),
    ...pieces.map((piece) => reply([{ text: piece }], model, {})),
    ...callParts(answer).map((part) => reply([part], model, {})),
    reply([{ text: '' }], model, { candidate: { finishReason: finishes[finish] }, usage: figures }),
  ].map((event) => dataEvent(event).replace(/\n/g, '\r\n'))
}

const states: Readonly<Record<number, string>> = { 400: 'INVALID_ARGUMENT', 404: 'NOT_FOUND', 503: 'UNAVAILABLE' }

const failure = (status: number, message: string): object => ({
  error: { code: status, message, status: states[status] ?? 'INTERNAL' },
})

export const google: Tongue = {
  name: 'google',
  hear,
  whole,
  events,
  endEvents: 1,
  failure,
  failureEvent: dataEvent(failure(500, 'It broke in the middle.')).replace(/\n/g, '\r\n'),
}
