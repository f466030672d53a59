/**
 * Hours of a relay in seconds: nodes with the real rooms of ledger, leases and limits on one store, calls, and everything that may go wrong, in
 * an order that a seed decides. After each thing that happens the books are looked at; in the end everything is mended, and must add up.
 */

import assert from 'node:assert/strict'
import type { Ended } from '#ledger/port.ts'
import type { Ticket } from '#policy/port.ts'
import { begin, grantOf, holdOf, settleOf, startMs, voidOf } from '#store/ledger-sample.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { makeChance } from '../e2e/chance.ts'
import type { Ground, NodeStore } from './line.ts'
import { makeRecalls, openGround, soundLine, storeOn } from './line.ts'
import type { Machine, Surroundings } from './node.ts'
import { makeMachine, startNode } from './node.ts'
import type { Time } from './time.ts'
import { makeTime } from './time.ts'

export type WorldSettings = { readonly seed: number; readonly hours: number; readonly nodes?: number }

export type Figures = {
  readonly seed: number
  readonly hours: number
  readonly happened: number
  readonly calls: number
  readonly refused: number
  readonly settled: number
  readonly voided: number
  readonly lost: number
  readonly kills: number
  readonly faults: number
  readonly abandoned: number
  readonly verified: number
  readonly atOnceMost: number
  readonly digest: string
}

const account = 'acc_one'
const minuteMs = 60_000
const hourMs = 3_600_000
const abandonAfterMs = 10 * minuteMs
const atOnceMax = 9
const perMinuteMax = 60
const betweenSessionsMs = 40_000
const betweenFaultsMs = 120_000
const verifyEveryMs = 10 * minuteMs

type Call = {
  readonly id: string
  heldNano: bigint | null
  /** What the caller was told of its end. */
  said: Ended | null
  chargeNano: bigint
  takenMs: number
}

class World {
  readonly time: Time = makeTime()
  readonly chance: () => number
  readonly machines: readonly Machine[]
  readonly calls: Call[] = []
  readonly ground: Ground
  readonly around: Surroundings
  granted = 0n
  overrun = 0n
  refused = 0
  failed = 0
  broken: assert.AssertionError | null = null
  kills = 0
  faults = 0
  verified = 0
  atOnce = 0
  atOnceMost = 0
  readonly admittedMs: number[] = []
  #seen = -1
  #isOver = false

