/** The copies of one migration: which calls are copied, the line in which copies wait, and what they have found. */

import { asProblem } from '#base/problem.ts'
import type { ShadowBudget, ShadowCost } from '#migration/shadow-budget.ts'
import { dayOf, shadowBudget } from '#migration/shadow-budget.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import type { Preference } from '#migration/shadow-judge.ts'
import { isJudgeable } from '#migration/shadow-judge.ts'
import type { LeftReason, ShadowLog } from '#migration/shadow-log.ts'
import { emptyShadowLog, withCost, withLeft, withShadowed } from '#migration/shadow-log.ts'
import type { ShadowPlan } from '#migration/shadow-plan.ts'
import { isSampled, refusalOf } from '#migration/shadow-rule.ts'
import type { Shadowed } from '#migration/shadow-sums.ts'
import { answerReader } from './answer-reader.ts'
import type { Destination } from './candidates.ts'
import { candidatesFor } from './candidates.ts'
import type { Leg } from './leg.ts'
import type { CopyPorts, Original } from './shadow-copy.ts'
import { mostOf, sendCopy } from './shadow-copy.ts'
import { askJudge, mostOfJudging } from './shadow-judge.ts'
import type { ShadowQuestion, ShadowWatch } from './shadow-watch.ts'

/** Copies that wait; each holds a body of `shadowBodyBytesMax` at most. */
const waitingMax = 32
/** Conversations of which one call was copied: one says what the others would. */
const unitsMax = 20_000

type Job = {
  readonly original: Original
  readonly candidate: Leg
  /** Who answered the caller, to be asked a second time; `null` = not. */
  readonly repeat: Leg | null
  /** Who compares the answers; `null` = nobody. */
  readonly judge: Leg | null
  readonly primary: Answer
  readonly call: string
}

/** What copying needs to know of one migration. */
export type ShadowRoom = {
  readonly watch: (question: ShadowQuestion) => ShadowWatch | null
  readonly log: () => ShadowLog
  readonly elsewhere: ShadowBudget['elsewhere']
  readonly count: () => number
  readonly close: () => Promise<void>
}

const added = (one: ShadowCost, other: ShadowCost): ShadowCost => ({
  nanoUsd: one.nanoUsd === null || other.nanoUsd === null ? null : one.nanoUsd + other.nanoUsd,
  tokens: one.tokens + other.tokens,
})

const nothingSpent: ShadowCost = { nanoUsd: 0n, tokens: 0 }

type Watching = ShadowQuestion & { readonly unit: string; readonly candidate: Leg; readonly judge: Leg | null }
type Judged = { readonly preferences: NonNullable<Shadowed['judged']>; readonly cost: ShadowCost }

class Room implements ShadowRoom {
  readonly #plan: ShadowPlan
  readonly #ports: CopyPorts
  readonly #stop: AbortSignal
  readonly #budget: ShadowBudget
  readonly #units = new Set<string>()
  readonly #waiting: Job[] = []
  readonly #running = new Set<Promise<void>>()
  /** Whether it is known what others have spent today: until then nothing is sent. */
  #hasHeard = false
  #log = emptyShadowLog

  constructor(plan: ShadowPlan, { ports, stop }: { readonly ports: CopyPorts; readonly stop: AbortSignal }) {
    this.#plan = plan
    this.#ports = ports
    this.#stop = stop
    this.#budget = shadowBudget(plan.limits)
  }

  log = (): ShadowLog => this.#log
  elsewhere: ShadowBudget['elsewhere'] = (spent) => {
    this.#budget.elsewhere(spent)
    this.#hasHeard = true
    this.#pump()
  }
  count = (): number => this.#waiting.length + this.#running.size

