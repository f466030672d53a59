/** What happens to a migration in each scenario, and what must come of it. */

import { setTimeout as wait } from 'node:timers/promises'
import type { EdgeSettings } from '../../clients/ts/drover-edge.ts'
import { DroverEdge } from '../../clients/ts/drover-edge.ts'
import type { Behave, Outcome, Scene, Stage } from './scenario-stage.ts'

export type Status = {
  readonly state: string
  readonly weight: number
  readonly pause_reason: string | null
  readonly arms: Readonly<Record<'baseline' | 'candidate', { readonly turns: number; readonly conversations: number }>>
  readonly log: readonly { readonly change: string; readonly time: string; readonly why: string }[]
}

export type Scenario = {
  readonly name: string
  readonly model: string
  /** Steps and analysis of its file. */
  readonly file: string
  readonly scene: Omit<Scene, 'model'>
  /** Done once, when so many conversations have met the candidate. */
  readonly event?: { readonly after: number; readonly run: (stage: Stage) => Promise<void> }
  /** What must come of it. */
  readonly verdict: string
  /** Within so many calls. */
  readonly callsMax?: number
  /** Done before it starts; gives what was not as it must be, `null` = nothing. */
  readonly before?: (stage: Stage, file: string) => Promise<string | null>
  /** In the short form, a test. */
  readonly isShort?: boolean
  /** Needs more than is always there; `null` = it is. */
  readonly lacks?: (stage: Stage) => string | null
}

const steps = (list: readonly (readonly [weight: number, sampleMin: number])[], duration: string): string =>
  `steps:\n${list.map(([weight, sampleMin]) => (weight === 100 ? '  - { set_weight: 100, bake: { duration: 2s } }' : `  - { set_weight: ${weight}, pause: { duration: ${duration} }, min_sample: ${sampleMin} }`)).join('\n')}\n`

/** A step is prolonged twenty times: on a machine that is busy with others it gets its conversations all the same. */
const ramp = steps(
  [
    [5, 6],
    [10, 15],
    [25, 30],
    [50, 60],
    [100, 0],
  ],
  '4s',
)
/** Its gate never opens: what comes of it the tests say, however long they take. */
const held = (weight: number): string =>
  steps(
    [
      [weight, 1_000_000],
      [100, 0],
    ],
    '10m',
  )

const errors = '{ name: error-rate, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 } }'
const analysis = (...metrics: readonly string[]): string =>
  `analysis: { interval: 200ms, initial_delay: 1ms, metrics: [${metrics.join(', ')}] }\ninconclusive: { action: extend, max_extensions: 20 }\ntraffic: { error_share: 0.001, conversations_per_day: 100000 }\n`

/** The whole file of a scenario's migration. */
export const fileOf = ({ model, file }: Scenario): string =>
  `migration: ${model}\nmatch: { models: [${model}] }\nbaseline: { route: old/${model} }\ncandidate: { route: new/${model}-next }\n${file}`

const sound: Behave = () => ({})

/** Fails this many of a hundred questions, evenly, and none of them twice. */
const failing =
  (percent: number, isBad: boolean): Behave =>
  ({ count, retried }) =>
    !retried && Math.floor(((count + 1) * percent) / 100) > Math.floor((count * percent) / 100)
      ? { status: 500, isBad }
      : { isBad }

const bothSound = { baseline: sound, candidate: sound }

/** 333 calls a day for 72 hours. */
const littleCalls = 999
/** So many without a failure show that fewer than one in a hundred fails. */
const promptsOfLog = 560

type Replay = {
  readonly ok: boolean
  readonly prompts: { readonly compared: number; readonly error_share_at_most: number; readonly left: object }
}

