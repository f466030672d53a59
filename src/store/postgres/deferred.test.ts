import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Connection } from './connection.ts'
import { deferredOn, written } from './deferred.ts'

test('values are written so that none of them is read as anything else', () => {
  const values = [1n, -2n, 0.5, null, `it's`, 'back\\slash', '$1 and $2', true, new Uint8Array([0, 255]), 'a\u0000b']
  assert.equal(
    written('f($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', values),
    `f((1), (-2), (0.5), null, 'it''s',  E'back\\\\slash', '$1 and $2', true, '\\x00ff'::bytea, 'a\ufffdb')`,
  )
  assert.throws(() => written('$1', [Number.NaN]), TypeError)
  assert.throws(() => written('$1', [{}]), TypeError)
})

test('what waits goes with the next question, in its order, and once', async () => {
  const sent: string[] = []
  const query = async (text: string) => {
    sent.push(text)
    return { rows: [], command: '', rowCount: 0, oid: 0, fields: [] }
  }
  const { defer, ask, take } = deferredOn({ query } as unknown as Connection)
  await defer('update a set b = $1', [1n])
  await defer('update c set d = $1', ['x'])
  assert.deepEqual(sent, [])
  await ask('select $1', [2n])
  await ask('select $1', [3n])
  assert.deepEqual(sent, [`update a set b = (1); update c set d = 'x'; select (2)`, 'select $1'])
  await defer('update e set f = $1', [4n])
  assert.equal(take(), 'update e set f = (4); ')
  assert.equal(take(), '')
  await defer('insert into g values ($1)', ['y'.repeat(300_000)])
  assert.equal(sent.length, 3, 'so much does not wait')
})
