/**
 * Ollama: https://docs.ollama.com/api/openai-compatibility.md, read 2026-11-22 (`stream_options.include_usage` is
 * supported). The local server ignores keys; ollama.com wants one.
 */

import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'

export const ollama: Vendor = makeVendor({
  name: 'ollama',
  title: 'Ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  keyEnv: [],
  keyless: true,
  local: true,
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings', 'openai-images'],
  showsReasoning: true,
  keyPage: null,
})
