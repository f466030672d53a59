import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { call } from '../../test/e2e/call.ts'
import type { Environment, Relay } from '../../test/e2e/harness.ts'
import { adminKey, checkout, configFor, fakeKey, startRelay } from '../../test/e2e/harness.ts'
import type { Caller } from '../../test/load/fill-store.ts'
import { startPostgres } from '../../test/postgres/server.ts'
import { printed } from '../load/program.ts'
import type { Gateway, Place, Running } from './gateway.ts'
import { chatPath, sameModel } from './gateway.ts'

export type Parts = {
  readonly name: string
  readonly settings: string
  readonly billing: 'prepaid' | 'unlimited'
  readonly isPriced: boolean
  /** Requests and tokens a minute, calls at once and a budget, all too high to refuse. */
  readonly isLimited: boolean
  readonly store: 'process' | 'power' | 'postgres'
}

/** Everything on: what the relay is judged by. */
export const everything: Parts = {
  name: 'drover',
  settings: 'prepaid account, hold and settlement, limits, budget, record, metrics; durability process',
  billing: 'prepaid',
  isPriced: true,
  isLimited: true,
  store: 'process',
}

const limits = { rpm: 100_000_000, tpm: 1_000_000_000, concurrency: 100_000, budget: '1000000', budget_period: 'month' }
const price = 'price: { input: "1.00", output: "2.00" }'

/** Each model sold under its own name, from the one provider. */
export const configOf = (parts: Parts, { models, upstreamPort }: Place): string => {
  const store = parts.store === 'postgres' ? 'url: "env:STORE_URL"' : `durability: ${parts.store}`
  const rows = models.map(
    (name) => `  ${name}: { targets: [{ provider: fake, model: ${name} }]${parts.isPriced ? `, ${price}` : ''} }`,
  )
  // A server block of its own, so that nothing of the relay's own defence is switched off as in tests.
  return configFor(
    { baseUrl: `http://127.0.0.1:${upstreamPort}/v1` },
    [
      'server: { drain_timeout: 5s }',
      `store: { ${store} }`,
      'secrets: { key: "env:SECRET_KEY" }',
      'models:',
      ...rows,
      '',
    ].join('\n'),
  )
}

/** Puts rows into the embedded store of a relay that is stopped; calls may be laid to a key of an unlimited account that is there for it. */
export type Fill = (file: string, caller: Caller) => Promise<void>

const startWithinMs = 120_000
/** The books of ten million calls are gone through after each run. */
const commandWithinMs = 900_000

/** An account of this kind with one key; what the key's calls are asked with. */
export const keyOf = async (parts: Parts, relay: Relay): Promise<string> => {
  const ask = async (path: string, body: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> => {
    const answer = await call(relay.url, { path, key: adminKey, body })
    assert.ok(answer.status < 300, answer.text)
    return JSON.parse(answer.text) as Record<string, unknown>
  }
  const { id: account } = await ask('/api/v1/accounts', { name: 'bench', billing: parts.billing })
  if (parts.billing === 'prepaid') await ask('/api/v1/credits', { account, usd: '1000000' })
  return (await relay.createKey({ account, ...(parts.isLimited ? limits : {}) })).key
}

/** Whom stored calls are of. */
const callerFor = async (relay: Relay): Promise<Caller> => {
  const body = { name: 'filled', billing: 'unlimited' }
  const made = await call(relay.url, { path: '/api/v1/accounts', key: adminKey, body })
  const [account, organisation] = [String(made.at('id')), String(made.at('organisation'))]
  const { id: key } = await relay.createKey({ name: 'filled', account })
  return { key, account, organisation, project: null, member: null, lot: null }
}

export type Opening = {
  readonly config: string
  readonly folder: string
  readonly fill?: Fill
  readonly env?: Environment
  /** `bin/drover` of another checkout; absent: of this one. */
  readonly program?: string
}

/** Starts a relay with this configuration on an empty store of its own, and fills that, where it is to be full, before it starts again. */
export const openRelay = async (
  parts: Parts,
  { config, folder, fill, env: more, program }: Opening,
): Promise<Running> => {
  await using opened = new AsyncDisposableStack()
  const postgres = parts.store === 'postgres' ? opened.use(await startPostgres()) : null
  const env = { FAKE_KEY: fakeKey, SECRET_KEY: randomBytes(32).toString('hex'), ...more }
  const settings = {
    config,
    folder,
    env: postgres === null ? env : { ...env, STORE_URL: await postgres.database() },
    startWithinMs,
    commandWithinMs,
    ...(program === undefined ? {} : { program }),
  }
  let relay = await startRelay(settings)
  const key = await keyOf(parts, relay)
  if (fill !== undefined) {
    const caller = await callerFor(relay)
    await relay.stop()
    await fill(join(relay.data, 'drover.db'), caller)
    relay = await startRelay(settings)
  }
  opened.defer(() => relay[Symbol.asyncDispose]())
  const booked = async (): Promise<number> => {
    const { calls } = (await relay.command('ledger', 'verify')) as { readonly calls: number }
    return calls
  }
  const bookedBefore = fill === undefined || parts.billing !== 'prepaid' ? 0 : await booked()
  const running = opened.move()
  return {
    port: relay.port,
    pids: [relay.pid],
    path: chatPath,
    headers: { authorization: `Bearer ${key}` },
    model: sameModel,
    booked: parts.billing === 'prepaid' ? async () => (await booked()) - bookedBefore : null,
    restart: async () => {
      await relay.stop()
      const startedMs = performance.now()
      relay = await startRelay(settings)
      return performance.now() - startedMs
    },
    end: async () => {
      await relay.stop()
      await running.disposeAsync()
    },
  }
}

/** The relay with these parts on. */
export const droverWith = (parts: Parts): Gateway => ({
  name: parts.name,
  version: () =>
    printed('git', '-C', checkout, 'rev-parse', '--short', 'HEAD') ??
    printed(join(checkout, 'bin', 'drover'), '--version'),
  absent: '',
  settings: parts.settings,
  start: (place) => openRelay(parts, { config: configOf(parts, place), folder: place.folder }),
})

/** Answers all but the first of calls that are alike from what it has kept: those cost nothing, so that its books do not hold them. */
export const fromCache: Gateway = {
  ...droverWith(everything),
  name: 'drover from its cache',
  settings: `${everything.settings}; calls ask with "x-drover-cache: 24h"`,
  start: async (place) => {
    const running = await droverWith(everything).start(place)
    return { ...running, headers: { ...running.headers, 'x-drover-cache': '24h' }, booked: null }
  },
}
