/**
 * Rerank as Cohere, Jina and Voyage have it: model, query, documents. Usage is in `meta.billed_units` or `usage`
 * (https://docs.cohere.com/reference/rerank, https://docs.voyageai.com/reference/reranker-api, read 2026-11-22).
 */

import { documentSteps, endpointProtocol, neverWritten } from './endpoint.ts'

export const openaiRerank = endpointProtocol({
  request: {
    name: 'openai-rerank',
    kind: 'rerank',
    endpoints: ['rerank'],
    modelDefault: null,
    required: { query: 'anything', documents: 'array' },
    form: false,
    outputMax: [],
    choices: [],
    batch: null,
  },
  steps: () => documentSteps(['meta']),
  writeReply: neverWritten,
})
