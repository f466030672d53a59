/**
 * Keeps a number of worker processes running: one that ends is started again, sooner at first and later where it keeps ending, until all
 * are told to stop. Each has a number that its successor takes over, from 1.
 */

import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Desk, Line } from './line.ts'
import { makeLine } from './line.ts'

/** A process, as far as it is dealt with here. */
export type Child = {
  readonly pid: number
  /** Nobody is told of a message that comes too late. */
  readonly send: (message: unknown) => void
  readonly kill: () => void
  readonly onMessage: (listener: (message: unknown) => void) => void
  readonly onExit: (listener: (how: string) => void) => void
}

export type CrewOptions = {
  readonly count: number
  readonly fork: (number: number) => Child
  /** What a worker may ask and tell. */
  readonly deskOf: (number: number) => Desk
  /** A worker's process is gone, and what it had is free. */
  readonly ended: (number: number) => void
  readonly clock: Clock
  readonly log: Log
}

export type Crew = {
  /** Resolves when each worker has listened once; rejects where one ends before it did. */
  readonly begun: Promise<void>
  /** A worker says so itself. */
  readonly listens: (number: number) => void
  /** What the workers that are there answer, with their numbers; one that does not answer in time is left out. */
  readonly askAll: (name: string, input: unknown, how?: AskAll) => Promise<readonly (readonly [number, unknown])[]>
  readonly tellAll: (name: string, value: unknown, except?: number) => void
  readonly listening: () => readonly number[]
  /** Tells all to end and waits; gives how many had to be killed in the end. */
  readonly stop: (timeoutMs: number) => Promise<number>
}

export type AskAll = {
  /** Who asks, and is not asked. */
  readonly except?: number
  /** Absent = 2 s. */
  readonly withinMs?: number
  /** How it is told that one did not answer; absent = `debug`. */
  readonly silence?: 'debug' | 'warn'
}

type Member = {
  child: Child
  line: Line
  listens: boolean
  startedMs: number
  /** Questions in a row, whether it is alive, without an answer. */
  missed: number
  isHeard: boolean
  /** Why it was ended; `null` = it was not. */
  verdict: string | null
}

const firstDelayMs = 100
const delayMaxMs = 10_000
/** A worker that ran for so long is no one that keeps ending. */
const steadyMs = 30_000
const askTimeoutMs = 2000
/** Each worker is asked so often whether it is alive: counted in questions and not in time, so that a primary that was held up itself ends nobody. */
const aliveEveryMs = 5000
/** A worker whose loop stands still for a minute takes calls that it will not answer. */
const missedMax = 12
/** Until it is heard for the first time, a worker loads its program: on a busy machine for minutes. */
const missedAtStartMax = 60

const gone = (number: number, how: string): Problem =>
  new Problem('store_unavailable', { message: `Worker ${number} has ended: ${how}.`, retryAfterMs: 1000 })

class WorkerCrew {
  readonly #options: CrewOptions
  readonly #members = new Map<number, Member>()
  readonly #delaysMs = new Map<number, number>()
  readonly #begun = Promise.withResolvers<void>()
  readonly #waits = new Map<number, () => void>()
  readonly #missing: Set<number>
  #stopping = false
  #cancelLook: () => void = () => {}
  #onEmpty: () => void = () => {}

  constructor(options: CrewOptions) {
    this.#options = options
    const numbers = Array.from({ length: options.count }, (_none, place) => place + 1)
    this.#missing = new Set(numbers)
    for (const number of numbers) this.#start(number)
    this.#lookAgain()
  }

  get begun(): Promise<void> {
    return this.#begun.promise
  }

