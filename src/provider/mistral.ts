/**
 * Mistral AI: https://docs.mistral.ai/api, read 2026-11-22. Request bodies are closed (`additionalProperties: false`):
 * a field that is not in the document is a 422 `extra_forbidden`, `stream_options` among them
 * (https://github.com/openai/openai-agents-python/issues/442, read 2026-11-22). Usage ends every stream by itself.
 * Closing a stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read
 * 2026-11-22), so the rest is read for its exact usage.
 */

import { chatHistory, thoughtMembers } from './chat-history.ts'
import { quirksOf } from './quirk.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const mistral: Vendor = makeVendor({
  name: 'mistral',
  title: 'Mistral AI',
  baseUrl: 'https://api.mistral.ai/v1',
  keyEnv: ['MISTRAL_API_KEY'],
  protocols: ['openai-chat', 'openai-embeddings', 'openai-moderations', 'openai-speech', 'openai-transcriptions'],
  streamUsage: 'never',
  leavePolicy: 'drain',
  dialect: strictDialect,
  // "must be a-z, A-Z, 0-9, with a length of 9" (https://github.com/nearai/ironclaw/issues/1241), and what its messages do not have is refused like any
  // unknown field (https://github.com/BerriAI/litellm/issues/30835); both read 2026-11-29.
  histories: {
    'openai-chat': chatHistory({
      refused: () => [...thoughtMembers, 'annotations', 'audio', 'function_call', 'refusal'],
      bareCalls: true,
      thoughtParts: true,
      toolIds: { fits: /^[a-zA-Z0-9]{9}$/, lengthMax: 9 },
    }),
  },
  requestIdHeaders: ['mistral-correlation-id', 'x-kong-request-id'],
  adjust: quirksOf({
    'openai-chat': {
      stream_options: { needless: true },
      seed: { rename: 'random_seed' },
      max_completion_tokens: { rename: 'max_tokens' },
      logit_bias: { cut: 'unsupported' },
      user: { cut: 'unsupported' },
      store: { cut: 'unsupported' },
      service_tier: { cut: 'unsupported' },
      verbosity: { cut: 'unsupported' },
    },
    'openai-embeddings': { dimensions: { rename: 'output_dimension' }, user: { cut: 'unsupported' } },
  }),
  keyPage: 'https://console.mistral.ai/api-keys',
})
