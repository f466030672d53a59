import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { kyselyOn } from '#store/sqlite/dialect.ts'
import { stepBack, stepForward } from './apply.ts'
import { schemaSteps } from './index.ts'

const number = schemaSteps.findIndex(({ name }) => name === 'reading') + 1

const names =
  'grain, wide, test, tag_name, start_ms, account, project, member, key, model, provider, upstream_model, tag_value'
const sums =
  'calls, errors, refused, cut, left_early, attempts, failed_attempts, input, input_unknown, cached_input, cached_input_unknown, cache_write, cache_write_unknown, output, output_unknown, reasoning, reasoning_unknown, estimated, charge_nano_usd, unpriced, upstream_cost_nano_usd, upstream_unpriced'

test('figures of before get their levels from the rows with every name, and lose nothing on the way back', async () => {
  const database = new DatabaseSync(':memory:', { readBigInts: true, enableForeignKeyConstraints: true })
  const to = (count: number) =>
    ({ database: kyselyOn(database), dialect: 'sqlite', steps: schemaSteps.slice(0, count), nowMs: 5 }) as const
  await stepForward(to(number - 1))
  const put = (row: string, calls: number): void =>
    database.exec(
      `insert into usage_rollup (${names}, ${sums}) values (${row}, ${calls}, ${Array.from({ length: 21 }, () => 1).join(', ')})`,
    )
  put(`'day', 1, 0, '', 0, 'acc_1', 'prj_1', '', 'key_1', 'kimi', 'moonshot', 'k2', ''`, 3)
  put(`'day', 1, 0, '', 0, 'acc_2', 'prj_2', '', 'key_2', 'kimi', 'moonshot', 'k2', ''`, 4)
  put(`'day', 0, 0, '', 0, 'acc_1', '', '', '', 'kimi', 'moonshot', 'k2', ''`, 3)
  put(`'day', 0, 0, '', 0, 'acc_2', '', '', '', 'kimi', 'moonshot', 'k2', ''`, 4)
  put(`'day', 1, 0, 'team', 0, 'acc_1', 'prj_1', '', 'key_1', 'kimi', 'moonshot', 'k2', 'a'`, 2)
  database.exec(`insert into call (id, time_ms, test, protocol, path, stream, status, attempts, duration_ms, overhead_ms, "end", tags,
    warnings, request_bytes, response_bytes, account, family, base_nano_usd)
    values ('call_1', 86400005, 0, 'p', '/', 0, 200, '[]', 1, 1, 'complete', '{}', '[]', 1, 1, 'acc_1', 'kimi', 70),
      ('call_2', 86400006, 0, 'p', '/', 0, 200, '[]', 1, 1, 'complete', '{}', '[]', 1, 1, 'acc_1', 'kimi', 7)`)
  database.exec('update usage_head set rolled_to = 1')
  const before = database.prepare('select * from usage_rollup order by tag_name, wide, account').all()
  await stepForward(to(number))
  const level = (one: string) =>
    database
      .prepare(
        'select tag_name, account, model, key, calls from usage_rollup where level = ? order by tag_name, account',
      )
      .all(one)
      .map((row) => Object.values(row))
  assert.deepEqual(level('model'), [
    ['', '', 'kimi', '', 7n],
    ['team', '', 'kimi', '', 2n],
  ])
  assert.deepEqual(level('owner'), [
    ['', 'acc_1', '', 'key_1', 3n],
    ['', 'acc_2', '', 'key_2', 4n],
  ])
  assert.equal(level('all').length, 3)
  const volumes = database.prepare('select day_ms, account, family, base_nano_usd from day_volume').all()
  assert.deepEqual(
    volumes.map((row) => Object.values(row)),
    [[86_400_000n, 'acc_1', 'kimi', 70n]],
  )
  await stepBack(to(number), number - 1)
  assert.deepEqual(database.prepare('select * from usage_rollup order by tag_name, wide, account').all(), before)
  database.close()
})
