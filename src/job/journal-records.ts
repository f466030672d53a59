/**
 * Records of calls on a node that shares its store: each is in the node's journal when its call ends, and a few times a second they go
 * into the store, so that neither a slow store nor one that is away costs a record or keeps a call open.
 */

import { deserialize, serialize } from 'node:v8'
import type { CallRecord } from '#base/call-record.ts'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Journal } from '#ledger/port.ts'
import type { CallLog } from '#relay/port.ts'
import { recordPrefix } from './journal-call.ts'
import { goRound } from './rounds.ts'

const everyMs = 200
/** Of one round, so that a backlog goes in stretches. */
const roundMax = 200
const pageMax = 1000
/** Records that the store does not have yet; more than these are refused. */
const waitingMax = 100_000

export type JournalRecords = {
  readonly store: Pick<CallLog, 'append'>
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
}

export type JournaledLog = Pick<CallLog, 'append'> & {
  /** Brings in what waits, as far as the store is there. */
  readonly close: () => Promise<void>
}

const nameOf = (id: string): string => `${recordPrefix}${id}`
const bodyOf = (record: CallRecord): string => serialize(record).toString('base64')
const recordOf = (body: string): CallRecord => deserialize(Buffer.from(body, 'base64')) as CallRecord

/** What an earlier process left. */
const left = async (journal: Journal): Promise<CallRecord[]> => {
  const found: CallRecord[] = []
  for (let after = recordPrefix; ; ) {
    const rows = await journal.journalPage(after, pageMax)
    const own = rows.filter(({ call }) => call.startsWith(recordPrefix))
    found.push(...own.map(({ body }) => recordOf(body)))
    after = own.at(-1)?.call ?? after
    if (own.length < pageMax) return found
  }
}

/** Begins with what an earlier process left. Rejects where the journal cannot be read. */
export const journalRecords = async ({ store, journal, clock, log }: JournalRecords): Promise<JournaledLog> => {
  const waiting = await left(journal)

  const bring = async (): Promise<void> => {
    const some = waiting.slice(0, roundMax)
    if (some.length === 0) return
    const results = await Promise.allSettled(some.map((record) => store.append(record)))
    const failures = results.map((result) => (result.status === 'rejected' ? asProblem(result.reason) : null))
    const kept = some.filter((_record, place) => failures[place]?.code === 'store_unavailable')
    waiting.splice(0, some.length, ...kept)
    // One that the store will never take must not keep the others out.
    for (const [place, failure] of failures.entries())
      if (failure !== null && failure.code !== 'store_unavailable')
        log.error('a call record could not be kept', { call: some[place]?.id, problem: failure.code })
    const gone = some.filter((record) => !kept.includes(record))
    await journal.journalDrop(gone.map(({ id }) => nameOf(id)))
    const [first] = failures.filter((failure) => failure?.code === 'store_unavailable')
    if (first !== undefined && first !== null) throw first
  }
  const rounds = goRound({
    round: async () => {
      await bring()
      return waiting.length > 0 ? 0 : null
    },
    everyMs,
    failure: { level: 'debug', message: 'records of calls wait for the store' },
    clock,
    log,
  })
  return {
    append: async (record) => {
      if (waiting.length >= waitingMax)
        throw new Problem('store_unavailable', {
          message: `The store is behind: ${waitingMax} records of calls wait for it already.`,
          retryAfterMs: 1000,
        })
      await journal.journalKeep([{ call: nameOf(record.id), body: bodyOf(record) }])
      waiting.push(record)
    },
    close: async () => {
      await rounds.close()
      try {
        while (waiting.length > 0) await bring()
      } catch (thrown) {
        log.warn('records of calls stay in the journal: the next start brings them in', {
          records: waiting.length,
          problem: asProblem(thrown).message,
        })
      }
    },
  }
}
