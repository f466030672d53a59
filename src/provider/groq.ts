/**
 * Groq: https://console.groq.com/docs/openai, read 2026-11-22: `logprobs`, `top_logprobs` and `logit_bias` are a 400.
 * A stream carries its usage in `x_groq` of the last choice, and when asked for also as OpenAI sends it. Closing a
 * stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read
 * 2026-11-22), so the rest is read for its exact usage.
 */

import { quirksOf } from './quirk.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

export const groq: Vendor = makeVendor({
  name: 'groq',
  title: 'Groq',
  baseUrl: 'https://api.groq.com/openai/v1',
  keyEnv: ['GROQ_API_KEY'],
  protocols: ['openai-chat', 'openai-speech', 'openai-transcriptions'],
  leavePolicy: 'drain',
  adjust: quirksOf({
    'openai-chat': {
      logprobs: { cut: 'unsupported' },
      top_logprobs: { cut: 'unsupported' },
      logit_bias: { cut: 'unsupported' },
    },
  }),
  dialect: strictDialect,
  keyPage: 'https://console.groq.com/keys',
})
