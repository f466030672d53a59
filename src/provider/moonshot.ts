/**
 * Moonshot AI (Kimi): https://platform.kimi.com/docs/api/chat.md, read 2026-11-22. Two sites with keys of their own:
 * one for mainland China, one for everywhere else. Every answer carries `Msh-Request-Id`. `max_tokens` is deprecated
 * in favour of `max_completion_tokens`, and both are taken. Usage of a stream comes in the last choice (quoted streams
 * of 2024 and 2025) and, when asked for, as OpenAI sends it. Whether a closed stream stops its bill is documented
 * nowhere.
 */

import { moonshotBalance } from './balance.ts'
import { chatHistory } from './chat-history.ts'
import { thoughtfulHistory } from './claude-history.ts'
import type { Vendor } from './vendor.ts'
import { anthropicBeside, dialectOf, makeVendor, samePath } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const moonshot: Vendor = makeVendor({
  name: 'moonshot',
  title: 'Moonshot AI (Kimi)',
  baseUrl: 'https://api.moonshot.ai/v1',
  regions: { sg: 'https://api.moonshot.ai/v1', cn: 'https://api.moonshot.cn/v1' },
  regionCurrencies: { cn: 'CNY' },
  keyEnv: ['MOONSHOT_API_KEY', 'KIMI_API_KEY'],
  options: shimOption,
  shims: ['schema-subset'],
  protocols: ['openai-chat', 'anthropic-messages'],
  // The other endpoint takes Claude's clients: https://platform.kimi.com/docs/guide/agent-support.md, read 2026-11-22.
  endpoint: (request) => (request.protocol === 'anthropic-messages' ? anthropicBeside(request) : samePath(request)),
  dialect: dialectOf({ thinking: 'switch', restores: 'thought', webSearch: false }),
  // "thinking is enabled but reasoning_content is missing in assistant tool call message" (https://github.com/n8n-io/n8n/issues/29142, read
  // 2026-11-29); the models before K2 do not think.
  histories: {
    'openai-chat': chatHistory({ thoughtOf: (model) => (model.startsWith('moonshot-v1') ? 'none' : 'calls') }),
    'anthropic-messages': thoughtfulHistory,
  },
  counts: ['openai-chat', 'anthropic-messages'],
  requestIdHeaders: ['msh-request-id', 'x-msh-trace-id', 'x-request-id'],
  showsReasoning: true,
  balance: moonshotBalance,
  // Files for extracting, pictures and films (https://platform.moonshot.cn/docs/api/files), batches of some models at 60 % of the
  // price (https://platform.kimi.ai/docs/pricing/batch), both read 2026-11-29.
  shelf: { files: ['openai'], batches: ['openai'], uploads: false, tuning: false, certain: true },
  keyPage: 'https://platform.kimi.ai/console/api-keys',
})
