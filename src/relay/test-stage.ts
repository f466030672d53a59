/** The relay with everything around it that a call needs, in memory: a clock and upstreams that tests move by hand. */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { CallRecord } from '#base/call-record.ts'
import type { Emit } from '#base/event.ts'
import type { Ids } from '#base/id.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Secret, silentLog } from '#base/log.ts'
import { noRates } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import type { Problem } from '#base/problem.ts'
import type { Turnstile } from '#base/turnstile.ts'
import { turnstile } from '#base/turnstile.ts'
import { catalogOf } from '#catalog/load.ts'
import type { Catalog } from '#catalog/model.ts'
import type { Inbound } from '#http/inbound.ts'
import type { TestClock } from '#http/test-clock.ts'
import { testClock } from '#http/test-clock.ts'
import type { CallBooks, Ended, SettleRequest, VoidRequest } from '#ledger/port.ts'
import type { Traffic } from '#migration/traffic.ts'
import { makeTraffic } from '#migration/traffic.ts'
import type { GuardFacts } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { RouteSettings } from '#policy/model-table.ts'
import type { Limiter } from '#policy/port.ts'
import type { DataRule } from '#policy/region.ts'
import { sampleKey } from '#policy/sample-key.ts'
import { openaiChat } from '#protocol/openai-chat/index.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Provider, Vendor } from '#provider/vendor.ts'
import { makeVendor } from '#provider/vendor-defaults.ts'
import { makeBindings } from '#resource/bindings.ts'
import { makeCarriedTurns } from '#resource/carried-turns.ts'
import { makeResponses } from '#resource/responses.ts'
import { testBindingStore } from '#resource/test-binding-store.ts'
import { testCarriedStore } from '#resource/test-carried-store.ts'
import { testResponseStore, testSeal } from '#resource/test-response-store.ts'
import { answerCache } from '#reuse/answer-cache.ts'
import type { SimilarStore } from '#reuse/port.ts'
import type { SimilarSettings } from '#reuse/similar-answers.ts'
import { similarAnswers } from '#reuse/similar-answers.ts'
import { backgroundRuns } from './background-run.ts'
import type { RelayPorts } from './journey.ts'
import type { Live } from './live.ts'
import { liveRelay } from './live.ts'
import type { DeclaredModel, DeclaredTarget } from './model-rows.ts'
import { monthVolumes } from './month-volumes.ts'
import { rememberRefusals } from './refusals.ts'
import { callsPerTurn, relay } from './relay.ts'
import { makeRouting } from './routing.ts'
import type { Shadows } from './shadow.ts'
import { makeShadows } from './shadow.ts'
import type { OwnCredential } from './snapshot.ts'
import { collector } from './test-caller.ts'
import type { Arrival, ScriptedUpstream } from './test-upstream.ts'
import { scriptedUpstream } from './test-upstream.ts'
import { upstreamSet } from './upstreams.ts'
import { makeWaitingRoom } from './waiting-room.ts'

export const sampleRoute: RouteSettings = {
  strategy: 'fallback',
  retriesMax: 0,
  hedgeAfterMs: null,
  sticky: 'none',
  timeouts: { connectMs: 5_000, headersMs: 60_000, firstTokenMs: 60_000, idleMs: 60_000, totalMs: 600_000 },
}

export const sampleProvider = (name: string, changes: Partial<Provider> = {}): Provider => ({
  name,
  vendor: name,
  baseUrl: `https://${name}.example/v1`,
  credentials: [new Secret(`credential-of-${name}`)],
  region: null,
  headers: {},
  allowPrivate: false,
  proxy: null,
  certificateAuthorities: null,
  price: null,
  options: {},
  ...changes,
})

const sampleVendor = (name: string, changes: Partial<Vendor> = {}): Vendor =>
  makeVendor({
    name,
    title: name,
    baseUrl: null,
    keyEnv: [],
    protocols: ['openai-chat'],
    keyPage: null,
    ...changes,
  })

/** 1 dollar for a million input tokens and 2 for a million output tokens: 1,000 and 2,000 nano-USD each. */
export const samplePrice: Exclude<DeclaredModel['price'], 'free' | null> = {
  currency: 'USD',
  rates: { ...noRates, input: 1_000_000_000n, output: 2_000_000_000n },
}

