/**
 * Together AI: https://docs.together.ai/docs/inference/openai-compatibility, read 2026-11-22. Closing a stream stops
 * its generation and its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read
 * 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const together: Vendor = makeVendor({
  name: 'together',
  title: 'Together AI',
  baseUrl: 'https://api.together.ai/v1',
  keyEnv: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY'],
  protocols: [
    'openai-chat',
    'openai-completions',
    'openai-embeddings',
    'openai-images',
    'openai-speech',
    'openai-transcriptions',
    'openai-rerank',
  ],
  dialect: strictDialect,
  requestIdHeaders: ['x-request-id', 'cf-ray'],
  keyPage: 'https://api.together.ai/settings/api-keys',
})
