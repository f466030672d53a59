/**
 * Google Gemini by its own API, https://ai.google.dev/api, and through its OpenAI-compatible endpoint beside it,
 * https://ai.google.dev/api/compatibility (`streamOptions`), both read 2026-11-28. Closing a stream does not stop its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22), so the rest is read for its exact usage.
 */

import { chatHistory, thoughtMembers } from './chat-history.ts'
import { geminiHistory } from './gemini-history.ts'
import { thinkingRangeOf } from './gemini-thinking.ts'
import type { Vendor } from './vendor.ts'
import { bearer, makeVendor, strictDialect } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

/** The compatible endpoint lies below the API's own root; an address that already leads there is taken as well. */
const compatible = '/openai'

const endpoint: Vendor['endpoint'] = ({ path, provider, protocol }) => {
  const root = provider.baseUrl.endsWith(compatible) ? provider.baseUrl.slice(0, -compatible.length) : provider.baseUrl
  return {
    path,
    query: {},
    baseUrl: protocol === 'gemini' || protocol === 'gemini-embeddings' ? root : `${root}${compatible}`,
  }
}

/** Gemini 3 thinks by levels, 2.5 by a budget (https://ai.google.dev/gemini-api/docs/thinking, read 2026-11-28). */
const thinkingOf = (model: string) => {
  if (/gemini-(?:[3-9]|\d{2})/.test(model)) return 'effort'
  return /gemini-2\.5/.test(model) ? 'budget' : 'none'
}

/** Calls in a history must be signed: https://ai.google.dev/gemini-api/docs/thought-signatures, read 2026-11-28. */
const wantsSignatures = (model: string): boolean => thinkingOf(model) === 'effort'

/** For Gemini wherever it runs. */
export const geminiHistories: Vendor['histories'] = {
  gemini: geminiHistory(wantsSignatures),
  // Its JSON has no unknown names: "Unknown name \"reasoning\": Cannot find field" (https://github.com/janhq/jan/issues/8136, read 2026-11-29).
  'openai-chat': chatHistory({ refused: () => thoughtMembers, signedCalls: wantsSignatures }),
}

export const gemini: Vendor = makeVendor({
  name: 'gemini',
  title: 'Google Gemini',
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  keyEnv: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  options: shimOption,
  // Pieces of calls without an index, or two with 0; and "stop" where calls were made (https://github.com/googleapis/python-genai/issues/2868, read 2026-11-22).
  shims: ['tool-index', 'tool-finish'],
  endpoint,
  authorise: (credential, protocol) =>
    protocol?.startsWith('gemini') !== false ? { 'x-goog-api-key': credential.reveal() } : bearer(credential),
  dialect: (model) => ({
    ...strictDialect(model),
    thinking: thinkingOf(model),
    thinkingRange: thinkingRangeOf(model),
    restores: 'signatures',
  }),
  histories: geminiHistories,
  streamUsage: 'ask',
  protocols: ['gemini', 'openai-chat', 'gemini-embeddings', 'openai-embeddings', 'openai-images'],
  leavePolicy: 'drain',
  requestIdHeaders: ['x-request-id'],
  keyPage: 'https://aistudio.google.com/apikey',
})
