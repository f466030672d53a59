/**
 * Hours of nodes that move traffic together, in seconds: the real rooms of migrations on one store, conversations, people who decide, a candidate
 * that at times fails, and everything that may go wrong with nodes and their lines, in an order that a seed decides. What must hold is looked at
 * with each call that is sent and after each thing that happens.
 */

import assert from 'node:assert/strict'
import { asSaid } from '#base/sentence.ts'
import { bucketOfUnit } from '#migration/assign.ts'
import { compile } from '#migration/compiled.ts'
import { conduct, decisionFor } from '#migration/conduct.ts'
import type { Change } from '#migration/itinerary.ts'
import { draftState, isLive, isOver, stateAfter } from '#migration/itinerary.ts'
import type { Arm } from '#migration/observation.ts'
import type { MigrationRow, NewDecision } from '#migration/port.ts'
import { sampleFacts } from '#migration/test-move.ts'
import { sampleTurn } from '#migration/test-turn.ts'
import { unheardMaxMs } from '#migration/traffic.ts'
import { makeMemoryNodes } from '#store/memory/nodes.ts'
import { makeChance } from '../e2e/chance.ts'
import type { Ground } from './line.ts'
import { openGround, soundLine } from './line.ts'
import type { Mover, MovingGround, MovingNode } from './moving-node.ts'
import { makeMover, startMover } from './moving-node.ts'
import type { Story } from './moving-story.ts'
import { fileOf } from './moving-story.ts'
import type { Time } from './time.ts'
import { clockOf, makeTime } from './time.ts'

export type MovingSettings = { readonly seed: number; readonly hours: number; readonly nodes?: number }

export type MovingFigures = {
  readonly seed: number
  readonly hours: number
  readonly happened: number
  readonly turns: number
  readonly toCandidate: number
  /** Turns of conversations that were elsewhere before, in a while in which nothing was decided and nothing failed. */
  readonly calmTurns: number
  readonly migrations: number
  readonly completed: number
  readonly rolledBack: number
  /** By Drover itself, because the candidate failed. */
  readonly byItself: number
  readonly kills: number
  readonly killsOfLeaders: number
  readonly faults: number
  readonly counted: number
  readonly digest: string
}

const startMs = Date.UTC(2026, 10, 22, 12)
const minuteMs = 60_000
const hourMs = 3_600_000
/** Once one is over, another may be begun under its name. */
const namesMax = 8
const nameOf = (number: number): string => `move-${number % namesMax}`
const betweenConversationsMs = 6_000
const betweenFaultsMs = 90_000
const betweenWishesMs = 150_000
const verifyEveryMs = 10 * minuteMs

/** Two rounds of a node that hears, and the way of an answer. */
const heardWithinMs = 1_100
/** The same where nothing was under way, as after completion: rounds are rarer then. */
const idleHeardWithinMs = 4_100
/** An answer that got lost holds the round up that waited for it. */
const lostWithinMs = 11_000
/** Without a look at the evidence for so long, by clocks that are wrong by two seconds at most, nobody goes to the candidate. */
const unwatchedMs = 30_000 + unheardMaxMs + 4_000
/** Where no line is bad, the evidence is looked at at least so often, whoever of those that led has died. */
const lookedWithinMs = 25_000
/** After so long without a decision, a fault or a start, everybody knows what everybody knows. */
const calmAfterMs = 20_000

/** What is known of a conversation in one migration. */
type Place = { arm: Arm; atMs: number }

/** A call on its way. */
type Sent = {
  readonly mover: Mover
  readonly node: MovingNode
  readonly story: Story
  readonly unit: string
  readonly arm: Arm
}

class MovingWorld {
  readonly time: Time = makeTime()
  readonly chance: () => number
  readonly movers: readonly Mover[]
  readonly stories = new Map<string, Story>()
  /** Those of them that are not over. */
  readonly #open = new Set<Story>()
  readonly around: MovingGround
  readonly #plain: Ground
  readonly #places = new Map<string, Place>()
  /** When each process had it last. */
  readonly #heres = new Map<string, number>()
  #turns = 0
  toCandidate = 0
  calmTurns = 0
  kills = 0
  killsOfLeaders = 0
  faults = 0
  byItself = 0
  broken: unknown = null
  /** When something was last decided, wrong, or started; infinite = something is wrong now. */
  #noisy = 0
  #noiseMs = 0
  #lookedMs = 0
  #soundSinceMs = 0
  #isOver = false