  constructor(ground: Ground, { seed, nodes = 3 }: WorldSettings) {
    this.ground = ground
    this.chance = makeChance(seed)
    this.machines = Array.from({ length: nodes }, (_, place) => makeMachine(`node_${place + 1}`, place === 0))
    const { time, chance } = this
    this.around = { time, ground, chance, recalls: makeRecalls(), startMs, nodes, abandonAfterMs }
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.chance() * list.length)] as T
  }

  /** Mostly small, at times large. */
  amount(most: number): bigint {
    return BigInt(1 + Math.floor(this.chance() ** 3 * most))
  }

  async boot(machine: Machine): Promise<void> {
    for (;;) {
      let kill = (): void => {}
      const node = await startNode(machine, this.around, (how) => {
        kill = how
      }).catch(() => null)
      if (node !== null) {
        machine.node = node
        return
      }
      kill()
      await this.time.wait(1000)
    }
  }

  async crash(machine: Machine, downMs: number): Promise<void> {
    const { node } = machine
    if (node === null) return
    this.kills += 1
    node.kill()
    machine.node = null
    this.atOnce -= this.underWayOn.get(machine.name) ?? 0
    this.underWayOn.set(machine.name, 0)
    await this.time.wait(downMs)
    await this.boot(machine)
  }

  readonly underWayOn = new Map<string, number>()

  #under(machine: Machine, by: number): void {
    this.underWayOn.set(machine.name, (this.underWayOn.get(machine.name) ?? 0) + by)
    this.atOnce += by
    if (this.atOnce > this.atOnceMost) this.atOnceMost = this.atOnce
  }

  /** One call, from its limits to its end, unless its node dies. */
  async call(machine: Machine): Promise<void> {
    const { node } = machine
    if (node === null) return
    const common = { group: account, owner: 'key "k"' }
    const tickets: readonly Ticket[] = [
      { ...common, kind: 'concurrency', bucket: 'key:k:at-once', limit: atOnceMax },
      {
        ...common,
        kind: 'rate',
        bucket: 'key:k:requests',
        unit: 'requests',
        limit: perMinuteMax,
        periodMs: minuteMs,
        amount: 1,
      },
    ]
    const taken = await node.limiter.take(tickets)
    if (!taken.ok) {
      this.refused += 1
      return
    }
    this.#under(machine, 1)
    this.admittedMs.push(this.time.nowMs())
    const call: Call = {
      id: `call_${this.calls.length}`,
      heldNano: null,
      said: null,
      chargeNano: 0n,
      takenMs: this.time.nowMs(),
    }
    this.calls.push(call)
    try {
      await this.#carryOut(node, call)
    } catch (fault) {
      // What the store or the disk refuses is part of the play; what is broken ends it.
      if (fault instanceof assert.AssertionError) this.broken ??= fault
      else this.failed += 1
    } finally {
      if (node.isAlive()) {
        this.#under(machine, -1)
        await node.limiter.giveBack(tickets.map((ticket) => ({ ticket, used: null })))
      }
    }
  }

  async #carryOut(node: NonNullable<Machine['node']>, call: Call): Promise<void> {
    const { books, wait, owner } = node
    const nowMs = startMs + Math.floor(this.time.nowMs())
    const wanted = this.amount(4000)
    const least = this.chance() < 0.3 ? wanted / 4n : wanted
    const request = { nowMs, amountMinNanoUsd: least, owner, expiresMs: nowMs + 15 * minuteMs }
    const held = await books.hold(holdOf(call.id, wanted, request))
    if (!held.ok) {
      this.refused += 1
      return
    }
    call.heldNano = held.amountNanoUsd
    await wait(this.chance() * 3000)
    if (this.chance() < 0.7) {
      const proven = this.chance() < 0.5 ? held.amountNanoUsd / 5n : null
      const add = this.chance() < 0.3 ? this.amount(1000) : 0n
      const more = await books
        .extend({
          ...{ call: call.id, account, nowMs: startMs + Math.floor(this.time.nowMs()), expiresMs: null, begun: true },
          ...{ addNanoUsd: add, addMinNanoUsd: add, provenNanoUsd: proven },
        })
        // The stream ends then, and is settled as far as it came.
        .catch(() => null)
      if (more?.ok === true) call.heldNano = more.amountNanoUsd
    }
    await wait(this.chance() ** 3 * 20_000)
    const endedMs = startMs + Math.floor(this.time.nowMs())
    if (this.chance() < 0.15) {
      call.said = await this.#closed(wait, () => books.voidHold(voidOf(call.id, endedMs)))
      return
    }
    const most = call.heldNano ?? 0n
    // Some providers report more than was asked of them.
    const isOver = this.chance() < 0.02
    const charge = isOver ? most + this.amount(300) : (most * BigInt(Math.floor(this.chance() * 1000))) / 1000n
    if (isOver) this.overrun += charge - most
    call.chargeNano = charge
    call.said = await this.#closed(wait, () => books.settle(settleOf(call.id, charge, { nowMs: endedMs })))
    // Told again, as a caller does who did not hear the answer: nothing more happens.
    if (this.chance() < 0.2) {
      const again = await books.settle(settleOf(call.id, charge + 1n, { nowMs: endedMs })).catch(() => null)
      if (again !== null)
        assert.equal(
          again.chargedNanoUsd === charge + 1n && again.state === 'settled',
          false,
          `${call.id} was charged twice`,
        )
    }
  }

  /** An end is tried again, as the relay does, for about five minutes. */
  async #closed(wait: (delayMs: number) => Promise<void>, end: () => Promise<Ended>): Promise<Ended> {
    for (let tries = 0; ; tries += 1) {
      const ended = await end().catch(() => null)
      if (ended !== null) return ended
      assert.ok(tries < 24, 'the end of a call could not be written for five minutes')
      await wait(Math.min(15_000, 250 * 2 ** tries))
    }
  }

  /** Callers of one machine, until the end. */
  async load(machine: Machine): Promise<void> {
    while (!this.#isOver) {
      await this.time.wait(-Math.log(1 - this.chance()) * betweenSessionsMs)
      for (let left = 1 + Math.floor(this.chance() ** 4 * 12); left > 0 && !this.#isOver; left -= 1)
        void this.call(machine)
    }
  }

  async trouble(): Promise<void> {
    while (!this.#isOver) {
      await this.time.wait(-Math.log(1 - this.chance()) * betweenFaultsMs)
      if (this.#isOver) return
      this.faults += 1
      void this.#oneFault(this.pick(this.machines))
    }
  }

  async #oneFault(machine: Machine): Promise<void> {
    const { line, disk } = machine
    const { time } = this
    const aWhileMs = 1000 + this.chance() ** 2 * 180_000
    const during = async <T extends object>(part: T, bad: Partial<T>, sound: Partial<T>): Promise<void> => {
      Object.assign(part, bad)
      await time.wait(aWhileMs)
      Object.assign(part, sound)
    }
    const lines = this.machines.map((one) => one.line)
    const kinds: readonly (() => Promise<unknown>)[] = [
      () => this.crash(machine, this.chance() * 20_000),
      // Long enough for its leases to be abandoned.
      () => this.crash(machine, this.chance() < 0.3 ? 2 * abandonAfterMs : aWhileMs),
      () => during(line, { isCut: true }, { isCut: false }),
      () => during(line, { lostShare: 0.4 }, { lostShare: 0 }),
      () => during(line, { slowestMs: 3000 }, { slowestMs: 4 }),
      () => during(disk, { isFull: true }, { isFull: false }),
      // Longer than the end of a call is tried again: the store keeps it meanwhile.
      async () => {
        disk.isFull = true
        await time.wait(aWhileMs + 6 * minuteMs)
        disk.isFull = false
      },
      () => during(disk, { slowestMs: 500 }, { slowestMs: 3 }),
      () => during(machine, { wrongMs: Math.round((this.chance() - 0.5) * 4000) }, { wrongMs: 0 }),
      // The whole store, for everybody.
      () => Promise.all(lines.map((one) => during(one, { isCut: true }, { isCut: false }))),
    ]
    await this.pick(kinds)()
  }

  /** After each thing that has happened. */
  check(): void {
    if (this.broken !== null) throw this.broken
    const isSame = this.ground.count() === this.#seen
    this.#seen = this.ground.count()
    assert.ok(this.atOnce <= atOnceMax, `${this.atOnce} calls at once, ${atOnceMax} were promised`)
    if (isSame) return
    const money = this.ground.row('select * from account_money where account = ?', account)
    if (money === undefined) return
    const [credit, owed, held] = ['credit_nano_usd', 'owed_nano_usd', 'held_nano_usd'].map(
      (name) => money[name] as bigint,
    )
    assert.ok(credit !== undefined && owed !== undefined && held !== undefined)
    assert.ok(held >= 0n, `${held} held`)
    assert.ok(
      credit - owed - held + this.overrun >= 0n,
      `below the floor: ${credit} - ${owed} - ${held}, ${this.overrun} reported beyond holds`,
    )
  }

  heldNano(): unknown {
    return this.ground.row('select held_nano_usd from account_money where account = ?', account)?.['held_nano_usd']
  }

  checkRate(): void {
    // Burst = limit, and as much again flows in during the window.
    const times = this.admittedMs
    for (let last = 0, first = 0; last < times.length; last += 1) {
      while ((times[last] as number) - (times[first] as number) >= minuteMs) first += 1
      assert.ok(last - first + 1 <= 2 * perMinuteMax, 'more calls in a minute than the limit promises')
    }
  }

  async verify(nowMs: number): Promise<void> {
    const verdict = await plainStoreOf(this).verifyBooks(nowMs)
    // A hold past its end waits for the sweep of a node, and all may be cut off.
    const problems = verdict.problems.filter(({ kind }) => kind !== 'stale_hold')
    assert.deepEqual(problems, [])
    this.verified += 1
  }

  stop(): void {
    this.#isOver = true
  }
}

