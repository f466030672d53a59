/**
 * What it costs a call to be in a migration: one relay, calls of two models in turn, one of which is being moved; processor time of the relay's process and latency of both,
 * side by side. `bin/drover-node test/load/migration-overhead.ts [--rounds 8] [--calls 400] [--json]`. Of each round the two are compared with each other, so that what else
 * the machine does strikes both; the ratio is the median over the rounds. Needs Linux, whose `/proc` says how much a process has worked.
 */

import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, fakeKey, startRelay } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '8' },
    calls: { type: 'string', default: '400' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds)
const callsPerBlock = Number(values.calls)
const callersAtOnce = 8
const ticksPerSecond = 100
const warmUpCalls = 400

const file = `migration: cost
match: { models: [moved] }
baseline: { route: old/m }
candidate: { route: new/m }
steps:
  - { set_weight: 50, pause: { duration: 10h }, min_sample: 1000000 }
  - { set_weight: 100, bake: { duration: 1h } }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
`

/** Processor time of a process since its start, in microseconds. */
const workedMicros = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond
}

const agent = new Agent({ keepAlive: true, maxSockets: callersAtOnce })
let sent = 0

/** One call; gives its latency. */
const ask = (relay: Relay, key: string, model: string): Promise<number> =>
  new Promise((resolve, reject) => {
    sent += 1
    const beganMs = performance.now()
    const body = JSON.stringify({
      model,
      max_tokens: 5,
      messages: [{ role: 'user', content: 'one of many questions' }],
    })
    const asking = request(new URL('/v1/chat/completions', relay.url), {
      method: 'POST',
      agent,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-session-id': `s-${sent}` },
    })
    asking.on('error', reject)
    asking.on('response', (answer) => {
      answer.resume()
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(performance.now() - beganMs) : reject(new Error(`${answer.statusCode}`)),
      )
    })
    asking.end(body)
  })

type Block = { readonly microsPerCall: number; readonly latencies: readonly number[] }

const block = async (relay: Relay, key: string, { model, calls }: { model: string; calls: number }): Promise<Block> => {
  const before = workedMicros(relay.pid)
  const latencies: number[] = []
  let left = calls
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      latencies.push(await ask(relay, key, model))
    }
  }
  await Promise.all(Array.from({ length: callersAtOnce }, caller))
  return { microsPerCall: (workedMicros(relay.pid) - before) / calls, latencies }
}

const quantile = (figures: readonly number[], share: number): number =>
  figures.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(share * figures.length) - 1)] ?? Number.NaN
const rounded = (figure: number, places: number): number => Number(figure.toFixed(places))

await using stack = new AsyncDisposableStack()
const upstream = stack.use(await startUpstream())
upstream.answer(whole(completion({ content: 'an answer' })))
const provider = `{ vendor: openai-compatible, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }`
const relay = stack.use(
  await startRelay({
    // What is measured is the call, not how the relay sheds when others take the processor.
    config: `server: { overload: { loop_delay: 1m } }\nproviders:\n  old: ${provider}\n  new: ${provider}\nmodels:\n  plain: { targets: [{ provider: old, model: m }] }\n  moved: { targets: [{ provider: old, model: m }] }\n`,
    env: { FAKE_KEY: fakeKey },
    startWithinMs: 300_000,
  }),
)
const { key } = await relay.createKey()
const begun = await call(relay.url, {
  path: '/api/v1/migrations',
  key: adminKey,
  body: { file, skip_preflight: 'fakes' },
})
if (begun.status !== 200) throw new Error(begun.text)
for (const model of ['plain', 'moved']) await block(relay, key, { model, calls: warmUpCalls })

const without: Block[] = []
const within: Block[] = []
for (let round = 0; round < rounds; round += 1) {
  const order = round % 2 === 0 ? (['plain', 'moved'] as const) : (['moved', 'plain'] as const)
  for (const model of order) {
    upstream.forget()
    const found = await block(relay, key, { model, calls: callsPerBlock })
    if (model === 'plain') without.push(found)
    else within.push(found)
  }
}
agent.destroy()

const figures = (blocks: readonly Block[]) => ({
  cpu_micros_per_call: Math.round(
    quantile(
      blocks.map(({ microsPerCall }) => microsPerCall),
      0.5,
    ),
  ),
  p50_ms: rounded(
    quantile(
      blocks.flatMap(({ latencies }) => latencies),
      0.5,
    ),
    2,
  ),
  p99_ms: rounded(
    quantile(
      blocks.flatMap(({ latencies }) => latencies),
      0.99,
    ),
    2,
  ),
})
const ratios = within.map(({ microsPerCall }, round) => microsPerCall / (without[round]?.microsPerCall ?? Number.NaN))
const found = {
  calls: rounds * callsPerBlock * 2,
  without: figures(without),
  within: figures(within),
  cpu_ratio: rounded(quantile(ratios, 0.5), 3),
}
if (values.json) console.log(JSON.stringify(found))
else
  console.log(
    [
      '| a call | CPU | p50 | p99 |',
      '|---|---|---|---|',
      ...(['without', 'within'] as const).map(
        (name) =>
          `| ${name === 'within' ? 'in a migration' : 'in none'} | ${found[name].cpu_micros_per_call} us | ${found[name].p50_ms} ms | ${found[name].p99_ms} ms |`,
      ),
      '',
      `CPU of a call in a migration to one in none: ${found.cpu_ratio} (median of ${rounds} rounds of ${callsPerBlock} calls each)`,
    ].join('\n'),
  )
