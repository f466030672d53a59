/**
 * Calls a second of one, two and four workers, on the embedded store and on Postgres, with everything on: keys, a prepaid account, hold and
 * settlement, records. Beside it the trips to the store that calls waited for, and the processor time a call in workers and in the primary.
 * Callers and their providers run in processes of their own (`--loaders`), which share the machine with the relay: its cores are told.
 * `bin/drover-node test/load/workers-rate.ts --counts 1,2,4 --stores sqlite,postgres --seconds 10 --callers 32 --loaders 1`; JSON lines.
 */

import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, fakeKey, startRelay } from '../e2e/harness.ts'
import { pidsOf } from '../e2e/workers.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { PostgresServer } from '../postgres/server.ts'
import { startPostgres } from '../postgres/server.ts'

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '1,2,4' },
    stores: { type: 'string', default: 'sqlite,postgres' },
    seconds: { type: 'string', default: '10' },
    callers: { type: 'string', default: '32' },
    loaders: { type: 'string', default: '1' },
  },
})
const numbers = (text: string): readonly number[] => text.split(',').map(Number)
const [seconds, callers, loaders] = [Number(values.seconds), Number(values.callers), Number(values.loaders)]
const warmSeconds = 2
const ticksPerSecond = 100

type Load = { readonly url: string; readonly key: string; readonly seconds: number; readonly callers: number }
type Loaded = { readonly calls: number; readonly failed: number; readonly latenciesMs: readonly number[] }

/** Calls without pause over kept connections. */
async function load({ url, key, seconds, callers }: Load): Promise<Loaded> {
  const agent = new Agent({ keepAlive: true, maxSockets: callers })
  const messages = [{ role: 'user', content: 'What does a call cost?' }]
  const body = JSON.stringify({ model: 'sold', max_tokens: 100, messages })
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const one = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const asking = request(`${url}/v1/chat/completions`, { method: 'POST', agent, headers }, (answer) =>
        answer
          .resume()
          .once('end', () => resolve(answer.statusCode ?? 0))
          .once('error', reject),
      )
      asking.once('error', reject)
      asking.end(body)
    })
  const latenciesMs: number[] = []
  let failed = 0
  const endMs = performance.now() + seconds * 1000
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const askedMs = performance.now()
      if ((await one()) === 200) latenciesMs.push(performance.now() - askedMs)
      else failed += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  agent.destroy()
  return { calls: latenciesMs.length, failed, latenciesMs }
}

/** A process of callers, and of the provider behind the relay. */
async function runLoader(): Promise<void> {
  const upstream = await startUpstream()
  upstream.answer(whole(completion({ promptTokens: 7, completionTokens: 3 })))
  process.send?.({ baseUrl: upstream.baseUrl })
  process.on('message', async (wanted: Load) => {
    const loaded = await load(wanted)
    upstream.forget()
    process.send?.(loaded)
  })
  process.on('disconnect', () => process.exit(0))
}

type Loader = { readonly child: ChildProcess; readonly baseUrl: string }

async function startLoader(): Promise<Loader> {
  const child = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, DROVER_LOADER: '1' } })
  const [told] = (await once(child, 'message')) as [{ readonly baseUrl: string }]
  return { child, baseUrl: told.baseUrl }
}

const ask = async (to: readonly Loader[], wanted: Load): Promise<readonly Loaded[]> =>
  Promise.all(
    to.map(async ({ child }) => {
      child.send(wanted)
      const [loaded] = (await once(child, 'message')) as [Loaded]
      return loaded
    }),
  )

const configFor = (to: readonly Loader[], store: string): string => {
  const providers = to.map(
    ({ baseUrl }, place) =>
      `  p${place}: { vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }`,
  )
  const targets = to.map((_loader, place) => `{ provider: p${place}, model: any }`)
  return `server: { overload: { loop_delay: 1m } }
${store === 'postgres' ? 'store: { url: "env:STORE_URL" }\nsecrets: { key: "env:SECRET_KEY" }\n' : ''}providers:
${providers.join('\n')}
models:
  sold: { targets: [${targets.join(', ')}], price: { input: "1.00", output: "2.00" } }
`
}

