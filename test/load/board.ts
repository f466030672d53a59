/**
 * The dashboard of deploy/grafana/drover.json over real load: a relay in front of providers that are quick, slow and failing, callers in
 * front of it, and Prometheus beside it, which answers every query of the board. Writes docs/operate/board.svg.
 * `bin/drover-node test/load/board.ts --prometheus /usr/bin/prometheus [--seconds 60]`; nothing of the tests needs it.
 */

import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { call } from '../e2e/call.ts'
import { makeChance } from '../e2e/chance.ts'
import { adminKey, checkout, fakeKey, startRelay } from '../e2e/harness.ts'
import { failure, stream } from '../fake/answer.ts'
import { completionEvents } from '../fake/openai.ts'
import type { Exchange } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Board, Drawn } from './board-svg.ts'
import { boardSvg } from './board-svg.ts'

const { values } = parseArgs({
  options: { prometheus: { type: 'string', default: 'prometheus' }, seconds: { type: 'string', default: '60' } },
})
const seconds = Number(values.seconds)
const callers = 8
const prometheusPort = 19_090
const chance = makeChance(7)

const words = Array.from({ length: 24 }, (_none, index) => `word-${index} `)

/** Quick, slow or failing, as the path says. */
const answer = async (exchange: Exchange): Promise<void> => {
  const [, kind] = exchange.seen.target.split('/')
  const slowness = kind === 'slow' ? 12 : 3
  if (kind === 'shaky' && chance() < 0.4) return failure(503, { message: 'Too busy.' })(exchange)
  await Promise.race([wait(slowness * 10 * (0.5 + chance())), exchange.seen.closed])
  const before = async (): Promise<void> => {
    await Promise.race([wait(slowness * chance()), exchange.seen.closed])
  }
  await stream(completionEvents(words, { usage: true }), { before })(exchange)
}

const configFor = (baseUrl: string): string => {
  const kinds = ['quick', 'slow', 'shaky']
  const provider = (kind: string): string =>
    `  ${kind}: { vendor: openai-compatible, base_url: "${baseUrl.replace('/v1', `/${kind}/v1`)}", allow_private: true, api_key: "env:FAKE_KEY" }`
  const target = (kind: string): string =>
    `{ provider: ${kind}, model: ${kind}-1, cost: { input: "1.00", output: "4.00" } }`
  return `providers:\n${kinds.map(provider).join('\n')}
models:
  m:
    targets: [ ${kinds.map(target).join(', ')} ]
    price: { input: "2.00", output: "8.00" }
    route: { sticky: none }
limits:
  seats: { concurrency: ${callers - 2}, queue: { max_waiting: 50, max_wait: 5s } }
`
}

const load = async (url: string, key: string, untilMs: number): Promise<void> => {
  while (performance.now() < untilMs) {
    const isWrong = chance() < 0.03
    const body = isWrong
      ? '{'
      : { model: 'm', stream: true, max_tokens: 200, messages: [{ role: 'user', content: 'hi' }] }
    await call(url, { key, body, headers: chance() < 0.3 ? { 'x-drover-cache': '1s' } : {} })
    await wait(50 * chance())
  }
}

/** One query over the time of the load. */
const query = async (expression: string, { fromMs, toMs }: Pick<Drawn, 'fromMs' | 'toMs'>): Promise<unknown> => {
  const address = new URL(`http://127.0.0.1:${prometheusPort}/api/v1/query_range`)
  const text = expression.replaceAll('$__rate_interval', '10s').replaceAll('[1h]', '[10s]')
  const asked = { query: text, start: `${fromMs / 1_000}`, end: `${toMs / 1_000}`, step: '1' }
  for (const [name, value] of Object.entries(asked)) address.searchParams.set(name, value)
  const answered = await fetch(address)
  const document = (await answered.json()) as {
    readonly status: string
    readonly error?: string
    readonly data?: unknown
  }
  if (document.status !== 'success') throw new Error(`Prometheus refuses ${text}: ${document.error}`)
  return document.data
}

await using upstream = await startUpstream(answer)
await using relay = await startRelay({
  config: configFor(upstream.baseUrl),
  env: { FAKE_KEY: fakeKey },
  startWithinMs: 120_000,
})
const keys = await Promise.all([relay.createKey({ name: 'one' }), relay.createKey({ name: 'two' })])
const scrape = `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: drover
    authorization: { credentials: ${adminKey} }
    static_configs: [ { targets: ["127.0.0.1:${relay.port}"] } ]
`
const configFile = join(relay.folder, 'prometheus.yml')
await writeFile(configFile, scrape)
const watcher = spawn(
  values.prometheus,
  [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${join(relay.folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${prometheusPort}`,
  ],
  { stdio: 'ignore' },
)
try {
  const untilMs = performance.now() + seconds * 1_000
  const fromMs = Date.now() + 5_000
  await Promise.all(
    Array.from({ length: callers }, (_none, index) => load(relay.url, keys[index % 2]?.key ?? '', untilMs)),
  )
  const toMs = Date.now()
  const board = JSON.parse(await readFile(join(checkout, 'deploy', 'grafana', 'drover.json'), 'utf8')) as Board
  const panels = []
  for (const panel of board.panels) {
    const series = []
    for (const { expr, legendFormat } of panel.targets ?? [])
      series.push({ legendFormat, data: await query(expr, { fromMs, toMs }) })
    panels.push({ panel, series })
  }
  const file = join(checkout, 'docs', 'operate', 'board.svg')
  await writeFile(file, boardSvg({ title: board.title, fromMs, toMs, panels } as Drawn))
  process.stderr.write(`${board.panels.length} panels, ${seconds} s of load: ${file}\n`)
} finally {
  watcher.kill('SIGTERM')
}
