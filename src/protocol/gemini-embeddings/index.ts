/**
 * Embeddings of Google's Gemini API: `models/MODEL:embedContent` for one content, `:batchEmbedContents` for several, each request of
 * which names the model again. https://ai.google.dev/api/embeddings, read 2026-11-29.
 */

import { Buffer } from 'node:buffer'
import { hasMember, spliceTopLevel } from '#base/json.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { countOf, usageOf } from '#base/usage.ts'
import type { Call, Converted, Edits } from '#protocol/call.ts'
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest } from '#protocol/embedding.ts'
import { vectorOf, vectorsIn } from '#protocol/embedding.ts'
import { Fields, given, unreadable } from '#protocol/field-reading.ts'
import { heartbeat, writeProblem, writeStreamProblem } from '#protocol/gemini/problem.ts'
import { camelKeys } from '#protocol/gemini/read-content.ts'
import type { GeminiShape } from '#protocol/gemini/request.ts'
import { readGeminiCall } from '#protocol/gemini/request.ts'
import { readUsage } from '#protocol/gemini/usage.ts'
import { addCost } from '#protocol/openai/cost.ts'
import { neverWritten } from '#protocol/openai/endpoint.ts'
import { openaiReader } from '#protocol/openai/reply.ts'
import type { ReplySteps } from '#protocol/openai/reply-steps.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import type { Part } from '#protocol/part.ts'
import type { ClientFace, OutgoingCall, Protocol, RequestTarget, ServerFace } from '#protocol/protocol.ts'
import { taskOfWord, wordOfTask } from './task.ts'

const batchMethod = 'batchEmbedContents'

const shape: GeminiShape = {
  name: 'gemini-embeddings',
  kind: 'embedding',
  methods: ['embedContent', batchMethod],
  required: '',
}

const textOf = (content: JsonObject, place: string): string => {
  const { parts } = content
  if (!Array.isArray(parts) || parts.length === 0) return unreadable(`${place}.parts`, 'a list of parts')
  return parts
    .map((part: Json) => {
      if (isObject(part) && typeof part['text'] === 'string') return part['text']
      throw new Problem('unsupported_parameter', {
        message: `'${place}.parts' holds something else than text, which the provider of this model makes no vectors of.`,
        param: `${place}.parts`,
      })
    })
    .join('\n')
}

type One = { readonly input: EmbeddingInput; readonly dimensions: number | null; readonly extra: JsonObject }

/** What is asked for one content; newer clients put the wishes into `embedContentConfig`. */
const readOne = (value: JsonObject, place: string): One => {
  const fields = new Fields(camelKeys(value), place)
  fields.drop('model')
  const config = camelKeys(fields.object('embedContentConfig') ?? {})
  const content = fields.object('content') ?? unreadable(fields.at('content'), 'an object with parts')
  const [word, title] = [fields.text('taskType') ?? config['taskType'], fields.text('title') ?? config['title']]
  return {
    input: {
      text: textOf(content, fields.at('content')),
      task: taskOfWord(typeof word === 'string' ? word : null),
      title: typeof title === 'string' ? title : null,
    },
    dimensions: fields.number('outputDimensionality') ?? countOf(config['outputDimensionality']),
    extra: fields.rest().extra ?? {},
  }
}

const onesOf = (call: Call): readonly One[] => {
  const body = call.body()
  if (call.endpoint !== batchMethod) return [readOne(body, '')]
  const requests = new Fields(body).objects('requests')
  if (requests.length === 0) return unreadable('requests', 'a list of requests')
  return requests.map((one, index) => readOne(one, `requests[${index}]`))
}

const readEmbedding = (call: Call): Converted<EmbeddingRequest> => {
  const ones = onesOf(call)
  const dimensions = new Set(ones.map((one) => one.dimensions))
  if (dimensions.size > 1) return unreadable('requests[].outputDimensionality', 'the same figure in every request')
  const value: EmbeddingRequest = {
    inputs: ones.map(({ input }) => input),
    single: call.endpoint !== batchMethod,
    dimensions: ones[0]?.dimensions ?? null,
    encoding: 'float',
    user: null,
    extra: Object.assign({}, ...ones.map(({ extra }) => extra)) as JsonObject,
  }
  return { value, warnings: [] }
}

