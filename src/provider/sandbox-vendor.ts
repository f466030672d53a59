/**
 * The sandbox as a vendor: it answers in this process and asks for no key. Its address can never be dialled (RFC
 * 2606).
 */

import type { Vendor } from './vendor.ts'
import { makeVendor, openaiFamily, openaiRealtime } from './vendor-defaults.ts'

export const sandbox: Vendor = makeVendor({
  name: 'sandbox',
  title: 'Sandbox',
  baseUrl: 'https://sandbox.invalid/v1',
  keyEnv: [],
  keyless: true,
  inProcess: true,
  protocols: [...openaiFamily, 'openai-rerank'],
  checkPath: null,
  shelf: {
    files: ['openai', 'anthropic'],
    batches: ['openai', 'anthropic'],
    uploads: false,
    tuning: false,
    certain: true,
  },
  realtime: openaiRealtime,
  keyPage: null,
})