/** The store with nothing in between. */
const plainStoreOf = ({ time, ground }: World): NodeStore => {
  const after = (_delayMs: number, run: () => void) => {
    run()
    return (): void => {}
  }
  return storeOn(
    { time: { ...time, after }, ground, line: soundLine(), chance: () => 0, isAlive: () => true },
    makeRecalls(),
  )
}

const grantEvery = async (world: World): Promise<void> => {
  const { time, ground } = world
  for (let number = 0; ; number += 1) {
    const amount = 20_000n + world.amount(200_000)
    const lot = grantOf(`lot_${number}`, amount, { nowMs: startMs + Math.floor(time.nowMs()) })
    await ground.run('grantCredit', { grant: lot, trail: sampleTrail(`trl_lot_${number}`), upgrade: null })
    world.granted += amount
    await time.wait(hourMs / 3)
  }
}

/** The end: no more calls, and everything mended as soon as it is over; then as long as whatever is late may take, and no longer. */
const mend = async (world: World, endMs: number, checked: () => void): Promise<void> => {
  world.stop()
  for (const { line, disk } of world.machines) {
    Object.assign(line, soundLine())
    Object.assign(disk, { isFull: false, slowestMs: 3 })
  }
  const isQuiet = (): boolean =>
    world.machines.every(({ node, disk }) => node !== null && disk.rows.size === 0) && world.heldNano() === 0n
  for (let nowMs = endMs + 2 * minuteMs; nowMs <= endMs + 60 * minuteMs; nowMs += minuteMs) {
    await world.time.until(nowMs, checked)
    if (isQuiet()) return
  }
}

