/**
 * Anthropic through its OpenAI-compatible endpoint: https://platform.claude.com/docs/en/api/openai-sdk, read
 * 2026-11-22. What it does not know it ignores; `n` must be 1. The list of models wants other headers than this
 * endpoint, so a key is not checked by it. Closing a stream stops its generation and its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'

export const anthropic: Vendor = makeVendor({
  name: 'anthropic',
  title: 'Anthropic',
  baseUrl: 'https://api.anthropic.com/v1',
  keyEnv: ['ANTHROPIC_API_KEY'],
  protocols: ['openai-chat'],
  requestIdHeaders: ['request-id', 'x-request-id'],
  checkPath: null,
  keyPage: 'https://platform.claude.com/settings/keys',
})
