/** Deletes records, bodies, events, conversations of migrations, sessions and links when their time is over, in small batches, so that calls find the store free. */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import type { IdentityStore } from '#identity/port.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { Outbox } from '#notify/port.ts'
import type { OldCalls } from '#relay/port.ts'
import type { Rounds } from './rounds.ts'
import { goRound } from './rounds.ts'

/** Rows of one transaction. */
const batchMax = 200
const pauseMs = 100
/** When a round found nothing more. */
const everyMs = 600_000
const firstMs = 5_000

export type ForgetOld = {
  readonly store: OldCalls &
    Pick<Outbox, 'forgetEvents'> &
    Pick<MigrationStore, 'forgetUnits'> &
    Pick<IdentityStore<unknown>, 'sweepIdentity'>
  /** How long each is kept. */
  readonly retention: {
    readonly callsMs: number
    readonly bodiesMs: number
    readonly eventsMs: number
    /** Calls are left to whoever drops months of them. */
    readonly wholeMonths: boolean
  }
  readonly isMine?: Rounds['isMine']
  readonly clock: Clock
  readonly log: Log
}

/** Goes on until `close`, which waits for the batch under way. A store that is away is asked again. */
export const forgetOld = ({
  store,
  retention,
  isMine,
  clock,
  log,
}: ForgetOld): { readonly close: () => Promise<void> } => {
  const counts = { calls: 0, bodies: 0, events: 0, conversations: 0, sessions: 0 }

  /** One batch of each; gives whether there may be more. */
  const batch = async (): Promise<boolean> => {
    const nowMs = clock.nowMs()
    const bodies = await store.forgetBodies(nowMs - retention.bodiesMs, batchMax)
    const calls = retention.wholeMonths ? 0 : await store.forgetCalls(nowMs - retention.callsMs, batchMax)
    const events = await store.forgetEvents(nowMs - retention.eventsMs, batchMax)
    // A conversation is known by a digest, as its calls are: it is kept as long as they are.
    const conversations = await store.forgetUnits(nowMs - retention.callsMs, batchMax)
    const sessions = await store.sweepIdentity(nowMs, batchMax)
    counts.sessions += sessions
    counts.conversations += conversations
    counts.bodies += bodies
    counts.calls += calls
    counts.events += events
    return Math.max(bodies, calls, events, conversations, sessions) >= batchMax
  }
  const round = async (): Promise<number | null> => {
    if (await batch()) return pauseMs
    if (Object.values(counts).some((count) => count > 0)) {
      log.info('records whose time is over are deleted', { ...counts })
      Object.assign(counts, { calls: 0, bodies: 0, events: 0, conversations: 0, sessions: 0 })
    }
    return null
  }
  const failure = { level: 'warn', message: 'old records could not be deleted' } as const
  return goRound({ round, everyMs, firstMs, isMine, failure, clock, log })
}
