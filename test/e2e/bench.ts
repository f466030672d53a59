/** A relay with one scriptable provider behind it and a live key for it: what most suites need. */

import { strict as assert } from 'node:assert'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Ask } from './call.ts'
import { call } from './call.ts'
import type { Environment, Relay } from './harness.ts'
import { configFor, fakeKey, startRelay, testKey } from './harness.ts'

export type Bench = {
  readonly relay: Relay
  readonly upstream: FakeUpstream
  /** A live key that may use every model, `fake/any-model` among them. */
  readonly key: string
  readonly close: () => Promise<void>
}

/** One that a test has to itself: `await using` closes it, and the run can end, whatever the test finds. */
export type OwnBench = Bench & AsyncDisposable

export type BenchSettings = {
  /** More of drover.yaml, after the provider. */
  readonly config?: string
  readonly env?: Environment
}

/** A relay with this configuration, which is made for the upstream that it names. */
export async function benchFor(configOf: (upstream: FakeUpstream) => string, env: Environment = {}): Promise<OwnBench> {
  const upstream = await startUpstream()
  const starting = startRelay({ config: configOf(upstream), env: { FAKE_KEY: fakeKey, ...env } })
  // A server left open would keep the whole run from ending.
  const relay = await starting.catch(async (fault: unknown) => {
    await upstream.close()
    throw fault
  })
  const { key } = await relay.createKey()
  const close = async (): Promise<void> => {
    await upstream.close()
    await relay[Symbol.asyncDispose]()
  }
  return { relay, upstream, key, close, [Symbol.asyncDispose]: close }
}

/** Starts both and makes the key by the command line. */
export const startBench = (settings: BenchSettings = {}): Promise<OwnBench> =>
  benchFor((upstream) => configFor(upstream, settings.config), settings.env)

/** A chat completion's body with one user message. */
export const chat = (content: string, more: object = {}): object => ({
  model: 'fake/any-model',
  messages: [{ role: 'user', content }],
  ...more,
})

/** Whatever came before, the relay lives, is ready, and answers a call. */
export async function assertServing(relay: Relay): Promise<void> {
  const alive = await call(relay.url, { path: '/health/liveness' })
  assert.equal(alive.status, 200, alive.text)
  const body: Ask['body'] = { model: 'kimi-k2', messages: [{ role: 'user', content: 'still there?' }] }
  const answer = await call(relay.url, { key: testKey, body })
  assert.equal(answer.status, 200, answer.text)
}
