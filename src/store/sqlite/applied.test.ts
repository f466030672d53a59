/** No more is applied than a server reads again. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppliedSetting } from '#admin/port.ts'
import { assertRefused, openBooks, trail } from './test-books.ts'

const set = (name: string): AppliedSetting => ({
  row: { kind: 'model', name, document: '{}', sealed: null, digest: null, sealedMs: null, changedMs: 1 },
  trail: trail(),
})

test('one more than there may be is refused, with all that came with it; another in the place of one is not', async (context) => {
  const { ask, database } = await openBooks(context)
  database.exec(`
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 19999)
    INSERT INTO applied (kind, name, document, changed_ms) SELECT 'model', 'm' || n, '{}', 0 FROM n`)
  const count = () => database.prepare('SELECT count(*) AS count FROM applied').get()?.['count']
  await assertRefused(ask('setApplied', [set('m1'), set('last'), set('more')]), 'conflict', /are 20000 applied/)
  assert.equal(Number(count()), 19_999)
  await ask('setApplied', [set('m1'), set('last')])
  await ask('setApplied', [set('m2')])
  assert.equal(Number(count()), 20_000)
  assert.equal((await ask('applied', null)).filter(({ changedMs }) => changedMs === 1).length, 3)
})
