/** What is counted of migrations: calls by arm, and the weight that is in force on this node. */

import type { Registry } from 'prom-client'
import { Counter, Gauge } from 'prom-client'
import type { CallRecord } from '#base/call-record.ts'

/** How a migration stands on this node. */
export type MovingTraffic = { readonly migration: string; readonly phase: string; readonly weightPercent: number }

export type MigrationMeters = {
  readonly observe: (record: Pick<CallRecord, 'migration' | 'arm' | 'end'>) => void
  /** Sets what is only known when somebody looks: what has ended is no more. */
  readonly look: (all: readonly MovingTraffic[]) => void
}

/** Labels are the operator's own names of migrations, of which few are under way at once. */
export const migrationMeters = (registers: Registry[]): MigrationMeters => {
  const calls = new Counter({
    name: 'drover_migration_calls_total',
    help: 'Calls that were assigned to an arm of a migration, by how they ended for their caller.',
    labelNames: ['migration', 'arm', 'end'],
    registers,
  })
  const weight = new Gauge({
    name: 'drover_migration_weight_percent',
    help: 'Percent of conversations that this node sends to the candidate of a migration now; 0 while it goes by its reflex, or has not heard the store.',
    labelNames: ['migration', 'phase'],
    registers,
    aggregator: 'max',
  })
  return {
    observe: ({ migration, arm, end }) => {
      if (migration !== null && arm !== null) calls.inc({ migration, arm, end })
    },
    look: (all) => {
      weight.reset()
      for (const { migration, phase, weightPercent } of all) weight.set({ migration, phase }, weightPercent)
    },
  }
}
