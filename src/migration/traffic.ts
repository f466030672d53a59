/**
 * Migrations as one node carries them out: which call is in scope, which arm it goes to, and what came of it until that is told. Asks memory only. Where the node has not
 * heard the store, or the node that decides has not looked at the evidence for too long, everything goes to the baseline.
 */

import type { Pin, Pins } from './assign.ts'
import { armAt, armNamed, bucketOfUnit, makePins, wholeWeight } from './assign.ts'
import type { BreakerWindow } from './breaker-window.ts'
import { breakerWindow } from './breaker-window.ts'
import type { Column } from './column.ts'
import type { DriftWatch, Rises } from './drift.ts'
import { watchRises } from './drift.ts'
import type { AssignedTurn } from './evidence.ts'
import type { Phase } from './itinerary.ts'
import type { Arm, Observation } from './observation.ts'
import { hasFailed } from './observation.ts'
import { fits } from './pattern.ts'
import type { PinnedShare } from './pinned-share.ts'
import { pinnedShare } from './pinned-share.ts'
import type { ShadowPlan } from './shadow-plan.ts'
import type { SharedPins, ToldPin } from './shared-pins.ts'
import { sharedPins } from './shared-pins.ts'
import type { WaitingTurns } from './waiting-turns.ts'
import { waitingTurns } from './waiting-turns.ts'

/** A migration as a node needs to know it. */
export type Move = {
  readonly id: string
  readonly name: string
  readonly epoch: number
  readonly step: number
  readonly phase: Phase
  /** `client`: callers split their traffic themselves, and report both sides. */
  readonly split: 'relay' | 'client'
  readonly weightBasisPoints: number
  /** Of the step that follows; where none does, the same. */
  readonly nextWeightBasisPoints: number
  /** Whether the evidence was looked at of late: else nobody would notice what goes wrong, and everything goes to the baseline. */
  readonly isWatched: boolean
  readonly salt: string
  readonly match: {
    readonly models: readonly string[]
    readonly callSites: readonly string[] | null
    readonly keys: readonly string[] | null
    readonly projects: readonly string[] | null
    /** Of conversations that are in scope otherwise. */
    readonly shareBasisPoints: number
  }
  /** What a conversation is known by, in this order; `null` = as everywhere else. */
  readonly keyOrder: readonly string[] | null
  readonly candidate: { readonly provider: string; readonly model: string; readonly params: 'shim' | 'strict' }
  readonly pinIdleMs: number
  readonly pins: boolean
  /** The largest share of turns that pins may keep from the other arm, in [0, 1]. */
  readonly pinnedShareMax: number
  readonly testerHeader: string
  /** Whether calls without a first part are recalled from the candidate on rollback. */
  readonly recalls: boolean
  readonly breaker: { readonly window: number; readonly failures: number }
  readonly columns: readonly Column[]
  /** What is watched once it is complete. */
  readonly drift: readonly DriftWatch[]
  /** How calls are copied; `null` = none are. */
  readonly shadow: ShadowPlan | null
}

export type CallFacts = {
  readonly call: string
  /** As the caller named it, and the id that it stands for. */
  readonly models: readonly string[]
  readonly callSite: string | null
  /** All that files may name its key by: what it is called, its id, and those that it had before it was rotated. */
  readonly keyNames: readonly string[]
  readonly project: string | null
  /** Names the conversation; `null` = nothing does. */
  readonly unit: string | null
  readonly headers: Readonly<Record<string, string | undefined>>
}

export type Assignment = {
  readonly move: Move
  readonly arm: Arm
  readonly step: number
  readonly unit: string | null
  /** A tester chose the arm. */
  readonly isChosen: boolean
  /** Whether what comes of it is evidence: not where a tester chose the arm. */
  readonly isEvidence: boolean
  /** Aborted when traffic is taken back: a call that has no first part yet is then asked of the baseline. */
  readonly takenBack: AbortSignal
}

export type ToldTurns = { readonly move: Move; readonly turns: readonly AssignedTurn[] }

export type Drifted = { readonly move: Move; readonly figure: string }

/** Both arms fail here: going back would help nobody. */
export type Tripped = { readonly move: Move; readonly isShared: boolean }