const judge = async (world: World): Promise<Pick<Figures, 'settled' | 'voided' | 'lost' | 'abandoned'>> => {
  const { ground } = world
  const sums = { settled: 0, voided: 0, lost: 0, abandoned: 0 }
  let chargedNano = 0n
  for (const { id, said, chargeNano, heldNano } of world.calls) {
    const receipt = (await ground.run('receipt', id)) as {
      state: 'settled' | 'voided' | 'lost' | 'open'
      chargedNanoUsd: bigint | null
      rule: string | null
    } | null
    if (receipt === null) {
      assert.ok(
        heldNano === null || said?.state === 'voided',
        `${id} was held for, and has no end: ${JSON.stringify(said, (_n, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
      )
      continue
    }
    assert.notEqual(receipt.state, 'open', `${id} never ended`)
    const isAbandoned = receipt.rule?.includes('abandoned') === true || receipt.rule?.includes('forgotten') === true
    if (isAbandoned) sums.abandoned += 1
    if (receipt.state !== 'open') sums[receipt.state] += 1
    if (receipt.state === 'settled') chargedNano += receipt.chargedNanoUsd ?? 0n
    if (said?.state === 'settled' && !isAbandoned)
      assert.deepEqual(
        [receipt.state, receipt.chargedNanoUsd],
        ['settled', chargeNano],
        `${id}: its caller was told of ${chargeNano}, the books say ${receipt.rule}`,
      )
    if (said?.state === 'voided') assert.notEqual(receipt.state, 'settled', `${id} was voided, and charged`)
  }
  const balance = (await ground.run('balance', { account, nowMs: startMs + Math.floor(world.time.nowMs()) })) as {
    balanceNanoUsd: bigint
    heldNanoUsd: bigint
    spentNanoUsd: bigint
  }
  assert.equal(balance.spentNanoUsd, chargedNano, 'what calls were charged is not what the account has spent')
  assert.equal(balance.balanceNanoUsd, world.granted - chargedNano, 'money was made, or lost')
  assert.equal(world.heldNano(), 0n, 'something is still held, or lent')
  for (const { disk, name } of world.machines) assert.equal(disk.rows.size, 0, `the journal of ${name} still has calls`)
  return sums
}

/** Plays so many hours. Rejects at the first thing that is not as promised. */
export const play = async (settings: WorldSettings): Promise<Figures> => {
  const ground = await openGround(startMs)
  try {
    const world = new World(ground, settings)
    await begin(plainStoreOf(world), 'prepaid')
    void grantEvery(world)
    for (const machine of world.machines) void world.boot(machine).then(() => world.load(machine))
    void world.trouble()
    const endMs = settings.hours * hourMs
    let happened = 0
    const checked = (): void => world.check()
    for (let nowMs = 0; nowMs < endMs; nowMs += verifyEveryMs) {
      happened += await world.time.until(Math.min(endMs, nowMs + verifyEveryMs), checked)
      await world.verify(startMs + Math.floor(world.time.nowMs()))
    }
    await mend(world, endMs, checked)
    await world.verify(startMs + Math.floor(world.time.nowMs()))
    world.checkRate()
    const sums = await judge(world)
    const { seed, hours } = settings
    const { refused, kills, faults, verified, atOnceMost } = world
    const digest = `${happened}/${ground.count()}/${world.granted}`
    return {
      seed,
      hours,
      happened,
      calls: world.calls.length,
      refused,
      ...sums,
      kills,
      faults,
      verified,
      atOnceMost,
      digest,
    }
  } finally {
    ground.close()
  }
}
