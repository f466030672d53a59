/**
 * SGLang's own server: https://docs.sglang.io/docs/basic_usage/openai_api_completions.md and native_api.md, read
 * 2026-11-22. A key only where `--api-key` set one.
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const sglang: Vendor = makeVendor({
  name: 'sglang',
  title: 'SGLang',
  baseUrl: 'http://127.0.0.1:30000/v1',
  keyEnv: [],
  keyless: true,
  local: true,
  options: shimOption,
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings', 'openai-rerank'],
  showsReasoning: true,
  keyPage: null,
})
