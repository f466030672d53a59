/** Three relays on one Postgres and, where it is installed, one Redis; two providers that behave as a scenario says; callers with the arrivals of a real workload. */

import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { seededChance } from '#migration/simulate.ts'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, checkout, eventually, fakeKey, makeFolder, removeFolder, startRelay } from '../e2e/harness.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import type { FakeUpstream, Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { PostgresServer } from '../postgres/server.ts'
import { startPostgres } from '../postgres/server.ts'
import type { RedisServer } from '../redis/server.ts'
import { startRedis } from '../redis/server.ts'
import { normalOf } from './migration-contrast.ts'

export type Arm = 'baseline' | 'candidate'

/** What a provider does with one question. */
export type Behaviour = {
  readonly status?: number
  readonly delayMs?: number
  readonly outputTokens?: number
  readonly brokenTool?: boolean
  /** What makes the candidate bad: counted as met. */
  readonly isBad?: boolean
}

/** `count`: how many this arm has been asked before; `retried`: whether the same question was failed before; `output`: tokens of the trace. */
export type Behave = (asked: {
  readonly count: number
  readonly retried: boolean
  readonly output: number
}) => Behaviour

export type Reach = { readonly arm: Arm; readonly node: number; readonly atMs: number; readonly isBad: boolean }

export type Outcome = { readonly calls: number; readonly lost: number; readonly elsewhere: number }

type Arrival = { readonly gapMs: number; readonly input: number; readonly output: number }

const traceFile = (): string => {
  const shared = process.env['DROVER_SHARED'] ?? resolve(checkout, '..', 'shared')
  return join(shared, 'traces', 'AzureLLMInferenceTrace_conv.csv')
}

