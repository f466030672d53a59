/** Anthropic's `cache_control`, which OpenAI-compatible hosts take on content as well (https://openrouter.ai/docs/features/prompt-caching, read 2026-11-22). */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { CacheMark } from './chat-request.ts'
import type { Fields } from './field-reading.ts'

/** The mark of a block, as a field `cache`. */
export const readCacheMark = (fields: Fields): { readonly cache?: CacheMark } => {
  const mark = fields.take('cache_control')
  if (!isObject(mark)) return {}
  return { cache: { ttl: mark['ttl'] === '1h' ? '1h' : '5m' } }
}

/** The mark as a field `cache_control`; five minutes are what is meant where no time is told. */
export const writeCacheMark = (cache: CacheMark | undefined): JsonObject =>
  cache === undefined ? {} : { cache_control: { type: 'ephemeral', ...(cache.ttl === '1h' ? { ttl: '1h' } : {}) } }
