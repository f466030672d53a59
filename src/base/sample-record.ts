/** A call record for tests: a plain call that went well; what a test is about it says itself. */

import type { AttemptRecord, CallRecord } from './call-record.ts'
import { blankAttempt, blankRecord } from './call-record.ts'
import { usageOf } from './usage.ts'

/** An attempt that was answered well. */
export const sampleAttempt = (rest: Partial<AttemptRecord> = {}): AttemptRecord => ({
  ...blankAttempt('moonshot', 'kimi-k2.6', 1),
  status: 200,
  headersMs: 50,
  firstPartMs: 120,
  endMs: 890,
  ...rest,
})

/** The record of a chat that streamed to its end. */
export const sampleRecord = (rest: Partial<CallRecord> = {}): CallRecord => ({
  ...blankRecord({ id: 'call_1', path: '/v1/chat/completions' }, 'openai-chat', 0),
  organisation: 'org_1',
  account: 'acc_1',
  key: 'key_1',
  stream: true,
  model: 'kimi-k2',
  provider: 'moonshot',
  upstreamModel: 'kimi-k2.6',
  status: 200,
  usage: usageOf({ input: 10, output: 5, cachedInput: 4 }),
  costNanoUsd: 1n,
  ttftMs: 120,
  durationMs: 900,
  overheadMs: 2,
  end: 'complete',
  finishReason: 'stop',
  requestBytes: 1,
  responseBytes: 1,
  ...rest,
})