  watch(question: ShadowQuestion): ShadowWatch | null {
    const { move, facts, call, key } = question
    const unit = facts.unit ?? facts.call
    const { shareBasisPoints, consent } = this.#plan
    if (this.#units.has(unit) || !isSampled({ salt: move.salt, unit, what: 'candidate' }, shareBasisPoints)) return null
    const refusal = refusalOf({
      hasConsent: consent === 'all' || (key.project !== null && consent.includes(key.project)),
      isTest: key.test,
      kind: call.kind,
      format: call.protocol,
      bodyBytes: call.inputBytes,
      namesFiles: question.namesFiles,
      body: call.body,
    })
    if (refusal !== null) return this.#leave(refusal)
    const { provider, model } = this.#plan
    const candidate = this.#legFor(question, { provider, model, params: move.candidate.params })
    if (candidate === null) return this.#leave('not_allowed_there')
    return this.#watching({ ...question, unit, candidate, judge: this.#judgeFor(question, unit) })
  }

  async close(): Promise<void> {
    this.#waiting.length = 0
    await Promise.all(this.#running)
  }

  #leave(reason: LeftReason): null {
    this.#log = withLeft(this.#log, reason)
    return null
  }

  /** Another target of this call: regions, rules of data and wishes of its key hold for copies as for calls. */
  #legFor({ snapshot, key, call, nowMs }: ShadowQuestion, destination: Destination): Leg | null {
    const { destination: target, groups } = candidatesFor({ snapshot, key, call, nowMs, destination })
    const [first] = groups
    if (target === null || first === undefined) return null
    const { row, model: id, by } = first
    return { row, target, model: id, by, reason: 'migration' }
  }

