/**
 * SiliconFlow: https://docs.siliconflow.cn/docs/api/chat-completions-post, read 2026-11-22. Two sites with keys of
 * their own.
 */

import { siliconflowBalance } from './balance.ts'
import type { Vendor } from './vendor.ts'
import { dialectOf, makeVendor } from './vendor-defaults.ts'

export const siliconflow: Vendor = makeVendor({
  name: 'siliconflow',
  title: 'SiliconFlow',
  baseUrl: 'https://api.siliconflow.com/v1',
  regions: { intl: 'https://api.siliconflow.com/v1', cn: 'https://api.siliconflow.cn/v1' },
  regionCurrencies: { cn: 'CNY' },
  keyEnv: ['SILICONFLOW_API_KEY'],
  protocols: [
    'openai-chat',
    'openai-embeddings',
    'openai-images',
    'openai-speech',
    'openai-transcriptions',
    'openai-rerank',
  ],
  dialect: dialectOf({ thinking: 'enable_thinking' }),
  requestIdHeaders: ['x-siliconcloud-trace-id'],
  balance: siliconflowBalance,
  keyPage: 'https://cloud.siliconflow.com/account/ak',
})
