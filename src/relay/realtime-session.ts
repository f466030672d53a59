/** A session from its first message to its last: both directions pumped, its time bounded, every call in it ended once. */

import type { CallEnd } from '#base/call-record.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Channel, ChannelEnd } from '#http/channel.ts'
import { messageOf, sessionExpired } from '#protocol/openai-realtime/server-event.ts'
import { firstFacts } from '#protocol/openai-realtime/session-facts.ts'
import type { RealtimeRoom } from './realtime-call.ts'
import { fromCaller } from './realtime-caller.ts'
import { guardedWords, replyGuards } from './realtime-guard.ts'
import { fromProvider } from './realtime-provider.ts'
import type { RunningResponse, SessionState } from './realtime-state.ts'
import { closeLater, estimateOf, tellProblem, tellProvider } from './realtime-state.ts'
import { realtimeTally } from './realtime-tally.ts'

/** A session lasts no longer; OpenAI's own last as long (https://github.com/pollen-robotics/reachy_mini_conversation_app/issues/134, read 2026-11-29). */
export const sessionMsMax = 3_600_000
/** Without a message from either side it ends. */
const idleMsMax = 900_000
const watchEveryMs = 5_000
/** After a session has ended, the provider's word on what it came to is waited for no longer. */
const settleMsMax = 10_000
/** A response that was told to stop and does not is taken for cut after this long. */
const cancelMsMax = 15_000

export type SessionOrder = {
  readonly room: RealtimeRoom
  readonly model: string
  readonly caller: Channel
  readonly upstream: Channel
  /** Settings that the caller's key brings along; `null` = none. */
  readonly settings: JsonObject | null
}

type Stop = {
  readonly by: 'caller' | 'provider' | 'drover'
  readonly end: ChannelEnd
  readonly problem: Problem | null
}

const stateOf = ({ room, model, caller, upstream }: SessionOrder): SessionState => ({
  room,
  model,
  caller,
  upstream,
  tally: realtimeTally(),
  facts: firstFacts,
  asked: [],
  armed: null,
  armedTranscription: null,
  running: new Map(),
  transcribing: new Map(),
  closing: new Set(),
  soundSeconds: 0,
  isSpeaking: false,
  requestBytes: 0,
  warnings: [],
  words: guardedWords(() => replyGuards(room.ports.snapshot(), room.key, model)),
  withheld: new Set(),
  lastMs: room.ports.clock.monotonicMs(),
  refusedUntilMs: Number.NEGATIVE_INFINITY,
  refusedWaitMs: 1_000,
  ending: null,
})

const expired = (minutes: number): Problem =>
  new Problem('invalid_request_error', {
    message: `Your session hit the maximum duration of ${minutes} minutes. Open another one to go on.`,
    facts: { reason: sessionExpired },
  })

const idle = (minutes: number): Problem =>
  new Problem('request_timeout', { message: `Nothing was sent in this session for ${minutes} minutes: it is closed.` })

const restarting = (): Problem =>
  new Problem('overloaded', {
    message: 'This relay is about to restart: nothing new is begun in this session. Open another one.',
  })

const providerLeft = (provider: string, { code, reason }: ChannelEnd): Problem =>
  new Problem('upstream_error', {
    message: `Provider "${provider}" closed the session (${code}${reason === '' ? '' : `: ${reason.slice(0, 100)}`}).`,
  })

/** What the caller is told of the provider's goodbye: its own code where it is an orderly one. */
const passedEnd = ({ code, reason }: ChannelEnd): ChannelEnd =>
  code === 1000 || code === 1001 || code >= 3000
    ? { code, reason }
    : { code: 1011, reason: 'The provider closed the session.' }

class RealtimeSession {
  readonly #state: SessionState
  readonly #settings: JsonObject | null
  readonly #stopped = Promise.withResolvers<Stop>()
  #endsMs: number
  #cancelWatch = (): void => {}