  #judgeFor(question: ShadowQuestion, unit: string): Leg | null {
    const { judge } = this.#plan
    const { move, key } = question
    if (judge === undefined || !isSampled({ salt: move.salt, unit, what: 'judge' }, judge.shareBasisPoints)) return null
    const { provider, model, consent } = judge
    const mayAsk = consent === 'all' || (key.project !== null && consent.includes(key.project))
    const leg = mayAsk ? this.#legFor(question, { provider, model, params: 'shim' }) : null
    return leg ?? this.#leave('judge_not_allowed')
  }

  #watching(question: Watching): ShadowWatch {
    const { protocol, asked, callerHeaders, snapshot, move, facts, key, unit, candidate, judge } = question
    let reader: ReturnType<typeof answerReader> | null = null
    let original: Original | null = null
    let answering: Leg | null = null
    return {
      answered: ({ call, snapshot: whole, leg }) => {
        const isOwn = [leg, candidate].some(({ target }) => whole.upstreams.get(target.provider)?.own !== undefined)
        // A copy would be paid with a credential that is not the operator's.
        if (isOwn) return void this.#leave('own_credential')
        reader = answerReader(call)
        answering = leg
        const { account, id } = key
        const purpose = `a copy for migration "${move.name}"`
        original = { call, protocol, asked, callerHeaders, snapshot, account, key: id, purpose }
      },
      see: (part) => reader?.see(part),
      ended: (draft) => {
        if (reader === null || original === null || answering === null) return
        const status = draft.attempts.at(-1)?.status ?? null
        if (draft.end !== 'complete' || draft.status >= 300) return void this.#leave('no_answer')
        const isRepeated = isSampled({ salt: move.salt, unit, what: 'repeat' }, this.#plan.repeatBasisPoints)
        this.#enqueue(unit, {
          original,
          candidate,
          repeat: isRepeated ? answering : null,
          judge,
          primary: reader.answer(status, draft.usage),
          call: facts.call,
        })
      },
    }
  }

  #enqueue(unit: string, job: Job): void {
    if (this.#stop.aborted) return
    if (this.#waiting.length >= waitingMax) return void this.#leave('queue_full')
    // Several turns of one conversation may be under way at once.
    if (this.#units.has(unit)) return
    const [oldest] = this.#units
    if (this.#units.size >= unitsMax && oldest !== undefined) this.#units.delete(oldest)
    this.#units.add(unit)
    this.#waiting.push(job)
    this.#pump()
  }

  /** Begins what may begin; what is over a cap is left, what only waits for another copy to end stays in the line. */
  #pump(): void {
    if (!this.#hasHeard || this.#stop.aborted) return
    for (let job = this.#waiting[0]; job !== undefined; job = this.#waiting[0]) {
      const nowMs = this.#ports.clock.nowMs()
      const { original, candidate, repeat } = job
      const most = added(
        mostOf(original, candidate, nowMs),
        repeat === null ? nothingSpent : mostOf(original, repeat, nowMs),
      )
      const ticket = this.#budget.take(most, nowMs)
      if (ticket === 'concurrency') return
      this.#waiting.shift()
      if (typeof ticket === 'string') {
        this.#leave(ticket)
        continue
      }
      const running = this.#carryOut(job, ticket.settle).finally(() => {
        this.#running.delete(running)
        this.#pump()
      })
      this.#running.add(running)
    }
  }

  /** What the judge says of the candidate's answer, and of the baseline's second one: how often that loses to the first is the floor. */
  async #judged({ original, judge, primary }: Job, { candidate, repeat }: Shadowed): Promise<Judged> {
    const { clock, log } = this.#ports
    const of = async (other: Answer | null): Promise<Pick<Judged, 'cost'> & { said: Preference | null }> => {
      const nothing = { said: null, cost: nothingSpent }
      if (judge === null || other === null || !isJudgeable(primary, other)) return nothing
      const judging = { original, judge, one: primary, other, ports: this.#ports, stop: this.#stop }
      const ticket = this.#budget.takeMore(mostOfJudging(judging, clock.nowMs()), clock.nowMs())
      if (typeof ticket === 'string') {
        this.#leave('judge_over_budget')
        return nothing
      }
      let cost: ShadowCost | null = null
      try {
        const found = await askJudge(judging)
        cost = found.cost
        if (found.preference === null) this.#leave(found.hasFailed ? 'judge_failed' : 'judge_unclear')
        return { said: found.preference, cost }
      } catch (thrown) {
        this.#leave('judge_failed')
        log.debug('a judge could not be asked', { problem: asProblem(thrown).message })
        return nothing
      } finally {
        ticket.settle(cost, clock.nowMs())
      }
    }
    const one = await of(candidate)
    const two = await of(repeat)
    return { preferences: { candidate: one.said, repeat: two.said }, cost: added(one.cost, two.cost) }
  }

  async #carryOut(job: Job, settle: (cost: ShadowCost | null, nowMs: number) => void): Promise<void> {
    const { clock, log } = this.#ports
    const how = { original: job.original, ports: this.#ports, stop: this.#stop }
    // What could not even be begun costs nothing; what is cut short costs nobody knows how much.
    let cost: ShadowCost | null = nothingSpent
    // Its judge keeps its own money back.
    let judging = nothingSpent
    try {
      const candidate = await sendCopy({ ...how, leg: job.candidate })
      cost = candidate.cost
      const repeat = job.repeat === null ? null : await sendCopy({ ...how, leg: job.repeat })
      cost = added(candidate.cost, repeat?.cost ?? nothingSpent)
      const shadowed = { primary: job.primary, candidate: candidate.answer, repeat: repeat?.answer ?? null }
      const judged = await this.#judged(job, shadowed)
      judging = judged.cost
      this.#log = withShadowed(
        this.#log,
        { ...shadowed, judged: judged.preferences },
        { call: job.call, copy: candidate.id },
      )
    } catch (thrown) {
      if (this.#stop.aborted) cost = null
      this.#leave('failed')
      log.debug('a copy could not be made', { call: job.call, problem: asProblem(thrown).message })
    }
    const nowMs = clock.nowMs()
    settle(cost, nowMs)
    if (cost === null) return
    const { nanoUsd, tokens } = added(cost, judging)
    this.#log = withCost(this.#log, { nanoUsd: nanoUsd ?? 0n, tokens, day: dayOf(nowMs) })
  }
}

/** A room in which nothing was copied yet; `stop` ends what is under way. */
export const shadowRoom = (
  plan: ShadowPlan,
  how: { readonly ports: CopyPorts; readonly stop: AbortSignal },
): ShadowRoom => new Room(plan, how)
