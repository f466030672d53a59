/** Embeddings: https://platform.openai.com/docs/api-reference/embeddings (read 2026-11-22). */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Converted, Warning } from '#protocol/call.ts'
import type { EmbeddingInput, EmbeddingReply, EmbeddingRequest } from '#protocol/embedding.ts'
import { base64OfVector, taskOfAll, vectorOf, vectorOfBase64 } from '#protocol/embedding.ts'
import { Fields, given, unreadable } from '#protocol/field-reading.ts'
import type { ClientFace, Protocol, ServerFace } from '#protocol/protocol.ts'
import { documentSteps, endpointProtocol, neverWritten } from './endpoint.ts'
import { readUsage, saysNothing } from './usage.ts'

const inputOf = (text: string): EmbeddingInput => ({ text, task: null, title: null })

const textsOf = (input: Json | undefined): readonly string[] => {
  if (typeof input === 'string') return [input]
  if (!Array.isArray(input) || input.length === 0) return unreadable('input', 'a text, or a list of texts')
  if (input.every((one) => typeof one === 'string')) return input
  throw new Problem('unsupported_parameter', {
    message:
      "'input' holds tokens of OpenAI's own tokeniser, which mean nothing to the provider of this model. Send the texts themselves (LangChain: check_embedding_ctx_length=False).",
    param: 'input',
  })
}

const readEmbedding = (call: Call): Converted<EmbeddingRequest> => {
  const fields = new Fields(call.body())
  fields.drop('model', 'models', 'provider', 'usage')
  const input = fields.take('input')
  const encoding = fields.text('encoding_format')
  if (encoding !== null && encoding !== 'float' && encoding !== 'base64')
    return unreadable('encoding_format', '"float" or "base64"')
  const value: EmbeddingRequest = {
    inputs: textsOf(input).map(inputOf),
    single: typeof input === 'string',
    dimensions: fields.number('dimensions'),
    encoding: encoding ?? 'float',
    user: fields.text('user'),
    extra: fields.rest().extra ?? {},
  }
  return { value, warnings: [] }
}

const usageJson = ({ usage }: EmbeddingReply): JsonObject => {
  const tokens = usage?.input ?? 0
  return { prompt_tokens: tokens, total_tokens: tokens }
}

const writeEmbedding: NonNullable<ServerFace['writeEmbedding']> = (reply, { request, context }) => ({
  object: 'list',
  data: reply.vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: request.encoding === 'base64' ? base64OfVector(vector) : vector,
  })),
  model: context.call.model,
  usage: usageJson(reply),
})

const lossesOf = (request: EmbeddingRequest): readonly Warning[] => {
  const hasTitle = request.inputs.some(({ title }) => title !== null)
  const hasTask = taskOfAll(request) !== null || request.inputs.some(({ task }) => task !== null)
  const reason = "OpenAI's embeddings have no field for it"
  return [...(hasTask ? [{ field: 'taskType', reason }] : []), ...(hasTitle ? [{ field: 'title', reason }] : [])]
}

const writeOpenai: NonNullable<ClientFace['writeEmbedding']> = (request, model) => {
  const texts = request.inputs.map(({ text }) => text)
  const [first = ''] = texts
  const body = {
    model,
    input: request.single ? first : texts,
    encoding_format: 'float',
    ...given({ dimensions: request.dimensions, user: request.user }),
  }
  return { value: { endpoint: 'embeddings', body }, warnings: lossesOf(request) }
}

const readOpenai = (document: JsonObject): EmbeddingReply => {
  const data = Array.isArray(document['data']) ? document['data'].filter(isObject) : []
  const ordered = data.toSorted((a, b) => Number(a['index'] ?? 0) - Number(b['index'] ?? 0))
  const vectors = ordered.map(({ embedding }) =>
    typeof embedding === 'string' ? vectorOfBase64(embedding) : vectorOf(embedding),
  )
  const usage = readUsage(objectAt(document, 'usage'))
  return { vectors, usage: saysNothing(usage) ? null : usage }
}

const embeddings = endpointProtocol({
  request: {
    name: 'openai-embeddings',
    kind: 'embedding',
    endpoints: ['embeddings'],
    modelDefault: null,
    required: { input: 'anything' },
    form: false,
    outputMax: [],
    choices: [],
    batch: null,
  },
  steps: () => documentSteps(),
  writeReply: neverWritten,
})

export const openaiEmbeddings: Protocol = {
  ...embeddings,
  server: { ...embeddings.server, readEmbedding, writeEmbedding },
  client: { ...embeddings.client, writeEmbedding: writeOpenai, readEmbedding: readOpenai },
}
