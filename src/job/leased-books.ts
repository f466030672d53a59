/**
 * The books of a node that shares its store: it holds for its calls out of leases in its memory, journals each call on its own disk
 * before anything goes upstream, and brings what calls came to into the store a few times a second. So a busy account costs few trips
 * to the store, and an account goes on for a while when the store is away. The store never lends what an account does not have.
 */

import { makeRoom } from '#base/make-room.ts'
import { asProblem } from '#base/problem.ts'
import { idleOf, leaseKey, leaseLengthMs, leasePrefix, neededOf, roomOf } from '#ledger/lease.ts'
import type { DrawRequest, Ended, ExtendRequest, Held, HoldRequest, SettleRequest, VoidRequest } from '#ledger/port.ts'
import { drainCalls } from './drain-journal.ts'
import type { JournalAgain } from './journal-again.ts'
import { journalAgain, neitherTookIt } from './journal-again.ts'
import type { CallEnd, JournalCall } from './journal-call.ts'
import { endInterrupted, journalCall, journalRow, metered, recordPrefix } from './journal-call.ts'
import type { Lease, LeasedBooks, LeasedBooksOptions } from './node-lease.ts'
import { newLease } from './node-lease.ts'
import { patiently } from './patience.ts'
import { tellFirst, tellLeases } from './tell-leases.ts'

const drainEveryMs = 200
/** A lease that nobody has used for so long goes back. */
const idleMs = 500
/** Before a call is refused, other nodes are asked for what they do not need, and have this long. */
const recallMs = 250
const recallPauseMs = 50
const recallAgainMs = 1000
/** A call waits no longer for the store to lend to it; what is asked by then still comes, for the next call. */
const storeWaitMs = 5000
const storeIsLate = `The store has not answered for ${storeWaitMs / 1000} s, and the call needs more than this node was lent. Try again, or another node.`
const journalPageMax = 1000
/** Ended calls that the store does not have yet; with more, no call begins. */
const undrainedMax = 100_000
/** Of ended calls, how many are remembered; who asks again does so soon. */
const saidMax = 10_000
/** Times that a call finds what was lent for it taken by others. */
const roomTriesMax = 50

type Refused = Exclude<Held, { readonly ok: true }>
type Wish = Pick<HoldRequest, 'amountNanoUsd' | 'amountMinNanoUsd'>

type Entry = { readonly call: JournalCall; readonly lease: Lease | null }

class Books {
  readonly #options: LeasedBooksOptions
  readonly #again: JournalAgain
  readonly #leases = new Map<string, Lease>()
  readonly #calls = new Map<string, Entry>()
  /** What was said of calls that the store has: whoever asks again hears the same. */
  readonly #said = new Map<string, Ended>()
  #ended: JournalCall[] = []
  #draining: Promise<void> | null = null
  #closed = false
  #cancel = (): void => {}
  readonly figures = { calls: 0, trips: 0 }

