/** What the SDKs play on: a relay with a scriptable provider and a strict Kimi behind it, a test key and a live key. */

import { join } from 'node:path'
import { startBench } from '../test/e2e/bench.ts'
import type { Relay } from '../test/e2e/harness.ts'
import { cleanEnvironment, start, testKey, within } from '../test/e2e/harness.ts'
import { kimiSettings, startKimi } from '../test/fake/kimi.ts'
import type { FakeUpstream } from '../test/fake/upstream.ts'

export const examples = join(import.meta.dirname, '..', 'examples')
export const python = join(import.meta.dirname, '.venv', 'bin', 'python')

export type Stage = {
  readonly relay: Relay
  /** As the SDKs want it, with `/v1`. */
  readonly baseUrl: string
  readonly upstream: FakeUpstream
  readonly kimi: FakeUpstream
  readonly testKey: string
  /** May use `fake/…`, and `kimi-k2`, which the strict Kimi answers. */
  readonly liveKey: string
  readonly close: () => Promise<void>
}

/** Starts it all. */
export async function startStage(): Promise<Stage> {
  const kimi = await startKimi()
  const starting = startBench({
    config: `  strict: { vendor: moonshot, base_url: "${kimi.baseUrl}", allow_private: true, api_key: "env:KIMI_KEY" }
models:
  kimi-k2: { targets: [ { provider: strict, model: kimi-k2.6 } ] }
  voice: { targets: [ { provider: fake, model: a-voice } ] }
  ear: { targets: [ { provider: fake, model: an-ear } ] }
`,
    env: { KIMI_KEY: kimiSettings.key },
  })
  const bench = await starting.catch(async (fault: unknown) => {
    await kimi.close()
    throw fault
  })
  return {
    relay: bench.relay,
    baseUrl: `${bench.relay.url}/v1`,
    upstream: bench.upstream,
    kimi,
    testKey,
    liveKey: bench.key,
    close: async () => {
      await kimi.close()
      await bench.close()
    },
  }
}

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const runTimeoutMs = 100_000

/** Runs a program to its end with this environment and nothing else of this one. */
export async function run(
  command: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ran> {
  const talk = start(command, parameters, { cwd: import.meta.dirname, env: cleanEnvironment(environment) })
  const { code } = await within(talk.ended, runTimeoutMs, () => `${command} ${parameters.join(' ')} does not end`)
  return { code, stdout: talk.stdout(), stderr: talk.stderr() }
}

/** The bodies of the completions that a provider was asked for, in their order: the relay asks it for its list of models too. */
export function completionsAsked(provider: FakeUpstream): readonly Buffer[] {
  return provider.seen.filter(({ target }) => target === '/v1/chat/completions').map(({ body }) => body)
}
