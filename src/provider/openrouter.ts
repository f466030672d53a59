/**
 * OpenRouter: https://openrouter.ai/docs/api-reference/streaming, read 2026-11-22. Usage ends every stream by itself,
 * and asking is a no-op. The id of a generation is in `X-Generation-Id`. `GET /models` is public, so a key is checked
 * by `GET /key`. Whether closing a stream stops its bill depends on who serves the model; for most it does.
 */

import { openrouterBalance } from './balance.ts'
import type { Vendor } from './vendor.ts'
import { dialectOf, makeVendor } from './vendor-defaults.ts'

export const openrouter: Vendor = makeVendor({
  name: 'openrouter',
  title: 'OpenRouter',
  baseUrl: 'https://openrouter.ai/api/v1',
  keyEnv: ['OPENROUTER_API_KEY'],
  protocols: ['openai-chat', 'openai-responses', 'openai-completions', 'openai-embeddings', 'openai-transcriptions'],
  streamUsage: 'always',
  dialect: dialectOf({ cacheMarks: true, thinking: 'reasoning', thought: 'reasoning_details', restores: 'details' }),
  requestIdHeaders: ['x-generation-id', 'x-request-id', 'cf-ray'],
  checkPath: 'key',
  balance: openrouterBalance,
  keyPage: 'https://openrouter.ai/settings/keys',
})
