import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Relay } from './harness.ts'
import { runDrover, startRelay, testKey } from './harness.ts'

type Row = {
  readonly id: string
  readonly level: string
  readonly verdict: string
  readonly expected: string | null
  readonly reasons: readonly string[]
}

describe('the sandbox, probed', () => {
  let relay: Relay
  let folder = ''
  before(async () => {
    relay = await startRelay()
    folder = await mkdtemp(join(tmpdir(), 'drover-probe-'))
  })
  after(async () => {
    await relay[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  const probe = (...more: readonly string[]) =>
    runDrover(['probe', '--base-url', `${relay.url}/v1`, '--model', 'kimi-k2', '--api-key', 'env:KEY', ...more], {
      cwd: folder,
      env: { KEY: testKey },
    })

  test('passes every blocking probe, and what else fails is known of it', async () => {
    const { code, stdout, stderr } = await probe('--json', '--parallel', '20')
    assert.equal(code, 0, stderr)
    const report = JSON.parse(stdout) as { profile: string; summary: Record<string, number>; probes: readonly Row[] }
    assert.equal(report.profile, 'drover', 'it is known by its headers')
    const failed = report.probes.filter(({ verdict }) => verdict === 'fail')
    assert.deepEqual(
      failed.filter(({ level }) => level === 'blocking'),
      [],
    )
    assert.deepEqual(
      failed.filter(({ expected }) => expected === null),
      [],
    )
    assert.equal(report.summary['not_run'], 0)
    assert.ok(report.probes.filter(({ verdict }) => verdict === 'pass').length > 60)
    assert.ok(!stdout.includes(testKey) && !stderr.includes(testKey))
  })

  test('the check before a switch', async () => {
    const { code, stdout } = await probe('--quick', '--json')
    assert.equal(code, 0)
    assert.equal((JSON.parse(stdout) as { probes: readonly Row[] }).probes.length, 3)
  })

  test('staging tests are written without asking anything of anybody', async () => {
    const { code } = await probe('--emit', 'vitest', '--output', 'staging.test.mjs')
    assert.equal(code, 0)
    const text = await readFile(join(folder, 'staging.test.mjs'), 'utf8')
    assert.match(text, /from 'vitest'/)
    assert.ok(!text.includes(testKey))
  })
})
