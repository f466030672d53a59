/** Limits beside those of keys and plans. */

import type { LimitConfig } from './config.ts'
import type { Settings } from './schema.ts'

/** In the order of the file. */
export const buildLimits = ({ limits }: Settings): readonly LimitConfig[] =>
  Object.entries(limits ?? {}).map(([name, entry]) => ({
    name,
    per: entry.per,
    requestsPerMinute: entry.rpm ?? null,
    requestsPerDay: entry.rpd ?? null,
    tokensPerMinute: entry.tpm ?? null,
    tokensPerDay: entry.tpd ?? null,
    concurrency: entry.concurrency ?? null,
    queue: entry.queue === undefined ? null : { waitingMax: entry.queue.max_waiting, waitMaxMs: entry.queue.max_wait },
    scope: {
      keys: entry.for.keys ?? null,
      projects: entry.for.projects ?? null,
      accounts: entry.for.accounts ?? null,
      plans: entry.for.plans ?? null,
      models: entry.for.models ?? null,
    },
  }))
