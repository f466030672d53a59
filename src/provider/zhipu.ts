/**
 * Z.ai and Zhipu (GLM), the same models on two sites: https://docs.z.ai/api-reference/introduction.md and
 * https://docs.bigmodel.cn/openapi/openapi-en.json, read 2026-11-22. The id of a request is in `x-log-id`.
 */

import type { Vendor } from './vendor.ts'
import { dialectOf, makeVendor } from './vendor-defaults.ts'

export const zhipu: Vendor = makeVendor({
  name: 'zhipu',
  title: 'Z.ai (Zhipu)',
  baseUrl: 'https://api.z.ai/api/paas/v4',
  regions: { intl: 'https://api.z.ai/api/paas/v4', cn: 'https://open.bigmodel.cn/api/paas/v4' },
  regionCurrencies: { cn: 'CNY' },
  keyEnv: ['ZAI_API_KEY', 'ZHIPU_API_KEY', 'ZHIPUAI_API_KEY'],
  protocols: [
    'openai-chat',
    'openai-embeddings',
    'openai-moderations',
    'openai-images',
    'openai-speech',
    'openai-transcriptions',
    'openai-rerank',
  ],
  dialect: dialectOf({ thinking: 'switch' }),
  requestIdHeaders: ['x-log-id'],
  checkPath: null,
  showsReasoning: true,
  keyPage: 'https://z.ai/manage-apikey/apikey-list',
})
