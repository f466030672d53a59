/** Several relays on one Postgres, each its own process with its own data folder, and one upstream behind them. */

import { randomBytes } from 'node:crypto'
import type { Relay } from '../e2e/harness.ts'
import { configFor, fakeKey, startRelay } from '../e2e/harness.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'

export type Fleet = {
  readonly upstream: FakeUpstream
  readonly relays: Relay[]
  /** Starts one relay more, or one again on its folder; `storeUrl` is its own way to the store. */
  readonly add: (how?: { readonly folder?: string; readonly storeUrl?: string }) => Promise<Relay>
  readonly config: string
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type FleetSettings = { readonly url: string; readonly size: number; readonly config?: string }

export async function startFleet({ url, size, config = '' }: FleetSettings): Promise<Fleet> {
  const upstream = await startUpstream()
  const text = configFor(
    upstream,
    `store: { url: "env:STORE_URL" }
secrets: { key: "env:SECRET_KEY" }
${config}`,
  )
  const secret = randomBytes(32).toString('hex')
  const relays: Relay[] = []
  const add: Fleet['add'] = async ({ folder, storeUrl = url } = {}) => {
    const relay = await startRelay({
      config: text,
      env: { FAKE_KEY: fakeKey, STORE_URL: storeUrl, SECRET_KEY: secret },
      startWithinMs: 180_000,
      ...(folder === undefined ? {} : { folder }),
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
