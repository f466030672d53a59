/**
 * What the books cost on the path of a call: calls a second and processor time a call with everything on (a prepaid account, held and
 * settled, with each durability), beside the same calls of an account that is metered and of one whose calls have no
 * price, so that the ledger is never asked. All in one run, in turns, against one provider on loopback.
 * `bin/drover-node test/load/money-rate.ts --turns 6 --seconds 3 --callers 16 [--stream]`; figures as JSON.
 */

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, configFor, fakeKey, startRelay } from '../e2e/harness.ts'
import { stream, whole } from '../fake/answer.ts'
import { completion, completionEvents } from '../fake/openai.ts'
import { startUpstream } from '../fake/upstream.ts'

const { values } = parseArgs({
  options: {
    turns: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '3' },
    callers: { type: 'string', default: '16' },
    stream: { type: 'boolean', default: false },
    /** A folder for processor profiles of the relays. */
    profile: { type: 'string' },
  },
})
const [turns, seconds, callers] = [Number(values.turns), Number(values.seconds), Number(values.callers)]
const ticksPerSecond = 100

await using upstream = await startUpstream()
const events = completionEvents(
  Array.from({ length: 50 }, (_unused, index) => `word-${index} `),
  { usage: true },
)
upstream.answer(values.stream ? stream(events) : whole(completion({ promptTokens: 7, completionTokens: 3 })))

const config = (durability: string): string =>
  configFor(
    upstream,
    `store: { durability: ${durability} }
models:
  sold: { targets: [{ provider: fake, model: any }], price: { input: "1.00", output: "2.00" } }
  unpriced: { targets: [{ provider: fake, model: any }] }
`,
  )

const start = (durability: string): Promise<Relay> => {
  const profile = values.profile === undefined ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${values.profile}` }
  return startRelay({ config: config(durability), env: { FAKE_KEY: fakeKey, ...profile } })
}

const keyOf = async (relay: Relay, billing: string): Promise<string> => {
  const ask = { path: '/api/v1/accounts', key: adminKey, body: { name: billing, billing } }
  const account = (await call(relay.url, ask)).at('id')
  const grant = { account, usd: '1000000' }
  if (billing === 'prepaid') await call(relay.url, { path: '/api/v1/credits', key: adminKey, body: grant })
  return (await relay.createKey({ account })).key
}

type Variant = {
  readonly name: string
  readonly relay: Relay
  readonly key: string
  readonly model: string
  calls: number
  cpuMs: number
  spentMs: number
  readonly latenciesMs: number[]
}

const cpuMsOf = ({ pid }: Relay): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

const agent = new Agent({ keepAlive: true, maxSockets: callers })

/** One call over a kept connection; its bytes are read and forgotten. */
const oneCall = ({ relay, key, model }: Variant): Promise<void> =>
  new Promise((resolve, reject) => {
    const messages = [{ role: 'user', content: 'What does a call cost?' }]
    const body = JSON.stringify({ model, max_tokens: 100, stream: values.stream, messages })
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const asking = request(`${relay.url}/v1/chat/completions`, { method: 'POST', agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`status ${answer.statusCode}`))
      answer.resume().once('end', resolve).once('error', reject)
    })
    asking.once('error', reject)
    asking.end(body)
  })

const turn = async (variant: Variant): Promise<void> => {
  const cpuMs = cpuMsOf(variant.relay)
  const startedMs = performance.now()
  const caller = async (): Promise<void> => {
    while (performance.now() - startedMs < seconds * 1_000) {
      const askedMs = performance.now()
      await oneCall(variant)
      variant.latenciesMs.push(performance.now() - askedMs)
      variant.calls += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  variant.spentMs += performance.now() - startedMs
  upstream.forget()
  // What was begun for these calls is charged to them: the store's last commits.
  await new Promise((resolve) => setTimeout(resolve, 300))
  variant.cpuMs += cpuMsOf(variant.relay) - cpuMs
}

await using process1 = await start('process')
await using power = await start('power')
const variantOf = async (name: string, relay: Relay, [billing, model]: readonly [string, string]): Promise<Variant> => {
  const key = await keyOf(relay, billing)
  return { name, relay, key, model, calls: 0, cpuMs: 0, spentMs: 0, latenciesMs: [] }
}
const off = await variantOf('ledger off', process1, ['unlimited', 'unpriced'])
const variants = [
  off,
  { ...off, name: 'metered', model: 'sold', latenciesMs: [] },
  await variantOf('prepaid, process', process1, ['prepaid', 'sold']),
  await variantOf('prepaid, power', power, ['prepaid', 'sold']),
]
for (const variant of variants) await turn({ ...variant, latenciesMs: [] })
for (let each = 0; each < turns; each += 1)
  for (let place = 0; place < variants.length; place += 1) {
    const variant = variants[(each + place) % variants.length]
    assert(variant !== undefined)
    await turn(variant)
  }
if (values.profile !== undefined) await Promise.all([process1.stop(), power.stop()])
agent.destroy()

const figuresOf = ({ name, calls, cpuMs, spentMs, latenciesMs }: Variant) => {
  const sorted = latenciesMs.toSorted((a, b) => a - b)
  const quantile = (share: number): number => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(2))
  return {
    name,
    calls,
    calls_per_second: Math.round((calls * 1_000) / spentMs),
    cpu_ms_per_call: Number((cpuMs / calls).toFixed(4)),
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    rate_of_off: Number((calls / spentMs / (off.calls / off.spentMs)).toFixed(3)),
    cpu_of_off: Number((cpuMs / calls / (off.cpuMs / off.calls)).toFixed(3)),
  }
}
process.stdout.write(
  `${JSON.stringify({ turns, seconds, callers, stream: values.stream, variants: variants.map(figuresOf) })}\n`,
)