const usageMetadata = ({ usage }: EmbeddingReply): JsonObject =>
  usage === null || usage.input === null
    ? {}
    : { usageMetadata: { promptTokenCount: usage.input, totalTokenCount: usage.input } }

const writeEmbedding: NonNullable<ServerFace['writeEmbedding']> = (reply, { request }) => {
  const embeddings = reply.vectors.map((values) => ({ values }))
  const [embedding] = embeddings
  return { ...(request.single ? { embedding } : { embeddings }), ...usageMetadata(reply) }
}

const writeGemini: NonNullable<ClientFace['writeEmbedding']> = (request, model) => {
  const requests = request.inputs.map(({ text, task, title }) => ({
    content: { parts: [{ text }] },
    ...given({ taskType: wordOfTask(task), title, outputDimensionality: request.dimensions }),
  }))
  const warnings = request.user === null ? [] : [{ field: 'user', reason: 'Gemini has no field for it' }]
  const [only] = requests
  if (requests.length === 1 && only !== undefined)
    return { value: { endpoint: 'embedContent', body: only as JsonObject }, warnings }
  const body = { requests: requests.map((one) => ({ model: `models/${model}`, ...one })) } as JsonObject
  return { value: { endpoint: batchMethod, body }, warnings }
}

const readGemini = (document: JsonObject): EmbeddingReply => {
  const { embedding, embeddings } = document
  const raw = document['usageMetadata']
  const input = isObject(raw) ? countOf(raw['promptTokenCount']) : null
  return {
    vectors: isObject(embedding) ? [vectorOf(embedding['values'])] : vectorsIn(embeddings, 'values'),
    usage: input === null ? null : usageOf({ input, output: 0 }),
  }
}

/** The model's name of the caller, wherever the body repeats it, becomes the provider's. */
const renamed = (call: Call, { model, edits }: RequestTarget): Edits => {
  const name = `models/${model}`
  const body = call.body()
  const requests = body['requests']
  const set = { ...edits.set }
  if (typeof body['model'] === 'string') set['model'] = JSON.stringify(name)
  if (Array.isArray(requests))
    set['requests'] = JSON.stringify(requests.map((one: Json) => (isObject(one) ? { ...one, model: name } : one)))
  return { ...edits, set }
}

const writeCall = (call: Call, target: RequestTarget): Converted<OutgoingCall> => {
  if (call.payload.kind !== 'json') throw new TypeError('a call for embeddings has a JSON body')
  const edits = renamed(call, target)
  const { top } = call.payload
  const touched = [...Object.keys(edits.set), ...Object.keys(edits.rename), ...edits.cut]
  const idle = Object.keys(edits.set).length === 0 && !touched.some((name) => hasMember(top, name))
  const path = `models/${encodeURIComponent(target.model).replaceAll('%2F', '/')}:${call.endpoint}`
  const bytes = idle ? top.source : Buffer.from(spliceTopLevel(top, edits))
  return { value: { path, contentType: 'application/json', body: { kind: 'bytes', bytes } }, warnings: [] }
}

const usageParts = (document: JsonObject): readonly Part[] => {
  const raw = objectAt(document, 'usageMetadata')
  if (countOf(raw['promptTokenCount']) === null) return []
  return [{ type: 'usage', usage: { ...readUsage(raw), output: 0 }, raw }]
}

const steps: ReplySteps = {
  event: (data) => ({ parts: usageParts(data), role: 'content' }),
  endMarker: () => [],
  finished: () => false,
  document: usageParts,
  members: ['usageMetadata'],
}

export const geminiEmbeddings: Protocol = {
  name: 'gemini-embeddings',
  kind: 'embedding',
  endpoints: shape.methods.map((method) => ({
    path: `models/{model+}:${method}`,
    accepts: ['json'],
    roots: ['/v1beta', '/v1'],
  })),
  server: {
    readCall: (inbound) => readGeminiCall(inbound, shape),
    readEmbedding,
    writeEmbedding,
    writeReply: neverWritten,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    writeCall,
    writeEmbedding: writeGemini,
    readEmbedding: readGemini,
    readReply: (call, head, options) => openaiReader({ call, head, steps, ...options }),
    readProblem,
    readUsage,
    askUsage: () => null,
    dropUsage: () => null,
    callerHeaders: ['x-goog-api-client', 'x-server-timeout'],
  },
}