  constructor(order: SessionOrder) {
    this.#state = stateOf(order)
    this.#settings = order.settings
    this.#endsMs = order.room.ports.clock.monotonicMs() + sessionMsMax
  }

  async run(): Promise<void> {
    const { room, caller, upstream } = this.#state
    const { draining } = room.exchange
    const drain = (): void => {
      this.#state.ending ??= restarting()
      this.#stopWhenIdle()
    }
    draining.addEventListener('abort', drain, { once: true })
    if (draining.aborted) drain()
    this.#watch()
    const pumps = [this.#pumpCaller(), this.#pumpProvider()]
    try {
      await this.#end(await this.#stopped.promise)
    } finally {
      this.#cancelWatch()
      draining.removeEventListener('abort', drain)
      const goodbye = { code: 1000, reason: '' }
      upstream.close(goodbye)
      caller.close(goodbye)
      await Promise.all([...this.#state.closing, ...pumps])
    }
  }

  #stop(stop: Stop): void {
    this.#stopped.resolve(stop)
  }

  async #pumpCaller(): Promise<void> {
    const { caller } = this.#state
    // As if the caller had sent them first: the same rules hold.
    if (this.#settings !== null) {
      const type = this.#settings['type'] === undefined ? {} : { type: this.#settings['type'] }
      const update = { type: 'session.update', session: { ...type, ...this.#settings } }
      await fromCaller(this.#state, messageOf(update))
    }
    for (let message = await caller.receive(); message !== null; message = await caller.receive()) {
      this.#state.lastMs = this.#nowMs()
      const fatal = await fromCaller(this.#state, message)
      if (fatal !== null) {
        this.#state.ending = fatal
        this.#stopWhenIdle()
      }
    }
    this.#stop({ by: 'caller', end: await caller.ended, problem: null })
  }

  async #pumpProvider(): Promise<void> {
    const { upstream, room } = this.#state
    try {
      for (let message = await upstream.receive(); message !== null; message = await upstream.receive()) {
        this.#state.lastMs = this.#nowMs()
        await fromProvider(this.#state, message)
        if (this.#state.ending !== null) this.#stopWhenIdle()
      }
    } catch (thrown) {
      room.ports.log.error('a session failed inside Drover', { error: thrown })
      return this.#stop({ by: 'drover', end: { code: 1011, reason: 'Internal error.' }, problem: null })
    }
    const end = await upstream.ended
    const isOrderly = end.code === 1000 || end.code === 1001
    const provider = room.target.upstream.provider.name
    const isWaiting = this.#state.running.size > 0 || this.#state.asked.length > 0
    this.#stop({ by: 'provider', end, problem: isOrderly && !isWaiting ? null : providerLeft(provider, end) })
  }

  /** Ends the session once no response is under way. */
  #stopWhenIdle(): void {
    const { running, asked, ending } = this.#state
    if (ending === null || running.size > 0 || asked.length > 0) return
    // The registered code for "unauthorized" is 3000, which OpenAI's servers use as well; 1012 says that the service restarts.
    const code = ending.code === 'overloaded' ? 1012 : 3000
    this.#stop({ by: 'drover', end: { code, reason: `${ending.row.type}.${ending.code}` }, problem: null })
  }

  #nowMs(): number {
    return this.#state.room.ports.clock.monotonicMs()
  }

  #watch(): void {
    this.#cancelWatch = this.#state.room.ports.clock.after(watchEveryMs, () => {
      const nowMs = this.#nowMs()
      if (nowMs >= this.#endsMs) {
        const end = { code: 1001, reason: 'Your session hit the maximum duration.' }
        return this.#stop({ by: 'drover', end, problem: expired(sessionMsMax / 60_000) })
      }
      if (nowMs - this.#state.lastMs > idleMsMax) {
        const end = { code: 1001, reason: 'Nothing was sent in this session.' }
        return this.#stop({ by: 'drover', end, problem: idle(idleMsMax / 60_000) })
      }
      this.#watchCalls(nowMs)
      this.#watch()
    })
  }

  /** A response that takes longer than its model may is stopped; one that cannot be stopped is ended here. */
  #watchCalls(nowMs: number): void {
    const state = this.#state
    const { totalMs, firstTokenMs } = state.room.target.leg.row.route.timeouts
    for (const [id, running] of state.running) {
      const lateMs = nowMs - running.sinceMs - totalMs
      if (lateMs > 0 && !running.isCancelled) this.#cancelResponse(id, running)
      if (lateMs <= cancelMsMax) continue
      const problem = this.#late('finished', totalMs)
      this.#endRunning(id, running, { end: 'cut', problem })
      closeLater(state, tellProblem(state, problem))
    }
    for (const [at, { sinceMs, call }] of state.asked.entries()) {
      if (nowMs - sinceMs <= firstTokenMs) continue
      state.asked.splice(at, 1)
      const problem = this.#late('begun', firstTokenMs)
      closeLater(state, call.end({ end: 'cut', usage: null, finishReason: null, problem }))
      closeLater(state, tellProblem(state, problem))
      break
    }
    for (const [item, { sinceMs, call }] of state.transcribing) {
      if (nowMs - sinceMs <= totalMs) continue
      state.transcribing.delete(item)
      const problem = this.#late('transcribed', totalMs)
      closeLater(state, call.end({ end: 'cut', usage: null, finishReason: null, problem }))
    }
  }

