/** A call record for tests of this room and of the command line. */

import type { CallRecord } from '#base/call-record.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { usageOf } from '#base/usage.ts'

/** A call that went well, with these fields instead of its own. */
export const testCall = (id: string, fields: Partial<CallRecord>): CallRecord =>
  sampleRecord({
    id,
    timeMs: Date.UTC(2026, 10, 22, 16),
    attempts: [
      sampleAttempt({
        startMs: 1.2340000000000002,
        headersMs: 20,
        firstPartMs: 30,
        endMs: 200,
        reason: 'weighted',
        breaker: 'closed',
      }),
    ],
    usage: usageOf({ input: 10, output: 5 }),
    // One more than a double can hold exactly.
    costNanoUsd: 9_007_199_254_740_993n,
    ttftMs: 30.4,
    durationMs: 201.2,
    overheadMs: 1.5,
    tags: { team: 'red' },
    requestBytes: 100,
    responseBytes: 900,
    requestBody: 'the body',
    ...fields,
  })
