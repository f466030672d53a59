/** This process as one of several nodes on one store, or as the only one. */

import { join } from 'node:path'
import type { Clock } from '#base/clock.ts'
import { healthSays } from '#base/health-sentences.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Sentence } from '#base/sentence.ts'
import type { Config } from '#config/config.ts'
import { followStore } from '#job/follow-store.ts'
import { journalRecords } from '#job/journal-records.ts'
import { keepMonths } from '#job/keep-months.ts'
import { openLeasedBooks } from '#job/leased-books.ts'
import type { NodeLife } from '#job/node-life.ts'
import { startNodeLife } from '#job/node-life.ts'
import type { ClusterStore, StoreChanges } from '#job/port.ts'
import { goRound } from '#job/rounds.ts'
import { leaseOwner } from '#ledger/lease.ts'
import type { CallBooks } from '#ledger/port.ts'
import type { Outbox } from '#notify/port.ts'
import { tellingOnce } from '#notify/tell-once.ts'
import type { Check } from '#observe/health.ts'
import type { Limiter } from '#policy/port.ts'
import { shareLimits } from '#policy/share-limits.ts'
import type { Live } from '#relay/live.ts'
import type { CallLog } from '#relay/port.ts'
import { makeMemoryLimiter } from '#store/memory/limiter.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import type { openData } from './data.ts'
import type { Machine } from './machine.ts'
import { checkServerKey } from './server-key.ts'
import { workerNode } from './workers/messages.ts'
import { journalName, leftWorkers, recoverLeft } from './workers/recover.ts'
import type { Seat, SharedCluster } from './workers/seat.ts'

type Data = Awaited<ReturnType<typeof openData>>

export type Membership = {
  /** Names this process in the store. */
  readonly owner: string
  /** How the names of this node's processes begin, of which only one runs; empty = only one runs at all. */
  readonly ownersOf: string
  readonly limiter: Limiter
  /** Nodes that live, this one among them; at least 1. */
  readonly nodes: () => number
  /** Whether this node does what only one has to do. */
  readonly leads: () => boolean
  /** What several nodes see is told once; what is delivered is delivered by the node that leads. */
  readonly outbox: (outbox: Outbox) => Outbox
  /** The books of calls, and their records. */
  readonly books: CallBooks
  readonly callLog: CallLog
  /** Why no call is taken by what this node knows; `null` = it knows enough. */
  readonly refusal: () => Problem | null
  /** `null` = what this node knows is as new as is promised, or it is cut off; else resolves when one of both is so, within a second. */
  readonly fresh: () => Promise<void> | null
  readonly checks: () => readonly Check[]
  readonly warnings: () => readonly Sentence[]
  /** Follows the store, from what the trail was when reading began; resolves when this node knows what was changed meanwhile. */
  readonly follow: (followed: Followed, closing: AsyncDisposableStack) => Promise<void>
  /** Calls back when another node may have changed a migration. */
  readonly onMigration: ClusterStore['onMigration']
  /** Resolves when the other workers of this machine, if there are any, know what this one has changed. */
  readonly othersKnow: () => Promise<void>
  /** Where others reach this node. */
  readonly announce: (url: string) => void
  readonly configured: (config: Config) => void
}

const soleNode = (owner: string, store: CallBooks & CallLog, clock: Clock): Membership => ({
  owner,
  books: store,
  callLog: store,
  ownersOf: '',
  limiter: makeMemoryLimiter({ clock }),
  nodes: () => 1,
  leads: () => true,
  outbox: (outbox) => outbox,
  refusal: () => null,
  fresh: () => null,
  checks: () => [],
  warnings: () => [],
  follow: async () => {},
  onMigration: () => {},
  othersKnow: async () => {},
  announce: () => {},
  configured: () => {},
})

/** A change reaches every node within this time; a node that has not heard the store for so long may have missed one. */
const heardWithinMs = 1000

/** Models that came of fine-tuning are told of by no change: they are read anew this often. */
const untoldEveryMs = 10_000

/** What changes are taken into, and what is read anew where they do not say it themselves. */
export type Followed = {
  readonly live: Live
  readonly readCustomers: () => Promise<void>
  readonly readPrices: () => Promise<void>
  readonly applied: { readonly refresh: () => Promise<void> }
}

const applyTo = async (
  store: Data['store'],
  { live, readCustomers, readPrices, applied }: Followed,
  changes: StoreChanges,
): Promise<void> => {
  const { keys, accounts, others, everything } = changes
  if (everything) {
    live.keysChanged([...(await store.load())].map(([digest, key]) => ({ ...key, digest })))
    live.accountsChanged(await store.loadAccounts())
  }
  if (keys.length > 0) live.keysChanged(keys)
  if (accounts.length > 0) live.accountsChanged(accounts)
  if (!others && !everything) return
  await readCustomers()
  await readPrices()
  await applied.refresh()
}

type Joining = { readonly config: Config; readonly data: Data; readonly log: Log; readonly boot: string }

type Opening = Omit<Joining, 'boot'> & { readonly life: NodeLife; readonly machine: Machine }

