/** What models need back in the next turn, kept sealed for callers whose format has no room for it, or who leave it out. */

import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Seal } from '#secret/seal.ts'
import type { CarriedStore } from './port.ts'
import { repeatSweep } from './repeat-sweep.ts'

/** A tool that has not answered by then never will. */
const keptForMs = 3_600_000
/** Of one call of a tool, with the thought before it. */
export const carriedBytesMax = 1_048_576
/** Of one account; the oldest go first. Looked after each `boundEvery` that this process keeps, so that there may be as many more. */
export const carriedEntriesMax = 10_000
export const carriedTotalBytesMax = 67_108_864
const boundEvery = 256
/** Calls of tools that are asked for at once: those that stand last in a conversation. */
export const carriedAskedMax = 256
/** On their way to the store; past it whoever asks for one finds it a moment later. */
const pendingMax = 10_000
const sweepEveryMs = 300_000

/** `name` tells the calls of a holder apart. */
export type CarriedEntry = { readonly name: string; readonly value: JsonObject }

export type CarriedTurns = {
  /** Resolves when everything is durable; gives what is not kept because it is too large. Never rejects: what is lost is logged. */
  readonly keep: (holder: string, entries: readonly CarriedEntry[]) => Promise<readonly string[]>
  /** By name, those that there are. Waits for what is about to be kept; never rejects: without the store there are none. */
  readonly find: (holder: string, names: readonly string[]) => Promise<ReadonlyMap<string, JsonObject>>
  readonly close: () => Promise<void>
}

export type CarriedTurnsOptions = {
  readonly store: CarriedStore
  readonly seal: Seal
  readonly clock: Clock
  readonly log: Log
}

/** The id of a row says nothing to who reads the store. */
const idOf = (holder: string, name: string): string =>
  createHash('sha256').update(`${holder.length} ${holder}${name}`).digest('base64url')

const placeOf = (id: string): string => `carried/${id}`

class CarriedTable implements CarriedTurns {
  readonly #options: CarriedTurnsOptions
  readonly #pending = new Map<string, Promise<unknown>>()
  readonly #keptSince = new Map<string, number>()
  readonly #stop: () => Promise<void>

  constructor(options: CarriedTurnsOptions) {
    this.#options = options
    const { store, clock, log } = options
    const sweep = (nowMs: number, limit: number): Promise<number> => store.sweepCarried(nowMs, limit)
    this.#stop = repeatSweep({ sweep, everyMs: sweepEveryMs, clock, log, what: 'carried turns' })
  }

  async keep(holder: string, entries: readonly CarriedEntry[]): Promise<readonly string[]> {
    const { seal, clock } = this.#options
    const nowMs = clock.nowMs()
    const times = { createdMs: nowMs, expiresMs: nowMs + keptForMs }
    const tooLarge: string[] = []
    const rows = entries.flatMap(({ name, value }) => {
      const plain = Buffer.from(JSON.stringify(value))
      if (plain.length > carriedBytesMax) {
        tooLarge.push(name)
        return []
      }
      const id = idOf(holder, name)
      return [{ id, holder, body: seal.close(placeOf(id), plain), ...times }]
    })
    if (rows.length > 0) await this.#write(holder, rows)
    return tooLarge
  }

  async find(holder: string, names: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
    const found = new Map<string, JsonObject>()
    const { store, seal, clock, log } = this.#options
    const nameOf = new Map(names.slice(-carriedAskedMax).map((name) => [idOf(holder, name), name]))
    if (nameOf.size === 0) return found
    try {
      await Promise.all([...nameOf.keys()].map((id) => this.#pending.get(id)))
      for (const { id, body } of await store.carried({ ids: [...nameOf.keys()], holder, nowMs: clock.nowMs() })) {
        const name = nameOf.get(id)
        if (name !== undefined) found.set(name, JSON.parse(seal.open(placeOf(id), body).toString('utf8')) as JsonObject)
      }
    } catch (thrown) {
      log.warn('what was carried for callers could not be read', { problem: asProblem(thrown).message })
    }
    return found
  }

  close(): Promise<void> {
    return this.#stop()
  }

  async #write(holder: string, rows: Parameters<CarriedStore['keepCarried']>[0]): Promise<void> {
    const { store, log } = this.#options
    const kept = store.keepCarried(rows).catch((thrown: unknown) => {
      log.warn('what a model needs back could not be kept', { problem: asProblem(thrown).message })
    })
    const waited = this.#pending.size < pendingMax ? rows.map(({ id }) => id) : []
    for (const id of waited) this.#pending.set(id, kept)
    await kept
    for (const id of waited) if (this.#pending.get(id) === kept) this.#pending.delete(id)
    await this.#bound(holder, rows.length)
  }

  /** What is over the bound goes now and then: to look each time would cost more than it saves. */
  async #bound(holder: string, more: number): Promise<void> {
    const count = (this.#keptSince.get(holder) ?? 0) + more
    if (count < boundEvery) {
      if (this.#keptSince.size >= pendingMax) this.#keptSince.clear()
      this.#keptSince.set(holder, count)
      return
    }
    this.#keptSince.delete(holder)
    const { store, log } = this.#options
    try {
      await store.boundCarried({ holder, entriesMax: carriedEntriesMax, bytesMax: carriedTotalBytesMax })
    } catch (thrown) {
      log.warn('carried turns could not be bounded', { problem: asProblem(thrown).message })
    }
  }
}

/** Sweeps until it is closed. */
export const makeCarriedTurns = (options: CarriedTurnsOptions): CarriedTurns => new CarriedTable(options)