/** The model `m`, at `alpha` as `alpha-1`. */
export const sampleModel = (
  targets: readonly Partial<DeclaredTarget>[] = [{}],
  changes: Partial<Omit<DeclaredModel, 'targets'>> = {},
): DeclaredModel => ({
  id: 'm',
  aliases: [],
  route: sampleRoute,
  price: samplePrice,
  ...changes,
  targets: targets.map((target) => ({
    provider: 'alpha',
    model: `${target.provider ?? 'alpha'}-1`,
    weight: 1,
    tier: 1,
    params: 'shim',
    cost: null,
    ...target,
  })),
})

export type SimilarStage = { readonly store: SimilarStore; readonly settings: SimilarSettings }

export type StageOptions = {
  readonly models?: readonly DeclaredModel[]
  /** What is special about a provider's vendor, by the provider's name. */
  readonly vendors?: Readonly<Record<string, Partial<Vendor>>>
  readonly providers?: Readonly<Record<string, Partial<Provider>>>
  /** What is known of the vendors, which are called as their providers; by default nothing. */
  readonly catalog?: Catalog
  readonly chance?: () => number
  readonly key?: Partial<KeyFacts>
  readonly guards?: readonly GuardFacts[]
  readonly keepBodies?: boolean
  /** Absent: digests of bodies are kept. */
  readonly keepDigests?: boolean
  /** Absent: limits are not counted. */
  readonly limiter?: (ports: { readonly clock: TestClock }) => Limiter
  /** Absent: nothing is traced. */
  readonly traceShare?: number
  readonly regionsAllowed?: readonly string[]
  readonly dataRules?: readonly DataRule[]
  readonly priceRules?: readonly PriceRule[]
  /** Where answers to similar questions are kept; absent: none are given. */
  readonly similar?: SimilarStage
  /** That accounts have brought. */
  readonly credentials?: readonly OwnCredential[]
  /** Absent: no migration is under way. */
  readonly traffic?: Traffic
  /** Absent: there is room for every call. */
  readonly overload?: RelayPorts['overload']
  /** What a record waits for before it is kept; absent: nothing. */
  readonly keeping?: () => Promise<void>
}

export type Asking = {
  readonly body?: JsonObject
  readonly headers?: Readonly<Record<string, string>>
  readonly protocol?: Protocol
  readonly path?: string
}

/** One caller: what it has got so far, and what it does. */
export type Caller = {
  readonly status: () => number
  readonly header: (name: string) => string | undefined
  readonly bytes: () => Buffer
  readonly text: () => string
  readonly json: () => JsonObject
  /** `open` until the answer has ended, as complete or as cut. */
  readonly ending: () => 'open' | 'complete' | 'cut'
  readonly leave: () => void
  /** From now on nothing is taken, until `resume`. */
  readonly pause: () => void
  readonly resume: () => void
  /** The record of the call, which must be over. */
  readonly record: () => CallRecord
  /** Whether the relay has nothing more to do for it. */
  readonly isOver: () => boolean
}