/** The journal is the embedded store beside the node's data; what it holds of an earlier process goes into the store first. */
const openBooks = async (
  { config, data, log, life, machine }: Opening,
  { recall, onRecall }: SharedCluster,
  closing: AsyncDisposableStack,
): Promise<{ readonly books: CallBooks; readonly callLog: CallLog }> => {
  const { clock, ids } = machine
  const { durability } = config.store
  const url = `sqlite:${join(data.folder, journalName)}`
  const journal = await openSqliteStore({ url, durability, clock, log })
  closing.defer(() => journal.close())
  const books = await openLeasedBooks({
    store: { ...data.store, recall, onRecall },
    journal,
    owner: leaseOwner(data.node),
    abandonAfterMs: config.cluster.leaseAbandonAfterMs,
    isAlone: () => life.livingCount() === 1,
    clock,
    ids,
    log,
  })
  closing.defer(() => books.close())
  const records = await journalRecords({ store: data.store, journal, clock, log })
  closing.defer(() => records.close())
  return { books, callLog: { append: records.append, call: data.store.call } }
}

/** Workers of one machine have one counter; nodes on several machines count each a share. */
const limiterOf = ({ clock }: Machine, seat: Seat | null, { livingCount }: NodeLife): Limiter => {
  if (seat === null) return shareLimits(makeMemoryLimiter({ clock }), livingCount)
  if (seat.shared !== null) return seat.limiter
  return shareLimits(seat.limiter, livingCount, () => livingCount(workerNode(seat.machine, '')))
}

const joinNodes = async (
  machine: Machine,
  { config, data, log, boot, store }: Joining & { readonly store: SharedCluster },
  closing: AsyncDisposableStack,
): Promise<Membership> => {
  const { clock, version } = machine
  const { node } = data
  const self = { url: null as string | null, digest: config.digest }
  const from = await store.trailEnd()
  const life = await startNodeLife({ store, self: () => ({ node, boot, version, ...self }), clock, log })
  closing.defer(() => life.close())
  const { makeMonths, dropMonths } = store
  if (makeMonths !== undefined && dropMonths !== undefined) {
    const { callsMs } = config.retention
    const months = keepMonths({ store: { makeMonths, dropMonths }, callsMs, isMine: life.leads, clock, log })
    closing.defer(() => months.close())
  }
  const { books, callLog } = await openBooks({ config, data, log, life, machine }, store, closing)
  let unheardMs = (): number => 0
  let fresh: Membership['fresh'] = () => null
  const { staleMaxMs } = config.cluster
  return {
    books,
    callLog,
    owner: `${node}.${boot}`,
    ownersOf: `${node}.`,
    limiter: limiterOf(machine, data.seat, life),
    nodes: () => life.livingCount(),
    leads: life.leads,
    outbox: (outbox) => ({
      ...outbox,
      keepEvent: tellingOnce(outbox, node),
      dueDeliveries: async (nowMs, limit) => (life.leads() ? outbox.dueDeliveries(nowMs, limit) : []),
      noteDelivery: (delivery) => store.noteDeliveryUnder(delivery, life.mandate()),
    }),
    refusal: () =>
      unheardMs() <= staleMaxMs
        ? null
        : new Problem('store_unavailable', {
            message: `This node has not heard the store for ${Math.round(unheardMs() / 1000)} s and takes no more calls: what it knows is too old. Try again, or another node.`,
            retryAfterMs: 1000,
          }),
    fresh: () => fresh(),
    checks: () => {
      const ok = unheardMs() <= heardWithinMs
      const detail = healthSays('changes_unheard', { ms: Math.round(unheardMs()) })
      return [{ name: 'changes', ok, detail: ok ? null : detail }]
    },
    warnings: life.warnings,
    onMigration: store.onMigration,
    othersKnow: async () => {
      await data.seat?.others('catchUp', null)
    },
    follow: async (followed, stack) => {
      const follower = await followStore({
        store,
        from,
        apply: (changes) => applyTo(data.store, followed, changes),
        clock,
        log,
      })
      unheardMs = follower.unheardMs
      fresh = follower.fresh
      data.seat?.answer('catchUp', follower.catchUp)
      stack.defer(() => follower.close())
      const rereading = goRound({
        round: async () => {
          await followed.readCustomers()
          return null
        },
        everyMs: untoldEveryMs,
        failure: { level: 'debug', message: 'what no change tells of could not be read' },
        clock,
        log,
      })
      stack.defer(() => rereading.close())
    },
    announce: (url) => {
      self.url = url
    },
    configured: ({ digest }) => {
      self.digest = digest
    },
  }
}

/**
 * Joins the nodes of the store, before anything of it is read: what changes from now on is followed. What workers have left that do not
 * run any more is taken in.
 */
export const joinCluster = async (
  machine: Machine,
  joining: Omit<Joining, 'boot'>,
  closing: AsyncDisposableStack,
): Promise<Membership> => {
  const boot = Buffer.from(machine.ids.bytes(12)).toString('hex')
  const { config, log, data } = joining
  const { cluster, store, seat, dataFolder, node } = data
  await checkServerKey(data, log)
  if (seat === null) {
    const left = leftWorkers(dataFolder, node, 1)
    await recoverLeft(machine, { config, store, log }, left)
    for (const one of left) await cluster?.leave(one.node)
  }
  return cluster === null
    ? soleNode(boot, store, machine.clock)
    : joinNodes(machine, { ...joining, boot, store: cluster }, closing)
}