/** Of the trace, else thrown by a seed with the same shape. */
const arrivalsOf = (): { readonly name: string; readonly arrivals: readonly Arrival[] } => {
  const path = traceFile()
  if (!existsSync(path)) {
    const chance = seededChance(5)
    const normal = normalOf(chance)
    const tokens = (mean: number): number => Math.max(1, Math.round(Math.exp(mean + normal())))
    const arrivals = Array.from({ length: 20_000 }, () => ({
      gapMs: -Math.log(1 - chance()) * 180,
      input: tokens(6.5),
      output: tokens(4.8),
    }))
    return { name: 'a generated workload', arrivals }
  }
  const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1)
  let beforeMs: number | null = null
  const arrivals = rows.map((row) => {
    const [time = '', input = '1', output = '1'] = row.split(',')
    const atMs = Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`)
    const gapMs = beforeMs === null ? 0 : Math.max(0, atMs - beforeMs)
    beforeMs = atMs
    return { gapMs, input: Number(input), output: Math.max(1, Number(output)) }
  })
  return { name: "Azure's trace of conversations (2023)", arrivals }
}

const clockLibrary = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find(existsSync)

/** How much faster than the trace. */
const faster = 12
const openMax = 24
/** Answers that take longer come of relays that get little of a processor: more calls would only starve what they do beside. */
const answerWithinMs = 400
/** So many times slower than the trace it is played at most. */
const stretchMax = 20
const callWithinMs = 30_000
const startsMax = 3

const toolCall = (isBroken: boolean): object => ({
  id: 'call_weather',
  type: 'function',
  function: { name: 'weather', arguments: isBroken ? '{"city": "Kö' : '{"city":"Köln"}' },
})

const tools = [
  {
    type: 'function',
    function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
  },
]

export type Scene = {
  readonly model: string
  readonly behave: Readonly<Record<Arm, Behave>>
  readonly stream?: boolean
  readonly tools?: boolean
  /** So many times slower than the others: where calls are few. */
  readonly slower?: number
}

export type Stage = {
  readonly workload: string
  readonly nodes: Relay[]
  readonly server: PostgresServer
  readonly redis: RedisServer | null
  readonly key: () => string
  readonly provider: FakeUpstream
  /** Sets the wall clock of the last node apart: `+1h`, `+0`. */
  readonly setClock: (offset: string) => Promise<void>
  readonly admin: (path: string, body?: object) => Promise<unknown>
  /** Plays the workload until `isOver`; gives what became of it. */
  readonly play: (scene: Scene, isOver: () => boolean) => Promise<Outcome>
  /** Where and when candidates and baselines were asked since the last scene began. */
  readonly reached: () => readonly Reach[]
  readonly leader: () => Promise<number>
  readonly revive: (node: number) => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

type Question = { readonly node: number; readonly id: number; readonly input: number; readonly output: number }

const questionIn = (content: string): Question => {
  const [node = 0, id = 0, input = 1, output = 1] = content.split(':').map(Number)
  return { node, id, input, output }
}

const makeScripts = () => {
  const state = { scene: null as Scene | null, reached: [] as Reach[], failed: new Set<number>() }
  const counts: Record<Arm, number> = { baseline: 0, candidate: 0 }
  const script =
    (arm: Arm): Script =>
    async ({ seen, response }) => {
      const body = JSON.parse(seen.body.toString('utf8')) as {
        stream?: boolean
        tools?: unknown
        messages: { content: string }[]
      }
      const question = questionIn(body.messages[0]?.content ?? '')
      const count = counts[arm]
      counts[arm] += 1
      const asked = { count, retried: state.failed.has(question.id), output: question.output }
      const does = state.scene?.behave[arm](asked) ?? {}
      state.reached.push({ arm, node: question.node, atMs: Date.now(), isBad: does.isBad === true })
      if (does.delayMs !== undefined) await Promise.race([wait(does.delayMs), seen.closed])
      if (does.status !== undefined) {
        state.failed.add(question.id)
        response.writeHead(does.status, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error: { message: 'The fake fails.', type: 'server_error' } }))
        return
      }
      const outputTokens = does.outputTokens ?? question.output
      if (body.stream === true) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        for (const event of completionEvents(['One ', 'two ', 'three.'], { usage: true })) response.write(event)
        response.end()
        return
      }
      const answer = completion({ promptTokens: question.input, completionTokens: outputTokens }) as {
        choices: { message: Record<string, unknown>; finish_reason: string }[]
      }
      const [choice] = answer.choices
      if (body.tools !== undefined && choice !== undefined) {
        choice.message['tool_calls'] = [toolCall(does.brokenTool === true)]
        choice.message['content'] = null
        choice.finish_reason = 'tool_calls'
      }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    }
  const begin = (scene: Scene): void => {
    state.scene = scene
    state.reached = []
    state.failed.clear()
    counts.baseline = 0
    counts.candidate = 0
  }
  return { script, begin, reached: (): readonly Reach[] => state.reached }
}

const configOf = (
  models: readonly string[],
  at: { old: FakeUpstream; next: FakeUpstream; hasRedis: boolean },
): string => {
  const provider = ({ baseUrl }: FakeUpstream): string =>
    `{ vendor: openai-compatible, base_url: "${baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }`
  const target = (name: string, model: string, cost: string): string =>
    `targets: [{ provider: ${name}, model: ${model}, cost: ${cost} }], route: { retries: 2 }, price: { input: "2.00", output: "6.00" }`
  const rows = models.flatMap((model) => [
    `  ${model}: { ${target('old', model, '{ input: "1.50", output: "6.00" }')} }`,
    `  ${model}-next: { ${target('new', `${model}-next`, '{ input: "0.60", output: "2.50" }')} }`,
  ])
  return `server: { overload: { loop_delay: 1m } }
store: { url: "env:STORE_URL" }
secrets: { key: "env:SECRET_KEY" }
${at.hasRedis ? 'cluster: { redis: "env:REDIS_URL" }\n' : ''}providers:\n  old: ${provider(at.old)}\n  new: ${provider(at.next)}
models:\n${rows.join('\n')}\n`
}

type Place = { readonly nodes: readonly Relay[]; readonly key: string; readonly begin: (scene: Scene) => void }

/** One call at one node, at the next where that one is not there: as behind any balancer. */
const askAt = async (
  { nodes, key }: Place,
  { scene, id, arrival }: { readonly scene: Scene; readonly id: number; readonly arrival: Arrival },
): Promise<'ok' | 'elsewhere' | 'lost'> => {
  for (let attempt = 0; attempt < nodes.length; attempt += 1) {
    const node = (id + attempt) % nodes.length
    const answer = await call(nodes[node]?.url ?? '', {
      key,
      signal: AbortSignal.timeout(callWithinMs),
      headers: { 'x-session-id': `s-${id}` },
      body: {
        model: scene.model,
        max_tokens: 4_000,
        ...(scene.stream === true && { stream: true }),
        ...(scene.tools === true && { tools }),
        messages: [{ role: 'user', content: `${node}:${id}:${arrival.input}:${arrival.output}` }],
      },
    }).catch(() => null)
    if (answer === null || answer.status === 503) continue
    const isWhole = answer.status === 200 && (scene.stream !== true || answer.text.includes('[DONE]'))
    return isWhole ? (attempt === 0 ? 'ok' : 'elsewhere') : 'lost'
  }
  return 'lost'
}

/** Calls come slower for as long as the machine does not keep up, and the trace's own pace comes back by itself. */
const makePace = () => {
  let stretch = 1
  return {
    stretch: () => stretch,
    answered: (tookMs: number): void => {
      stretch = tookMs > answerWithinMs ? Math.min(stretchMax, stretch * 1.1) : Math.max(1, stretch * 0.97)
    },
  }
}

const makePlayer = (place: Place, arrivals: readonly Arrival[]): Stage['play'] => {
  let asked = 0
  const pace = makePace()
  return async (scene, isOver) => {
    place.begin(scene)
    const counts = { calls: 0, lost: 0, elsewhere: 0 }
    const open = new Set<Promise<void>>()
    let dueMs = performance.now()
    while (!isOver()) {
      const arrival = arrivals[asked % arrivals.length] ?? { gapMs: 100, input: 1, output: 1 }
      asked += 1
      dueMs += (arrival.gapMs / faster) * Math.max(scene.slower ?? 1, pace.stretch())
      const restMs = dueMs - performance.now()
      if (restMs > 1) await wait(restMs)
      // A machine that does not keep up plays the trace slower, and not in one burst behind it.
      else dueMs = Math.max(dueMs, performance.now() - 200)
      while (open.size >= openMax) await Promise.race(open)
      counts.calls += 1
      const askedMs = performance.now()
      const one: Promise<void> = askAt(place, { scene, id: asked, arrival }).then((end) => {
        pace.answered(performance.now() - askedMs)
        if (end !== 'ok') counts[end] += 1
        open.delete(one)
      })
      open.add(one)
    }
    await Promise.all(open)
    return counts
  }
}

const adminOf =
  (nodes: readonly Relay[]): Stage['admin'] =>
  async (path, body) => {
    for (const relay of nodes) {
      const answer = await call(relay.url, {
        path: `/api/v1${path}`,
        key: adminKey,
        ...(body !== undefined && { body }),
        headers: { accept: 'application/json' },
      }).catch(() => null)
      if (answer === null || answer.status === 503) continue
      assert.ok(answer.status < 300, answer.text)
      return JSON.parse(answer.text)
    }
    return null
  }

const leaderOf = async (
  server: PostgresServer,
  { url, nodes }: { url: string; nodes: readonly Relay[] },
): Promise<number> => {
  const [row] = await server.query(
    "select n.url from mandate m join node n on m.holder like n.id || '.%' where m.name = 'jobs' and m.until_ms > 0",
    new URL(url).pathname.slice(1),
  )
  return nodes.findIndex((relay) => relay.url === String(row?.['url'] ?? ''))
}

/** A clock of the last node's own: of all that its process asks where the machine has libfaketime, else of its JavaScript. */
const openClock = async (stack: AsyncDisposableStack) => {
  const folder = await makeFolder()
  stack.defer(() => removeFolder(folder))
  const file = join(folder, 'clock')
  const set = (offset: string): Promise<void> => writeFile(file, `${offset}\n`)
  await set('+0')
  const apart = pathToFileURL(join(import.meta.dirname, '..', 'fake', 'wall-clock.ts')).href
  if (clockLibrary === undefined) return { set, env: { NODE_OPTIONS: `--import=${apart}`, WALL_CLOCK_FILE: file } }
  const env = {
    LD_PRELOAD: clockLibrary,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  }
  return { set, env }
}

const knows = (relay: Relay, key: string): Promise<true> =>
  eventually(
    'the key on every node',
    async () => ((await call(relay.url, { path: '/v1/models', key })).status === 200 ? true : undefined),
    60_000,
  )

/** As whoever keeps servers running does: one that could not start, as a store on a busy machine did not answer in time, is started again. */
const startedAgain = async (begin: () => Promise<Relay>): Promise<Relay> => {
  for (let tries = 1; tries < startsMax; tries += 1) {
    try {
      return await begin()
    } catch (thrown) {
      process.stderr.write(`a node could not start: ${String(thrown).slice(-200)}\n`)
    }
  }
  return begin()
}

export const startStage = async (models: readonly string[], size = 3): Promise<Stage> => {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await startPostgres())
  const redis = existsSync('/usr/bin/redis-server') ? stack.use(await startRedis()) : null
  const { script, begin, reached } = makeScripts()
  const old = stack.use(await startUpstream(script('baseline')))
  const next = stack.use(await startUpstream(script('candidate')))
  const clock = await openClock(stack)
  const url = await server.database()
  const config = configOf(models, { old, next, hasRedis: redis !== null })
  const common = { FAKE_KEY: fakeKey, STORE_URL: url, SECRET_KEY: randomBytes(32).toString('hex') }
  const env = { ...common, ...(redis !== null && { REDIS_URL: redis.url }) }
  const startNode = (node: number, folder?: string): Promise<Relay> =>
    startRelay({
      config,
      env: { ...env, ...(node === size - 1 && clock.env) },
      startWithinMs: 600_000,
      ...(folder !== undefined && { folder }),
    })
  const nodes = await Promise.all(Array.from({ length: size }, (_unused, node) => startNode(node)))
  stack.defer(async () => {
    for (const relay of nodes) await relay[Symbol.asyncDispose]()
  })
  const { key } = (await nodes[0]?.createKey()) ?? { key: '' }
  await Promise.all(nodes.map((relay) => knows(relay, key)))
  const { name, arrivals } = arrivalsOf()
  return {
    workload: name,
    nodes,
    server,
    redis,
    key: () => key,
    provider: old,
    setClock: clock.set,
    reached,
    admin: adminOf(nodes),
    play: makePlayer({ nodes, key, begin }, arrivals),
    leader: () => leaderOf(server, { url, nodes }),
    revive: async (node) => {
      const again = await startedAgain(() => startNode(node, nodes[node]?.folder))
      nodes[node] = again
      await knows(again, key)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
