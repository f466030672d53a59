/** Whether the limits that the candidate tells in its answers are enough for the traffic that it is to take over. */

import type { Sentence } from '#base/sentence.ts'
import { joined } from '#base/sentence.ts'
import type { Busiest } from '#migration/judge.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import { finding } from './findings.ts'
import type { Looked, Looking } from './looking.ts'

type Limit = { readonly what: keyof Busiest; readonly limit: number }

/** As OpenAI's format and Anthropic tell them; the period is a minute in both. */
const names: readonly (readonly [name: string, what: keyof Busiest])[] = [
  ['x-ratelimit-limit-requests', 'requestsPerMinute'],
  ['anthropic-ratelimit-requests-limit', 'requestsPerMinute'],
  ['x-ratelimit-limit-tokens', 'tokensPerMinute'],
  ['anthropic-ratelimit-tokens-limit', 'tokensPerMinute'],
  ['anthropic-ratelimit-input-tokens-limit', 'tokensPerMinute'],
]

const limitsIn = (headers: Readonly<Record<string, string>>): readonly Limit[] =>
  names.flatMap(([name, what]) => {
    const limit = Number(headers[name])
    return headers[name] !== undefined && Number.isFinite(limit) && limit > 0 ? [{ what, limit }] : []
  })

const limitSays = ({ what, limit }: Limit): Sentence =>
  finding(what === 'requestsPerMinute' ? 'requests_a_minute' : 'tokens_a_minute', { limit })

type Found = {
  readonly outcome: PreflightCheck['outcome']
  readonly says: Sentence
  readonly mend: Sentence | null
}

const judged = (limits: readonly Limit[], need: Busiest, firstWeight: number): Found => {
  const short = limits.filter(({ what, limit }) => limit < need[what])
  const say = (one: Limit, percent: number | null): Sentence =>
    finding('limit_short', { limit: limitSays(one), busiest: Math.ceil(need[one.what]), percent })
  const mend = finding('raise_quota')
  const blocking = short.find(({ what, limit }) => limit < need[what] * firstWeight)
  if (blocking !== undefined) return { outcome: 'failed', says: say(blocking, null), mend }
  const [first] = short
  if (first === undefined) return { outcome: 'passed', says: joined(limits.map(limitSays), ', '), mend: null }
  const percent = Math.floor((first.limit / need[first.what]) * 100)
  return { outcome: 'warned', says: say(first, percent), mend }
}

/** With every key that the provider has; `answers`: the heads of the candidate's answers. */
export const checkQuota = async (
  { ports, file, startStep, need }: Looking,
  answers: readonly Readonly<Record<string, string>>[],
): Promise<Looked> => {
  const keys = Math.max(
    1,
    ports.snapshot().upstreams.get(file.candidate.route.split('/')[0] ?? '')?.provider.credentials.length ?? 1,
  )
  const limits = limitsIn(answers.at(-1) ?? {}).map(({ what, limit }) => ({ what, limit: limit * keys }))
  const common = { check: 'quota', arm: 'candidate', tookMs: 0 } as const
  const skipped = (says: Sentence): Looked => ({
    checks: [checked({ ...common, outcome: 'skipped', says, mend: null })],
    nanoUsd: 0n,
  })
  if (limits.length === 0) return skipped(finding('tells_no_limits'))
  if (need === null) return skipped(finding('busiest_unknown'))
  const firstWeight = (file.steps[startStep]?.set_weight ?? 100) / 100
  const inScope = file.match.percent / 100
  const share: Busiest = {
    requestsPerMinute: need.requestsPerMinute * inScope,
    tokensPerMinute: need.tokensPerMinute * inScope,
  }
  return { checks: [checked({ ...common, ...judged(limits, share, firstWeight) })], nanoUsd: 0n }
}
