/** Pages for machines that watch: liveness, readiness, metrics. */

import { Buffer } from 'node:buffer'
import type { Sentence } from '#base/sentence.ts'
import type { Endpoint } from '#http/endpoint.ts'
import type { Inbound } from '#http/inbound.ts'
import type { PageEndpoint } from '#http/page.ts'
import { page } from '#http/page.ts'
import type { Check } from './health.ts'
import { livenessAnswer, readinessAnswer } from './health.ts'
import type { Metrics } from './metrics.ts'

export type WatchPages = {
  readonly version: string
  readonly checks: () => readonly Check[]
  /** What does not keep the server from taking traffic, but should be looked at. */
  readonly warnings: () => readonly Sentence[]
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  /** Throws Problem where the request may not see metrics. */
  readonly mayRead: (inbound: Inbound) => void
}

/** `liveliness` is how another gateway spells it, and what its users' probes ask for. */
export const watchPages = ({
  version,
  checks,
  warnings,
  metrics,
  mayRead,
}: WatchPages): readonly Endpoint<PageEndpoint>[] => [
  page('/health/liveness', () => livenessAnswer(version)),
  { ...page('/health/liveliness', () => livenessAnswer(version)), unlisted: true },
  page('/health/readiness', () => readinessAnswer(checks(), warnings())),
  page('/metrics', async (inbound) => {
    mayRead(inbound)
    return {
      status: 200,
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
      body: Buffer.from(await metrics.text()),
    }
  }),
]
