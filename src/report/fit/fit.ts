/** Whether a move makes sense at all, from the manifest and what only people know. Each answer says why and what to do next. */

import type { FitManifest, FitSite } from './manifest.ts'

export type Verdict = 'pass' | 'mind' | 'fail' | 'unknown'

export type Check = {
  readonly id:
    | 'volume'
    | 'saving'
    | 'latency'
    | 'errors'
    | 'breaks'
    | 'contract'
    | 'certificates'
    | 'canary'
    | 'coverage'
  readonly question: string
  readonly verdict: Verdict
  readonly why: string
  readonly next: string | null
}

/** What no code says. `null` = not said. */
export type Said = {
  readonly latencyBudgetMs: number | null
  readonly ttftBudgetMs: number | null
  /** Milliseconds that the way through the relay adds. */
  readonly overheadMs: number
  /** A contract that allows one vendor only, or binds volume to it, until this day. */
  readonly boundUntil: string | null
  readonly today: string
  readonly needs: readonly string[]
  readonly holds: readonly string[]
  /** Of a forecast: `drover roi --json`. */
  readonly saving: { readonly monthlyUsd: string; readonly paybackDays: number | null } | null
}

const daysPerMonth = 365 / 12
/** Under this many tokens a month no price pays for an afternoon of work. */
const tokensPerMonthMin = 10_000_000
const paybackDaysMax = 365
/** Calls that must come through clean to rule out one percent of errors at 5 %, and the share of the first real stage. */
const cleanCallsMin = 580
const stageShare = 0.05
const stageDaysMax = 14

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

const sumOf = (sites: readonly FitSite[], value: (site: FitSite) => number | null): number =>
  sites.reduce((sum, site) => sum + (value(site) ?? 0), 0)

const volumeCheck = ({ sites, hasUsage, unassignedTokensPerDay }: FitManifest): Check => {
  const question = 'Is enough used for a move to matter?'
  const next = "Join a usage export: 'drover audit . --usage FILE --manifest migration-manifest.json'."
  if (!hasUsage)
    return {
      id: 'volume',
      question,
      verdict: 'unknown',
      why: 'The manifest has no usage; code does not say how often it runs.',
      next,
    }
  const month = (sumOf(sites, ({ tokensPerDay }) => tokensPerDay) + unassignedTokensPerDay) * daysPerMonth
  const isEnough = month >= tokensPerMonthMin
  return {
    id: 'volume',
    question,
    verdict: isEnough ? 'pass' : 'mind',
    why: `${count(month)} tokens a month${isEnough ? '' : `, under ${count(tokensPerMonthMin)}: at a difference of 5 USD per million that is ${((month / 1e6) * 5).toFixed(2)} USD a month`}.`,
    next: isEnough ? null : 'Move for another reason than price (limits, regions, a model that ends), or not at all.',
  }
}

const savingCheck = ({ saving }: Said): Check => {
  const question = 'Does the saving pay for the work?'
  if (saving === null)
    return {
      id: 'saving',
      question,
      verdict: 'unknown',
      why: 'No forecast was given.',
      next: "Make one: 'drover roi --usage migration-manifest.json --to PROVIDER/MODEL --hours N --hourly-usd N --json --output roi.json', then add '--roi roi.json'.",
    }
  const { monthlyUsd, paybackDays } = saving
  const isPaid = paybackDays !== null && paybackDays <= paybackDaysMax
  return {
    id: 'saving',
    question,
    verdict: isPaid ? 'pass' : paybackDays === null ? 'fail' : 'mind',
    why:
      paybackDays === null
        ? `It saves ${monthlyUsd} USD a month, which never pays for the one-off cost.`
        : `It saves ${monthlyUsd} USD a month and has paid after ${paybackDays} days.`,
    next: isPaid ? null : 'Move fewer call sites, or those with the most tokens only, and count again.',
  }
}

const worstOf = (sites: readonly FitSite[], value: (site: FitSite) => number | null) => {
  const known = sites.flatMap((site) => {
    const found = value(site)
    return found === null ? [] : [{ name: site.name, value: found }]
  })
  return known.toSorted((one, other) => other.value - one.value)[0] ?? null
}

