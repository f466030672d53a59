/** Migrations on a running server: what the relay asks, and who carries them on. */

import type { NodePorts } from '#admin/port.ts'
import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { AskRecipient } from '#job/ask-veto.ts'
import type { BeginMigrations } from '#job/begin-migrations.ts'
import type { MigrationDriver } from '#job/drive-migrations.ts'
import { driveMigrations } from '#job/drive-migrations.ts'
import { tellShadows } from '#job/tell-shadows.ts'
import type { MigrationStore } from '#migration/port.ts'
import { makeTraffic } from '#migration/traffic.ts'
import { rehearseWayBack } from '#rehearsal/drill.ts'
import type { Drill } from '#rehearsal/looking.ts'
import type { CountTokens } from '#relay/meter.ts'
import { rememberRefusals } from '#relay/refusals.ts'
import { makeRouting } from '#relay/routing.ts'
import { makeShadows } from '#relay/shadow.ts'
import type { Membership } from './cluster.ts'
import type { Machine } from './machine.ts'
import type { RehearsalParts } from './rehearsal.ts'
import { openRehearsal } from './rehearsal.ts'

type Parts = Pick<RehearsalParts, 'snapshot' | 'credit'> & {
  readonly store: MigrationStore
  readonly askRecipient: AskRecipient
  /** Those that share the store; `null` where this server is the only one that can. */
  readonly nodes: Pick<NodePorts, 'nodes'> | null
  readonly member: Membership
  readonly countTokens: CountTokens
  readonly emit: Emit
  readonly log: Log
}

/** Read once before it resolves, so that the first call already goes where it should. */
export const openMigrations = async (
  machine: Machine,
  { store, member, countTokens, emit, log, snapshot, credit, nodes, askRecipient }: Parts,
  closing: AsyncDisposableStack,
) => {
  const { clock, ids } = machine
  const traffic = makeTraffic(clock.monotonicMs)
  const { leads, owner: source } = member
  const { books } = member
  const count = async (): Promise<number> => (await nodes?.nodes())?.length ?? 1
  const drill = (): Promise<Drill> => rehearseWayBack({ store, refresh: driver.refresh, nodes: count, clock })
  const rehearsal = openRehearsal(machine, { snapshot, books, countTokens, credit, drill, log })
  const { preflight } = rehearsal
  const planning = Promise.withResolvers<BeginMigrations['plan']>()
  const driver: MigrationDriver = driveMigrations({
    store,
    traffic,
    source,
    leads,
    preflight,
    // Nothing begins before the rooms that it is looked at in are there.
    plan: async (row) => (await planning.promise)(row),
    askRecipient,
    emit,
    clock,
    log,
  })
  closing.defer(() => driver.close())
  // Before the driver closes, which waits for what is about to begin: of a start that fails the rooms never come.
  const ends = new Problem('store_unavailable', { message: 'This server ends.' })
  closing.defer(() => planning.resolve(() => Promise.reject(ends)))
  await driver.refresh()
  member.onMigration((told) => {
    // Back before it is read.
    if (told?.phase === 'rolling_back') traffic.stop(told.id)
    driver.wake()
  })
  const nobodyIsTold = (): void => {}
  const refusals = rememberRefusals()
  const shadows = makeShadows({ books, routing: makeRouting(nobodyIsTold), refusals, countTokens, clock, ids, log })
  const teller = tellShadows({ store, shadows, source, clock, log })
  closing.defer(() => teller.close())
  const planBy = planning.resolve
  return { traffic, shadows, refresh: driver.refresh, planBy, version: machine.version, ...rehearsal }
}
