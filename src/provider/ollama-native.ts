/**
 * Ollama by its own API, https://docs.ollama.com/api/chat, read 2026-11-28: what its OpenAI-compatible one leaves out (top_k, thinking
 * levels, images as bytes, `keep_alive` by the model's own default). The local server ignores keys; ollama.com wants one.
 */

import type { Vendor } from './vendor.ts'
import { dialectOf, makeVendor } from './vendor-defaults.ts'

export const ollamaNative: Vendor = makeVendor({
  name: 'ollama-native',
  title: 'Ollama (its own API)',
  baseUrl: 'http://127.0.0.1:11434/api',
  keyEnv: [],
  keyless: true,
  local: true,
  protocols: ['ollama-chat', 'ollama-embed'],
  dialect: dialectOf({}),
  streamUsage: 'always',
  showsReasoning: true,
  checkPath: 'tags',
  keyPage: null,
})
