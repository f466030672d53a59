/**
 * DeepSeek: https://api-docs.deepseek.com/api/create-completion, read 2026-11-22. Text completion (fill in the middle)
 * lives under `beta/`, beside the other paths. The id of a request is in `x-ds-trace-id`. Closing a stream stops its
 * generation and its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22).
 */

import { deepseekBalance } from './balance.ts'
import { chatHistory } from './chat-history.ts'
import { thoughtfulHistory } from './claude-history.ts'
import type { Vendor } from './vendor.ts'
import { anthropicBeside, dialectOf, makeVendor } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const deepseek: Vendor = makeVendor({
  name: 'deepseek',
  title: 'DeepSeek',
  baseUrl: 'https://api.deepseek.com',
  keyEnv: ['DEEPSEEK_API_KEY'],
  options: shimOption,
  protocols: ['openai-chat', 'anthropic-messages', 'openai-completions'],
  endpoint: (request) => {
    // https://api-docs.deepseek.com/guides/anthropic_api, read 2026-11-22.
    if (request.protocol === 'anthropic-messages') return anthropicBeside(request)
    const { path, provider } = request
    // An operator's own base URL that ends in `/beta` has every path there.
    return { path: path === 'completions' && !provider.baseUrl.endsWith('/beta') ? `beta/${path}` : path, query: {} }
  },
  dialect: dialectOf({ thinking: 'switch', restores: 'thought' }),
  // "The `reasoning_content` in the thinking mode must be passed back to the API", of every message once a tool was called
  // (https://github.com/MoonshotAI/kimi-cli/issues/2141, read 2026-11-29).
  histories: { 'openai-chat': chatHistory({ thoughtOf: () => 'all' }), 'anthropic-messages': thoughtfulHistory },
  requestIdHeaders: ['x-ds-trace-id', 'x-request-id'],
  showsReasoning: true,
  balance: deepseekBalance,
  keyPage: 'https://platform.deepseek.com/api_keys',
})
