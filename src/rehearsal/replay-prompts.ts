/**
 * Logged prompts asked again: of the candidate and of the baseline, compared as copies of calls are, within caps of money, calls and time. Nobody waits for the answers, and no
 * traffic moves.
 */

import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { Arm } from '#migration/observation.ts'
import type { MigrationFile } from '#migration/settings.ts'
import type { ShadowBudget } from '#migration/shadow-budget.ts'
import { shadowBudget } from '#migration/shadow-budget.ts'
import type { Answer, Comparator } from '#migration/shadow-compare.ts'
import { compareAnswers, firstDifference } from '#migration/shadow-compare.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import { refusalOf } from '#migration/shadow-rule.ts'
import type { ShadowSums } from '#migration/shadow-sums.ts'
import { addShadow, noShadows } from '#migration/shadow-sums.ts'
import type { Errand, ErrandFormat, Errands } from '#relay/errand.ts'
import type { Copied } from '#relay/shadow-copy.ts'

export type Prompt = {
  /** Of the call in the log, or the line of the file. */
  readonly id: string
  readonly format: ErrandFormat
  readonly body: JsonObject
  /** What the baseline answered then; `null` = it is asked. */
  readonly answer: Answer | null
}

export type ReplayLimits = {
  readonly nanoUsdMax: bigint
  readonly tokensMax: number
  readonly concurrencyMax: number
  readonly timeLimitMs: number
  /** Percent of the prompts to which the baseline gives a second answer. */
  readonly repeatPercent: number
}

/** What came of an arm. */
export type ArmReplay = {
  asked: number
  failed: number
  nanoUsd: bigint
  inputTokens: number
  outputTokens: number
  readonly durationsMs: number[]
}

export type PromptReplay = {
  readonly sums: ShadowSums
  readonly arms: Readonly<Record<Arm, ArmReplay>>
  /** Prompts that were not asked, by the reason. */
  readonly left: Readonly<Record<string, number>>
  /** Prompts to look at, the first of each kind of difference. */
  readonly examples: readonly { readonly id: string; readonly differs: Comparator }[]
}

type Ports = { readonly errands: Errands; readonly clock: Clock; readonly stopping: AbortSignal }
type Replaying = { readonly file: MigrationFile; readonly limits: ReplayLimits }

const examplesMax = 20

const emptyArm = (): ArmReplay => ({
  asked: 0,
  failed: 0,
  nanoUsd: 0n,
  inputTokens: 0,
  outputTokens: 0,
  durationsMs: [],
})

const hasFailed = ({ answer, problem }: Copied): boolean => problem !== null || answer.status === null

class Run {
  readonly #how: Replaying
  readonly #ports: Ports
  readonly #budget: ShadowBudget
  readonly #stop: AbortSignal
  /** What it may cost is for the whole of it, also where it goes on past midnight. */
  readonly #beganMs: number
  readonly #left = new Map<string, number>()
  readonly #examples: { readonly id: string; readonly differs: Comparator }[] = []
  readonly arms: Readonly<Record<Arm, ArmReplay>> = { baseline: emptyArm(), candidate: emptyArm() }
  sums = noShadows

  constructor(how: Replaying, { ports, stop }: { readonly ports: Ports; readonly stop: AbortSignal }) {
    this.#how = how
    this.#ports = ports
    this.#stop = stop
    this.#beganMs = ports.clock.nowMs()
    const { nanoUsdMax: nanoUsdPerDay, tokensMax: tokensPerDay, concurrencyMax } = how.limits
    this.#budget = shadowBudget({ nanoUsdPerDay, tokensPerDay, concurrencyMax })
  }

  leave(reason: string): void {
    this.#left.set(reason, (this.#left.get(reason) ?? 0) + 1)
  }

  found = (): PromptReplay => ({
    sums: this.sums,
    arms: this.arms,
    left: Object.fromEntries(this.#left),
    examples: this.#examples,
  })

  #errand(prompt: Prompt, arm: Arm): Errand {
    const { file } = this.#how
    return {
      ...routeOf(file[arm].route),
      params: arm === 'candidate' ? file.candidate.param_policy : 'shim',
      format: prompt.format,
      body: prompt.body,
      purpose: `a prompt asked again for migration "${file.migration}"`,
      key: null,
      models: file.match.models.filter((name) => !name.includes('*')),
      signal: this.#stop,
    }
  }

