/**
 * Cohere by its own chat for callers of other formats, https://docs.cohere.com/reference/chat, read 2026-11-28, and through its
 * compatibility API for those of OpenAI's: https://docs.cohere.com/docs/compatibility-api, read 2026-11-22; rerank is its own v2 path. The id of a request is in `x-debug-trace-id`. Closing a stream stops its generation and its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const cohere: Vendor = makeVendor({
  name: 'cohere',
  title: 'Cohere',
  baseUrl: 'https://api.cohere.ai',
  keyEnv: ['COHERE_API_KEY', 'CO_API_KEY'],
  protocols: [
    'cohere-chat',
    'openai-chat',
    'cohere-embed',
    'openai-embeddings',
    'openai-transcriptions',
    'openai-rerank',
  ],
  endpoint: ({ path, provider, protocol }) => {
    const own = protocol === 'cohere-chat' || protocol === 'cohere-embed'
    const { pathname } = new URL(provider.baseUrl)
    if (pathname === '/') return { path: `${own || path === 'rerank' ? 'v2' : 'compatibility/v1'}/${path}`, query: {} }
    // An operator's own base URL with a path, as their manual has it, is taken at its word; the chat lies beside it.
    const baseUrl = provider.baseUrl.replace(/\/compatibility\/v1$/, '/v2')
    return { path, query: {}, ...(own && baseUrl !== provider.baseUrl ? { baseUrl } : {}) }
  },
  dialect: strictDialect,
  requestIdHeaders: ['x-debug-trace-id'],
  checkPath: null,
  keyPage: 'https://dashboard.cohere.com/api-keys',
})