const latencyCheck = ({ sites }: FitManifest, { latencyBudgetMs, ttftBudgetMs, overheadMs }: Said): Check => {
  const question = 'Does the latency budget allow it?'
  const [budget, what, worst] =
    ttftBudgetMs === null
      ? [latencyBudgetMs, 'p99', worstOf(sites, ({ p99Ms }) => p99Ms)]
      : [ttftBudgetMs, 'p99 to the first token', worstOf(sites, ({ ttftP99Ms }) => ttftP99Ms)]
  const probe = "Measure the target: 'drover probe --base-url … --model …' tells its times before anything moves."
  if (budget === null)
    return {
      id: 'latency',
      question,
      verdict: 'unknown',
      why: 'No budget was given.',
      next: 'Give --latency-budget-ms or --ttft-budget-ms.',
    }
  if (worst === null)
    return {
      id: 'latency',
      question,
      verdict: 'unknown',
      why: 'The usage has no times of calls.',
      next: `Join an export of single calls (a gateway's log, traces). ${probe}`,
    }
  const through = worst.value + overheadMs
  const verdict = worst.value > budget ? 'mind' : through > budget ? 'fail' : 'pass'
  const why = {
    mind: `${worst.name} takes ${count(worst.value)} ms (${what}) already today, over the budget of ${count(budget)} ms.`,
    fail: `${worst.name} takes ${count(worst.value)} ms (${what}); with ${overheadMs} ms for the relay that is over the budget of ${count(budget)} ms.`,
    pass: `${worst.name}, the slowest, takes ${count(worst.value)} ms (${what}); ${count(budget - through)} ms are left for the target to be slower.`,
  }[verdict]
  const next = {
    mind: 'Is the budget real? If so, the move is a chance to mend it, and no reason against it.',
    fail: 'Leave this call site out, or run the relay beside it.',
    pass: probe,
  }[verdict]
  return { id: 'latency', question, verdict, why, next }
}

const firstErrorRate = 0.01

const errorsCheck = ({ sites }: FitManifest): Check => {
  const question = 'Is today quiet enough to see a difference?'
  const worst = worstOf(sites, ({ errorRate }) => errorRate)
  if (worst === null)
    return { id: 'errors', question, verdict: 'unknown', why: 'The usage does not say which calls failed.', next: null }
  const share = `${(worst.value * 100).toFixed(2)} %`
  return worst.value > firstErrorRate
    ? {
        id: 'errors',
        question,
        verdict: 'mind',
        why: `${share} of the calls of ${worst.name} fail today.`,
        next: 'Mend these first, or they will be blamed on the move.',
      }
    : { id: 'errors', question, verdict: 'pass', why: `At most ${share} of calls fail at any call site.`, next: null }
}

const shownMax = 4

const breaksCheck = ({ target, sites }: FitManifest): Check => {
  const question = 'What breaks on the target?'
  if (target === null)
    return {
      id: 'breaks',
      question,
      verdict: 'unknown',
      why: 'The manifest has no target.',
      next: "Audit with one: '--target MODEL'.",
    }
  const breaking = sites.filter(({ breaks }) => breaks.length > 0)
  if (breaking.length === 0)
    return {
      id: 'breaks',
      question,
      verdict: 'pass',
      why: `Nothing at ${sites.length} call sites, as far as the catalog knows ${target}.`,
      next: null,
    }
  const told = breaking.slice(0, shownMax).map(({ name, breaks }) => `${name}: ${breaks[0]}`)
  return {
    id: 'breaks',
    question,
    verdict: breaking.length === sites.length ? 'fail' : 'mind',
    why: `${breaking.length} of ${sites.length} call sites: ${told.join(' ')}${breaking.length > shownMax ? ' …' : ''}`,
    next: 'The audit says for each what to do; what Drover adjusts itself is a warning there, not an error.',
  }
}

const contractCheck = ({ providers }: FitManifest, { boundUntil, today }: Said): Check => {
  const question = 'Does a contract bind you to one vendor?'
  if (boundUntil === null)
    return {
      id: 'contract',
      question,
      verdict: 'unknown',
      why: 'Nothing was said about contracts.',
      next: "Ask whoever signs them; give '--bound-until YYYY-MM-DD', or '--bound-until none'.",
    }
  if (boundUntil === 'none' || boundUntil <= today)
    return { id: 'contract', question, verdict: 'pass', why: 'None does.', next: null }
  return {
    id: 'contract',
    question,
    verdict: 'fail',
    why: `A contract binds you${providers.length === 0 ? '' : ` (${providers.join(', ')})`} until ${boundUntil}.`,
    next: "Prepare now, move then: 'drover roi --committed-usd N --committed-until DATE' says the best day. Putting the relay in front of the same vendor moves nothing.",
  }
}

