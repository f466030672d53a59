/** Several relays on one Postgres, each its own process with its own data folder, and one upstream behind them. */

import { randomBytes } from 'node:crypto'
import type { Environment, Relay, RelaySettings } from '../e2e/harness.ts'
import { configFor, fakeKey, startRelay } from '../e2e/harness.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'

export type Adding = Pick<RelaySettings, 'folder' | 'through' | 'flags'> & {
  /** The relay's own way to the store. */
  readonly storeUrl?: string
  /** `bin/drover` of another checkout. */
  readonly program?: string
  /** More for its environment. */
  readonly env?: Environment
}

export type Fleet = {
  readonly upstream: FakeUpstream
  readonly relays: Relay[]
  /** Starts one relay more, or one again on its folder. */
  readonly add: (how?: Adding) => Promise<Relay>
  readonly config: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type FleetSettings = {
  readonly url: string
  readonly size: number
  readonly config?: string
  /** Where the upstream listens; absent: loopback. */
  readonly upstreamAddress?: string
}

export async function startFleet({ url, size, config = '', upstreamAddress }: FleetSettings): Promise<Fleet> {
  const upstream = await startUpstream(undefined, upstreamAddress === undefined ? {} : { address: upstreamAddress })
  const text = configFor(
    upstream,
    `store: { url: "env:STORE_URL" }
secrets: { key: "env:SECRET_KEY" }
${config}`,
  )
  const secret = randomBytes(32).toString('hex')
  const relays: Relay[] = []
  const add: Fleet['add'] = async ({ storeUrl = url, env = {}, ...how } = {}) => {
    const relay = await startRelay({
      config: text,
      env: { FAKE_KEY: fakeKey, STORE_URL: storeUrl, SECRET_KEY: secret, ...env },
      startWithinMs: 180_000,
      ...how,
    })
    relays.push(relay)
    return relay
  }
  await Promise.all(Array.from({ length: size }, () => add()))
  return {
    upstream,
    relays,
    add,
    config: text,
    [Symbol.asyncDispose]: async () => {
      for (const relay of relays) await relay[Symbol.asyncDispose]()
      await upstream.close()
    },
  }
}
