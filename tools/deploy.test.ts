// What is shipped for other programs to read: dashboards and alert rules ask only for figures that the relay has, and what starts nodes
// fits with how they end.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { durationMsOf } from '#base/settings.ts'
import { loadConfig } from '#config/load.ts'
import { makeMetrics } from '#observe/metrics.ts'
import { watchPages } from '#observe/pages.ts'
import { vendors } from '#provider/index.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

type Dashboard = {
  readonly panels: readonly {
    readonly title: string
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
    readonly targets: readonly { readonly expr: string }[]
  }[]
}
type Rules = {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly annotations: { readonly summary: string; readonly runbook: string }
    }[]
  }[]
}

/** The names of series as they are exposed: histograms as their three. */
async function seriesNames(): Promise<ReadonlySet<string>> {
  const standings = () => [{ provider: 'moonshot', targetsOut: 0, keysOut: 0 }]
  const metrics = makeMetrics({ defaults: true, standings })
  const attempts = [sampleAttempt({ costNanoUsd: 1n })]
  metrics.observe(sampleRecord({ attempts, queuedMs: 5, gaps: [1, 2], cache: 'miss' }))
  const names = (await metrics.text()).split('\n').flatMap((line) => /^([a-z0-9_]+)[{ ]/.exec(line)?.[1] ?? [])
  return new Set(names)
}

const askedIn = (expression: string): readonly string[] =>
  expression
    .match(/\b(?:drover|nodejs|process)_[a-z0-9_]+/g)
    ?.filter((name) => !/^drover_(?:overloaded|store_)/.test(name)) ?? []

test('every panel and every rule asks for series that there are', async () => {
  const known = await seriesNames()
  const { panels } = JSON.parse(read('deploy/grafana/drover.json')) as Dashboard
  const { groups } = parse(read('deploy/prometheus/alerts.yml')) as Rules
  const rules = groups.flatMap((group) => group.rules)
  const expressions = [
    ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...rules.map(({ expr }) => expr),
  ]
  assert.ok(panels.length > 10 && rules.length > 4)
  for (const expression of expressions) {
    const asked = askedIn(expression)
    assert.ok(asked.length > 0, expression)
    for (const name of asked) assert.ok(known.has(name), `${name} in ${expression}`)
  }
  for (const { annotations } of rules) assert.ok(annotations.summary !== '' && annotations.runbook !== '')
})

test('panels do not lie over each other', () => {
  const { panels } = JSON.parse(read('deploy/grafana/drover.json')) as Dashboard
  for (const [index, { title, gridPos: a }] of panels.entries())
    for (const { title: other, gridPos: b } of panels.slice(index + 1))
      assert.ok(
        a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y,
        `${title} lies over ${other}`,
      )
})

type Service = {
  readonly read_only?: boolean
  readonly stop_grace_period?: string
  readonly volumes: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** The configuration that the nodes of the compose file are given. */
async function nodesConfig() {
  const { services } = parse(read('deploy/docker/compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
  }
  const nodes = Object.entries(services).filter(([name]) => name.startsWith('node-'))
  const [first] = nodes
  assert.ok(first !== undefined && nodes.length === 2)
  // As compose does with what `.env` says.
  const filled = Object.entries(first[1].environment).map(([name, text]) => [
    name,
    text.replace(/\$\{(\w+)[^}]*\}/g, '$1-of-thirty-two-characters-or-more'),
  ])
  const loaded = await loadConfig({
    file: join(root, 'deploy/docker/drover.yaml'),
    workingFolder: root,
    environment: Object.fromEntries(filled),
    vendors: [...vendors.values()],
  })
  return { services, nodes: nodes.map(([, node]) => node), loaded }
}

test('the nodes of the compose file take their configuration, share a store and nothing else, and may end in their time', async () => {
  const { nodes, loaded } = await nodesConfig()
  assert.ok(loaded.ok, JSON.stringify(loaded))
  assert.ok(loaded.config.store.postgres !== null)
  const { drainDelayMs, drainTimeoutMs } = loaded.config.server
  const drainMs = drainDelayMs + drainTimeoutMs
  assert.ok(drainDelayMs >= 3000, 'three looks of the balancer')
  for (const { read_only: isReadOnly, stop_grace_period: grace } of nodes) {
    assert.equal(isReadOnly, true)
    assert.ok((durationMsOf(grace ?? '') ?? 0) > drainMs)
  }
  const folders = nodes.flatMap(({ volumes }) => volumes.filter((volume) => volume.endsWith(':/data')))
  assert.equal(new Set(folders).size, nodes.length)
  const unitSeconds = /^TimeoutStopSec=(\d+)s$/m.exec(read('deploy/systemd/drover.service'))?.[1]
  assert.ok(Number(unitSeconds) * 1000 > drainMs)
})

test('what stands in front asks for a page that there is, waits for long calls and gathers no stream', () => {
  const pages = watchPages({
    version: '0',
    checks: () => [],
    warnings: () => [],
    metrics: makeMetrics({ defaults: false }),
    mayRead: () => {},
  }).map(({ path }) => path)
  const caddy = read('deploy/caddy/Caddyfile')
  assert.ok(pages.includes(/health_uri (\S+)/.exec(caddy)?.[1] ?? ''))
  assert.doesNotMatch(caddy, /^\s*flush_interval/m, 'with it a caller who leaves is not told of')
  assert.ok(Number(/read_timeout (\d+)m/.exec(caddy)?.[1]) > 10)
  const nginx = read('deploy/nginx/drover.conf')
  assert.match(nginx, /proxy_buffering off;/)
  assert.ok(Number(/proxy_read_timeout (\d+)s/.exec(nginx)?.[1]) > 600)
  const docker = read('deploy/docker/Dockerfile')
  assert.ok(pages.some((page) => docker.includes(`4000${page}`)))
})

test('the image copies what there is, or what building makes', () => {
  const docker = read('deploy/docker/Dockerfile')
  const copied = [...docker.matchAll(/\/build\/(\S+)/g)].map(([, path]) => path ?? '')
  assert.ok(copied.length >= 7)
  const made = ['dist', 'web/dist']
  for (const path of copied) assert.ok(made.includes(path) || existsSync(join(root, path)), path)
})

type Values = Readonly<Record<string, unknown>>

/** Whether a member is there, by its path. */
const isThere = (value: unknown, path: readonly string[]): boolean => {
  const [first, ...rest] = path
  if (first === undefined) return true
  return typeof value === 'object' && value !== null && first in value && isThere((value as Values)[first], rest)
}

type Schema = { readonly properties?: Readonly<Record<string, Schema>>; readonly additionalProperties?: unknown }

/** Values that the schema does not know, by their path. */
const unknownIn = (values: Values, schema: Schema, path = ''): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => {
    const of = schema.properties?.[name]
    if (of === undefined) return schema.additionalProperties === false ? [`${path}${name}`] : []
    const isPlain = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isPlain ? unknownIn(value as Values, of, `${path}${name}.`) : []
  })

const chart = 'deploy/helm/drover'

test('the chart asks for values that there are, and its schema knows each of them', () => {
  const values = parse(read(`${chart}/values.yaml`)) as Values
  const schema = JSON.parse(read(`${chart}/values.schema.json`)) as Schema
  assert.deepEqual(unknownIn(values, schema), [])
  assert.deepEqual(
    Object.keys(schema.properties ?? {}).filter((name) => name !== 'global' && !(name in values)),
    [],
  )
  const templates = readdirSync(join(root, chart, 'templates'))
  assert.ok(templates.length >= 10)
  for (const name of templates)
    for (const [, path = ''] of read(`${chart}/templates/${name}`).matchAll(/\.Values\.([A-Za-z.]+)/g))
      assert.ok(isThere(values, path.split('.')), `${path} in ${name}`)
})

test("the chart's nodes take their configuration, have no rights, and are given the time of their drain", async () => {
  const { appVersion } = parse(read(`${chart}/Chart.yaml`)) as { readonly appVersion: string }
  assert.equal(appVersion, (JSON.parse(read('package.json')) as { readonly version: string }).version)
  const { config } = parse(read(`${chart}/values.yaml`)) as { readonly config: object }
  const text = JSON.stringify(config)
  const names = [...text.matchAll(/env:(\w+)/g)].map(([, name]) => name ?? '')
  const folder = mkdtempSync(join(tmpdir(), 'drover-chart-'))
  try {
    const file = join(folder, 'drover.yaml')
    writeFileSync(file, text)
    const environment = Object.fromEntries(names.map((name) => [name, `${name}-of-thirty-two-characters-or-more`]))
    environment['DROVER_STORE_URL'] = 'postgres://drover@db.internal/drover'
    const loaded = await loadConfig({ file, workingFolder: folder, environment, vendors: [...vendors.values()] })
    assert.ok(loaded.ok, JSON.stringify(loaded))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const set = read(`${chart}/templates/statefulset.yaml`)
  for (const fact of ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'drop: [ALL]', '/health/readiness'])
    assert.ok(set.includes(fact), fact)
  const given = /terminationGracePeriodSeconds: \{\{ add (.*) \}\}/.exec(set)?.[1]?.split(' ') ?? []
  for (const part of ['preStopSeconds', 'delaySeconds', 'timeoutSeconds'])
    assert.ok(given.includes(`.Values.drain.${part}`), part)
})