  constructor(options: LeasedBooksOptions) {
    this.#options = options
    this.#again = journalAgain(options.journal)
    options.store.onRecall((account) => this.#recalled(account))
    this.#plan()
  }

  async hold(request: HoldRequest): Promise<Held> {
    const known = this.#calls.get(request.call)
    if (known !== undefined) return this.#repeated(known.call)
    this.figures.calls += 1
    if (this.#ended.length >= undrainedMax) return this.#options.store.hold(request)
    const { lease, refusal } = await this.#patiently(this.#roomFor(() => this.#leaseFor(request), request, request))
    const roomNanoUsd = this.#room(lease)
    const { amountMinNanoUsd } = request
    if (refusal !== null && (roomNanoUsd < amountMinNanoUsd || roomNanoUsd === 0n)) return refusal
    // Where others were quicker each time, the store itself decides.
    if (roomNanoUsd < amountMinNanoUsd) return this.#options.store.hold(request)
    const isWhole = roomNanoUsd >= request.amountNanoUsd
    const cappedBy = isWhole ? null : (lease.cappedBy ?? 'credit')
    const { sliceNanoUsd } = request
    const most = isWhole ? request.amountNanoUsd : roomNanoUsd
    const amountNanoUsd = !isWhole && sliceNanoUsd !== null && sliceNanoUsd < roomNanoUsd ? sliceNanoUsd : most
    await this.#begin(lease, request, amountNanoUsd)
    return { ok: true, amountNanoUsd, cappedBy, roomNanoUsd: most }
  }

  async extend(request: ExtendRequest): Promise<Held> {
    const known = this.#calls.get(request.call)
    if (known === undefined || known.lease === null) return this.#options.store.extend(request)
    const { call, lease } = known
    if (call.end !== null) return { ok: false, reason: 'ended' }
    let addNanoUsd = request.addNanoUsd
    if (addNanoUsd > 0n) {
      const wish = { amountNanoUsd: addNanoUsd, amountMinNanoUsd: request.addMinNanoUsd }
      const { refusal } = await this.#patiently(this.#roomFor(() => lease, wish, null))
      const room = this.#room(lease)
      if (room < addNanoUsd) addNanoUsd = room
      if (addNanoUsd < request.addMinNanoUsd) return refusal ?? { ok: false, reason: 'ended' }
      // While it was waited for, the call may have ended.
      if (this.#isOver(call)) return { ok: false, reason: 'ended' }
    }
    lease.heldNanoUsd += addNanoUsd
    call.heldNanoUsd += addNanoUsd
    call.begun ||= request.begun
    const { provenNanoUsd: proven } = request
    if (proven !== null && (call.provenNanoUsd === null || proven > call.provenNanoUsd)) call.provenNanoUsd = proven
    await this.#keep(call)
    const { heldNanoUsd: amountNanoUsd } = call
    const cappedBy = addNanoUsd < request.addNanoUsd ? 'credit' : null
    return { ok: true, amountNanoUsd, cappedBy, roomNanoUsd: amountNanoUsd }
  }

  settle(request: SettleRequest): Promise<Ended> {
    return this.#endOnce({ kind: 'settled', request }, request.chargeNanoUsd)
  }

  voidHold(request: VoidRequest): Promise<Ended> {
    return this.#endOnce({ kind: 'voided', request }, 0n)
  }

  /** Ends what an earlier process left under way, brings all of it into the store, and gives back what it had been lent. */
  async recover(): Promise<void> {
    const { journal, store, owner, clock, log } = this.#options
    let count = 0
    for (let after: string | null = null; ; ) {
      const rows = await journal.journalPage(after, journalPageMax)
      const calls = rows.filter(({ call }) => !call.startsWith(recordPrefix)).map(journalCall)
      await store.noteInterrupted(endInterrupted(calls, clock.nowMs()))
      await drainCalls({ store, journal }, calls, () => {})
      count += calls.length
      after = rows.at(-1)?.call ?? null
      if (rows.length < journalPageMax || after === null) break
    }
    const leases = await store.endLeases(owner, clock.nowMs())
    if (count + leases > 0)
      log.warn('what an earlier process left was brought into the store', { calls: count, leases })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel()
    await this.#draining
    this.#options.log.info('calls and the trips to the store that they waited for', this.figures)
    try {
      await this.#drain()
      await Promise.all([...this.#leases.values()].map((lease) => this.#giveBack(lease)))
    } catch (thrown) {
      const problem = asProblem(thrown).message
      this.#options.log.warn('the store could not be told everything: the next start tells it', { problem })
    }
  }

  #isOver(call: JournalCall): boolean {
    return call.end !== null
  }

  #room(lease: Lease): bigint {
    return roomOf(lease, this.#options.clock.monotonicMs())
  }

  #repeated(call: JournalCall): Held {
    const { heldNanoUsd: amountNanoUsd } = call
    if (call.end !== null) return { ok: false, reason: 'ended' }
    return { ok: true, amountNanoUsd, cappedBy: null, roomNanoUsd: amountNanoUsd }
  }

  #answer({ end, heldNanoUsd, lease }: JournalCall, repeated: boolean): Ended {
    if (end?.kind !== 'settled') {
      const state = end?.request.lost === true ? 'lost' : 'voided'
      return { state, chargedNanoUsd: 0n, excessNanoUsd: 0n, repeated }
    }
    const { chargeNanoUsd } = end.request
    const excessNanoUsd = lease !== null && chargeNanoUsd > heldNanoUsd ? chargeNanoUsd - heldNanoUsd : 0n
    return { state: 'settled', chargedNanoUsd: chargeNanoUsd, excessNanoUsd, repeated }
  }

  #leaseFor(request: HoldRequest): Lease {
    const key = leaseKey(request)
    const known = this.#leases.get(key)
    if (known !== undefined) return known
    const { ids, clock } = this.#options
    const name = `${leasePrefix}${Buffer.from(ids.bytes(12)).toString('hex')}`
    const made = newLease({ key, name, account: request.account, nowMs: clock.monotonicMs() })
    this.#leases.set(key, made)
    return made
  }

  async #keep(call: JournalCall): Promise<void> {
    await this.#options.journal.journalKeep([journalRow(call)])
  }

