/**
 * Alibaba Cloud Model Studio (Qwen), compatible mode: https://help.aliyun.com/en/model-studio/base-url, read
 * 2026-11-22. A key belongs to one region. Closing a stream does not stop its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22), so the rest is read for
 * its exact usage.
 */

import type { Vendor } from './vendor.ts'
import { dialectOf, makeVendor } from './vendor-defaults.ts'

export const alibaba: Vendor = makeVendor({
  name: 'alibaba',
  title: 'Alibaba Cloud Model Studio (Qwen)',
  baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
  regions: {
    intl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    cn: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    us: 'https://dashscope-us.aliyuncs.com/compatible-mode/v1',
  },
  keyEnv: ['DASHSCOPE_API_KEY', 'ALIBABA_API_KEY'],
  protocols: ['openai-chat', 'openai-completions', 'openai-embeddings'],
  leavePolicy: 'drain',
  dialect: dialectOf({ cacheMarks: true, thinking: 'enable_thinking' }),
  requestIdHeaders: ['x-request-id', 'req-arms-trace-id'],
  showsReasoning: true,
  keyPage: 'https://modelstudio.console.alibabacloud.com/?tab=api#/api-key',
})
