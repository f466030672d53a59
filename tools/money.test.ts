// An amount of money becomes a number only where it is shown, measured or compared in statistics, and never where it is charged.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const conversion = /\b(?:Number|parseFloat|parseInt|Math\.\w+)\([^()]*[nN]ano/g

/** Figures for people, and quotients that are whole numbers. */
const allowed: Readonly<Record<string, number>> = {
  // Percent in basis points, read by the exact reader of decimals.
  'src/admin/markups.ts': 1,
  'src/policy/settings.ts': 1,
  // Alarms and metrics.
  'src/job/watch-provider-credit.ts': 3,
  'src/observe/metrics.ts': 1,
  'src/observe/spend-watch.ts': 3,
  // What statistics of migrations compare.
  'src/migration/metric.ts': 1,
}

test('no amount of money passes through a floating-point number on its way to a charge', () => {
  const found: Record<string, number> = {}
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  assert.ok(files.length > 500, 'the sources are there')
  for (const file of files) {
    const count = [...readFileSync(join(root, file), 'utf8').matchAll(conversion)].length
    if (count > 0) found[file] = count
  }
  assert.deepEqual(found, allowed)
})
