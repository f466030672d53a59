/**
 * Cohere's own embeddings, https://docs.cohere.com/reference/embed: its fields as https://docs.getbifrost.ai/api-reference/cohere-integration
 * and Amazon's page on Embed v3 tell them, read 2026-11-29, held against recorded exchanges of `/v1/embed` and `/v2/embed`.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { countOf, usageOf } from '#base/usage.ts'
import type { Converted, Warning } from '#protocol/call.ts'
import type { EmbeddingReply, EmbeddingRequest, EmbeddingTask } from '#protocol/embedding.ts'
import { taskOfAll, vectorOf } from '#protocol/embedding.ts'
import { embeddingClient } from '#protocol/embedding-client.ts'
import { given } from '#protocol/field-reading.ts'

/** What they must be told: it is what the vectors are compared with that decides. */
const inputTypes: Readonly<Record<EmbeddingTask, string>> = {
  query: 'search_query',
  question: 'search_query',
  'code-query': 'search_query',
  document: 'search_document',
  classification: 'classification',
  clustering: 'clustering',
  similarity: 'clustering',
  fact: 'search_query',
}

/** A body for Cohere's models; `search_document` where nobody says what the texts are for, which is what most are kept for. */
export const cohereBody = (request: EmbeddingRequest): Converted<JsonObject> => {
  const task = taskOfAll(request)
  const warnings: Warning[] = []
  if (task === null)
    warnings.push({ field: 'input_type', reason: 'taken as search_document, since the call does not say what for' })
  if (request.inputs.some(({ title }) => title !== null))
    warnings.push({ field: 'title', reason: 'Cohere has no field for it' })
  if (request.user !== null) warnings.push({ field: 'user', reason: 'Cohere has no field for it' })
  const body = {
    texts: request.inputs.map(({ text }) => text),
    input_type: inputTypes[task ?? 'document'],
    embedding_types: ['float'],
    ...given({ output_dimension: request.dimensions }),
  }
  return { value: body, warnings }
}

/** By type, or, in answers of older models, as a plain list. */
export const cohereVectors = (document: JsonObject): readonly (readonly number[])[] => {
  const { embeddings } = document
  const list: Json | undefined = isObject(embeddings) ? embeddings['float'] : embeddings
  return Array.isArray(list) ? list.map((one: Json) => vectorOf(one)) : []
}

const readEmbedding = (document: JsonObject): EmbeddingReply => {
  const billed = objectAt(objectAt(document, 'meta'), 'billed_units')
  const input = countOf(billed['input_tokens'])
  return { vectors: cohereVectors(document), usage: input === null ? null : usageOf({ input, output: 0 }) }
}

export const cohereEmbed = embeddingClient({
  name: 'cohere-embed',
  pathOf: () => 'embed',
  modelInBody: true,
  writeEmbedding: (request) => {
    const { value: body, warnings } = cohereBody(request)
    return { value: { endpoint: 'embed', body }, warnings }
  },
  readEmbedding,
})
