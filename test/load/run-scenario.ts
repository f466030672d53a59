/** One scenario from its start to its verdict, as a row of the table. */

import { setTimeout as wait } from 'node:timers/promises'
import { eventually } from '../e2e/harness.ts'
import type { Scenario, Status } from './scenario-list.ts'
import { fileOf, killedAtTheEdge } from './scenario-list.ts'
import type { Stage } from './scenario-stage.ts'

export type Row = {
  readonly scenario: string
  readonly verdict: string
  readonly expected: string
  readonly why: string
  readonly calls: number
  /** Calls that the candidate got, and those that it got while it was bad. */
  readonly met: number
  readonly met_bad: number
  /** From the decision to go back until the last call has reached the candidate, by node; `null` = there was none. */
  readonly rollback_ms: readonly number[] | null
  readonly candidate_usd: string | null
  readonly saved_usd: string | null
  readonly elsewhere: number
  readonly lost: number
  readonly ok: boolean
}

const scenarioWithinMs = 600_000
const lookEveryMs = 150
/** A look costs a relay as much as many calls: on a busy machine they are fewer. */
const restPerLook = 3
/** A node that was starved takes no changes until it has heard the store again. */
const startWithinMs = 60_000
/** After the verdict calls go on for so long: what still reached the candidate would show. */
const afterMs = 1_200
const nodeLimitMs = 2_000

const ends: readonly string[] = ['completed', 'rolled_back', 'aborted', 'paused']

const verdictOf = ({ state, pause_reason: reason }: Status): string =>
  state === 'paused' ? `paused: ${reason}` : state

type Report = { readonly money: { readonly candidate_usd: string | null; readonly saved_usd: string | null } }

/** When each node last asked the candidate after the decision. */
const rollbackTimes = (stage: Stage, { log }: Status): readonly number[] | null => {
  const back = log.find(({ change }) => change === 'rollback')
  if (back === undefined) return null
  const decidedMs = Date.parse(back.time)
  return stage.nodes.map((_relay, node) => {
    const last = stage.reached().findLast((one) => one.arm === 'candidate' && one.node === node)
    return Math.max(0, (last?.atMs ?? 0) - decidedMs)
  })
}

export const runScenario = async (stage: Stage, scenario: Scenario): Promise<Row> => {
  const { name, model, scene, event, verdict: expected, before, callsMax = Number.POSITIVE_INFINITY } = scenario
  const body = { file: fileOf(scenario), skip_preflight: 'fakes' }
  let lack = (await before?.(stage, body.file)) ?? null
  await eventually(
    `a node that starts ${name}`,
    async () => (await stage.admin('/migrations', body)) ?? undefined,
    startWithinMs,
  )
  const status = async (): Promise<Status | null> =>
    (await stage.admin(`/migrations/${model}`).catch(() => null)) as Status | null
  let over = false
  const playing = stage.play({ ...scene, model }, () => over)
  const deadlineMs = performance.now() + scenarioWithinMs
  let happening: Promise<void> | null = null
  let last: Status | null = null
  while (performance.now() < deadlineMs) {
    const met = stage.reached().filter(({ arm }) => arm === 'candidate').length
    if (event !== undefined && happening === null && met >= event.after)
      happening = event.run(stage).catch((thrown: unknown) => {
        lack = String(thrown).slice(-300)
      })
    const lookedMs = performance.now()
    const found = await status()
    const tookMs = performance.now() - lookedMs
    if (found !== null) last = found
    if (found !== null && ends.includes(found.state) && (event === undefined || happening !== null)) break
    await wait(Math.max(lookEveryMs, restPerLook * tookMs))
  }
  await happening
  await wait(afterMs)
  over = true
  const outcome = await playing
  const found = (await status()) ?? last
  if (found === null) throw new Error(`${name}: nobody says how it stands`)
  const candidates = stage.reached().filter(({ arm }) => arm === 'candidate')
  const times = rollbackTimes(stage, found)
  const report = (await stage.admin(`/migrations/${model}/report`)) as Report
  const verdict = verdictOf(found)
  if (found.state === 'paused' || found.state === 'ramping') await stage.admin(`/migrations/${model}/abort`, {})
  return {
    scenario: name,
    verdict,
    expected,
    why: lack ?? found.log.findLast(({ change }) => change !== 'settle')?.why ?? '',
    calls: outcome.calls,
    met: candidates.length,
    met_bad: candidates.filter(({ isBad }) => isBad).length,
    rollback_ms: times,
    candidate_usd: report.money.candidate_usd,
    saved_usd: report.money.saved_usd,
    elsewhere: outcome.elsewhere,
    lost: outcome.lost,
    ok:
      lack === null &&
      verdict === expected &&
      outcome.lost === 0 &&
      outcome.calls <= callsMax &&
      (times ?? []).every((ms) => ms <= nodeLimitMs),
  }
}

/** One that could not be played to its end hides none of the others. */
export const brokenOff = ({ name, verdict: expected }: Scenario, why: string): Row => ({
  scenario: name,
  verdict: 'broke off',
  expected,
  why: why.slice(0, 300),
  calls: 0,
  met: 0,
  met_bad: 0,
  rollback_ms: null,
  candidate_usd: '–',
  saved_usd: null,
  elsewhere: 0,
  lost: 0,
  ok: false,
})

export const edgeName = 'the relay killed at 10 % of a client-edge ramp'

/** Callers that split their traffic themselves, around a relay that is killed. */
export const runAtTheEdge = async (stage: Stage): Promise<Row> => {
  const sound = () => ({})
  const scene = { model: 'edge', behave: { baseline: sound, candidate: sound } }
  const { calls, lost, reached } = await killedAtTheEdge(stage, scene)
  return {
    scenario: edgeName,
    verdict: lost === 0 ? 'callers go direct' : 'calls were lost',
    expected: 'callers go direct',
    why: 'no connection to the relay',
    calls,
    met: reached,
    met_bad: 0,
    rollback_ms: null,
    candidate_usd: '0.00',
    saved_usd: null,
    elsewhere: 0,
    lost,
    ok: lost === 0 && reached > 0,
  }
}

const cells = (row: Row): readonly string[] => [
  row.scenario,
  `${row.verdict}${row.ok ? '' : ` (NOT OK, expected ${row.expected})`}`,
  row.calls.toLocaleString('en-US'),
  row.met.toLocaleString('en-US'),
  row.met_bad === 0 ? '–' : row.met_bad.toLocaleString('en-US'),
  row.rollback_ms === null ? '–' : row.rollback_ms.map((ms) => `${Math.round(ms)}`).join(' / '),
  row.candidate_usd ?? '–',
  row.saved_usd ?? '–',
  `${row.elsewhere}`,
  `${row.lost}`,
]

export const tableOf = (rows: readonly Row[]): string =>
  [
    '| scenario | verdict | calls | met the candidate | while it was bad | back after, ms, by node | spent there, USD | saved, USD | answered by another node | lost |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
  ].join('\n')
