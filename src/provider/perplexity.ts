/**
 * Perplexity: https://docs.perplexity.ai/docs/sonar/openai-compatibility.md, read 2026-11-22. Usage is in every event
 * of a stream without asking. Chat Completions was to end on 2026-09-27 in favour of its Agent API, which speaks
 * Responses (https://github.com/vercel/ai/releases/tag/@ai-sdk%2Fperplexity@3.1.0, read 2026-11-22). There is one
 * choice and no `n`. Closing a stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list
 * of providers, read 2026-11-22), so the rest is read for its exact usage.
 */

import { quirksOf } from './quirk.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const perplexity: Vendor = makeVendor({
  name: 'perplexity',
  title: 'Perplexity',
  baseUrl: 'https://api.perplexity.ai',
  keyEnv: ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
  protocols: ['openai-chat'],
  streamUsage: 'always',
  leavePolicy: 'drain',
  adjust: quirksOf({ 'openai-chat': { n: { cut: 'always 1' } } }),
  checkPath: null,
  dialect: strictDialect,
  keyPage: 'https://www.perplexity.ai/account/api/keys',
})