  listens(number: number): void {
    const member = this.#members.get(number)
    if (member === undefined) return
    member.listens = true
    this.#missing.delete(number)
    if (this.#missing.size === 0) this.#begun.resolve()
  }

  listening(): readonly number[] {
    return [...this.#members].filter(([, { listens }]) => listens).map(([number]) => number)
  }

  async askAll(
    name: string,
    input: unknown,
    { except, withinMs = askTimeoutMs, silence = 'debug' }: AskAll = {},
  ): Promise<readonly (readonly [number, unknown])[]> {
    const { clock, log } = this.#options
    const asked = this.listening()
      .filter((number) => number !== except)
      .map(async (number) => {
        const late = Promise.withResolvers<never>()
        const cancel = clock.after(withinMs, () => late.reject(gone(number, 'it does not answer')))
        try {
          const value = await Promise.race([this.#members.get(number)?.line.ask(name, input), late.promise])
          return [number, value] as const
        } catch (thrown) {
          const problem = asProblem(thrown).message
          log[silence]('a worker gave no answer in time', { worker: number, asked: name, withinMs, problem })
          return null
        } finally {
          cancel()
        }
      })
    return (await Promise.all(asked)).flatMap((answer) => (answer === null ? [] : [answer]))
  }

  tellAll(name: string, value: unknown, except?: number): void {
    for (const [number, { line }] of this.#members) if (number !== except) line.tell(name, value)
  }

  async stop(timeoutMs: number): Promise<number> {
    const { clock } = this.#options
    this.#stopping = true
    for (const cancel of this.#waits.values()) cancel()
    this.#cancelLook()
    this.tellAll('stop', null)
    if (this.#members.size === 0) return 0
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
    })
    let killed = 0
    const cancel = clock.after(timeoutMs, () => {
      killed = this.#members.size
      for (const { child } of this.#members.values()) child.kill()
    })
    await empty
    cancel()
    return killed
  }

  #lookAgain(): void {
    this.#cancelLook = this.#options.clock.after(aliveEveryMs, () => {
      for (const [number, member] of this.#members) this.#look(number, member)
      this.#lookAgain()
    })
  }

  #look(number: number, member: Member): void {
    if (member.missed >= (member.isHeard ? missedMax : missedAtStartMax)) {
      member.verdict = `it did not answer for ${(member.missed * aliveEveryMs) / 1000} s and was killed`
      member.child.kill()
      return
    }
    member.missed += 1
    member.line.ask('alive', null).then(
      () => {
        member.missed = 0
        member.isHeard = true
      },
      (thrown: unknown) => {
        const problem = asProblem(thrown).message
        this.#options.log.debug('a worker did not say that it is alive', { worker: number, problem })
      },
    )
  }

  #start(number: number): void {
    const { fork, deskOf, clock } = this.#options
    this.#waits.delete(number)
    const child = fork(number)
    const line = makeLine({ clock, whom: `Worker ${number}`, desk: deskOf(number), send: child.send })
    const begun = { listens: false, missed: 0, isHeard: false, verdict: null }
    this.#members.set(number, { child, line, startedMs: clock.monotonicMs(), ...begun })
    child.onMessage(line.take)
    child.onExit((how) => this.#ended(number, how))
  }

  #ended(number: number, how: string): void {
    const { clock, log, ended } = this.#options
    const member = this.#members.get(number)
    if (member === undefined) return
    this.#members.delete(number)
    const why = member.verdict ?? how
    member.line.end(gone(number, why))
    ended(number)
    if (this.#missing.size > 0) this.#begun.reject(gone(number, why))
    if (this.#stopping || this.#missing.size > 0) {
      if (this.#members.size === 0) this.#onEmpty()
      return
    }
    const ranMs = clock.monotonicMs() - member.startedMs
    const delayMs = ranMs >= steadyMs ? firstDelayMs : (this.#delaysMs.get(number) ?? firstDelayMs)
    this.#delaysMs.set(number, Math.min(delayMs * 2, delayMaxMs))
    log.warn('a worker has ended and is started again', { worker: number, how: why, afterMs: delayMs })
    this.#waits.set(
      number,
      clock.after(delayMs, () => this.#start(number)),
    )
  }
}

/** Starts the workers. */
export const startCrew = (options: CrewOptions): Crew => {
  const crew = new WorkerCrew(options)
  return {
    begun: crew.begun,
    listens: (number) => crew.listens(number),
    askAll: (name, input, how) => crew.askAll(name, input, how),
    tellAll: (name, value, except) => crew.tellAll(name, value, except),
    listening: () => crew.listening(),
    stop: (timeoutMs) => crew.stop(timeoutMs),
  }
}