export type Traffic = {
  /** The migrations as the store has them now. `heardMs` is monotonic. */
  readonly configure: (moves: readonly Move[], heardMs: number) => void
  /** Whether any migration moves calls at all: where none does, what a call would be judged by need not be found out. */
  readonly isMoving: () => boolean
  /** The migration that a call is in scope of; `null` = none, or it does not move anything now. */
  readonly moveFor: (facts: CallFacts) => Move | null
  readonly assign: (move: Move, facts: CallFacts, nowMs: number) => Assignment
  readonly began: (call: string, assignment: Assignment, startMs: number) => void
  /** `null` = nothing can be said of it. */
  readonly ended: (call: string, turn: Observation | null) => void
  /**
   * Sends nothing more to the candidate from now on, whatever the store still says: a decision to go back is in force here before it is kept. Lasts `stoppedMs` at most;
   * by then the decision has been read, or was not made. Takes the id or the name.
   */
  readonly stop: (migration: string) => void
  /** Calls back as soon as a breaker opens here. */
  readonly onTripped: (listener: () => void) => void
  /** What may be told of each migration now. */
  readonly take: (nowMs: number, limit: number) => readonly ToldTurns[]
  /** Pins to be told to other nodes, of each migration at most `limit`. */
  readonly takePins: (limit: number) => readonly { readonly move: Move; readonly pins: readonly ToldPin[] }[]
  /** Pins of other nodes, or of this one before it was started anew. */
  readonly heardPins: (migration: string, pins: readonly ToldPin[], nowMs: number) => void
  /** Figures of completed migrations that have risen here and stay so, since it was last asked. */
  readonly drifted: () => readonly Drifted[]
  /** Migrations whose breaker is open here: until something was decided, so that a store which was away meanwhile loses none. */
  readonly tripped: () => readonly Tripped[]
  /** Migrations that this node sends calls by, each with the weight that is in force here now. */
  readonly standings: () => readonly { readonly move: Move; readonly weightBasisPoints: number }[]
}

/** A node that has not heard the store for so long sends everything to the baseline. */
export const unheardMaxMs = 5_000
/** How long a decision to go back is in force before it must have been read from the store. */
export const stoppedMs = 30_000

type Live = {
  move: Move
  readonly pins: Pins
  readonly shared: SharedPins
  readonly pinned: PinnedShare
  waiting: WaitingTurns
  readonly windows: Readonly<Record<Arm, BreakerWindow>>
  isOff: boolean
  /** Monotonic. */
  stoppedUntilMs: number
  takenBack: AbortController
  /** Monotonic: what was told of conversations before has no place any more. */
  takenBackMs: number
  readonly rises: Rises
}

const inScope = ({ match }: Move, { models, callSite, keyNames, project }: CallFacts): boolean => {
  const has = (patterns: readonly string[] | null, text: string | null): boolean =>
    patterns === null || (text !== null && patterns.some((pattern) => fits(pattern, text)))
  return (
    models.some((model) => has(match.models, model)) &&
    has(match.callSites, callSite) &&
    keyNames.some((name) => has(match.keys, name)) &&
    has(match.projects, project)
  )
}

const makeLive = (move: Move): Live => {
  const pins = makePins(move.pinIdleMs)
  const live: Live = {
    move,
    pins,
    shared: sharedPins(pins, () => live.move.pinIdleMs),
    pinned: pinnedShare(() => live.move.pinnedShareMax),
    waiting: waitingTurns(),
    windows: { baseline: breakerWindow(move.breaker), candidate: breakerWindow(move.breaker) },
    isOff: false,
    stoppedUntilMs: Number.NEGATIVE_INFINITY,
    takenBack: new AbortController(),
    takenBackMs: Number.NEGATIVE_INFINITY,
    rises: watchRises(),
  }
  return live
}

/** Conversations lose their place, and calls to the candidate that have no first part yet are asked of the baseline. */
const takeBack = (live: Live, nowMs: number): void => {
  live.takenBackMs = nowMs
  live.pins.clear()
  live.shared.clear()
  if (live.move.recalls) live.takenBack.abort()
  live.takenBack = new AbortController()
}

const stopLive = (live: Live, nowMs: number): void => {
  live.stoppedUntilMs = nowMs + stoppedMs
  takeBack(live, nowMs)
}

