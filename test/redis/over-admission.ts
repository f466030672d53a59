/**
 * Measures what three nodes admit of each kind of limit against what it allows, while nothing happens, while Redis is killed and started
 * again empty, while it does not answer, and while the clock of one node is stepped by an hour and back:
 * `bin/drover-node test/redis/over-admission.ts seconds=10 callers=18 only=requests`.
 * With `redis=no` the nodes count by shares, for comparison. Prints a table; fails where more was admitted than is stated.
 */

import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { chat } from '../e2e/bench.ts'
import { call } from '../e2e/call.ts'
import { models } from '../e2e/customer.ts'
import { eventually, makeFolder, removeFolder } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from '../postgres/fleet.ts'
import { startPostgres } from '../postgres/server.ts'
import { startRedis } from './server.ts'

const given = new Map(process.argv.slice(2).map((text) => text.split('=') as [string, string]))
const seconds = Number(given.get('seconds') ?? 10)
const callers = Number(given.get('callers') ?? 18)
const only = given.get('only')
const withRedis = given.get('redis') !== 'no'
const size = 3
const tokensPerCall = 40
const holdMs = 100
const pauseMs = 10
const hourMs = 3_600_000
/** Kept ahead no longer than this part of a period; so much more than the limit may pass. */
const keptPart = 1 / 120

type Kind = {
  readonly name: string
  readonly key: Readonly<Record<string, number>>
  readonly limit: number
  /** `null`: a count of what is under way at the same time. */
  readonly periodMs: number | null
  readonly perCall: number
}
const minuteMs = 60_000
const dayMs = 1440 * minuteMs
const ofEach = (limits: readonly number[], kind: (limit: number) => Omit<Kind, 'limit'>): readonly Kind[] =>
  limits.map((limit) => ({ limit, ...kind(limit) }))
const kinds: readonly Kind[] = [
  ...ofEach([30, 150], (rpm) => ({ name: 'requests/min', key: { rpm }, periodMs: minuteMs, perCall: 1 })),
  ...ofEach([2000, 6000], (tpm) => ({ name: 'tokens/min', key: { tpm }, periodMs: minuteMs, perCall: tokensPerCall })),
  ...ofEach([60, 150], (rpd) => ({ name: 'requests/day', key: { rpd }, periodMs: dayMs, perCall: 1 })),
  { name: 'at the same time', key: { concurrency: 9 }, limit: 9, periodMs: null, perCall: 1 },
]

await using redis = await startRedis()
await using server = await startPostgres()
const folder = await makeFolder()
const offsetFile = join(folder, 'offset')
/** Longer than in practice: a trip that is late because this machine is short of time says nothing about limits. */
const redisSettings = `{ url: "${redis.url}", wait_max: 1s }`
const cluster = withRedis ? `cluster: { redis: ${redisSettings} }\n` : ''
await using fleet = await startFleet({ url: await server.database(), size: size - 1, config: `${models}${cluster}` })
await fleet.add({
  env: {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'stepped-clock.ts')}`,
    CLOCK_OFFSET_FILE: offsetFile,
  },
})
let underWay = 0
let mostUnderWay = 0
let isHeld = false
const answer = whole(completion({ promptTokens: 20, completionTokens: 20 }))
fleet.upstream.answer(async (exchange) => {
  underWay += 1
  mostUnderWay = Math.max(mostUnderWay, underWay)
  if (isHeld) await wait(holdMs)
  await answer(exchange)
  underWay -= 1
})

const together = async (): Promise<void> => {
  if (!withRedis) return
  for (const { url } of fleet.relays)
    await eventually(
      'counting together',
      async () => ((await call(url, { path: '/health/readiness' })).at('warnings.0') === undefined ? true : undefined),
      60_000,
    )
}
const step = (offsetMs: number): Promise<void> => writeFile(offsetFile, String(offsetMs))

/** What happens after a third of the time, and after two thirds. */
const disturbances: Readonly<Record<string, readonly [() => unknown, () => unknown]>> = {
  quiet: [() => {}, () => {}],
  ...(withRedis
    ? {
        'Redis killed, back empty': [redis.kill, redis.start] as const,
        'Redis silent': [redis.freeze, redis.thaw] as const,
      }
    : {}),
  'one clock stepped': [() => step(hourMs), () => step(-hourMs)],
}

type Measured = {
  readonly admitted: number
  readonly allowed: number
  readonly stated: number
  readonly refused: number
}

const measure = async ({ key, limit, periodMs, perCall }: Kind, disturbance: string): Promise<Measured> => {
  const made = await fleet.relays[0]?.createKey(key)
  assert.ok(made !== undefined)
  for (const { url } of fleet.relays)
    await eventually(
      'the key',
      async () => ((await call(url, { path: '/v1/models', key: made.key })).status === 200 ? true : undefined),
      20_000,
    )
  await together()
  isHeld = periodMs === null
  mostUnderWay = 0
  let [ok, refused, lastMs, ending] = [0, 0, 0, false]
  const startMs = performance.now()
  const caller = async (first: number): Promise<void> => {
    for (let turn = first; !ending; turn += 1) {
      const relay = fleet.relays[turn % size]
      assert.ok(relay !== undefined)
      const { status } = await call(relay.url, { key: made.key, body: chat('say it', { max_tokens: 20 }) })
      if (status === 200) {
        ok += 1
        lastMs = performance.now()
        continue
      }
      assert.equal(status, 429)
      refused += 1
      await wait(pauseMs)
    }
  }
  const all = Array.from({ length: callers }, (_none, place) => caller(place))
  for (const act of [...(disturbances[disturbance] ?? []), () => {}]) {
    await wait((seconds * 1000) / 3)
    await act()
  }
  ending = true
  await Promise.all(all)
  await step(0)
  if (periodMs === null) return { admitted: mostUnderWay, allowed: limit, stated: limit, refused }
  const inFlow = (limit * (lastMs - startMs)) / periodMs
  // A trip may be late all the same: its call is decided by the share, though others have used the rest.
  const stated = Math.ceil(limit + inFlow + limit * keptPart + callers * perCall)
  return { admitted: ok * perCall, allowed: Math.floor(limit + inFlow), stated, refused }
}

const rows: string[] = []
const beyond: string[] = []
for (const kind of kinds) {
  if (only !== undefined && !kind.name.startsWith(only)) continue
  for (const disturbance of Object.keys(disturbances)) {
    const { admitted, allowed, stated, refused } = await measure(kind, disturbance)
    const over = Math.max(0, admitted - allowed)
    const part = `${((100 * over) / kind.limit).toFixed(1)} %`
    rows.push(
      `| ${kind.name} | ${kind.limit} | ${disturbance} | ${allowed} | ${admitted} | ${over === 0 ? '0' : `${over} (${part})`} | ${refused} |`,
    )
    process.stderr.write(`${rows.at(-1)}\n`)
    if (admitted > stated && disturbance !== 'Redis killed, back empty' && disturbance !== 'Redis silent')
      beyond.push(rows.at(-1) ?? '')
  }
}
await removeFolder(folder)
process.stdout.write(
  `| limit of | limit | meanwhile | allowed in the time | admitted | over | refused |\n|---|---|---|---|---|---|---|\n${rows.join('\n')}\n`,
)
assert.deepEqual(beyond, [], 'more was admitted than is stated')
