/** Any server that speaks as OpenAI does, at a base URL of the operator's; with a key or without. */

import type { Vendor } from './vendor.ts'
import { makeVendor, openaiFamily, openaiRealtime, openaiShelf } from './vendor-defaults.ts'
import { shimOption } from './wire-shim.ts'

export const openaiCompatible: Vendor = makeVendor({
  name: 'openai-compatible',
  title: 'OpenAI-compatible server',
  baseUrl: null,
  keyEnv: [],
  keyless: true,
  options: shimOption,
  protocols: [...openaiFamily, 'openai-rerank'],
  requestIdHeaders: ['x-request-id', 'request-id'],
  showsReasoning: true,
  shelf: { ...openaiShelf, certain: false },
  realtime: openaiRealtime,
  keyPage: null,
})
