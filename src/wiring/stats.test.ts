import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { deskStartMs, openDesk } from './test-desk.ts'

const hourMs = 3_600_000
type Row = {
  readonly name: string
  readonly calls: number
  readonly failures: Readonly<Record<string, number>>
  readonly duration_ms: Readonly<Record<string, number | null>>
}

test('percentiles and failures of any span of the log, by key, model and provider', async (context) => {
  const { run, store } = await openDesk(context)
  const append = (number: number, hoursAgo: number, rest: Parameters<typeof sampleRecord>[0] = {}) =>
    store.append(sampleRecord({ id: `call_${number}`, timeMs: deskStartMs - hoursAgo * hourMs, ...rest }))
  for (let number = 0; number < 100; number += 1)
    await append(number, 30, { key: `key_${number % 2}`, durationMs: 10 * (number + 1), attempts: [sampleAttempt()] })
  await append(100, 2, { key: 'key_0', durationMs: 5, model: 'other', error: 'upstream_timeout', status: 504 })
  const rows = async (input: object): Promise<readonly Row[]> =>
    (await run('stats list', input))['data'] as readonly Row[]
  const near = (actual: number | null | undefined, wanted: number): void =>
    assert.ok(Math.abs((actual ?? 0) / wanted - 1) < 0.03, `${actual}, not ${wanted}`)
  const [all] = await rows({ from: '48h', to: '24h' })
  assert.equal(all?.calls, 100)
  near(all.duration_ms['p50'], 500)
  near(all.duration_ms['p95'], 950)
  near(all.duration_ms['p99'], 990)
  assert.deepEqual(
    (await rows({ by: 'key', from: '48h' })).map(({ name, calls }) => [name, calls]),
    [
      ['key_0', 51],
      ['key_1', 50],
    ],
  )
  const [late] = await rows({ by: 'model', from: '3h' })
  assert.deepEqual([late?.name, late?.failures['upstream']], ['other', 1])
  assert.deepEqual((await rows({ by: 'provider', from: '48h' }))[0]?.calls, 100)
  const whole = await run('stats list', { from: '48h' })
  assert.deepEqual([whole['calls_read'], whole['whole'], whole['window']], [101, true, null])
  await assert.rejects(run('stats list', { to: '1h' }), { message: /'to' needs 'from'/ })
  await assert.rejects(run('stats list', { from: '1h', window: '5m' }), { message: /does not go together/ })
  await assert.rejects(run('stats list', {}), { code: 'conflict', message: /stats --from 1h/ })
})