  /** Takes the amount in memory at once, so that nobody else takes it; it counts when the journal has it. */
  async #begin(lease: Lease, request: HoldRequest, amountNanoUsd: bigint): Promise<void> {
    const { call: id, account, key } = request
    const call: JournalCall = {
      ...{ call: id, account, key, lease: lease.name },
      ...{ heldNanoUsd: amountNanoUsd, begun: false, provenNanoUsd: null, end: null },
    }
    lease.heldNanoUsd += amountNanoUsd
    lease.wantedNanoUsd += amountNanoUsd
    lease.usedMs = this.#options.clock.monotonicMs()
    this.#calls.set(id, { call, lease })
    tellFirst(this.#options, lease)
    try {
      await this.#keep(call)
    } catch (thrown) {
      lease.heldNanoUsd -= amountNanoUsd
      this.#calls.delete(id)
      throw thrown
    }
  }

  /** Looked at and ended in one go: of two that come at once the second finds the first. */
  #endOnce(end: CallEnd, chargeNanoUsd: bigint): Promise<Ended> {
    const { call: id } = end.request
    const known = this.#calls.get(id)
    const said = this.#said.get(id)
    if (known === undefined && said !== undefined) return Promise.resolve({ ...said, repeated: true })
    if (known !== undefined && this.#isOver(known.call)) return this.#endedBefore(known.call)
    return this.#end(known ?? { call: metered(end.request), lease: null }, end, chargeNanoUsd)
  }

  async #endedBefore(call: JournalCall): Promise<Ended> {
    if (this.#again.isWaiting(call.call)) await this.#patiently(this.#again.kept(call), neitherTookIt)
    return this.#answer(call, true)
  }

