/** The outbox: events are kept once, deliveries until they have gone out or been given up. */

import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { TrailRow } from '#admin/port.ts'
import type { Event, EventName } from '#base/event.ts'
import type { Sentence } from '#base/sentence.ts'
import type {
  Delivery,
  DeliveryFilter,
  DeliveryState,
  DueDelivery,
  EventFilter,
  ListedDelivery,
  ToldBefore,
} from '#notify/port.ts'
import type { DeliveryTable, EventTable } from '#store/tables.ts'
import type { Transaction } from './context.ts'
import { read, write } from './context.ts'
import { checkLimit } from './page.ts'
import { appendTrail } from './trail.ts'

const eventRow = (row: Selectable<EventTable>): Event => ({
  id: row.id,
  name: row.name as EventName,
  timeMs: Number(row.time_ms),
  account: row.account,
  object: row.object,
  message: row.message,
  figure: row.figure,
  facts: JSON.parse(row.facts),
  ...(row.said !== null && { said: JSON.parse(row.said) as Sentence }),
})

const wholeOrNull = (value: bigint | null): number | null => (value === null ? null : Number(value))

const deliveryRow = (row: Selectable<DeliveryTable>): Delivery => ({
  event: row.event,
  recipient: row.recipient,
  state: row.state as DeliveryState,
  tries: Number(row.tries),
  nextMs: wholeOrNull(row.next_ms),
  deliveredMs: wholeOrNull(row.delivered_ms),
  error: row.error,
})

/** Of so many events about one object, the newest, the one that is looked for is among them. */
const lookedAtMax = 100

/** Whether another node has told of the same. */
const wasTold = async (transaction: Transaction, event: Event, { names, sinceMs }: ToldBefore): Promise<boolean> => {
  const rows = await transaction
    .selectFrom('event')
    .selectAll()
    .where('object', '=', event.object)
    .where('name', 'in', [...names])
    .where('time_ms', '>', BigInt(sinceMs))
    .orderBy('time_ms', 'desc')
    .limit(lookedAtMax)
    .execute()
  const last = rows.map(eventRow).find(({ facts }) => facts['credential'] === event.facts['credential'])
  return last?.name === event.name && last.facts['node'] !== event.facts['node']
}

type Keeping = {
  readonly event: Event
  readonly recipients: readonly string[]
  /** `null` = it is kept whatever was told before. */
  readonly unless: ToldBefore | null
}

type ReplayRequest = { readonly event: string; readonly recipient: string; readonly nowMs: number }

export const outboxOperations = {
  keepEvent: write(async (transaction, { event, recipients, unless }: Keeping): Promise<boolean> => {
    if (unless !== null && (await wasTold(transaction, event, unless))) return false
    const { timeMs, facts, said, ...plain } = event
    const kept = await transaction
      .insertInto('event')
      .values({
        ...plain,
        time_ms: timeMs,
        facts: JSON.stringify(facts),
        said: said === undefined ? null : JSON.stringify(said),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (kept === undefined) return false
    for (const recipient of new Set(recipients))
      await transaction
        .insertInto('delivery')
        .values({ event: event.id, recipient, state: 'pending', tries: 0, next_ms: timeMs })
        .execute()
    return true
  }),

  dueDeliveries: read(
    async (
      transaction,
      { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
    ): Promise<readonly DueDelivery[]> => {
      const due = await transaction
        .selectFrom('delivery')
        .selectAll()
        .where('state', '=', 'pending')
        .where('next_ms', '<=', BigInt(nowMs))
        .orderBy('next_ms')
        .limit(checkLimit(limit))
        .execute()
      if (due.length === 0) return []
      const ids = [...new Set(due.map(({ event }) => event))]
      const events = await transaction.selectFrom('event').selectAll().where('id', 'in', ids).execute()
      const byId = new Map(events.map((row) => [row.id, eventRow(row)]))
      return due.flatMap((row) => {
        const event = byId.get(row.event)
        return event === undefined ? [] : [{ delivery: deliveryRow(row), event }]
      })
    },
  ),

  noteDelivery: write(async (transaction, delivery: Delivery): Promise<void> => {
    await transaction
      .updateTable('delivery')
      .set({
        state: delivery.state,
        tries: delivery.tries,
        next_ms: delivery.nextMs,
        delivered_ms: delivery.deliveredMs,
        error: delivery.error,
      })
      .where('event', '=', delivery.event)
      .where('recipient', '=', delivery.recipient)
      .execute()
  }),

  replayDelivery: write(
    async (transaction, { request, trail }: { readonly request: ReplayRequest; readonly trail: TrailRow }) => {
      const { event, recipient, nowMs } = request
      const known = await transaction.selectFrom('event').select('id').where('id', '=', event).executeTakeFirst()
      if (known === undefined) return null
      const anew = { state: 'pending', tries: 0, next_ms: nowMs, delivered_ms: null, error: null }
      const row = await transaction
        .insertInto('delivery')
        .values({ event, recipient, ...anew })
        .onConflict((conflict) => conflict.columns(['event', 'recipient']).doUpdateSet(anew))
        .returningAll()
        .executeTakeFirstOrThrow()
      await appendTrail(transaction, trail)
      return deliveryRow(row)
    },
  ),

  events: read(async (transaction, filter: EventFilter): Promise<readonly Event[]> => {
    let query = transaction.selectFrom('event').selectAll().orderBy('id', 'desc').limit(checkLimit(filter.limit))
    if (filter.before !== null) query = query.where('id', '<', filter.before)
    if (filter.name !== null) query = query.where('name', '=', filter.name)
    if (filter.account !== null) query = query.where('account', '=', filter.account)
    return (await query.execute()).map(eventRow)
  }),

  deliveries: read(async (transaction, filter: DeliveryFilter): Promise<readonly ListedDelivery[]> => {
    let query = transaction
      .selectFrom('delivery')
      .leftJoin('event', 'event.id', 'delivery.event')
      .selectAll('delivery')
      .select('event.name')
      .orderBy('delivery.event', 'desc')
      .orderBy('delivery.recipient', 'desc')
      .limit(checkLimit(filter.limit))
    const { before } = filter
    if (before !== null)
      query = query.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('delivery.event', 'delivery.recipient'), '<', tuple(before.event, before.recipient)),
      )
    if (filter.state !== null) query = query.where('delivery.state', '=', filter.state)
    return (await query.execute()).map((row) => ({ ...deliveryRow(row), name: row.name as EventName | null }))
  }),

  forgetEvents: write(
    async (
      transaction,
      { olderThanMs, limit }: { readonly olderThanMs: number; readonly limit: number },
    ): Promise<number> => {
      const old = await transaction
        .selectFrom('event')
        .select('id')
        .where('time_ms', '<', BigInt(olderThanMs))
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('delivery')
                .select(sql.lit(1).as('one'))
                .whereRef('delivery.event', '=', 'event.id')
                .where('delivery.state', '=', 'pending'),
            ),
          ),
        )
        .orderBy('time_ms')
        .limit(checkLimit(limit))
        .execute()
      if (old.length === 0) return 0
      const ids = old.map(({ id }) => id)
      await transaction.deleteFrom('delivery').where('event', 'in', ids).execute()
      await transaction.deleteFrom('event').where('id', 'in', ids).execute()
      return ids.length
    },
  ),
}