const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

const payingKey = async (relay: Relay): Promise<string> => {
  const made = await call(relay.url, {
    path: '/api/v1/accounts',
    key: adminKey,
    body: { name: 'paying', billing: 'prepaid' },
  })
  const account = made.at('id')
  await call(relay.url, { path: '/api/v1/credits', key: adminKey, body: { account, usd: '1000000' } })
  return (await relay.createKey({ account })).key
}

/** What the relay's processes said of their calls and trips when they ended. */
const tripsOf = (relay: Relay): { readonly calls: number; readonly trips: number } => {
  const lines = relay
    .stderr()
    .split('\n')
    .filter((line) => line.includes('trips to the store that they waited for'))
  const told = lines.map((line) => JSON.parse(line) as { readonly calls: number; readonly trips: number })
  return {
    calls: told.reduce((sum, { calls }) => sum + calls, 0),
    trips: told.reduce((sum, { trips }) => sum + trips, 0),
  }
}

type Turn = { readonly count: number; readonly store: string; readonly server: PostgresServer | null }

async function turn(to: readonly Loader[], { count, store, server }: Turn): Promise<void> {
  const database = server === null ? {} : { STORE_URL: await server.database() }
  await using relay = await startRelay({
    config: configFor(to, store),
    env: { FAKE_KEY: fakeKey, SECRET_KEY: randomBytes(32).toString('hex'), ...database },
    flags: ['--workers', String(count)],
    startWithinMs: 180_000,
  })
  const key = await payingKey(relay)
  const wanted = { url: relay.url, key, callers: Math.ceil(callers / to.length) }
  await ask(to, { ...wanted, seconds: warmSeconds })
  const workers = Array.from({ length: count }, (_none, place) => pidsOf(relay, place + 1).at(-1) ?? 0)
  const pids = count === 1 ? [relay.pid] : workers
  const cpuMs = () => pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)
  const before = { workers: cpuMs(), primary: count === 1 ? 0 : cpuMsOf(relay.pid) }
  const loaded = await ask(to, { ...wanted, seconds })
  const after = { workers: cpuMs(), primary: count === 1 ? 0 : cpuMsOf(relay.pid) }
  const verdict = await call(relay.url, { path: '/api/v1/ledger/verify', key: adminKey })
  assert.equal(verdict.at('ok'), true, verdict.text)
  await relay.stop()
  const calls = loaded.reduce((sum, one) => sum + one.calls, 0)
  const sorted = loaded.flatMap(({ latenciesMs }) => latenciesMs).sort((one, other) => one - other)
  const quantile = (share: number): number => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2))
  const told = tripsOf(relay)
  const each = (ms: number): number => Number((ms / calls).toFixed(3))
  process.stdout.write(
    `${JSON.stringify({
      store,
      workers: count,
      calls_per_second: Math.round(calls / seconds),
      failed: loaded.reduce((sum, one) => sum + one.failed, 0),
      p50_ms: quantile(0.5),
      p99_ms: quantile(0.99),
      // One process with the embedded store asks nobody else.
      store_trips_per_call: told.calls === 0 ? null : Number((told.trips / told.calls).toFixed(4)),
      cpu_ms_per_call: each(after.workers - before.workers),
      primary_cpu_ms_per_call: count === 1 ? null : each(after.primary - before.primary),
      books: 'proven',
    })}\n`,
  )
}

async function run(): Promise<void> {
  const [cpu] = cpus()
  process.stdout.write(
    `${JSON.stringify({ cores: availableParallelism(), cpu: cpu?.model, load_before: loadavg()[0], seconds, callers, loaders })}\n`,
  )
  const to = await Promise.all(Array.from({ length: loaders }, startLoader))
  try {
    for (const store of values.stores.split(',')) {
      await using server = store === 'postgres' ? await startPostgres() : null
      for (const count of numbers(values.counts)) await turn(to, { count, store, server })
    }
  } finally {
    for (const { child } of to) child.disconnect()
  }
}

await (process.env['DROVER_LOADER'] === undefined ? run() : runLoader())