  /** What the journal does not take, because its disk is full, is the store's to keep: it stands as soon as one of the two has it. */
  async #end({ call, lease }: Entry, end: CallEnd, chargeNanoUsd: bigint): Promise<Ended> {
    // Said before it is written, so that a second end of the same call finds it.
    call.end = end
    const isKept = await this.#keep(call).then(
      () => true,
      () => false,
    )
    if (lease !== null) {
      lease.heldNanoUsd -= call.heldNanoUsd
      lease.pendingNanoUsd += chargeNanoUsd
      lease.usedMs = this.#options.clock.monotonicMs()
    }
    this.#calls.set(call.call, { call, lease })
    this.#ended.push(call)
    if (!isKept) await this.#patiently(this.#again.kept(call), neitherTookIt)
    return this.#answer(call, false)
  }

  /**
   * Sees to it that a lease has room for the wish, if the store lends it; gives the lease, and why it has not. What it finds holds until
   * the caller waits for anything.
   */
  async #roomFor(
    leaseNow: () => Lease,
    wish: Wish,
    first: HoldRequest | null,
  ): Promise<{ readonly lease: Lease; readonly refusal: Refused | null }> {
    let lease = leaseNow()
    let refusal: Refused | null = null
    for (let tries = 0; tries < roomTriesMax && this.#room(lease) < wish.amountNanoUsd; tries += 1) {
      if (lease.trip !== null) {
        await lease.trip
        continue
      }
      const asked = lease
      const held = await this.#alone(asked, () => this.#borrow(asked, wish, first))
      refusal = held.ok ? null : held
      if (held.ok && held.cappedBy !== null) break
      // It was returned or abandoned while it was asked for: the next one is another.
      if (!held.ok && held.reason !== 'ended') break
      lease = leaseNow()
    }
    return { lease, refusal }
  }

  #patiently<T>(asked: Promise<T>, message = storeIsLate): Promise<T> {
    return patiently(asked, { clock: this.#options.clock, waitMs: storeWaitMs, message })
  }

  /** Runs one thing at a time in the store for a lease. */
  async #alone<T>(lease: Lease, work: () => Promise<T>): Promise<T> {
    while (lease.trip !== null) await lease.trip
    const { promise, resolve } = Promise.withResolvers<void>()
    lease.trip = promise
    try {
      return await work()
    } finally {
      lease.trip = null
      resolve()
    }
  }

  async #borrow(lease: Lease, wish: Wish, first: HoldRequest | null): Promise<Held> {
    const { clock, store, isAlone } = this.#options
    const deadlineMs = clock.monotonicMs() + recallMs
    for (let tries = 0; ; tries += 1) {
      const held = await this.#ask(lease, wish, first)
      if (held.ok) return held
      if ((held.reason !== 'credit' && held.reason !== 'budget') || this.#room(lease) >= wish.amountMinNanoUsd)
        return held
      if (clock.monotonicMs() >= deadlineMs) return held
      if (tries === 0) {
        // Who comes just after a recall that brought nothing need not wait for another.
        if (isAlone() || clock.monotonicMs() - lease.recalledMs < recallAgainMs) return held
        lease.recalledMs = clock.monotonicMs()
        await store.recall(lease.account)
      }
      await new Promise<void>((resolve) => clock.after(recallPauseMs, resolve))
    }
  }

  /** One trip: opens the lease, or adds to it. What was held lately is borrowed on top, so that the next calls need no trip. */
  async #ask(lease: Lease, wish: Wish, first: HoldRequest | null): Promise<Held> {
    const { clock, store, owner, abandonAfterMs } = this.#options
    const room = this.#room(lease)
    const idle = idleOf(lease)
    // A lease whose time is over still has its money: it only has to hear of the store again.
    const missing = wish.amountNanoUsd - (room > 0n ? room : idle)
    const needNanoUsd = missing > 0n ? missing : 0n
    const leastMissing = wish.amountMinNanoUsd - (room > 0n ? room : idle)
    const minNanoUsd = leastMissing > 0n ? leastMissing : needNanoUsd > 0n ? 1n : 0n
    const askedMs = clock.monotonicMs()
    const nowMs = clock.nowMs()
    this.figures.trips += 1
    const expiresMs = nowMs + abandonAfterMs
    const amount = needNanoUsd === 0n ? 0n : needNanoUsd + lease.wantedNanoUsd
    const { name: call, account } = lease
    const before = lease.isOpen
    if (!before && first === null) return { ok: false, reason: 'ended' }
    const underWayNanoUsd = neededOf(lease) + wish.amountNanoUsd
    lease.toldNanoUsd = null
    const held =
      before || first === null
        ? await store.extend({
            ...{ call, account, nowMs, addNanoUsd: amount, addMinNanoUsd: minNanoUsd },
            ...{ expiresMs, begun: false, provenNanoUsd: null, underWayNanoUsd },
          })
        : await store.hold({
            ...first,
            ...{ call, key: null, amountNanoUsd: amount, amountMinNanoUsd: minNanoUsd },
            ...{ sliceNanoUsd: null, nowMs, expiresMs, owner, underWayNanoUsd },
          })
    if (!held.ok) {
      if (held.reason === 'ended') this.#forget(lease)
      return held
    }
    lease.isOpen = true
    lease.cappedBy = held.cappedBy
    lease.lentNanoUsd = held.amountNanoUsd
    lease.endsMs = askedMs + leaseLengthMs
    lease.wantedNanoUsd = 0n
    lease.toldNanoUsd = underWayNanoUsd
    tellFirst(this.#options, lease)
    return held
  }

  /** The store does not know the lease any more: it was abandoned. What calls of it come to is reported all the same. */
  #forget(lease: Lease): void {
    lease.endsMs = Number.NEGATIVE_INFINITY
    if (this.#leases.get(lease.key) === lease) this.#leases.delete(lease.key)
  }

  #plan(): void {
    if (this.#closed) return
    this.#cancel = this.#options.clock.after(drainEveryMs, () => {
      this.#draining = this.#round()
    })
  }

  async #round(): Promise<void> {
    try {
      await this.#again.round()
    } catch (thrown) {
      this.#options.log.debug('the journal takes nothing', { problem: asProblem(thrown).message })
    }
    try {
      await this.#drain()
      await tellLeases(this.#options, this.#leases.values())
      const { clock } = this.#options
      for (const lease of this.#leases.values())
        if (clock.monotonicMs() - lease.usedMs > idleMs) await this.#giveBack(lease)
    } catch (thrown) {
      const problem = asProblem(thrown).message
      this.#options.log.debug('the store could not be told of calls yet', { calls: this.#ended.length, problem })
    }
    this.#draining = null
    this.#plan()
  }

  async #drain(): Promise<void> {
    const { settle, voidHold } = this.#options.store
    const draw = (request: DrawRequest) => this.#draw(request)
    const journal = { journalDrop: (calls: readonly string[]) => this.#again.drop(calls) }
    const batch = this.#ended
    this.#ended = []
    const left = new Set(batch)
    try {
      await drainCalls({ store: { settle, voidHold, draw }, journal }, batch, (calls) => {
        for (const call of calls) {
          left.delete(call)
          this.#drained(call.call)
        }
      })
    } finally {
      if (left.size > 0) this.#ended = [...left, ...this.#ended]
    }
  }

  /** Draws of a lease while nothing else changes it: what the store says of its sum next is after these. */
  async #draw(request: DrawRequest): Promise<readonly Ended[]> {
    const [first] = request.parts
    const lease = first === undefined ? null : (this.#calls.get(first.call)?.lease ?? null)
    const { store } = this.#options
    if (lease === null) return store.draw(request)
    return this.#alone(lease, async () => {
      const drawnNanoUsd = request.parts.reduce((sum, { chargeNanoUsd }) => sum + chargeNanoUsd, 0n)
      const underWayNanoUsd = neededOf(lease) - drawnNanoUsd
      lease.toldNanoUsd = null
      const ended = await store.draw({ ...request, underWayNanoUsd })
      for (const { call } of request.parts) this.#drained(call)
      lease.toldNanoUsd = underWayNanoUsd
      tellFirst(this.#options, lease)
      return ended
    })
  }

  /** Told twice of a call it does nothing. */
  #drained(id: string): void {
    this.#again.drained(id)
    const known = this.#calls.get(id)
    this.#calls.delete(id)
    const { call, lease } = known ?? { call: null, lease: null }
    makeRoom(this.#said, saidMax)
    if (call !== null) this.#said.set(id, this.#answer(call, false))
    if (call === null || lease === null || call.end?.kind !== 'settled') return
    const { chargeNanoUsd } = call.end.request
    lease.pendingNanoUsd -= chargeNanoUsd
    lease.lentNanoUsd -= chargeNanoUsd < lease.lentNanoUsd ? chargeNanoUsd : lease.lentNanoUsd
  }

  /** Returns a lease that no call needs. */
  async #giveBack(lease: Lease): Promise<void> {
    if (lease.trip !== null || lease.heldNanoUsd > 0n || lease.pendingNanoUsd > 0n) return
    const { store, clock } = this.#options
    const { name, account } = lease
    await this.#alone(lease, async () => {
      if (lease.heldNanoUsd > 0n || lease.pendingNanoUsd > 0n) return
      // Whoever comes from now on gets a lease of its own.
      this.#forget(lease)
      try {
        if (lease.isOpen) await store.endLease({ lease: name, account, nowMs: clock.nowMs() })
      } catch (thrown) {
        // It is tried again with the next round; where a new lease has taken its place, the next start ends it.
        if (!this.#leases.has(lease.key)) this.#leases.set(lease.key, lease)
        throw thrown
      }
    })
  }

  /** Returns what of a lease no call needs, the whole of it or a part. */
  async #returnIdle(lease: Lease): Promise<void> {
    await this.#giveBack(lease)
    if (!this.#leases.has(lease.key) || !lease.isOpen) return
    const { store, clock } = this.#options
    const { name, account } = lease
    await this.#alone(lease, async () => {
      const amountNanoUsd = idleOf(lease)
      if (amountNanoUsd === 0n) return
      // Nobody may take it while it is on its way.
      lease.lentNanoUsd -= amountNanoUsd
      let returnedNanoUsd = 0n
      try {
        returnedNanoUsd = await store.returnPart({ lease: name, account, amountNanoUsd, nowMs: clock.nowMs() })
      } finally {
        lease.lentNanoUsd += amountNanoUsd - returnedNanoUsd
      }
    })
  }

  #recalled(account: string): void {
    for (const lease of this.#leases.values())
      if (lease.account === account)
        this.#returnIdle(lease).catch((thrown: unknown) =>
          this.#options.log.debug('a lease could not be returned', { problem: asProblem(thrown).message }),
        )
  }
}

/** Begins after what an earlier process left has been brought into the store. Rejects where the store is away. */
export const openLeasedBooks = async (options: LeasedBooksOptions): Promise<LeasedBooks> => {
  const books = new Books(options)
  await books.recover()
  const { store } = options
  return {
    hold: (request) => books.hold(request),
    extend: (request) => books.extend(request),
    settle: (request) => books.settle(request),
    voidHold: (request) => books.voidHold(request),
    balance: (account, nowMs) => store.balance(account, nowMs),
    budgetState: (budget, nowMs) => store.budgetState(budget, nowMs),
    receipt: (call) => store.receipt(call),
    figures: () => books.figures,
    close: () => books.close(),
  }
}
