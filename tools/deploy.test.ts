// What is shipped for other programs to read: dashboards and alert rules ask only for figures that the relay has.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'

import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { makeMetrics } from '#observe/metrics.ts'

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
