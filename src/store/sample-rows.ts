/** Rows with nothing special about them, for tests to vary. */

import type { AccountRow, CallFilter, FirstStart, KeyRow, OrganisationRow, ProjectRow, TrailRow } from '#admin/port.ts'
import { everyCall } from '#admin/port.ts'
import type { CallRecord } from '#base/call-record.ts'
import { blankAttempt, blankRecord } from '#base/call-record.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'

export type AccountRows = {
  readonly organisation: OrganisationRow
  readonly project: ProjectRow
  readonly account: AccountRow
}

/** An organisation with its project and account, all named by `name`. */
export const sampleAccount = (name: string): AccountRows => ({
  organisation: { id: `org_${name}`, name, createdMs: 1 },
  project: { id: `prj_${name}`, organisation: `org_${name}`, name: 'default', createdMs: 2, archivedMs: null },
  account: { id: `acc_${name}`, organisation: `org_${name}`, name, billing: 'prepaid', plan: null, createdMs: 3 },
})

/** A key of the sample account `default`; its digest follows from its id. */
export const sampleKeyRow = (id: string, changes: Partial<KeyRow> = {}): KeyRow => ({
  id,
  name: `name of ${id}`,
  organisation: 'org_default',
  project: 'prj_default',
  member: null,
  account: 'acc_default',
  purpose: 'model',
  test: false,
  environment: null,
  models: null,
  regions: null,
  cacheMs: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  requestsPerDay: null,
  tokensPerDay: null,
  concurrency: null,
  addresses: null,
  defaultProvider: null,
  usageCost: false,
  budgetNanoUsd: null,
  budgetPeriod: null,
  createdMs: 4,
  expiresMs: null,
  revokedMs: null,
  ending: 'wxyz',
  digest: `digest of ${id}`,
  ...changes,
})

/** A trail row; `after` tells rows of one operation apart. */
export const sampleTrail = (id: string, changes: Partial<TrailRow> = {}): TrailRow => ({
  id,
  timeMs: 5,
  actor: 'local',
  operation: 'keys.create',
  object: 'key_1',
  before: null,
  after: '{"name":"ci"}',
  requestId: null,
  ...changes,
})

/** The first rows of a store: the account `default` with these keys. */
export const sampleFirst = (keys: readonly KeyRow[] = []): FirstStart => ({
  ...sampleAccount('default'),
  keys,
  trail: sampleTrail('trl_0', { operation: 'begin', object: 'org_default', after: null }),
})

/** What is only of a call under way is never kept. */
const {
  gaps: _gaps,
  sharedMs: _sharedMs,
  ...keptBlank
} = blankRecord({ id: '', path: '/v1/chat/completions' }, 'openai-chat', 6)

/** A call in which nothing is filled that may be empty. */
export const sampleCall = (id: string, changes: Partial<CallRecord> = {}): CallRecord => ({
  ...keptBlank,
  id,
  status: 200,
  durationMs: 7,
  overheadMs: 0.25,
  end: 'complete',
  requestBytes: 8,
  responseBytes: 9,
  ...changes,
})

const fullPricing: NonNullable<CallRecord['pricing']> = {
  model: 'kimi-k2',
  family: 'kimi',
  vendor: 'moonshot',
  source: 'https://prices.example/',
  serviceTier: 'flex',
  contextOverTokens: 200_000,
  currency: 'CNY',
  perUsdNano: 7_100_000_000n,
  baseNanoUsd: 2n ** 63n - 1n,
  rules: [{ kind: 'discount', name: 'bundle "pair"', basisPoints: 1_500 }],
}

const fullWaits = { ttftMs: 30.0625, queuedMs: 12.5, longestGapMs: 250.25 }

/** A figure as large as rows may have, which no provider is believed. */
const fullUsage: Usage = {
  ...usageOf({ output: 5, items: { search: 2 }, serviceTier: 'flex', source: 'partial' }),
  input: 2 ** 53 - 1,
}

/** A call in which everything is filled, with the largest and oddest values that may come. */
export const fullCall = (id: string): CallRecord =>
  sampleCall(id, {
    timeMs: 1_795_366_251_100,
    organisation: 'org_default',
    project: 'prj_default',
    member: 'mem_1',
    account: 'acc_default',
    key: 'key_1',
    test: true,
    stream: true,
    model: 'Kimi "K2" 模型 ; drop table call --',
    provider: 'moonshot',
    upstreamModel: 'kimi-k2.6',
    status: 503,
    error: 'upstream_overloaded',
    errorMessage: 'line one\nline two',
    attempts: [
      {
        provider: 'moonshot',
        model: 'kimi-k2.6',
        status: 503,
        error: 'upstream_overloaded',
        startMs: 0.125,
        headersMs: 20.5,
        firstPartMs: null,
        endMs: 21,
        upstreamRequestId: 'r-1',
        usage: usageOf({ input: 1, output: 0 }),
        costNanoUsd: 9_007_199_254_740_993n,
        reason: 'weighted',
        left: 'upstream_overloaded: 503',
        breaker: 'half-open',
        credential: 'env:KIMI_KEY',
        shims: ['temperature:fixed'],
      },
      { ...blankAttempt('local', 'own', 30), error: 'upstream_timeout' },
    ],
    usage: fullUsage,
    costNanoUsd: 2n ** 63n - 1n,
    priceHash: 'a'.repeat(32),
    pricing: fullPricing,
    ...fullWaits,
    durationMs: 500.5,
    end: 'cut',
    finishReason: 'stop',
    tags: { team: 'größe', empty: '' },
    conversation: 'c',
    callSite: 's',
    session: 'e',
    migration: 'm',
    arm: 'b',
    warnings: ['temperature:fixed'],
    cache: 'miss',
    requestBytes: 2 ** 40,
    upstreamDigest: 'b'.repeat(64),
    deliveredDigest: 'c'.repeat(64),
    requestBody: '{"a":1}',
    responseBody: '',
  })

/** A filter with these changes, and everything else let through. */
export const sampleFilter = (changes: Partial<CallFilter> = {}): CallFilter => ({ ...everyCall(1000), ...changes })