export type Stage = {
  readonly call: (asking?: Asking) => Promise<Caller>
  /** Moves time on, and lets everything happen that follows from it. */
  readonly advance: (byMs: number) => Promise<void>
  /** Lets everything happen that can without time moving on. */
  readonly settle: () => Promise<void>
  /** The request that the provider got, by its place among its own. */
  readonly arrival: (provider: string, index?: number) => Arrival
  readonly arrivals: (provider: string) => number
  /** Timers that are neither due nor cancelled. */
  readonly timers: () => number
  /** What the books got, in order. */
  readonly settled: readonly SettleRequest[]
  readonly voided: readonly VoidRequest[]
  readonly shadows: Shadows
  readonly ports: RelayPorts
  readonly live: Live
  /** What was told of, in order. */
  readonly events: readonly Parameters<Emit>[0][]
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Whoever goes through the turnstile last knows that all others have. */
const settledAfter = async ({ pass }: Turnstile): Promise<void> => {
  await nextTurn()
  const waiting = pass()
  if (waiting === null) return
  await waiting
  await nextTurn()
}

/** The books of accounts that are metered and never refused. */
const meteredBooks = ({ settled, voided }: Pick<Backstage, 'settled' | 'voided'>): CallBooks => {
  const unheld = (): never => assert.fail('nothing is held for an account that is never refused')
  const ended = (state: Ended['state'], chargedNanoUsd: bigint): Ended => ({
    state,
    chargedNanoUsd,
    excessNanoUsd: 0n,
    repeated: false,
  })
  return {
    hold: async () => unheld(),
    extend: async () => unheld(),
    settle: async (request) => {
      settled.push(request)
      return ended('settled', request.chargeNanoUsd)
    },
    voidHold: async (request) => {
      voided.push(request)
      return ended('voided', 0n)
    },
    balance: async () => null,
    budgetState: async () => unheld(),
    receipt: async () => null,
  }
}

const keyText = 'hs-live-of-the-stage'

/** What happened behind the callers' backs. */
type Backstage = {
  readonly clock: TestClock
  readonly ways: ReadonlyMap<string, ScriptedUpstream>
  readonly records: CallRecord[]
  readonly settled: SettleRequest[]
  readonly voided: VoidRequest[]
  readonly faults: unknown[]
  readonly events: Parameters<Emit>[0][]
}

const liveFor = (options: StageOptions, { clock, ways, faults }: Backstage): Live => {
  const names = [...ways.keys()]
  const vendors = new Map(names.map((name) => [name, sampleVendor(name, options.vendors?.[name])]))
  const key = sampleKey(options.key)
  const live = liveRelay({
    catalog: options.catalog ?? catalogOf([]),
    route: sampleRoute,
    upstreams: upstreamSet({
      vendorOf: (name) => vendors.get(name),
      transportFor: ({ name }) => wayIn(ways, name).transport,
      fixed: [],
      closeFailed: (_provider, error) => faults.push(error),
    }),
    digestKey: (text) => text,
    keys: new Map([[keyText, key]]),
    settings: {
      providers: names.map((name) => sampleProvider(name, options.providers?.[name])),
      models: options.models ?? [sampleModel()],
      environment: 'production',
      regionsAllowed: options.regionsAllowed ?? null,
      dataRules: options.dataRules ?? [],
      limits: [],
      guards: options.guards ?? [],
      keepBodies: options.keepBodies ?? false,
      keepDigests: options.keepDigests ?? true,
      plans: [],
      priceRules: options.priceRules ?? [],
      fxRates: [],
    },
    priceEntries: [],
    volumes: monthVolumes(),
    clock,
  })
  live.customersChanged({ budgets: [], plans: [], credentials: options.credentials ?? [] })
  live.accountsChanged([{ id: key.account, billing: 'unlimited', state: 'open', plan: null }])
  return live
}

const wayIn = (ways: ReadonlyMap<string, ScriptedUpstream>, name: string): ScriptedUpstream => {
  const way = ways.get(name)
  assert(way !== undefined, `no provider is called ${name}`)
  return way
}

const noLimits: Limiter = { take: async () => ({ ok: true, states: [] }), giveBack: async () => undefined }

const similarOn = ({ store, settings }: SimilarStage, clock: TestClock) =>
  similarAnswers({ settings, store, seal: testSeal, clock, log: silentLog })

const never = async () => assert.fail('no call of the stage is made of many')
const noParts: RelayPorts['parts'] = { hold: never, extend: never, voidHold: never, draw: never }

const shadowsOf = (backstage: Backstage): Shadows => {
  let copies = 0
  const next: Ids['next'] = (prefix) => {
    copies += 1
    return `${prefix}_copy_${copies}`
  }
  return makeShadows({
    books: meteredBooks(backstage),
    routing: makeRouting(() => undefined),
    refusals: rememberRefusals(),
    countTokens: async (text) => text.length,
    clock: backstage.clock,
    ids: { next, bytes: (size) => Buffer.alloc(size), chance: () => 0.5 },
    log: silentLog,
  })
}

const portsFor = (live: Live, options: StageOptions, backstage: Backstage): RelayPorts => ({
  snapshot: live.current,
  waitingRoom: makeWaitingRoom({
    limiter: options.limiter?.({ clock: backstage.clock }) ?? noLimits,
    clock: backstage.clock,
  }),
  callLog: {
    call: async (id) => backstage.records.find((record) => record.id === id) ?? null,
    append: async (record) => {
      await options.keeping?.()
      backstage.records.push(record)
    },
  },
  keySpend: { spentNanoUsd: async () => 0n },
  books: meteredBooks(backstage),
  signReceipt: async () => assert.fail('no receipt of the stage is asked for'),
  owner: 'stage',
  repeats: {
    take: async () => assert.fail('no call of the stage has a key'),
    conclude: async () => {},
    close: async () => {},
  },
  observe: () => undefined,
  traceShare: null,
  overload: options.overload ?? (() => null),
  turnstile: turnstile(backstage.clock, callsPerTurn),
  fresh: () => null,
  askHook: async () => assert.fail('no guardrail of the stage has a webhook'),
  countTokens: async (text) => text.length,
  refusals: rememberRefusals(),
  cache: answerCache(backstage.clock),
  similar: options.similar === undefined ? null : similarOn(options.similar, backstage.clock),
  bindings: makeBindings(testBindingStore(), testSeal),
  modelsChanged: never,
  parts: noParts,
  spoolDir: '',
  background: backgroundRuns(),
  responses: makeResponses({ store: testResponseStore(), seal: testSeal, clock: backstage.clock, log: silentLog }),
  carried: makeCarriedTurns({ store: testCarriedStore(), seal: testSeal, clock: backstage.clock, log: silentLog }),
  routing: makeRouting((event) => backstage.events.push(event)),
  traffic: options.traffic ?? makeTraffic(backstage.clock.monotonicMs),
  shadows: shadowsOf(backstage),
  clock: backstage.clock,
  ids: {
    next: (prefix) => `${prefix}_1`,
    bytes: (size) => Buffer.alloc(size),
    chance: options.chance ?? (() => 0.5),
  },
  log: { ...silentLog, error: (_message, fields) => backstage.faults.push(fields) },
})

const inboundFor = (asking: Asking, facts: Pick<Inbound, 'id' | 'arrivedMs' | 'signal'>): Inbound => ({
  ...facts,
  origin: 'https://relay.example',
  method: 'POST',
  path: `/v1/${asking.path ?? 'chat/completions'}`,
  query: new URLSearchParams(),
  headers: { authorization: `Bearer ${keyText}`, ...asking.headers },
  remoteAddress: '192.0.2.1',
  fromLoopback: false,
  body: { kind: 'none' },
})

const bodyOf = (asking: Asking): Buffer =>
  Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], ...asking.body }))

