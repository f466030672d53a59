/**
 * Reports of migrations that went well and badly, as pages and, where a Chromium is installed, as pictures: three days of traffic from a die that is thrown by a seed, through the
 * same sums, tests, decisions and pages as on a server. `bin/drover-node test/load/migration-pictures.ts --out FOLDER [--no-pictures]`.
 */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { assembleReport } from '#admin/migration-report/assemble.ts'
import { reportPage } from '#admin/migration-report/page.ts'
import { signReport } from '#admin/migration-report/sign.ts'
import { asSaid } from '#base/sentence.ts'
import { compile, fileDigest } from '#migration/compiled.ts'
import { decisionFor } from '#migration/conduct.ts'
import { decide } from '#migration/decide.ts'
import type { AssignedTurn, Cell } from '#migration/evidence.ts'
import { addTurns } from '#migration/evidence.ts'
import { evidenceJson } from '#migration/evidence-text.ts'
import type { HistoryPoint } from '#migration/history-point.ts'
import { isPointDue, pointOf } from '#migration/history-point.ts'
import type { Change } from '#migration/itinerary.ts'
import { draftState, isLive } from '#migration/itinerary.ts'
import { judgementOf } from '#migration/judgement.ts'
import type { Arm, Observation } from '#migration/observation.ts'
import type { Decision, MigrationRow } from '#migration/port.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import type { ShadowLog } from '#migration/shadow-log.ts'
import { emptyShadowLog, withCost, withShadowed } from '#migration/shadow-log.ts'
import { seededChance } from '#migration/simulate.ts'
import type { StratumSums } from '#migration/strata.ts'
import { joinCallers, joinStratum, noStrata, noStratum, strataOf } from '#migration/strata.ts'
import type { UnitTally } from '#migration/tally.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { normalOf } from './migration-contrast.ts'

const file = (name: string): string => `migration: ${name}
match: { models: [gpt-4o-mini] }
baseline:  { route: openai/gpt-4o-mini }
candidate: { route: moonshot/kimi-k2.6, param_policy: shim }
shadow: { mirror_weight: 5, noise_floor_sample: 50, consent: all, max_cost_usd_per_day: "25" }
steps:
  - { set_weight: 1, pause: { duration: 2h }, min_sample: 50 }
  - { set_weight: 5, pause: { duration: 6h }, min_sample: 580 }
  - { set_weight: 10, pause: { duration: 10h } }
  - { set_weight: 25, pause: { duration: 14h } }
  - { set_weight: 50, pause: { duration: 16h } }
  - { set_weight: 100, bake: { duration: 24h } }
`

type Truth = {
  readonly name: string
  /** Of the candidate's conversations, by the hours since the start. */
  readonly failing: (hours: number) => number
  readonly slower: number
  readonly longer: number
}

const truths: readonly Truth[] = [
  { name: 'healthy', failing: () => 0.003, slower: 0.85, longer: 1.06 },
  { name: 'three-percent', failing: (hours) => (hours < 9 ? 0.003 : 0.03), slower: 0.9, longer: 1.04 },
]

const startMs = Date.UTC(2026, 10, 25, 8)
const [hourMs, everyMs] = [3_600_000, 600_000]
const conversationsPerHour = 4_200
const facts = { p99Ms: { 'ttft-p99': 1_900 } } as const
const sites = ['web/chat', 'svc-billing/summaries', 'svc-search/answers', 'batch/tagging'] as const

