/**
 * Embeddings of Amazon Bedrock, by InvokeModel: each maker's models have a body of their own. Cohere's:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html, read 2026-11-29; Titan's:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html, read 2026-11-29, held against recorded exchanges.
 */

import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { countOf, usageOf } from '#base/usage.ts'
import { readProblem } from '#protocol/bedrock-converse/problem.ts'
import type { Converted, Warning } from '#protocol/call.ts'
import { cohereBody, cohereVectors } from '#protocol/cohere-embed/index.ts'
import type { EmbeddingReply, EmbeddingRequest } from '#protocol/embedding.ts'
import { onlyText, vectorOf } from '#protocol/embedding.ts'
import { embeddingClient } from '#protocol/embedding-client.ts'
import { given } from '#protocol/field-reading.ts'
import type { ReplyHead } from '#protocol/protocol.ts'

const titanBody = (request: EmbeddingRequest, model: string): Converted<JsonObject> => {
  const { text, task, title } = onlyText(request, "Titan's embedding")
  const reason = 'Titan has no field for it'
  const warnings: Warning[] = []
  if (task !== null) warnings.push({ field: 'taskType', reason })
  if (title !== null) warnings.push({ field: 'title', reason })
  if (request.user !== null) warnings.push({ field: 'user', reason })
  const isFirst = /titan-embed-text-v1\b/.test(model)
  if (isFirst && request.dimensions !== null) warnings.push({ field: 'dimensions', reason: 'fixed by this model' })
  return { value: { inputText: text, ...given({ dimensions: isFirst ? null : request.dimensions }) }, warnings }
}

const bodyFor = (request: EmbeddingRequest, model: string): Converted<JsonObject> => {
  if (/titan-embed/.test(model)) return titanBody(request, model)
  if (/cohere\./.test(model)) return cohereBody(request)
  throw new Problem('invalid_request_error', {
    message: `Bedrock's model '${model}' is not known to make embeddings: those of Titan and Cohere do.`,
    param: 'model',
  })
}

/** What was read stands in a header, whoever made the model. */
const headerTokens = ({ headers }: ReplyHead): number | null => {
  const value = headers['x-amzn-bedrock-input-token-count']
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : null
}

const readEmbedding = (document: JsonObject, head: ReplyHead): EmbeddingReply => {
  const { embedding, inputTextTokenCount } = document
  const input = headerTokens(head) ?? countOf(inputTextTokenCount)
  const vectors = embedding === undefined ? cohereVectors(document) : [vectorOf(embedding)]
  return { vectors, usage: input === null ? null : usageOf({ input, output: 0 }) }
}

export const bedrockEmbed = embeddingClient({
  name: 'bedrock-embed',
  pathOf: () => 'invoke',
  modelInBody: false,
  readProblem,
  writeEmbedding: (request, model) => {
    const { value: body, warnings } = bodyFor(request, model)
    return { value: { endpoint: 'invoke', body }, warnings }
  },
  readEmbedding,
})