/** A relay whose upstreams answer what the test says, at the time that the test says. */
export const openStage = (options: StageOptions = {}): Stage => {
  const names = new Set(
    (options.models ?? [sampleModel()]).flatMap(({ targets }) => targets.map((one) => one.provider)),
  )
  const ways = new Map([...names].map((name) => [name, scriptedUpstream()]))
  const backstage: Backstage = {
    clock: testClock(),
    ways,
    records: [],
    settled: [],
    voided: [],
    faults: [],
    events: [],
  }
  const { clock, records, settled, voided, faults, events } = backstage
  const live = liveFor(options, backstage)
  const ports = {
    ...portsFor(live, options, backstage),
    traceShare: options.traceShare ?? null,
  }
  const settle = (): Promise<void> => settledAfter(ports.turnstile)
  const timersOfTheStage = clock.pending()
  let calls = 0
  const call: Stage['call'] = async (asking = {}) => {
    calls += 1
    const id = `call_${calls}`
    const leaving = new AbortController()
    const { outbound, seen } = collector(leaving.signal)
    const inbound = inboundFor(asking, { id, arrivedMs: clock.monotonicMs(), signal: leaving.signal })
    const read = async (): Promise<Inbound> => ({
      ...inbound,
      body: { kind: 'bytes', bytes: bodyOf(asking), contentType: 'application/json' },
    })
    let isOver = false
    relay({ inbound, outbound, read }, asking.protocol ?? openaiChat, ports).then(
      () => {
        isOver = true
      },
      (thrown: unknown) => {
        faults.push(thrown)
      },
    )
    await settle()
    return {
      ...seen,
      leave: () => leaving.abort(new DOMException('The caller has left.', 'AbortError')),
      record: () => {
        assert.deepEqual(faults, [], 'nothing failed inside the relay')
        const record = records.find((one) => one.id === id)
        assert(record !== undefined, 'the call is over')
        return record
      },
      isOver: () => isOver,
    }
  }
  return {
    call,
    advance: async (byMs) => {
      clock.advance(byMs)
      await settle()
    },
    settle,
    arrivals: (provider) => wayIn(ways, provider).arrivals.length,
    arrival: (provider, index = 0) => {
      const arrival = wayIn(ways, provider).arrivals[index]
      assert(arrival !== undefined, `${provider} got fewer than ${index + 1} requests`)
      return arrival
    },
    settled,
    voided,
    shadows: ports.shadows,
    ports,
    live,
    events,
    timers: () => clock.pending() - timersOfTheStage,
  }
}

/** The code of an error document, as a caller reads it. */
export const codeOf = (document: JsonObject): Problem['code'] | undefined => {
  const { error } = document as { error?: { code?: Problem['code'] } }
  return error?.code
}