/** Logged prompts asked of both sides before anything moves. */
const askedAgain = async (stage: Stage, file: string): Promise<string | null> => {
  const prompts = Array.from({ length: promptsOfLog }, (_unused, index) =>
    JSON.stringify({
      model: 'little',
      max_tokens: 100,
      messages: [{ role: 'user', content: `0:${2_000_000 + index}:${20 + (index % 50)}:${5 + (index % 20)}` }],
    }),
  ).join('\n')
  // Without a call: only what providers do from here on.
  await stage.play({ model: 'little', behave: bothSound }, () => true)
  const body = { subject: file, prompts, limit: promptsOfLog, max_usd: '50' }
  const { ok, prompts: found } = (await stage.admin('/migrations/replay', body)) as Replay
  if (ok && found.error_share_at_most <= 0.01) return null
  return `${found.compared} prompts compared, the error share is at most ${found.error_share_at_most}, left ${JSON.stringify(found.left)}`
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'a healthy candidate',
    model: 'healthy',
    file: ramp + analysis(errors),
    scene: { behave: bothSound },
    verdict: 'completed',
    isShort: true,
  },
  {
    name: '333 calls a day, by replay and plain thresholds within 72 hours',
    model: 'little',
    file:
      steps(
        [
          [25, 50],
          [50, 50],
          [100, 0],
        ],
        '10s',
      ) + analysis(errors).replace('interval: 200ms', 'policy: thresholds, threshold_sample: 50, interval: 200ms'),
    scene: { behave: bothSound, slower: 6 },
    before: askedAgain,
    callsMax: littleCalls,
    verdict: 'completed',
  },
  {
    name: 'dead at 5 %',
    model: 'dead',
    file: held(5) + analysis(errors),
    scene: { behave: { baseline: sound, candidate: () => ({ status: 503, isBad: true }) } },
    verdict: 'rolled_back',
    isShort: true,
  },
  {
    name: '3 % errors at 10 %',
    model: 'three',
    file: held(10) + analysis(errors),
    scene: { behave: { baseline: sound, candidate: failing(3, true) } },
    verdict: 'rolled_back',
  },
  {
    name: 'first tokens slower and slower',
    model: 'slow',
    file: held(25) + analysis(errors, '{ name: ttft-p99, threshold_range: { max_ms: 500 } }'),
    scene: {
      stream: true,
      behave: {
        baseline: sound,
        candidate: ({ count }) => ({ delayMs: Math.min(1_200, 15 * count), isBad: 15 * count > 500 }),
      },
    },
    verdict: 'rolled_back',
  },
  {
    name: 'answers half as long again',
    model: 'tokens',
    file: held(50) + analysis(errors, '{ name: completion-tokens, relative: { max_ratio: 1.25 } }'),
    scene: {
      behave: { baseline: sound, candidate: ({ output }) => ({ outputTokens: Math.round(output * 1.5), isBad: true }) },
    },
    verdict: 'paused: worse_than_baseline',
  },
  {
    name: 'tool calls broken',
    model: 'tools',
    file: held(25) + analysis(errors, '{ name: tool-call-valid, threshold_range: { min: 0.99 } }'),
    scene: { tools: true, behave: { baseline: sound, candidate: () => ({ brokenTool: true, isBad: true }) } },
    verdict: 'rolled_back',
    isShort: true,
  },
  {
    name: 'a storm over both',
    model: 'storm',
    file: held(50) + analysis(errors),
    // No more than repeats are allowed for: a fifth of the calls.
    scene: { behave: { baseline: failing(12, false), candidate: failing(12, false) } },
    verdict: 'paused: shared_incident',
    isShort: true,
  },
  {
    name: 'the deciding node killed mid-ramp',
    model: 'decider',
    file: ramp + analysis(errors),
    scene: { behave: bothSound },
    event: {
      after: 15,
      run: async (stage) => {
        const leader = Math.max(0, await stage.leader())
        await stage.nodes[leader]?.kill()
        await stage.revive(leader)
      },
    },
    verdict: 'completed',
  },
  {
    name: 'the store away for 8 s',
    model: 'store',
    file: ramp + analysis(errors),
    scene: { behave: bothSound },
    event: {
      after: 15,
      run: async ({ server }) => {
        await server.kill()
        await wait(8_000)
        await server.start()
      },
    },
    verdict: 'completed',
  },
  {
    name: 'Redis lost for 5 s',
    model: 'redis',
    file: ramp + analysis(errors),
    scene: { behave: bothSound },
    event: {
      after: 15,
      run: async ({ redis }) => {
        await redis?.kill()
        await wait(5_000)
        await redis?.start()
      },
    },
    verdict: 'completed',
    lacks: ({ redis }) => (redis === null ? 'no redis-server is installed' : null),
  },
  {
    name: "a node's clock jumps by an hour",
    model: 'clock',
    file: ramp + analysis(errors),
    scene: { behave: bothSound },
    event: {
      after: 15,
      run: async ({ setClock }) => {
        await setClock('+1h')
        await wait(4_000)
        await setClock('-1h')
        await wait(4_000)
        await setClock('+0')
      },
    },
    verdict: 'completed',
  },
]

const edgeCalls = 400

/** Callers who send a tenth of their conversations to a relay that is killed half way, and go direct from then on. */
export const killedAtTheEdge = async (stage: Stage, scene: Scene): Promise<Outcome & { readonly reached: number }> => {
  const [relay] = stage.nodes
  if (relay === undefined) return { calls: 0, lost: 0, elsewhere: 0, reached: 0 }
  const settings: EdgeSettings = {
    migration: 'onto-drover',
    baseline: { baseURL: stage.provider.baseUrl, apiKey: 'sk-of-the-caller' },
    candidate: { baseURL: `${relay.url}/v1`, apiKey: stage.key() },
    percent: () => 10,
    report: null,
  }
  const edge = new DroverEdge(settings)
  const outcome = { calls: 0, lost: 0, elsewhere: 0, reached: 0 }
  for (let sent = 0; sent < edgeCalls; sent += 1) {
    if (sent === edgeCalls / 2) await relay.kill()
    outcome.calls += 1
    const ask = async ({ baseURL, apiKey }: { readonly baseURL: string; readonly apiKey: string | undefined }) => {
      if (baseURL.startsWith(relay.url)) outcome.reached += 1
      const response = await fetch(`${baseURL}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey ?? ''}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: scene.model,
          max_tokens: 100,
          messages: [{ role: 'user', content: `0:${1_000_000 + sent}:10:5` }],
        }),
      })
      if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { status: response.status })
      return response.json()
    }
    await edge.call(`conversation-${sent}`, ask).catch(() => {
      outcome.lost += 1
    })
  }
  await stage.revive(0)
  return outcome
}