  constructor(ground: Ground, { seed, nodes = 3 }: MovingSettings) {
    const { time } = this
    this.chance = makeChance(seed)
    this.#plain = ground
    this.movers = Array.from({ length: nodes }, (_, place) => makeMover(`node_${place + 1}`))
    const shared = makeMemoryNodes(clockOf(time, { startMs, wrongMs: () => 0, isAlive: () => true }))
    const heard: Ground = { ...ground, run: (name, input) => this.#carriedOut(name, input) }
    this.around = { time, ground: heard, nodes: shared, chance: this.chance, startMs }
  }

  get turns(): number {
    return this.#turns
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.chance() * list.length)] as T
  }

  nowMs(): number {
    return startMs + Math.floor(this.time.nowMs())
  }

  live(): Story | undefined {
    return this.#open.values().find(({ state }) => isLive(state) || state.phase === 'completed')
  }

  /** What the store has carried out, whoever hears of it: told to the nodes as a hint, which may be missing. */
  async #carriedOut(name: string, input: unknown): Promise<unknown> {
    const answer = await this.#plain.run(name, input)
    if (name === 'checkMigration') this.#lookedMs = this.time.nowMs()
    if (name === 'decideMigration' && answer === true) this.#decided(input as NewDecision)
    return answer
  }

  #decided({ decision: { migration, number, change, from, after, actor, timeMs } }: NewDecision): void {
    const story = this.stories.get(migration)
    assert.ok(story !== undefined)
    // The chain of decisions has no gap, and each follows from the one before.
    assert.deepEqual([number, from], [story.decided + 1, story.state.phase])
    assert.deepEqual(after, stateAfter(story.state, change, { itinerary: story.compiled.itinerary, nowMs: timeMs }))
    if (after.weightBasisPoints === 0 && story.state.weightBasisPoints > 0) {
      story.backMs = this.time.nowMs()
      story.wasComplete = from === 'completed'
      if (actor === 'drover') this.byItself += 1
    }
    story.state = after
    if (isOver(after)) this.#open.delete(story)
    story.decided = number
    story.decidedMs = this.time.nowMs()
    story.weightMost = Math.max(story.weightMost, after.weightBasisPoints)
    this.#lookedMs = this.time.nowMs()
    this.#noise()
    for (const { node, line } of this.movers)
      if (node !== null && !line.isCut && this.chance() < 0.5)
        this.time.after(this.chance() * 20, () => {
          if (!node.isAlive()) return
          if (after.phase === 'rolling_back') node.traffic.stop(migration)
          node.driver.wake()
        })
  }

  #noise(): void {
    this.#noiseMs = this.time.nowMs()
  }

  #sound(mover: Mover): void {
    const isSound = mover.node !== null && mover.lineFaults === 0
    mover.soundSinceMs = isSound ? this.time.nowMs() : Number.POSITIVE_INFINITY
  }

  isCalm(): boolean {
    return this.#noisy === 0 && this.time.nowMs() - this.#noiseMs >= calmAfterMs
  }

  async boot(mover: Mover): Promise<void> {
    for (;;) {
      let kill = (): void => {}
      const node = await startMover(mover, this.around, (how) => {
        kill = how
      }).catch(() => null)
      if (node !== null) {
        mover.node = node
        this.#sound(mover)
        this.#noise()
        return
      }
      kill()
      await this.time.wait(1_000)
    }
  }

  async crash(mover: Mover, downMs: number): Promise<void> {
    const { node } = mover
    if (node === null) return
    this.kills += 1
    if (node.leads()) this.killsOfLeaders += 1
    node.kill()
    mover.node = null
    this.#sound(mover)
    this.#noise()
    await this.time.wait(downMs)
    await this.boot(mover)
  }

  /** One call of a conversation, from its assignment to its end, unless its node dies. */
  async turn(mover: Mover, unit: string): Promise<void> {
    const { node } = mover
    if (node === null) return
    const call = `call_${this.#turns}`
    this.#turns += 1
    const facts = sampleFacts({ call, unit })
    const move = node.traffic.moveFor(facts)
    if (move === null) return
    const assignment = node.traffic.assign(move, facts, node.nowMs())
    const story = this.stories.get(move.id)
    assert.ok(story !== undefined)
    this.#look({ mover, node, story, unit, arm: assignment.arm })
    const begunMs = node.nowMs()
    node.traffic.began(call, assignment, begunMs)
    await this.time.wait(200 + this.chance() ** 3 * 30_000)
    if (!node.isAlive()) return
    const fails = this.chance() < (assignment.arm === 'candidate' && story.isBad ? 0.5 : 0.01)
    const outcome = fails ? 'upstream_error' : 'ok'
    const turn = sampleTurn({ id: call, arm: assignment.arm, unit, startMs: begunMs, outcome })
    const isSaid = this.chance() < 0.98
    if (assignment.isEvidence && isSaid) story.seen.set(node.source, (story.seen.get(node.source) ?? 0) + 1)
    node.traffic.ended(call, isSaid ? turn : null)
  }

  /** What must hold of every call that is sent. */
  #look({ mover, node, story, unit, arm }: Sent): void {
    const nowMs = this.time.nowMs()
    const weightHere = node.traffic.standings().find(({ move }) => move.id === story.id)?.weightBasisPoints ?? 0
    const key = `${story.id}/${unit}`
    const before = this.#places.get(key)
    const said = `${unit} of ${story.row.name} goes to the ${arm} on ${node.source}`
    if (arm === 'candidate') {
      this.toCandidate += 1
      assert.ok(bucketOfUnit(story.row.salt, unit) < story.weightMost, `${said}, which no weight has ever said`)
      if (story.state.weightBasisPoints === 0) {
        const agoMs = nowMs - story.backMs
        const hears = mover.soundSinceMs <= story.backMs - lostWithinMs
        const withinMs = hears ? (story.wasComplete ? idleHeardWithinMs : heardWithinMs) : unheardMaxMs
        if (hears || !story.wasComplete)
          assert.ok(
            agoMs <= withinMs,
            `${said} ${Math.round(agoMs)} ms after it was taken back, ${withinMs} are promised`,
          )
      }
      if (story.state.phase !== 'completed' && !story.wasComplete)
        assert.ok(
          nowMs - this.#lookedMs <= unwatchedMs,
          `${said}, and nobody has looked at the evidence for ${nowMs - this.#lookedMs} ms`,
        )
    }
    // A node that had the conversation before weights rose keeps it where it was, and tells the others when it comes again.
    const here = this.#heres.get(`${key}/${node.source}`) ?? Number.POSITIVE_INFINITY
    const isCalm = this.isCalm() && before !== undefined && Math.min(before.atMs, here) >= this.#noiseMs + calmAfterMs
    if (isCalm) this.calmTurns += 1
    // Back from the candidate goes who is sent there by nobody: where this node sends nobody, or has only just heard where others are.
    if (arm === 'baseline' && before?.arm === 'candidate' && weightHere > 0)
      assert.ok(
        !isCalm && !unit.startsWith('stays'),
        `${said}, where ${weightHere / 100} % go to the candidate, and was there before`,
      )
    this.#places.set(key, { arm, atMs: nowMs })
    this.#heres.set(`${key}/${node.source}`, nowMs)
  }

  /** A conversation: on one node, or on whichever is asked. */
  async converse(number: number): Promise<void> {
    const stays = this.chance() < 0.5 ? this.pick(this.movers) : null
    const unit = `${stays === null ? 'roams' : 'stays'}_${number}`
    for (let left = 1 + Math.floor(this.chance() ** 2 * 25); left > 0 && !this.#isOver; left -= 1) {
      void this.turn(stays ?? this.pick(this.movers), unit).catch((fault: unknown) => {
        this.broken ??= fault
      })
      await this.time.wait(1_000 + this.chance() ** 2 * 90_000)
    }
  }

  async load(): Promise<void> {
    for (let number = 0; !this.#isOver; number += 1) {
      await this.time.wait(-Math.log(1 - this.chance()) * betweenConversationsMs)
      void this.converse(number)
    }
  }

  async trouble(): Promise<void> {
    while (!this.#isOver) {
      await this.time.wait(-Math.log(1 - this.chance()) * betweenFaultsMs)
      if (this.#isOver) return
      this.faults += 1
      void this.#oneFault(this.pick(this.movers))
    }
  }

  async #oneFault(mover: Mover): Promise<void> {
    const { time } = this
    const aWhileMs = 1_000 + this.chance() ** 2 * 90_000
    const during = async (bad: object, sound: object, part: object = mover.line): Promise<void> => {
      this.#noisy += 1
      const isLine = part !== mover
      if (isLine) mover.lineFaults += 1
      this.#sound(mover)
      Object.assign(part, bad)
      await time.wait(aWhileMs)
      Object.assign(part, sound)
      this.#noisy -= 1
      this.#noise()
      if (isLine) mover.lineFaults -= 1
      this.#sound(mover)
    }
    const leader = this.movers.find(({ node }) => node?.leads() === true) ?? mover
    const kinds: readonly (() => Promise<unknown>)[] = [
      () => this.crash(mover, this.chance() * 20_000),
      () => this.crash(leader, 1_000 + this.chance() * 60_000),
      () => during({ isCut: true }, { isCut: false }),
      // Decided where one of them cannot hear of it.
      () => Promise.all([during({ isCut: true }, { isCut: false }), this.#askBack(mover)]),
      () => during({ lostShare: 0.4 }, { lostShare: 0 }),
      () => during({ slowestMs: 2_000 }, { slowestMs: 4 }),
      () => during({ wrongMs: Math.round((this.chance() - 0.5) * 4_000) }, { wrongMs: 0 }, mover),
    ]
    await this.pick(kinds)()
  }

  /** Somebody asks another node to go back. */
  async #askBack(but: Mover): Promise<void> {
    await this.time.wait(this.chance() * 2_000)
    const { node } = this.pick(this.movers.filter((mover) => mover !== but))
    const story = this.live()
    if (node === null || story === undefined || this.chance() < 0.5) return
    await this.#wish(node, story, [{ kind: 'rollback' }]).catch(this.#refused)
  }

  /** Refused by the store, or by the state: part of the play. */
  readonly #refused = (fault: unknown): void => {
    if (fault instanceof assert.AssertionError) this.broken ??= fault
  }

  /** People start migrations, and at times have another wish than the itinerary. */
  async people(): Promise<void> {
    for (let number = 0; !this.#isOver; ) {
      await this.time.wait(-Math.log(1 - this.chance()) * betweenWishesMs)
      const { node } = this.pick(this.movers)
      if (node === null || this.#isOver) continue
      const story = this.live()
      const doing = story === undefined ? this.#start(node, number++) : this.#wish(node, story)
      await doing.catch(this.#refused)
    }
  }

  async #start(node: MovingNode, number: number): Promise<void> {
    const nowMs = node.nowMs()
    // As in the product, later ids sort behind earlier ones.
    const id = `mig_${String(number).padStart(6, '0')}`
    const draft: MigrationRow = {
      ...{ id, name: nameOf(number), file: fileOf(nameOf(number)), digest: '', salt: id },
      ...{ createdMs: nowMs, facts: { p99Ms: {} }, state: draftState, version: 0, checkedMs: nowMs },
    }
    const compiled = compile(draft)
    const change: Change = { kind: 'start', startStep: 0 }
    const conducting = { row: draft, compiled, change, why: asSaid('asked'), actor: 'person', evidence: [], nowMs }
    const decision = decisionFor(conducting)
    const row = { ...draft, version: 1, state: decision.after }
    // Before it is carried out, as its answer may be lost.
    const story: Story = {
      ...{ id: row.id, row, compiled, isBad: this.chance() < 0.5, state: row.state, decided: 1 },
      ...{ decidedMs: this.time.nowMs(), backMs: 0, wasComplete: false, seen: new Map() },
      weightMost: row.state.weightBasisPoints,
    }
    this.stories.set(row.id, story)
    this.#open.add(story)
    this.#lookedMs = this.time.nowMs()
    this.#noise()
    await this.#plain.run('createMigration', { row, first: { decision, trail: null } })
    await node.driver.refresh()
  }

  async #wish(node: MovingNode, { id, compiled }: Story, only: readonly Change[] = []): Promise<void> {
    const row = (await node.store.migrations()).find((one) => one.id === id)
    if (row === undefined) return
    const { phase } = row.state
    const wishes: readonly Change[] = [
      { kind: 'rollback' },
      ...(phase === 'completed'
        ? [{ kind: 'abort' } as const]
        : ([{ kind: 'promote' }, { kind: 'promote' }, { kind: 'complete' }] as const)),
      phase === 'paused' ? { kind: 'resume' } : { kind: 'pause', reason: 'manual' },
    ]
    const conducting = {
      row,
      compiled,
      change: this.pick(only.length > 0 ? only : wishes),
      why: asSaid('asked'),
      actor: 'person',
      evidence: [],
    }
    const ports = { store: node.store, emit: () => {}, stop: node.traffic.stop, trail: null }
    await conduct({ ...conducting, nowMs: node.nowMs() }, ports)
    await node.driver.refresh()
  }

  /** After each thing that has happened. */
  check(): void {
    if (this.broken !== null) throw this.broken
    const nowMs = this.time.nowMs()
    const areSound = this.#noisy === 0 && this.movers.some(({ soundSinceMs }) => nowMs - soundSinceMs >= lookedWithinMs)
    if (!areSound) this.#soundSinceMs = nowMs
    const story = this.live()
    if (story === undefined || !isLive(story.state) || nowMs - this.#soundSinceMs < lookedWithinMs) return
    assert.ok(
      nowMs - this.#lookedMs <= lookedWithinMs,
      `nobody has looked at ${story.row.name} for ${nowMs - this.#lookedMs} ms`,
    )
  }

  stop(): void {
    this.#isOver = true
    for (const { line } of this.movers) Object.assign(line, soundLine())
  }

  /** Every turn that was evidence is counted at most once; in the end, of a migration that is under way still, each that a living process saw. */
  async count(isEnd = false): Promise<number> {
    let sum = 0
    for (const { id, seen, state } of this.stories.values()) {
      let counted = 0
      for (let epoch = 1; epoch <= state.epoch; epoch += 1)
        for (const { turns } of (await this.#plain.run('evidence', { migration: id, epoch })) as { turns: number }[])
          counted += turns
      const most = [...seen.values()].reduce((all, one) => all + one, 0)
      assert.ok(counted <= most, `${id}: ${counted} turns were counted, ${most} were seen`)
      const living = this.movers.reduce((all, { node }) => all + (seen.get(node?.source ?? '') ?? 0), 0)
      if (isEnd && isLive(state) && state.epoch === 1)
        assert.ok(counted >= living, `${id}: ${counted} turns were counted, ${living} were seen by who lives`)
      sum += counted
    }
    return sum
  }
}

/** Plays so many hours. Rejects at the first thing that is not as promised. */
export const playMoves = async (settings: MovingSettings): Promise<MovingFigures> => {
  const ground = await openGround(startMs)
  try {
    const world = new MovingWorld(ground, settings)
    for (const mover of world.movers) void world.boot(mover)
    void world.load()
    void world.trouble()
    void world.people()
    const endMs = settings.hours * hourMs
    let happened = 0
    const checked = (): void => world.check()
    for (let nowMs = 0; nowMs < endMs; nowMs += verifyEveryMs) {
      happened += await world.time.until(Math.min(endMs, nowMs + verifyEveryMs), checked)
      await world.count()
    }
    world.stop()
    await world.time.until(endMs + 4 * minuteMs, checked)
    const counted = await world.count(true)
    const stories = [...world.stories.values()]
    const inPhase = (...phases: readonly string[]): number =>
      stories.filter(({ state }) => phases.includes(state.phase)).length
    const { seed, hours } = settings
    const { turns, toCandidate, calmTurns, byItself, kills, killsOfLeaders, faults } = world
    const digest = `${happened}/${ground.count()}/${counted}`
    return {
      ...{ seed, hours, happened, turns, toCandidate, calmTurns, migrations: stories.length },
      ...{ completed: inPhase('completed'), rolledBack: inPhase('rolling_back', 'rolled_back'), byItself },
      ...{ kills, killsOfLeaders, faults, counted, digest },
    }
  } finally {
    ground.close()
  }
}
