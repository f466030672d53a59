import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkout, cleanEnvironment, start, within } from './harness.ts'

test('kill -9 under paid load of every kind, in short: nothing is lost, doubled or left open', async () => {
  const run = start(join(checkout, 'bin', 'drover-node'), ['test/load/kill-money.ts', '--rounds', '2'], {
    cwd: checkout,
    env: cleanEnvironment(),
  })
  const { code } = await within(run.ended, 110_000, () => `the run did not end: ${run.stderr()}`)
  assert.equal(code, 0, run.stdout() + run.stderr())
  const figures = JSON.parse(run.stdout()) as { kills: number; answered: number; keys: number; faults: unknown[] }
  assert.deepEqual(figures.faults, [])
  assert.ok(figures.kills === 2 && figures.answered > 0 && figures.keys > 0, run.stdout())
})
