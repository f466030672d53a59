/**
 * OpenAI: https://github.com/openai/openai-openapi, read 2026-11-22. Closing a stream stops its generation and its
 * bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import {
  makeVendor,
  openaiDialect,
  openaiFamily,
  openaiHistories,
  openaiRealtime,
  openaiShelf,
} from './vendor-defaults.ts'

/** Models that Chat Completions does not know: `ModelIdsResponses` of the document, read 2026-11-29. */
const onlyResponses =
  /^(?:o[13]-pro|o\d(?:-mini)?-deep-research|computer-use-preview|gpt-5-(?:codex|pro)|gpt-5\.5-pro|gpt-5\.1-codex-max|gpt-5\.6-cyber|gpt-daybreak-)/

export const openai: Vendor = makeVendor({
  name: 'openai',
  title: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  keyEnv: ['OPENAI_API_KEY'],
  protocols: [...openaiFamily, 'openai-responses'],
  serves: (protocol, model) => protocol !== 'openai-chat' || !onlyResponses.test(model),
  dialect: openaiDialect,
  histories: openaiHistories,
  shelf: openaiShelf,
  background: true,
  compacts: true,
  realtime: openaiRealtime,
  keyPage: 'https://platform.openai.com/api-keys',
})
