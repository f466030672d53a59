/**
 * OpenAI: https://github.com/openai/openai-openapi, read 2026-11-22. Closing a stream stops its generation and its
 * bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, openaiDialect, openaiFamily, openaiShelf } from './vendor-defaults.ts'

export const openai: Vendor = makeVendor({
  name: 'openai',
  title: 'OpenAI',
  baseUrl: 'https://api.openai.com/v1',
  keyEnv: ['OPENAI_API_KEY'],
  protocols: [...openaiFamily, 'openai-responses'],
  dialect: openaiDialect,
  shelf: openaiShelf,
  keyPage: 'https://platform.openai.com/api-keys',
})
