/**
 * xAI: https://docs.x.ai/api-reference, read 2026-11-22. Its reasoning models refuse penalties and `stop`; that is a
 * matter of the model, so the catalog says it. Closing a stream stops its generation and its bill
 * (https://openrouter.ai/docs/api-reference/streaming, list of providers, read 2026-11-22). Its voice models speak OpenAI's Realtime
 * (https://docs.litellm.ai/docs/providers/xai_realtime, read 2026-11-29).
 */

import { responsesHistory } from './responses-history.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor, openaiRealtime, strictDialect } from './vendor-defaults.ts'

export const xai: Vendor = makeVendor({
  name: 'xai',
  title: 'xAI',
  baseUrl: 'https://api.x.ai/v1',
  keyEnv: ['XAI_API_KEY'],
  protocols: ['openai-chat', 'openai-responses', 'openai-completions', 'openai-images'],
  dialect: strictDialect,
  histories: { 'openai-responses': responsesHistory },
  realtime: openaiRealtime,
  keyPage: 'https://console.x.ai',
})