/** What one conversation is like on its arm. */
const makeDice = (truth: Truth) => {
  const chance = seededChance(7)
  const normal = normalOf(chance)
  let made = 0
  const turn = (arm: Arm, { atMs, unit, caller }: { atMs: number; unit: string; caller: string }): Observation => {
    made += 1
    const isCandidate = arm === 'candidate'
    const failing = isCandidate ? truth.failing((atMs - startMs) / hourMs) / 1.6 : 0.002
    const failed = chance() < failing
    const site = sites[Math.min(sites.length - 1, Math.floor(chance() ** 1.6 * sites.length))] ?? null
    const input = Math.round(Math.exp(6.6 + 1.1 * normal()))
    const output = Math.max(2, Math.round(Math.exp(5 + 0.8 * normal()) * (isCandidate ? truth.longer : 1)))
    const ttftMs = Math.round(Math.exp(5.9 + 0.6 * normal()) * (isCandidate ? truth.slower : 1))
    const tpotMicros = Math.round(Math.exp(9.5 + 0.35 * normal()) * (isCandidate ? truth.slower : 1))
    const tokens = isCandidate ? Math.round(input * (site === 'batch/tagging' ? 1.18 : 1.05)) : input
    const cost = (BigInt(tokens) * (isCandidate ? 95n : 150n) + BigInt(output) * (isCandidate ? 400n : 600n)) * 1n
    return sampleTurn({
      id: `call-${made}`,
      arm,
      unit,
      caller,
      callSite: site,
      stream: chance() < 0.7,
      startMs: atMs,
      durationMs: ttftMs + Math.round((tpotMicros * output) / 1_000),
      outcome: failed ? (chance() < 0.7 ? 'moved' : 'cut') : 'ok',
      ttftMs: failed ? null : ttftMs,
      tpotMicros: failed ? null : tpotMicros,
      tokens: { input: tokens, cachedInput: 0, output, reasoning: null },
      costNanoUsd: cost,
    })
  }
  return { chance, turn }
}

const answer = (changes: Partial<Answer>): Answer => ({
  status: 200,
  finish: 'stop',
  tools: [],
  text: 'The invoice of 12 March was paid twice. I have asked for 48.20 EUR to be returned:\n\n1. to the card ending in 4411\n2. within five days',
  isJson: null,
  isRefusal: false,
  inputTokens: 812,
  outputTokens: 44,
  ...changes,
})

const call = (input: string): Partial<Answer> => ({
  finish: 'tool-calls',
  text: '',
  tools: [{ name: 'find_invoice', input, isValid: true }],
})

/** Copies with differences of several kinds, some of which the baseline has with itself. */
const shadowOf = (chance: () => number): ShadowLog => {
  let log = emptyShadowLog
  for (let question = 0; question < 1_400; question += 1) {
    const isTool = chance() < 0.4
    const base = isTool ? answer(call('{"customer":"c-81","month":"2026-03"}')) : answer({})
    const differing = (share: number): Answer => {
      if (chance() > share) return base
      if (isTool && chance() < 0.5) return answer(call('{"customer":"c-81"}'))
      if (isTool) return answer({ text: 'Which month do you mean?' })
      return chance() < 0.5
        ? answer({ text: `${base.text}\n\n${'Further: nothing else is open. '.repeat(8)}`, outputTokens: 160 })
        : answer({ finish: 'length' })
    }
    const candidate = { ...differing(0.13), inputTokens: 851 }
    const repeat = chance() < 0.5 ? differing(0.1) : null
    log = withShadowed(
      log,
      { primary: base, candidate, repeat },
      { call: `call_01m8k${question}`, copy: `call_01m9k${question}` },
    )
    log = withCost(log, { nanoUsd: 410_000n, tokens: 890, day: 20_782 })
  }
  return log
}

const armOf = (unit: string, weightBasisPoints: number): Arm =>
  createHash('sha256').update(unit).digest().readUInt32BE(0) % 10_000 < weightBasisPoints ? 'candidate' : 'baseline'

