import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Clock } from '#base/clock.ts'
import type { Config, Loaded } from './config.ts'
import { faultText } from './fault.ts'
import { loadConfig } from './load.ts'
import { restartNeeded, watchConfig } from './watch.ts'

/** Real time whose timers keep the test alive. */
const clock: Clock = {
  nowMs: () => 0,
  monotonicMs: () => 0,
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

type Change = { readonly loaded: Loaded; readonly restart: readonly string[] }

/** Watches a fresh file; `next` gives the next change that is told. */
const open = async (text: string, pollMs: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'drover-watch-'))
  const file = join(folder, 'drover.yaml')
  writeFileSync(file, text)
  const load = () => loadConfig({ file, workingFolder: folder, environment: {}, vendors: [] })
  const first = await load()
  assert.ok(first.ok)
  const waiting: ((change: Change) => void)[] = []
  const told: Change[] = []
  const watching = watchConfig({
    config: first.config,
    load,
    clock,
    pollMs,
    debounceMs: 5,
    changed: (loaded, restart) => {
      const wanted = waiting.shift()
      if (wanted === undefined) told.push({ loaded, restart })
      else wanted({ loaded, restart })
    },
  })
  const next = (): Promise<Change> => {
    const { promise, resolve } = Promise.withResolvers<Change>()
    const one = told.shift()
    if (one === undefined) waiting.push(resolve)
    else resolve(one)
    return promise
  }
  const close = (): void => {
    watching.close()
    rmSync(folder, { recursive: true })
  }
  return { folder, file, next, close, told }
}

const configOf = (change: Change): Config => {
  assert.ok(change.loaded.ok, change.loaded.ok ? '' : change.loaded.faults.map(faultText).join('\n'))
  return change.loaded.config
}

for (const [how, pollMs] of [
  ['told by the system', 60_000],
  ['found by looking', 10],
] as const) {
  test(`an edit is loaded, a bad one is told and the good state stays the measure, ${how}`, async () => {
    const { file, folder, next, close } = await open('server: { environment: one }\n', pollMs)
    try {
      const written = next()
      writeFileSync(file, 'server: { environment: two }\n')
      assert.equal(configOf(await written).server.environment, 'two')

      const broken = next()
      writeFileSync(file, 'server: { environmnt: three, port: 5000 }\n')
      const bad = await broken
      assert.ok(!bad.loaded.ok)
      assert.match(bad.loaded.faults.map(faultText).join(), /environmnt: unknown key/)
      assert.deepEqual(bad.restart, [])

      const replaced = next()
      writeFileSync(join(folder, '.drover.yaml.swp'), 'server: { environment: four, port: 5000 }\n')
      renameSync(join(folder, '.drover.yaml.swp'), file)
      const good = await replaced
      assert.equal(configOf(good).server.environment, 'four')
      assert.deepEqual(good.restart, ['server.port'])

      const later = next()
      writeFileSync(file, 'server: { environment: five, port: 5000 }\n')
      assert.deepEqual((await later).restart, ['server.port'], 'it is as needed as before')

      const back = next()
      writeFileSync(file, 'server: { environment: five }\n')
      assert.deepEqual((await back).restart, [])
    } finally {
      close()
    }
  })
}

test('a file that goes away is told once, and its return is loaded', async () => {
  const { file, next, close, told } = await open('server: { environment: one }\n', 10)
  try {
    const gone = next()
    rmSync(file)
    const bad = await gone
    assert.ok(!bad.loaded.ok)
    const back = next()
    writeFileSync(file, 'server: { environment: one }\n')
    assert.equal(configOf(await back).server.environment, 'one')
    assert.deepEqual(told, [])
  } finally {
    close()
  }
})

test('what a restart brings into force is named', async () => {
  const load = async (text: string): Promise<Config> => {
    const folder = mkdtempSync(join(tmpdir(), 'drover-watch-'))
    try {
      writeFileSync(join(folder, 'drover.yaml'), text)
      const file = join(folder, 'drover.yaml')
      return configOf({
        loaded: await loadConfig({ file, workingFolder: folder, environment: {}, vendors: [] }),
        restart: [],
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const before = await load('server: { port: 4000 }\nstore: { url: "sqlite:/a/b.db" }\n')
  const after = await load('server: { host: ::1, port: 4001 }\nstore: { url: "sqlite:/a/c.db", durability: power }\n')
  assert.deepEqual(restartNeeded(before, after), ['server.host', 'server.port', 'store.url', 'store.durability'])
  assert.deepEqual(restartNeeded(before, before), [])
  // Whatever of the server, its log and its exports is read once, at a start.
  const rest = `server:
  port: 4000
  public_url: "https://relay.example.com"
  body_limit: 1mb
  upload_limit: 2mb
  drain_delay: 1s
  drain_timeout: 2s
  overload: { open_calls: 100 }
  trusted_proxies: [10.0.0.0/8]
  cors: { origins: ["https://app.example.com"] }
store: { url: "sqlite:/a/b.db" }
migrations: { dir: . }
telemetry: { otlp: "https://otel.example.com" }
log: { level: debug }
`
  assert.deepEqual(restartNeeded(before, await load(rest)), [
    ...[
      'public_url',
      'body_limit',
      'upload_limit',
      'drain_delay',
      'drain_timeout',
      'overload',
      'trusted_proxies',
      'cors',
    ].map((name) => `server.${name}`),
    ...['migrations.dir', 'telemetry', 'log.level'],
  ])
})
