/** Embeddings: https://platform.openai.com/docs/api-reference/embeddings (read 2026-11-22). */

import { documentSteps, endpointProtocol, neverWritten } from './endpoint.ts'

export const openaiEmbeddings = endpointProtocol({
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
