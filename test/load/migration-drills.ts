/**
 * The way back, gone again and again: three relays on one Postgres, each with calls under way, a rollback asked of one of them, and for each the time from there until its last
 * call has reached the candidate. `bin/drover-node test/load/migration-drills.ts [--drills 100] [--nodes 3] [--json]`; exit 1 where the deciding node takes more than 50 ms in
 * half of the drills, any node more than 2 s in one, or a call is lost.
 */

import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { chat } from '../e2e/bench.ts'
import { call } from '../e2e/call.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { completion } from '../fake/openai.ts'
import { startFleet } from '../postgres/fleet.ts'
import { startPostgres } from '../postgres/server.ts'

const { values } = parseArgs({
  options: {
    drills: { type: 'string', default: '100' },
    nodes: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
})
const drills = Number(values.drills)
const size = Number(values.nodes)

const callersPerNode = 1
const pauseMs = 10
const nodeLimitMs = 2_000
const decidingLimitMs = 50

const fileOf = (drill: number): string => `migration: drill-${drill}
match: { models: [m${drill}] }
baseline: { route: fake/one }
candidate: { route: fake/two }
steps:
  - { set_weight: 50, pause: { duration: 1h }, min_sample: 1000000 }
  - { set_weight: 100, bake: { duration: 1h } }
analysis: { metrics: [{ name: error-rate, threshold_range: { max: 0.01 } }] }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
`

const quantile = (times: readonly number[], share: number): number =>
  times.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * times.length) - 1)] ?? Number.NaN

await using stack = new AsyncDisposableStack()
const server = stack.use(await startPostgres())
const models = Array.from(
  { length: drills },
  (_unused, drill) => `  m${drill}: { targets: [{ provider: fake, model: one }] }`,
)
const fleet = stack.use(
  await startFleet({ url: await server.database(), size, config: `models:\n${models.join('\n')}\n` }),
)

/** When each node last reached the candidate. */
const reachedMs: number[] = []
let calls = 0
let lost = 0
fleet.upstream.answer(({ seen, response }) => {
  const { model, user } = JSON.parse(seen.body.toString('utf8')) as { model: string; user: string }
  if (model === 'two') reachedMs[Number(user)] = performance.now()
  const bytes = Buffer.from(JSON.stringify(completion({ content: model })))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
  response.end(bytes)
})

const urlOf = (node: number): string => fleet.relays[node]?.url ?? ''
const { key } = (await fleet.relays[0]?.createKey()) ?? { key: '' }
for (const [node] of fleet.relays.entries())
  await eventually(`the key on node ${node}`, async () =>
    (await call(urlOf(node), { path: '/v1/models', key })).status === 200 ? true : undefined,
  )

const load = async (node: number, drill: number, isOver: () => boolean): Promise<void> => {
  while (!isOver()) {
    calls += 1
    const answer = await call(urlOf(node), {
      key,
      headers: { 'x-session-id': `s-${calls}` },
      body: { ...chat('hi', { model: `m${drill}`, max_tokens: 5 }), user: `${node}` },
    })
    if (answer.status !== 200) lost += 1
    await wait(pauseMs)
  }
}

const deciding: number[] = []
const others: number[] = []
for (let drill = 0; drill < drills; drill += 1) {
  const decider = drill % size
  const nodes = fleet.relays.map((_relay, node) => node)
  reachedMs.length = 0
  const begun = await call(urlOf(decider), {
    path: '/api/v1/migrations',
    key: adminKey,
    body: { file: fileOf(drill), skip_preflight: 'fakes' },
  })
  if (begun.status !== 200) throw new Error(begun.text)
  let over = false
  const loads = nodes.flatMap((node) => Array.from({ length: callersPerNode }, () => load(node, drill, () => over)))
  await eventually(
    'the candidate on every node',
    () => (nodes.every((node) => reachedMs[node]) ? true : undefined),
    20_000,
  )
  const askedMs = performance.now()
  const path = `/api/v1/migrations/drill-${drill}/rollback`
  const back = await call(urlOf(decider), { path, key: adminKey, body: { reason: 'a drill' } })
  if (back.status !== 200) throw new Error(back.text)
  await wait(nodeLimitMs - (performance.now() - askedMs) > 600 ? 600 : 0)
  over = true
  await Promise.all(loads)
  for (const node of nodes) (node === decider ? deciding : others).push(Math.max(0, (reachedMs[node] ?? 0) - askedMs))
}

const figures = (times: readonly number[]) => ({
  drills: times.length,
  p50_ms: Math.round(quantile(times, 0.5) * 10) / 10,
  p99_ms: Math.round(quantile(times, 0.99) * 10) / 10,
  max_ms: Math.round(Math.max(...times) * 10) / 10,
})
const rows = { deciding_node: figures(deciding), other_nodes: figures(others), calls, lost }
if (values.json) console.log(JSON.stringify(rows))
else
  console.log(
    [
      '| until the last call to the candidate | drills | p50 | p99 | max |',
      '|---|---|---|---|---|',
      ...(['deciding_node', 'other_nodes'] as const).map((name) => {
        const one = rows[name]
        return `| ${name.replace('_', ' ')} | ${one.drills} | ${one.p50_ms} ms | ${one.p99_ms} ms | ${one.max_ms} ms |`
      }),
      '',
      `${calls} calls, ${lost} lost`,
    ].join('\n'),
  )
process.exitCode =
  lost === 0 && rows.deciding_node.p50_ms <= decidingLimitMs && rows.other_nodes.max_ms <= nodeLimitMs ? 0 : 1
