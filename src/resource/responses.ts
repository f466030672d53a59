/** Responses that callers may come back to: bound to whom they were given, kept sealed where no provider keeps them. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Log } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Seal } from '#secret/seal.ts'
import type { ResponseStore } from './port.ts'
import { repeatSweep } from './repeat-sweep.ts'

/** As long as OpenAI keeps one (https://platform.openai.com/docs/guides/conversation-state, read 2026-11-22). */
const keptForMs = 30 * 86_400_000
/** A larger response, with all that was asked before it, is not kept. */
export const responseBytesMax = 8_388_608
const sweepEveryMs = 600_000
/** Responses that are on their way to the store; past it whoever asks for one finds it a moment later. */
const pendingMax = 10_000

/** What is kept of one: all that it was asked, and what it said. */
export type KeptResponse = {
  readonly input: readonly JsonObject[]
  readonly document: JsonObject
  /** How it came, where it was streamed; absent: whole, or in too many pieces. */
  readonly pieces?: readonly JsonObject[]
}

export type FoundResponse =
  /** `credential`: digest of the provider's credential that it was made with; `null` = not known, or the provider has none. */
  | { readonly kind: 'provider'; readonly provider: string; readonly credential: string | null }
  | { readonly kind: 'kept'; readonly response: KeptResponse }

type Named = { readonly id: string; readonly holder: string }

export type Responses = {
  /** `null` = there is none, or it is somebody else's. Waits for one that is about to be kept. */
  readonly find: (named: Named) => Promise<FoundResponse | null>
  /** Resolves when this process is not about to keep it any more. */
  readonly quiet: (named: Named) => Promise<void>
  /** A provider has it, for this holder. */
  readonly bind: (
    named: Named & { readonly call: string; readonly provider: string; readonly credential: string | null },
  ) => Promise<void>
  /** Says that one will be kept soon: who asks for it waits. The end is told once, with what is to be kept or `null`. Gives why it is not. */
  readonly begin: (named: Named & { readonly call: string }) => (kept: KeptResponse | null) => Promise<string | null>
  readonly drop: (named: Named) => Promise<boolean>
  readonly close: () => Promise<void>
}

export type ResponsesOptions = {
  readonly store: ResponseStore
  /** Resolves when no other process of this machine is about to keep it; absent = there is none. */
  readonly elsewhere?: ((named: Named) => Promise<unknown>) | undefined
  readonly seal: Seal
  readonly clock: Clock
  readonly log: Log
}

const placeOf = ({ id, holder }: Named): string => `response/${holder}/${id}`

class ResponseTable implements Responses {
  readonly #options: ResponsesOptions
  readonly #pending = new Map<string, Promise<unknown>>()
  readonly #stop: () => Promise<void>

  constructor(options: ResponsesOptions) {
    this.#options = options
    const { store, clock, log } = options
    const sweep = (nowMs: number, limit: number): Promise<number> => store.sweepResponses(nowMs, limit)
    this.#stop = repeatSweep({ sweep, everyMs: sweepEveryMs, clock, log, what: 'kept responses' })
  }

  async quiet(named: Named): Promise<void> {
    await this.#pending.get(placeOf(named))
  }

  async find(named: Named): Promise<FoundResponse | null> {
    await this.#pending.get(placeOf(named))
    const { store, seal, clock, elsewhere } = this.#options
    const look = () => store.response({ ...named, nowMs: clock.nowMs() })
    let row = await look()
    if (row === null && elsewhere !== undefined) {
      await elsewhere(named)
      row = await look()
    }
    if (row === null) return null
    const body = row.body === null ? null : seal.open(placeOf(named), row.body).toString('utf8')
    if (row.provider !== null) return { kind: 'provider', provider: row.provider, credential: body }
    return body === null ? null : { kind: 'kept', response: JSON.parse(body) as KeptResponse }
  }

  bind({ id, holder, call, provider, credential }: Parameters<Responses['bind']>[0]): Promise<void> {
    const { store, seal } = this.#options
    const body = credential === null ? null : seal.close(placeOf({ id, holder }), Buffer.from(credential))
    return store.keepResponse({ id, holder, call, provider, body, ...this.#times() })
  }

  begin({ id, holder, call }: Parameters<Responses['begin']>[0]): ReturnType<Responses['begin']> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const place = placeOf({ id, holder })
    if (this.#pending.size < pendingMax) this.#pending.set(place, promise)
    return async (kept) => {
      try {
        return kept === null ? null : await this.#keep({ id, holder, call }, kept)
      } finally {
        this.#pending.delete(place)
        resolve()
      }
    }
  }

  drop(named: Named): Promise<boolean> {
    return this.#options.store.dropResponse({ ...named, nowMs: this.#options.clock.nowMs() })
  }

  close(): Promise<void> {
    return this.#stop()
  }

  async #keep(named: Named & { readonly call: string }, kept: KeptResponse): Promise<string | null> {
    const { store, seal, log } = this.#options
    const { pieces: _pieces, ...bare } = kept
    const all = Buffer.from(JSON.stringify(kept))
    const plain = all.length > responseBytesMax ? Buffer.from(JSON.stringify(bare)) : all
    if (plain.length > responseBytesMax) return `it is larger than ${responseBytesMax} bytes`
    try {
      const body = seal.close(placeOf(named), plain)
      await store.keepResponse({ ...named, provider: null, body, ...this.#times() })
      return null
    } catch (thrown) {
      log.warn('a response could not be kept', { call: named.call, problem: asProblem(thrown).message })
      return 'the store did not take it'
    }
  }

  #times(): { readonly createdMs: number; readonly expiresMs: number } {
    const nowMs = this.#options.clock.nowMs()
    return { createdMs: nowMs, expiresMs: nowMs + keptForMs }
  }
}

/** Sweeps until it is closed. */
export const makeResponses = (options: ResponsesOptions): Responses => new ResponseTable(options)
