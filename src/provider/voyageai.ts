/**
 * Voyage AI: https://docs.rs/crate/rig-core/0.47.0/source/src/providers/voyageai/wire.rs, read 2026-11-22. It says
 * `top_k` where others say `top_n`, and `output_dimension` for `dimensions`.
 */

import { quirksOf } from './quirk.ts'
import type { Vendor } from './vendor.ts'
import { makeVendor } from './vendor-defaults.ts'

export const voyageai: Vendor = makeVendor({
  name: 'voyageai',
  title: 'Voyage AI',
  baseUrl: 'https://api.voyageai.com/v1',
  keyEnv: ['VOYAGE_API_KEY'],
  protocols: ['openai-embeddings', 'openai-rerank'],
  adjust: quirksOf({
    'openai-embeddings': { dimensions: { rename: 'output_dimension' }, user: { cut: 'unsupported' } },
    'openai-rerank': { top_n: { rename: 'top_k' } },
  }),
  checkPath: null,
  keyPage: 'https://dashboard.voyageai.com/organization/api-keys',
})
