/** What a key has cost, out of the figures of usage. */

import type { KeySpend } from '#relay/port.ts'
import type { UsageFilter, UsageStore } from '#report/port.ts'

const dayMs = 86_400_000
const everything: UsageFilter = {
  account: null,
  project: null,
  member: null,
  key: null,
  model: null,
  provider: null,
  upstream_model: null,
  tag: null,
}

export const keySpendFrom = (store: Pick<UsageStore, 'usage'>): KeySpend => ({
  spentNanoUsd: async (key, nowMs) => {
    const { groups } = await store.usage({
      fromMs: 0,
      toMs: (Math.floor(nowMs / dayMs) + 1) * dayMs,
      grain: 'day',
      byTime: false,
      by: [],
      tagName: null,
      filter: { ...everything, key },
      test: false,
      limit: 1,
      after: null,
    })
    return groups[0]?.tally.chargeNanoUsd ?? 0n
  },
})