const certificatesCheck = ({ needs, holds }: Said): Check => {
  const question = 'Does the operator hold the certificates that you need?'
  if (needs.length === 0)
    return {
      id: 'certificates',
      question,
      verdict: 'unknown',
      why: 'Nothing was said about certificates.',
      next: "Ask compliance; give '--needs soc2,iso27001' and '--holds …', or '--needs none'.",
    }
  if (needs.length === 1 && needs[0] === 'none')
    return { id: 'certificates', question, verdict: 'pass', why: 'None is needed.', next: null }
  const missing = needs.filter((name) => !holds.includes(name))
  return missing.length === 0
    ? {
        id: 'certificates',
        question,
        verdict: 'pass',
        why: `All of ${needs.join(', ')}.`,
        next: 'Ask for the reports, and check that they cover the relay and the target.',
      }
    : {
        id: 'certificates',
        question,
        verdict: 'fail',
        why: `Missing: ${missing.join(', ')}. Software holds none: who runs the relay must, and so must the vendor behind it.`,
        next: 'Run the relay inside what is certified already, keep such data on the old way, or wait.',
      }
}

const canaryCheck = ({ sites, hasUsage }: FitManifest): Check => {
  const question = 'Is there traffic enough to see harm in time?'
  const calls = sumOf(sites, ({ callsPerDay }) => callsPerDay)
  if (!hasUsage || calls === 0)
    return { id: 'canary', question, verdict: 'unknown', why: 'The usage does not count calls.', next: null }
  const days = cleanCallsMin / (calls * stageShare)
  const told = days < 1 ? `${(days * 24).toFixed(1)} hours` : `${days.toFixed(1)} days`
  return {
    id: 'canary',
    question,
    verdict: days <= stageDaysMax ? 'pass' : 'mind',
    why: `${count(calls)} calls a day: a stage of 5 % needs ${told} for the ${cleanCallsMin} clean calls that rule out 1 % of errors.`,
    next: days <= stageDaysMax ? null : 'Start at a larger share, or compare in the shadow first.',
  }
}

const coverageCheck = ({ sites, hasUsage, unassignedTokensPerDay }: FitManifest): Check => {
  const question = 'Is all of the traffic known?'
  if (!hasUsage) return { id: 'coverage', question, verdict: 'unknown', why: 'Without usage nobody knows.', next: null }
  const known = sumOf(sites, ({ tokensPerDay }) => tokensPerDay)
  const share = known + unassignedTokensPerDay === 0 ? 0 : unassignedTokensPerDay / (known + unassignedTokensPerDay)
  return share > firstErrorRate
    ? {
        id: 'coverage',
        question,
        verdict: 'mind',
        why: `${(share * 100).toFixed(1)} % of the tokens come from no call site of this code.`,
        next: 'Find who uses them before the old key is revoked.',
      }
    : { id: 'coverage', question, verdict: 'pass', why: 'Every token of the usage is called by this code.', next: null }
}

export type Decision = 'yes' | 'yes, with conditions' | 'not yet' | 'no'

const decisionOf = (checks: readonly Check[]): Decision => {
  const failed = checks.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)
  if (failed.includes('saving') || failed.includes('certificates')) return 'no'
  if (
    failed.length > 0 ||
    checks.some(({ id, verdict }) => verdict === 'unknown' && (id === 'volume' || id === 'breaks'))
  )
    return 'not yet'
  return checks.every(({ verdict }) => verdict === 'pass') ? 'yes' : 'yes, with conditions'
}

/** The page: a decision, and every question with its answer. */
export const fitReport = (manifest: FitManifest, said: Said) => {
  const checks = [
    volumeCheck(manifest),
    savingCheck(said),
    breaksCheck(manifest),
    latencyCheck(manifest, said),
    errorsCheck(manifest),
    canaryCheck(manifest),
    coverageCheck(manifest),
    contractCheck(manifest, said),
    certificatesCheck(said),
  ]
  return {
    schema: 1 as const,
    decision: decisionOf(checks),
    date: said.today,
    from: manifest.providers,
    target: manifest.target,
    call_sites: manifest.sites.length,
    checks,
  }
}

export type FitReport = ReturnType<typeof fitReport>
