/**
 * llama.cpp's server: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md, read 2026-11-22. A key
 * only where `--api-key` set one.
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'

export const llamacpp: Vendor = makeVendor({
  name: 'llamacpp',
  title: 'llama.cpp',
  baseUrl: 'http://127.0.0.1:8080/v1',
  keyEnv: [],
  keyless: true,
  local: true,
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings', 'openai-rerank'],
  showsReasoning: true,
  keyPage: null,
})