const play = (truth: Truth) => {
  const text = file(truth.name === 'healthy' ? 'openai-to-kimi' : 'openai-to-kimi-second')
  const compiled = compile({ file: text, facts })
  const { chance, turn } = makeDice(truth)
  let row: MigrationRow = {
    id: 'mig_1',
    name: compiled.file.migration,
    file: text,
    digest: fileDigest(text),
    salt: 'mig_1',
    createdMs: startMs,
    facts,
    state: draftState,
    version: 0,
    checkedMs: startMs,
  }
  let cells: ReadonlyMap<string, Cell> = new Map()
  let strata = noStrata
  const decisions: Decision[] = []
  const points: HistoryPoint[] = []
  let lastPointMs: number | null = null
  const change = (to: Change, { why, actor, nowMs }: { why: string; actor: string; nowMs: number }): void => {
    const said = { why: asSaid(why), actor, nowMs }
    const decision = decisionFor({ row, compiled, change: to, ...said, evidence: evidenceJson(cells) })
    decisions.push(decision)
    row = { ...row, state: decision.after, version: decision.number }
  }
  change({ kind: 'start', startStep: 0 }, { why: 'started by key:key_ops', actor: 'key:key_ops', nowMs: startMs })
  let conversation = 0
  let nowMs = startMs
  for (; isLive(row.state) && nowMs < startMs + 96 * hourMs; nowMs += everyMs) {
    const known = new Map<string, UnitTally>()
    const turns: AssignedTurn[] = []
    const day = 0.65 + 0.35 * Math.sin(((nowMs - startMs) / hourMs / 24) * 2 * Math.PI)
    const count = Math.round((conversationsPerHour * everyMs * day) / hourMs)
    for (let one = 0; one < count; one += 1) {
      conversation += 1
      const unit = `unit-${conversation}`
      const arm = armOf(unit, row.state.weightBasisPoints)
      const who = { unit, caller: `person-${Math.floor(chance() ** 2 * 9_000)}` }
      for (let index = 0; index < (chance() < 0.4 ? 2 : 1); index += 1)
        turns.push({ step: row.state.step, turn: turn(arm, { ...who, atMs: nowMs + one + index }) })
    }
    const added = addTurns(turns, { columns: compiled.judge.columns, known, evidence: cells })
    cells = new Map([...cells, ...added.cells])
    const more = strataOf(turns.map((told) => told.turn))
    const sums = new Map<string, StratumSums>(strata.sums)
    for (const [name, sum] of more.sums) sums.set(name, joinStratum(sums.get(name) ?? noStratum, sum))
    const met = (arm: Arm) => joinCallers(strata.callers[arm], more.callers[arm])
    strata = { sums, callers: { baseline: met('baseline'), candidate: met('candidate') } }
    const judgement = judgementOf(compiled.judge, cells, compiled.weights)
    const at = nowMs + everyMs
    const { itinerary, judge } = compiled
    const next = decide({ itinerary, state: row.state, judgement, practicalFloor: judge.practicalFloor, nowMs: at })
    if (next !== null || isPointDue(lastPointMs, { startedMs: startMs, nowMs: at })) {
      lastPointMs = at
      points.push(pointOf(judgement, { migration: row.id, epoch: 1, timeMs: at, step: row.state.step }))
    }
    if (next !== null) change(next.change, { why: next.why.text, actor: 'drover', nowMs: at })
  }
  if (row.state.phase === 'rolling_back')
    change({ kind: 'settle' }, { why: 'every node sends to the baseline', actor: 'drover', nowMs: nowMs + 2_000 })
  const judgement = judgementOf(compiled.judge, cells, compiled.weights)
  const opened = { row, compiled, evidence: cells, judgement, strata, decisions }
  const shadow = shadowOf(seededChance(11))
  const data = assembleReport({
    opened,
    earlier: [],
    saving: null,
    strata,
    points,
    shadow,
    version: '0.1.0',
    nowMs: nowMs + 20 * 60_000,
  })
  return signReport(data, (what) => createHash('sha256').update(`a key of this page alone ${what}`).digest('hex'))
}

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

const photograph = async (
  page: string,
  { width, height, dark, out }: { width: number; height: number; dark: boolean; out: string },
) => {
  if (chromium === undefined) return
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--hide-scrollbars',
  ]
  await promisify(execFile)(chromium, [
    ...flags,
    ...(dark ? ['--blink-settings=preferredColorScheme=0'] : []),
    `--window-size=${width},${height}`,
    `--screenshot=${out}`,
    `file://${page}`,
  ])
}

const { values } = parseArgs({
  options: { out: { type: 'string' }, pictures: { type: 'boolean', default: true } },
  allowNegative: true,
})
if (values.out === undefined) throw new Error('name a folder with --out')
const folder = resolve(values.out)
await mkdir(folder, { recursive: true })
for (const truth of truths) {
  const report = play(truth)
  const page = join(folder, `${truth.name}.html`)
  await writeFile(page, reportPage(report))
  console.log(`${truth.name}: ${report.migration.sentence}`)
  if (!values.pictures) continue
  for (const [name, width, height, dark] of [
    ['light', 1_440, 5_600, false],
    ['dark', 1_440, 5_600, true],
    ['narrow', 360, 9_000, false],
  ] as const)
    await photograph(page, { width, height, dark, out: join(folder, `${truth.name}-${name}.png`) })
}
