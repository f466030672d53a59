/**
 * Embeddings of Vertex AI by `predict`: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api,
 * read 2026-11-29. `gemini-embedding-001` takes one text in a call, the others up to 250.
 */

import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { addCounts, countOf, usageOf } from '#base/usage.ts'
import type { EmbeddingReply } from '#protocol/embedding.ts'
import { onlyText, vectorOf } from '#protocol/embedding.ts'
import { embeddingClient } from '#protocol/embedding-client.ts'
import { given } from '#protocol/field-reading.ts'
import { wordOfTask } from '#protocol/gemini-embeddings/task.ts'

const readEmbedding = ({ predictions }: JsonObject): EmbeddingReply => {
  const embeddings = (Array.isArray(predictions) ? predictions.filter(isObject) : []).map((one) =>
    objectAt(one, 'embeddings'),
  )
  const input = addCounts(...embeddings.map((one) => countOf(objectAt(one, 'statistics')['token_count'])))
  return {
    vectors: embeddings.map(({ values }) => vectorOf(values)),
    usage: input === null ? null : usageOf({ input, output: 0 }),
  }
}

export const vertexPredict = embeddingClient({
  name: 'vertex-predict',
  pathOf: (_endpoint, model) => `models/${encodeURIComponent(model)}:predict`,
  modelInBody: false,
  writeEmbedding: (request, model) => {
    if (/^gemini-embedding-001/.test(model)) onlyText(request, `Vertex AI's ${model}`)
    const instances = request.inputs.map(({ text, task, title }) => ({
      content: text,
      ...given({ task_type: wordOfTask(task), title }),
    }))
    const parameters = given({ outputDimensionality: request.dimensions })
    const body = { instances, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) }
    const warnings = request.user === null ? [] : [{ field: 'user', reason: 'Vertex AI has no field for it' }]
    return { value: { endpoint: 'predict', body }, warnings }
  },
  readEmbedding,
})
