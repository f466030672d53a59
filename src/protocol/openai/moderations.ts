/** Moderations: https://platform.openai.com/docs/api-reference/moderations (read 2026-11-22), which also names the default model. */

import { documentSteps, endpointProtocol, neverWritten } from './endpoint.ts'

export const openaiModerations = endpointProtocol({
  request: {
    name: 'openai-moderations',
    kind: 'moderation',
    endpoints: ['moderations'],
    modelDefault: 'omni-moderation-latest',
    required: { input: 'anything' },
    form: false,
    outputMax: [],
    choices: [],
    batch: null,
  },
  steps: () => documentSteps(),
  writeReply: neverWritten,
})