/** Takes the migration as it is now; what was begun under another epoch or another weight stays what it was. */
const renew = (live: Live, move: Move, nowMs: number): void => {
  const { move: before } = live
  live.move = move
  // What waits to be told was counted for the evidence that is over.
  if (before.epoch !== move.epoch) live.waiting = waitingTurns()
  if (before.epoch !== move.epoch || before.phase !== move.phase) {
    live.isOff = false
    live.stoppedUntilMs = Number.NEGATIVE_INFINITY
    for (const window of Object.values(live.windows)) window.clear()
  }
  if (move.weightBasisPoints === 0 && before.weightBasisPoints > 0) takeBack(live, nowMs)
}

const renewAll = (lives: Map<string, Live>, moves: readonly Move[], nowMs: number): void => {
  for (const move of moves) {
    const known = lives.get(move.id)
    if (known === undefined) lives.set(move.id, makeLive(move))
    else renew(known, move, nowMs)
  }
  const ids = new Set(moves.map(({ id }) => id))
  for (const [id, live] of lives) {
    if (ids.has(id)) continue
    // It is over, also where this node was cut off while it went back: what is left of it is what there is to tell.
    if (live.move.weightBasisPoints > 0)
      renew(live, { ...live.move, phase: 'rolled_back', weightBasisPoints: 0 }, nowMs)
    if (live.waiting.count() === 0) lives.delete(id)
  }
}

const testerArm = ({ testerHeader }: Move, { headers }: CallFacts): Arm | null => {
  const wish = headers[testerHeader.toLowerCase()]
  return wish === undefined ? null : armNamed(wish)
}

const moving: readonly Phase[] = ['shadow', 'ramping', 'baking', 'paused', 'completed']
const isMoving = ({ split, phase }: Move): boolean => split === 'relay' && moving.includes(phase)

const driftedOf = (lives: Iterable<Live>): readonly Drifted[] =>
  [...lives].flatMap(({ move, rises }) => rises.take().map((figure) => ({ move, figure })))

const trippedOf = (lives: Iterable<Live>): readonly Tripped[] =>
  [...lives].flatMap(({ move, isOff, windows }) => (isOff ? [{ move, isShared: windows.baseline.isUneasy() }] : []))

const turnsOf = (lives: Iterable<Live>, nowMs: number, limit: number): readonly ToldTurns[] =>
  [...lives].flatMap(({ move, waiting }) => {
    const turns = waiting.take(nowMs, limit)
    return turns.length === 0 ? [] : [{ move, turns }]
  })

const pinsOf = (lives: Iterable<Live>, limit: number): ReturnType<Traffic['takePins']> =>
  [...lives].flatMap(({ move, shared }) => {
    const pins = shared.take(limit)
    return pins.length === 0 ? [] : [{ move, pins }]
  })

/** Of a conversation that is no evidence, wherever it goes from here on. */
const noStep = -1

type Placed = Pick<Pin, 'arm' | 'step' | 'isMoved'>

/** A conversation stays where it began, unless too many do so against the weight. */
const staying = ({ pinned }: Live, pin: Placed | null, said: Placed): Placed => {
  if (pin !== null && pin.arm !== said.arm) {
    if (pinned.mayStay()) return pin
    return { arm: said.arm, step: pin.step < 0 ? noStep : said.step, isMoved: true }
  }
  pinned.went()
  return pin ?? said
}

/** Keeps where a conversation is, and tells the others where a higher weight, or the weight now, would have it elsewhere. */
const keepPin = ({ pins, shared, move }: Live, { unit, pin }: { readonly unit: string; readonly pin: Pin }): void => {
  pins.keep(unit, pin)
  const isFirm = pin.arm === 'candidate' && pin.isMoved !== true
  if (!move.pins || isFirm || move.phase === 'completed') return
  if (pin.isMoved === true || bucketOfUnit(move.salt, unit) < move.nextWeightBasisPoints) shared.note(unit, pin)
}

const moveIn = (lives: Iterable<Live>, facts: CallFacts): Move | null => {
  for (const { move } of lives) if (isMoving(move) && inScope(move, facts)) return move
  return null
}

/** Where conversations are elsewhere; not what was so before traffic was taken back here. `atMs` is the monotonic time of `nowMs`. */
const hearPins = (
  live: Live | undefined,
  pins: readonly ToldPin[],
  { nowMs, atMs: heardMs }: { readonly nowMs: number; readonly atMs: number },
): void => {
  if (live === undefined) return
  const backAgoMs = heardMs - live.takenBackMs
  const since = pins.filter(({ atMs }) => nowMs - atMs < backAgoMs)
  live.shared.heard(since, nowMs)
}

