/**
 * Groq: https://console.groq.com/docs/openai, read 2026-11-22: `logprobs`, `top_logprobs` and `logit_bias` are a 400.
 * A stream carries its usage in `x_groq` of the last choice, and when asked for also as OpenAI sends it. Closing a
 * stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read
 * 2026-11-22), so the rest is read for its exact usage.
 */

import { chatHistory } from './chat-history.ts'
import { quirksOf } from './quirk.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

/**
 * "property 'reasoning_content' is unsupported" (https://github.com/janhq/jan/issues/8136); `reasoning` is its own word, and refused with models that do
 * not think (https://github.com/vercel/ai/pull/8057); both read 2026-11-29. What else OpenAI's SDKs write down of an answer: from memory.
 */
const refused: readonly string[] = ['reasoning_content', 'reasoning_details', 'annotations', 'audio', 'refusal']
const thinks = /gpt-oss|qwen|deepseek-r1|minimax/

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
  histories: {
    'openai-chat': chatHistory({
      refused: (model) => (thinks.test(model) ? refused : [...refused, 'reasoning']),
      bareCalls: true,
    }),
  },
  keyPage: 'https://console.groq.com/keys',
})
