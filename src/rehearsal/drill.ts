/** The way back, rehearsed before there is anything to go back from: how long it takes until a decision is kept and in force. */

import type { Clock } from '#base/clock.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { PreflightCheck } from '#migration/preflight.ts'
import { checked } from '#migration/preflight.ts'
import { finding } from './findings.ts'
import type { Drill, Looked, Looking } from './looking.ts'

/** Nobody is named so: what is written under it changes nothing. */
const nobody = 'preflight'
/** A node asks the store twice a second. */
const nodesWithinMs = 1_000
/** More than this and a rollback is not what was promised. */
const slowMs = 50
const tooSlowMs = 2_000

export type DrillPorts = {
  readonly store: Pick<MigrationStore, 'checkMigration'>
  /** Reads what the store says, and goes by it. */
  readonly refresh: () => Promise<void>
  readonly nodes: () => Promise<number>
  readonly clock: Clock
}

/** A write, a read, and the table of this node put in force: what a rollback does, without one. */
export const rehearseWayBack = async ({ store, refresh, nodes, clock }: DrillPorts): Promise<Drill> => {
  const beganMs = clock.monotonicMs()
  await store.checkMigration(nobody, clock.nowMs())
  const keptMs = clock.monotonicMs()
  await refresh()
  const inForceMs = clock.monotonicMs() - keptMs
  return { decideMs: keptMs - beganMs, inForceMs, otherNodesWithinMs: (await nodes()) > 1 ? nodesWithinMs : 0 }
}

/** Fails where it takes longer than all nodes may take together. */
export const checkWayBack = async ({ ports }: Looking): Promise<Looked> => {
  const drill = await ports.drill()
  const tookMs = drill.decideMs + drill.inForceMs
  const outcome: PreflightCheck['outcome'] = tookMs > tooSlowMs ? 'failed' : tookMs > slowMs ? 'warned' : 'passed'
  const mostMs = { passed: null, warned: slowMs, skipped: null, failed: tooSlowMs }[outcome]
  const says = finding('way_back', {
    kept_ms: drill.decideMs,
    in_force_ms: drill.inForceMs,
    others_ms: drill.otherNodesWithinMs,
    most_ms: mostMs,
  })
  return {
    checks: [
      checked({
        check: 'way_back',
        arm: null,
        outcome,
        says,
        mend: mostMs === null ? null : finding('look_at_store'),
        tookMs: Math.round(tookMs),
      }),
    ],
    nanoUsd: 0n,
  }
}