  #late(what: string, limitMs: number): Problem {
    const { name } = this.#state.room.target.upstream.provider
    return new Problem('upstream_timeout', { message: `Provider "${name}" had not ${what} within ${limitMs} ms.` })
  }

  #cancelResponse(id: string, running: RunningResponse): void {
    running.isCancelled = true
    closeLater(this.#state, tellProvider(this.#state, { type: 'response.cancel', response_id: id }))
  }

  #endRunning(
    id: string,
    running: RunningResponse,
    how: { readonly end: CallEnd; readonly problem: Problem | null },
  ): void {
    const state = this.#state
    state.running.delete(id)
    const finished = estimateOf(state, running).then((usage) => running.call.end({ ...how, usage, finishReason: null }))
    closeLater(state, finished)
  }

  /** Tells the other side, has what runs stopped, and waits, within its bound, for what the provider says it came to. */
  async #end({ by, end, problem }: Stop): Promise<void> {
    const state = this.#state
    state.ending ??= problem ?? restarting()
    if (problem !== null && by !== 'caller') await tellProblem(state, problem)
    if (by !== 'provider') {
      for (const [id, running] of state.running) this.#cancelResponse(id, running)
      await this.#settled()
    }
    // What was delivered is charged by Drover's own count: nobody else says what it was.
    const left = { end: by === 'caller' ? ('left' as const) : ('cut' as const), problem }
    for (const [id, running] of state.running) this.#endRunning(id, running, left)
    for (const { call } of state.asked.splice(0))
      closeLater(state, call.end({ ...left, usage: null, finishReason: null }))
    for (const { call } of state.transcribing.values())
      closeLater(state, call.end({ ...left, usage: null, finishReason: null }))
    state.transcribing.clear()
    for (const armed of [state.armed, state.armedTranscription]) if (armed !== null) closeLater(state, armed.drop())
    state.caller.close(by === 'provider' ? passedEnd(end) : end)
  }

  async #settled(): Promise<void> {
    const { running, asked, transcribing, upstream, room } = this.#state
    const endsMs = this.#nowMs() + settleMsMax
    let isOver = false
    void upstream.ended.then(() => {
      isOver = true
    })
    while (!isOver && this.#nowMs() < endsMs && running.size + asked.length + transcribing.size > 0)
      await new Promise<void>((resolve) => void room.ports.clock.after(settlePollMs, resolve))
  }
}

const settlePollMs = 20

/** Carries one session to its end. Never rejects. */
export const runSession = (order: SessionOrder): Promise<void> => new RealtimeSession(order).run()
