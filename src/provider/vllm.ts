/**
 * vLLM's own server: https://docs.vllm.ai/en/stable/serving/online_serving.html, read 2026-11-22. A key only where
 * `--api-key` set one.
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const vllm: Vendor = makeVendor({
  name: 'vllm',
  title: 'vLLM',
  baseUrl: 'http://127.0.0.1:8000/v1',
  keyEnv: [],
  keyless: true,
  local: true,
  options: shimOption,
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings', 'openai-transcriptions', 'openai-rerank'],
  showsReasoning: true,
  keyPage: null,
})
