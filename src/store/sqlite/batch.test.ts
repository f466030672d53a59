import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { makeOperations } from '#store/operations/index.ts'
import { fullCall, sampleAccount, sampleCall, sampleFirst, sampleKeyRow, sampleTrail } from '#store/sample-rows.ts'
import { runBatch } from './batch.ts'
import type { Answered, Asked } from './message.ts'
import { openDatabase } from './open-database.ts'

const openGround = async () => {
  const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  return { ...(await openDatabase(settings)), operations: makeOperations() }
}
const asked = (...calls: readonly [Asked['name'], unknown][]): readonly Asked[] =>
  calls.map(([name, input], number) => ({ number, name, input }))
const codes = (answers: readonly Answered[]): readonly string[] =>
  answers.map((answer) => (answer.ok ? 'ok' : answer.problem.code))
const countOf = (database: DatabaseSync, table: string): unknown =>
  database.prepare(`select count(*) as count from "${table}"`).get()?.['count']
const listCalls = { limit: 10, afterId: null, key: null, account: null, model: null }

test('an operation that fails leaves nothing behind and does not disturb its neighbours', async () => {
  const ground = await openGround()
  const taken = { rows: { ...sampleAccount('two'), account: { ...sampleAccount('two').account, name: 'default' } } }
  const outcome = await runBatch(
    ground,
    asked(
      ['begin', sampleFirst()],
      ['createAccount', { ...taken, trail: sampleTrail('trl_1') }],
      ['createKey', { row: sampleKeyRow('key_1'), trail: sampleTrail('trl_2') }],
      ['createKey', { row: sampleKeyRow('key_1'), trail: sampleTrail('trl_3') }],
      ['append', sampleCall('call_1')],
      ['keys', { limit: 10, after: null }],
    ),
  )
  assert.deepEqual(codes(outcome.answers), ['ok', 'conflict', 'ok', 'conflict', 'ok', 'ok'])
  assert.deepEqual(outcome.writes, { kept: true })
  assert.equal(countOf(ground.database, 'organisation'), 1n)
  assert.equal(countOf(ground.database, 'trail'), 2n)
  ground.database.close()
})

test('a batch without writes takes no write lock', async () => {
  const ground = await openGround()
  ground.database.exec('PRAGMA query_only = 1')
  const outcome = await runBatch(ground, asked(['calls', listCalls], ['account', 'nobody'], ['call', 'call_1']))
  assert.deepEqual(codes(outcome.answers), ['ok', 'ok', 'ok'])
  assert.equal(outcome.writes, null)
  ground.database.close()
})

test('on a full disk no write is acknowledged, reads see what is there, and room mends it', async () => {
  const ground = await openGround()
  await runBatch(ground, asked(['append', sampleCall('call_0')]))
  const pages = Number(ground.database.prepare('PRAGMA page_count').get()?.['page_count'])
  ground.database.exec(`PRAGMA max_page_count = ${pages}`)
  const large = { ...fullCall('call_large'), requestBody: 'x'.repeat(1_000_000) }
  const outcome = await runBatch(
    ground,
    asked(['append', sampleCall('call_1')], ['call', 'call_1'], ['append', large], ['calls', listCalls]),
  )
  assert.deepEqual(codes(outcome.answers), ['store_unavailable', 'ok', 'store_unavailable', 'ok'])
  assert.ok(outcome.writes?.kept === false)
  assert.match(outcome.writes.why, /disk is full/)
  const [, read, refusal, list] = outcome.answers
  assert.ok(read?.ok === true && list?.ok === true && refusal?.ok === false)
  assert.equal(read.value, null, 'a write that was undone is not shown')
  assert.deepEqual(list.value, [sampleCall('call_0')])
  assert.equal(refusal.problem.retryAfterMs, 1000)

  ground.database.exec('PRAGMA max_page_count = 100000')
  const again = await runBatch(ground, asked(['append', large], ['call', 'call_large']))
  assert.deepEqual(codes(again.answers), ['ok', 'ok'])
  ground.database.close()
})

test('a fault of an operation is an internal error of that one alone', async () => {
  const ground = await openGround()
  const broken = { ...sampleCall('call_1'), attempts: null }
  const outcome = await runBatch(ground, asked(['append', broken], ['append', sampleCall('call_2')]))
  assert.deepEqual(codes(outcome.answers), ['internal_error', 'ok'])
  assert.equal(countOf(ground.database, 'call'), 1n)
  ground.database.close()
})

test('a row of the trail that is changed, taken out, put in or cut off is found', async () => {
  const harms: readonly [string, string, number][] = [
    ["update trail set actor = 'somebody' where position = 3", 'it is not what was written', 3],
    ['update trail set time_ms = time_ms + 1 where position = 1', 'it is not what was written', 1],
    ['delete from trail where position = 3', 'a row is missing before this one', 4],
    ['delete from trail where position = 6', 'rows are missing at the end', 6],
    ["update trail set hash = 'x' where position = 2", 'it is not what was written', 2],
    ["update trail set previous_hash = 'x' where position = 4", 'it does not continue the row before it', 4],
  ]
  for (const [harm, why, brokenAt] of harms) {
    const ground = await openGround()
    const keys = Array.from({ length: 5 }, (_unused, number): [Asked['name'], unknown] => [
      'createKey',
      { row: sampleKeyRow(`key_${number}`), trail: sampleTrail(`trl_x${number}`) },
    ])
    await runBatch(ground, asked(['begin', sampleFirst()], ...keys))
    const verify = async () => {
      const { answers } = await runBatch(ground, asked(['checkTrail', { position: 0, hash: '' }]))
      assert.ok(answers[0]?.ok === true)
      return answers[0].value as Record<string, unknown>
    }
    assert.equal((await verify())['ok'], true)
    ground.database.exec(harm)
    const verdict = await verify()
    assert.deepEqual([verdict['ok'], verdict['why'], verdict['brokenAt']], [false, why, brokenAt], harm)
    ground.database.close()
  }
})

test('no list of calls, filtered or not, reads the table from end to end or sorts it', async () => {
  const { database } = await openGround()
  const filters = ['', 'where key = ?', 'where account = ?', 'where model = ?', 'where model = ? and account = ?']
  for (const filter of filters) {
    const plan = database
      .prepare(`explain query plan select * from call ${filter} order by sequence desc limit 10`)
      .all()
      .map((row) => String(row['detail']))
    assert.ok(!plan.some((line) => /TEMP B-TREE/.test(line)), plan.join('; '))
    if (filter !== '')
      assert.ok(
        plan.every((line) => /^SEARCH call USING INDEX call_by/.test(line)),
        plan.join('; '),
      )
  }
  database.close()
})
