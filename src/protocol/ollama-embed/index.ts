/** Ollama's own embeddings: https://docs.ollama.com/api/embed as of 0.40.12, read 2026-11-29 in a translation, held against a recorded exchange. */

import type { Json } from '#base/json-type.ts'
import { countOf, usageOf } from '#base/usage.ts'
import type { Warning } from '#protocol/call.ts'
import { vectorOf } from '#protocol/embedding.ts'
import { embeddingClient } from '#protocol/embedding-client.ts'
import { given } from '#protocol/field-reading.ts'

const reason = 'Ollama has no field for it'

export const ollamaEmbed = embeddingClient({
  name: 'ollama-embed',
  pathOf: () => 'embed',
  modelInBody: true,
  writeEmbedding: (request) => {
    const warnings: Warning[] = []
    if (request.inputs.some(({ task }) => task !== null)) warnings.push({ field: 'taskType', reason })
    if (request.inputs.some(({ title }) => title !== null)) warnings.push({ field: 'title', reason })
    if (request.user !== null) warnings.push({ field: 'user', reason })
    const input = request.inputs.map(({ text }) => text)
    return { value: { endpoint: 'embed', body: { input, ...given({ dimensions: request.dimensions }) } }, warnings }
  },
  readEmbedding: ({ embeddings, prompt_eval_count }) => {
    const input = countOf(prompt_eval_count)
    const vectors = Array.isArray(embeddings) ? embeddings.map((one: Json) => vectorOf(one)) : []
    return { vectors, usage: input === null ? null : usageOf({ input, output: 0 }) }
  },
})