  async #ask(prompt: Prompt, arm: Arm): Promise<Copied> {
    const copied = await this.#ports.errands.send(this.#errand(prompt, arm))
    const sums = this.arms[arm]
    sums.asked += 1
    if (hasFailed(copied)) sums.failed += 1
    else sums.durationsMs.push(copied.timing.durationMs)
    sums.nanoUsd += copied.cost.nanoUsd ?? 0n
    sums.inputTokens += copied.usage.input ?? 0
    sums.outputTokens += copied.usage.output ?? 0
    return copied
  }

  /** The most that a prompt can cost with all that is asked for it. */
  #most(prompt: Prompt, repeats: boolean): { readonly nanoUsd: bigint | null; readonly tokens: number } {
    const { errands } = this.#ports
    const asks: Arm[] = [
      'candidate',
      ...(prompt.answer === null ? (['baseline'] as const) : []),
      ...(repeats ? (['baseline'] as const) : []),
    ]
    const each = asks.map((arm) => errands.mostOf(this.#errand(prompt, arm)))
    return {
      nanoUsd: each.some(({ nanoUsd }) => nanoUsd === null)
        ? null
        : each.reduce((sum, one) => sum + (one.nanoUsd ?? 0n), 0n),
      tokens: each.reduce((sum, { tokens }) => sum + tokens, 0),
    }
  }

  /** Asks one prompt, unless a rule or a cap is in the way. */
  async carryOut(prompt: Prompt, repeats: boolean): Promise<void> {
    if (this.#stop.aborted) return this.leave('time')
    const copies: Copied[] = []
    let isWhole = false
    const answered = async (arm: Arm): Promise<Answer> => {
      const copied = await this.#ask(prompt, arm)
      copies.push(copied)
      return copied.answer
    }
    let ticket: ReturnType<ShadowBudget['take']> = 'no_price'
    try {
      ticket = this.#budget.take(this.#most(prompt, repeats), this.#beganMs)
      if (typeof ticket === 'string') return this.leave(ticket)
      const candidate = await answered('candidate')
      const primary = prompt.answer ?? (await answered('baseline'))
      const repeat = repeats ? await answered('baseline') : null
      isWhole = copies.every(({ cost }) => cost.nanoUsd !== null)
      this.sums = addShadow(this.sums, { primary, candidate, repeat })
      const differs = firstDifference(compareAnswers(primary, candidate))
      if (differs !== null && this.#examples.length < examplesMax) this.#examples.push({ id: prompt.id, differs })
    } catch (thrown) {
      this.leave(this.#stop.aborted ? 'time' : asProblem(thrown).code)
    } finally {
      if (typeof ticket !== 'string')
        // What one that broke off has cost nobody knows: the most that it can stays kept back.
        ticket.settle(
          isWhole
            ? {
                nanoUsd: copies.reduce((sum, { cost }) => sum + (cost.nanoUsd ?? 0n), 0n),
                tokens: copies.reduce((sum, { cost }) => sum + cost.tokens, 0),
              }
            : null,
          this.#beganMs,
        )
    }
  }
}

/** Whether a prompt may be sent a second time at all: what a copy of a call may not do, it may not either. */
const refusedBy = ({ format, body }: Prompt): string | null =>
  refusalOf({
    hasConsent: true,
    isTest: false,
    kind: 'chat',
    format,
    bodyBytes: JSON.stringify(body).length,
    namesFiles: false,
    body: () => body,
  })

/** Asks as many of the prompts as the caps allow, in their order. */
export const replayPrompts = async (
  prompts: readonly Prompt[],
  how: Replaying,
  ports: Ports,
): Promise<PromptReplay> => {
  const { clock, stopping } = ports
  const { concurrencyMax, timeLimitMs, repeatPercent } = how.limits
  const late = new AbortController()
  const cancel = clock.after(timeLimitMs, () => late.abort(new DOMException('The time is over.', 'TimeoutError')))
  const run = new Run(how, { ports, stop: AbortSignal.any([stopping, late.signal]) })
  const waiting = prompts.entries()
  const work = async (): Promise<void> => {
    for (const [index, prompt] of waiting) {
      const refusal = refusedBy(prompt)
      const repeats = Math.floor((index * repeatPercent) / 100) !== Math.floor(((index + 1) * repeatPercent) / 100)
      if (refusal === null) await run.carryOut(prompt, repeats)
      else run.leave(refusal)
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrencyMax }, work))
    stopping.throwIfAborted()
    return run.found()
  } finally {
    cancel()
  }
}
