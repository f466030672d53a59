/** Whether the limits that the candidate tells in its answers are enough for the traffic that it is to take over. */

import type { Busiest } from '#migration/judge.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
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

const words: Readonly<Record<keyof Busiest, string>> = {
  requestsPerMinute: 'requests a minute',
  tokensPerMinute: 'tokens a minute',
}

const judged = (
  limits: readonly Limit[],
  need: Busiest,
  firstWeight: number,
): Omit<PreflightCheck, 'check' | 'arm' | 'tookMs'> => {
  const short = limits.filter(({ what, limit }) => limit < need[what])
  const say = ({ what, limit }: Limit): string =>
    `${limit} ${words[what]} of a key, and the busiest minute of its traffic had ${Math.ceil(need[what])}`
  const mend = 'Have the limit raised, or give the provider more keys (api_keys), before the weight reaches it.'
  const blocking = short.find(({ what, limit }) => limit < need[what] * firstWeight)
  if (blocking !== undefined)
    return { outcome: 'failed', says: `${say(blocking)}: not even the first step fits.`, mend }
  const [first] = short
  if (first === undefined)
    return { outcome: 'passed', says: limits.map((one) => `${one.limit} ${words[one.what]}`).join(', '), mend: null }
  const percent = Math.floor((first.limit / need[first.what]) * 100)
  return { outcome: 'warned', says: `${say(first)}: it is enough for ${percent} % of the traffic.`, mend }
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
  const skipped = (says: string): Looked => ({
    checks: [{ ...common, outcome: 'skipped', says, mend: null }],
    nanoUsd: 0n,
  })
  if (limits.length === 0) return skipped('its answers tell no limits')
  if (need === null) return skipped('nothing is known of the busiest minute')
  const firstWeight = (file.steps[startStep]?.set_weight ?? 100) / 100
  const inScope = file.match.percent / 100
  const share: Busiest = {
    requestsPerMinute: need.requestsPerMinute * inScope,
    tokensPerMinute: need.tokensPerMinute * inScope,
  }
  return { checks: [{ ...common, ...judged(limits, share, firstWeight) }], nanoUsd: 0n }
}
