/** Answers given again to similar questions: only where the store is one that searches. */

import type { SimilarConfig, StoreConfig } from './config.ts'
import type { Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

/** `null` = there are none. */
export const buildSimilar = (settings: Settings, store: StoreConfig, tell: Tell): SimilarConfig | null => {
  const block = settings.semantic_cache
  if (block === undefined) return null
  if (store.postgres === null)
    tell(
      ['semantic_cache'],
      'needs an engine that searches by vectors, and the embedded store has none: set "store.url" to a Postgres with the extension pgvector, or remove the block',
    )
  const { embeddings, threshold, lifetime, for: whose } = block
  if (whose !== undefined && whose.keys === undefined && whose.projects === undefined)
    tell(['semantic_cache', 'for'], 'names nobody: give it keys or projects, or remove it')
  const scope = whose === undefined ? null : { keys: whose.keys ?? null, projects: whose.projects ?? null }
  return { embeddings, threshold, lifetimeMs: lifetime, scope }
}