/** `monotonicMs` tells how long ago the store was heard. */
export const makeTraffic = (monotonicMs: () => number): Traffic => {
  const lives = new Map<string, Live>()
  const open = new Map<string, { readonly live: Live; readonly assignment: Assignment }>()
  let heardMs = Number.NEGATIVE_INFINITY
  let tell = (): void => {}

  /** After completion nobody has to say again where calls go. */
  const weightNow = ({ move, isOff, stoppedUntilMs }: Live): number => {
    const nowMs = monotonicMs()
    if (nowMs < stoppedUntilMs) return 0
    if (move.phase === 'completed') return wholeWeight
    return isOff || !move.isWatched || nowMs - heardMs > unheardMaxMs ? 0 : move.weightBasisPoints
  }

  const armOf = (live: Live, { unit, call }: CallFacts, nowMs: number): Placed => {
    const { move } = live
    const weight = weightNow(live)
    const isFree = unit === null || !move.pins || weight === 0 || move.phase === 'completed'
    const pin = isFree ? null : live.pins.of(unit, nowMs)
    const said = { arm: armAt(bucketOfUnit(move.salt, unit ?? call), weight), step: move.step }
    return staying(live, pin, said)
  }

  return {
    configure: (moves, heard) => {
      // Of two readings at once the one that was asked for later is in force.
      if (heard < heardMs) return
      heardMs = heard
      renewAll(lives, moves, monotonicMs())
    },
    isMoving: () => lives.values().some(({ move }) => isMoving(move)),
    moveFor: (facts) => moveIn(lives.values(), facts),
    assign: (move, facts, nowMs) => {
      const live = lives.get(move.id) ?? makeLive(move)
      const tester = testerArm(move, facts)
      const { unit } = facts
      const placed: Placed = tester === null ? armOf(live, facts, nowMs) : { arm: tester, step: move.step }
      const { arm, step } = placed
      // While everything goes to one arm by reflex or for want of news, the split is not the one that the tests go by; nor are conversations that stay there afterwards.
      const isAsSaid = weightNow(live) === move.weightBasisPoints
      if (tester === null && unit !== null)
        keepPin(live, { unit, pin: { ...placed, step: isAsSaid ? step : noStep, atMs: nowMs } })
      return {
        move,
        arm,
        step,
        unit,
        isChosen: tester !== null,
        isEvidence: tester === null && isAsSaid && step >= 0 && move.phase !== 'completed',
        takenBack: live.takenBack.signal,
      }
    },
    began: (call, assignment, startMs) => {
      const live = lives.get(assignment.move.id)
      if (live === undefined) return
      open.set(call, { live, assignment })
      if (assignment.isEvidence) live.waiting.began(call, startMs)
    },
    ended: (call, turn) => {
      const begun = open.get(call)
      if (begun === undefined) return
      open.delete(call)
      const { live, assignment } = begun
      const isTold = assignment.isEvidence && live.move.epoch === assignment.move.epoch && turn !== null
      live.waiting.ended(call, isTold ? { step: assignment.step, turn } : null)
      if (turn === null || turn.outcome === 'left') return
      if (live.move.phase === 'completed') return live.rises.see(live.move, turn)
      // Whoever may call could open the breaker otherwise.
      if (assignment.isChosen) return
      live.windows[assignment.arm].note(hasFailed(turn))
      if (live.isOff || assignment.arm !== 'candidate' || !live.windows.candidate.isTripped()) return
      live.isOff = true
      tell()
    },
    stop: (migration) => {
      for (const live of lives.values())
        if (live.move.id === migration || live.move.name === migration) stopLive(live, monotonicMs())
    },
    onTripped: (listener) => {
      tell = listener
    },
    take: (nowMs, limit) => turnsOf(lives.values(), nowMs, limit),
    takePins: (limit) => pinsOf(lives.values(), limit),
    heardPins: (migration, pins, nowMs) => hearPins(lives.get(migration), pins, { nowMs, atMs: monotonicMs() }),
    drifted: () => driftedOf(lives.values()),
    tripped: () => trippedOf(lives.values()),
    standings: () => [...lives.values()].map((live) => ({ move: live.move, weightBasisPoints: weightNow(live) })),
  }
}
