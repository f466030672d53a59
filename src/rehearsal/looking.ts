/** What the checks of a preflight are given, and what they give. */

import type { Clock } from '#base/clock.ts'
import type { Busiest } from '#migration/judge.ts'
import type { Arm } from '#migration/observation.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import type { MigrationFile } from '#migration/settings.ts'
import { routeOf } from '#migration/shadow-plan.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import type { Errands } from '#relay/errand.ts'
import type { Snapshot, Upstream } from '#relay/snapshot.ts'

export type Drill = {
  /** Until the store has kept a note. */
  readonly decideMs: number
  /** From then until this node has read it back and goes by it. */
  readonly inForceMs: number
  /** How long the other nodes take at most to hear of it; 0 = there are none. */
  readonly otherNodesWithinMs: number
}

export type PreflightQuestion = {
  readonly file: MigrationFile
  /** Where it starts. */
  readonly startStep: number
  /** The busiest minute of the baseline; `null` = nothing is known of it. */
  readonly need: Busiest | null
}

export type PreflightPorts = {
  readonly errands: Errands
  readonly snapshot: () => Snapshot
  readonly credit: () => Promise<readonly ProviderCredit[]>
  readonly drill: () => Promise<Drill>
  /** Differs from run to run. */
  readonly nonce: () => string
  readonly version: string
  readonly clock: Clock
  /** Ends what is under way with the server. */
  readonly stopping: AbortSignal
}

/** What every check is given. */
export type Looking = PreflightQuestion & {
  readonly ports: PreflightPorts
  /** As whose calls it is asked; `null` = the operator's own. */
  readonly key: KeyFacts | null
  readonly signal: AbortSignal
}

export type Looked = {
  readonly checks: readonly PreflightCheck[]
  readonly nanoUsd: bigint
  /** Of the candidate's answers, for who reads limits in them. */
  readonly headers?: readonly Readonly<Record<string, string>>[]
}

/** Where and how an arm is asked. */
export const armOf = ({ file }: Pick<Looking, 'file'>, arm: Arm) => ({
  ...routeOf(file[arm].route),
  params: arm === 'candidate' ? file.candidate.param_policy : ('shim' as const),
  models: file.match.models.filter((name) => !name.includes('*')),
})

/** The way to an arm's provider, as its calls go there; `null` = there is none. */
export const wayOf = ({ ports, file }: Looking, arm: Arm): Upstream | null =>
  ports.snapshot().upstreams.get(routeOf(file[arm].route).provider) ?? null

/** Whether nobody here can ask an arm: callers who split their traffic ask a baseline of their own, with their own key. */
export const isCallersOwn = (looking: Looking, arm: Arm): boolean =>
  looking.file.split === 'client' && arm === 'baseline' && wayOf(looking, arm) === null
