/**
 * Google Gemini through its OpenAI-compatible endpoint: https://ai.google.dev/api/compatibility (`streamOptions`),
 * read 2026-11-22. Closing a stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list
 * of providers, read 2026-11-22), so the rest is read for its exact usage.
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const gemini: Vendor = makeVendor({
  name: 'gemini',
  title: 'Google Gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
  keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  options: shimOption,
  // Pieces of calls without an index, or two with 0; and "stop" where calls were made (https://github.com/googleapis/python-genai/issues/2868, read 2026-11-22).
  shims: ['tool-index', 'tool-finish'],
  protocols: ['openai-chat', 'openai-embeddings', 'openai-images'],
  leavePolicy: 'drain',
  dialect: strictDialect,
  requestIdHeaders: ['x-request-id'],
  keyPage: 'https://aistudio.google.com/apikey',
})
