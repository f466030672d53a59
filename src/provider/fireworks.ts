/**
 * Fireworks AI: https://docs.fireworks.ai/tools-sdks/openai-compatibility, read 2026-11-22. Closing a stream stops its
 * generation and its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'

export const fireworks: Vendor = makeVendor({
  name: 'fireworks',
  title: 'Fireworks AI',
  baseUrl: 'https://api.fireworks.ai/inference/v1',
  keyEnv: ['FIREWORKS_API_KEY'],
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings', 'openai-rerank'],
  keyPage: 'https://app.fireworks.ai/settings/users/api-keys',
})
