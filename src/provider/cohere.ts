/**
 * Cohere through its compatibility API: https://docs.cohere.com/docs/compatibility-api, read 2026-11-22; rerank is its
 * own v2 path. The id of a request is in `x-debug-trace-id`. Closing a stream stops its generation and its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const cohere: Vendor = makeVendor({
  name: 'cohere',
  title: 'Cohere',
  baseUrl: 'https://api.cohere.ai',
  keyEnv: ['COHERE_API_KEY', 'CO_API_KEY'],
  protocols: ['openai-chat', 'openai-embeddings', 'openai-transcriptions', 'openai-rerank'],
  // An operator's own base URL with a path, as their manual has it, is taken at its word.
  endpoint: ({ path, provider }) => ({
    path:
      new URL(provider.baseUrl).pathname === '/' ? `${path === 'rerank' ? 'v2' : 'compatibility/v1'}/${path}` : path,
    query: {},
  }),
  dialect: strictDialect,
  requestIdHeaders: ['x-debug-trace-id'],
  checkPath: null,
  keyPage: 'https://dashboard.cohere.com/api-keys',
})
