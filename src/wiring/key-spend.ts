/** What a key has cost, out of the figures of usage. */

import type { KeySpend } from '#relay/port.ts'
import type { UsageStore } from '#report/port.ts'
import { everyUsage } from '#report/port.ts'

const dayMs = 86_400_000
export const keySpendFrom = (store: Pick<UsageStore, 'usage'>): KeySpend => ({
  spentNanoUsd: async (key, nowMs) => {
    const { groups } = await store.usage({
      fromMs: 0,
      toMs: (Math.floor(nowMs / dayMs) + 1) * dayMs,
      grain: 'day',
      byTime: false,
      by: [],
      tagName: null,
      filter: { ...everyUsage, key },
      test: false,
      limit: 1,
      after: null,
    })
    return groups[0]?.tally.chargeNanoUsd ?? 0n
  },
})
