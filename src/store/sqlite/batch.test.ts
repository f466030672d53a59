import assert from 'node:assert/strict'
import type { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { CallFilter } from '#admin/port.ts'
import type { Answered, Asked } from '#base/mailbox.ts'
import type { CallStretch } from '#store/operations/call.ts'
import type { Execute } from '#store/operations/index.ts'
import { makeOperations } from '#store/operations/index.ts'
import { callRow } from '#store/row/call-row.ts'
import {
  fullCall,
  sampleAccount,
  sampleCall,
  sampleFilter,
  sampleFirst,
  sampleKeyRow,
  sampleTrail,
} from '#store/sample-rows.ts'
import { verifyBooks } from '#store/verify-books.ts'
import { runBatch } from './batch.ts'
import { openDatabase } from './open-database.ts'

const openGround = async () => {
  const settings = { file: ':memory:', durability: 'process', nowMs: 0, busyTimeoutMs: 0 } as const
  return { ...(await openDatabase(settings)), operations: makeOperations() }
}
type Step = [Asked['name'], unknown]
const asked = (...calls: readonly Step[]): readonly Asked[] =>
  calls.map(([name, input], number) => ({ number, name, input }))
const codes = (answers: readonly Answered[]): readonly string[] =>
  answers.map((answer) => (answer.ok ? 'ok' : answer.problem.code))
const countOf = (database: DatabaseSync, table: string): unknown =>
  database.prepare(`select count(*) as count from "${table}"`).get()?.['count']
const listCalls = sampleFilter({ limit: 10 })

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
      ['append', callRow(sampleCall('call_1'))],
      ['keys', { limit: 10, after: null }],
    ),
  )
  assert.deepEqual(codes(outcome.answers), ['ok', 'conflict', 'ok', 'conflict', 'ok', 'ok'])
  assert.deepEqual(outcome.writes, { kept: true })
  assert.equal(countOf(ground.database, 'organisation'), 1n)
  assert.equal(countOf(ground.database, 'trail'), 2n)
  ground.database.close()
})

const readSum = (answers: readonly Answered[], place: number, name: string): unknown => {
  const answer = answers[place]
  assert(answer?.ok)
  return (answer.value as Readonly<Record<string, unknown>>)[name]
}

test('calls of one batch leave the sums that they would leave one by one, whoever looks at them or fails in between', async () => {
  const budgets = [{ name: 'key:key_1', limitNanoUsd: 100n, period: 'total' as const, thresholds: [50], label: 'key' }]
  const of = (call: string) => ({ call, account: 'acc_two', key: 'key_1', nowMs: 1 })
  const amounts = { amountNanoUsd: 30n, amountMinNanoUsd: 30n, sliceNanoUsd: null, expiresMs: 9, owner: 'node_1' }
  const hold = (call: string): Step => ['hold', { ...of(call), ...amounts, budgets }]
  const settle = (call: string, chargeNanoUsd: bigint): Step => [
    'settle',
    {
      ...of(call),
      ...{ chargeNanoUsd, priceHash: null, rule: 'as reported' },
      upstreamCosts: [{ provider: 'fake', amountNanoUsd: 3n }],
    },
  ]
  const grant = { account: 'acc_two', kind: 'paid', priority: 50, expiresMs: null, nowMs: 1, method: 'manual' }
  const lot = (name: string, amountNanoUsd: bigint): Step => [
    'grantCredit',
    { grant: { ...grant, lot: name, amountNanoUsd, reason: null }, trail: sampleTrail(`trl_${name}`) },
  ]
  const calls: readonly Step[] = [
    hold('call_1'),
    hold('call_2'),
    ['append', callRow(sampleCall('call_1'))],
    settle('call_1', 20n),
    ['balance', { account: 'acc_two', nowMs: 1 }],
    hold('call_3'),
    lot('lot_2', 50n),
    settle('call_2', 35n),
    ['voidHold', { ...of('call_3'), rule: 'nothing was delivered', upstreamCosts: [] }],
    ['budgetState', { budget: budgets[0], nowMs: 1 }],
    hold('call_4'),
    settle('call_4', 30n),
    // Nothing is left of the budget.
    hold('call_5'),
    settle('call_1', 7n),
  ]
  const wrong = settle('call_6', -1n)
  const outcomes = []
  for (const batches of [[calls], calls.map((one) => [one]), [[...calls, wrong]], [[wrong, ...calls]]]) {
    const ground = await openGround()
    const rows = { ...sampleAccount('two'), account: { ...sampleAccount('two').account, billing: 'prepaid' as const } }
    await runBatch(
      ground,
      asked(['begin', sampleFirst()], ['createAccount', { rows, trail: sampleTrail('trl_1') }], lot('lot_1', 60n)),
    )
    const answers: Answered[] = []
    for (const batch of batches) answers.push(...(await runBatch(ground, asked(...batch))).answers)
    const all = answers.map((answer) => (answer.ok ? answer.value : answer.problem.code))
    const kept = [
      'account_money',
      'lot',
      'budget_spend',
      'budget_crossing',
      'hold',
      'book_transaction',
      'book_entry',
    ].map((table) => ground.database.prepare(`select * from "${table}"`).all())
    const execute = (async (name: keyof typeof ground.operations, input: never) =>
      ground.operations[name].run(ground.kysely, input)) as Execute
    const { ok, problems } = await verifyBooks(execute, 1)
    assert(ok, JSON.stringify(problems))
    outcomes.push({ all: all.filter((one) => one !== 'invalid_request_error'), kept })
    assert.equal(readSum(answers, batches[0]?.[0] === wrong ? 5 : 4, 'heldNanoUsd'), 30n)
    ground.database.close()
  }
  const [together, ...others] = outcomes
  for (const other of others) assert.deepEqual(other, together)
})

test('what a call costs counts against its budget also where it was the first and held nothing', async () => {
  const ground = await openGround()
  const budgets = [{ name: 'key:key_1', limitNanoUsd: 100n, period: 'total' as const, thresholds: [], label: 'key' }]
  const of = (call: string) => ({ call, account: 'acc_two', key: 'key_1', nowMs: 1 })
  const rows = { ...sampleAccount('two'), account: { ...sampleAccount('two').account, billing: 'unlimited' as const } }
  const hold = (call: string, amountNanoUsd: bigint): Step => [
    'hold',
    {
      ...of(call),
      ...{ amountNanoUsd, amountMinNanoUsd: 0n, sliceNanoUsd: null, expiresMs: 9, owner: 'node_1', budgets },
    },
  ]
  await runBatch(ground, asked(['begin', sampleFirst()], ['createAccount', { rows, trail: sampleTrail('trl_1') }]))
  await runBatch(ground, asked(hold('call_1', 0n)))
  const end = { chargeNanoUsd: 1n, priceHash: null, rule: 'as reported', upstreamCosts: [] }
  await runBatch(ground, asked(['settle', { ...of('call_1'), ...end }]))
  const { answers } = await runBatch(ground, asked(hold('call_2', 100n)))
  assert.equal(readSum(answers, 0, 'amountNanoUsd'), 99n)
  ground.database.close()
})

test('a batch without writes takes no write lock', async () => {
  const ground = await openGround()
  ground.database.exec('PRAGMA query_only = 1')
  const outcome = await runBatch(
    ground,
    asked(['callStretch', { filter: listCalls, from: null }], ['account', 'nobody'], ['call', 'call_1']),
  )
  assert.deepEqual(codes(outcome.answers), ['ok', 'ok', 'ok'])
  assert.equal(outcome.writes, null)
  ground.database.close()
})

test('on a full disk no write is acknowledged, reads see what is there, and room mends it', async () => {
  const ground = await openGround()
  await runBatch(ground, asked(['append', callRow(sampleCall('call_0'))]))
  const pages = Number(ground.database.prepare('PRAGMA page_count').get()?.['page_count'])
  ground.database.exec(`PRAGMA max_page_count = ${pages}`)
  const large = { ...fullCall('call_large'), requestBody: 'x'.repeat(1_000_000) }
  const outcome = await runBatch(
    ground,
    asked(
      ['append', callRow(sampleCall('call_1'))],
      ['call', 'call_1'],
      ['append', callRow(large)],
      ['callStretch', { filter: listCalls, from: null }],
    ),
  )
  assert.deepEqual(codes(outcome.answers), ['store_unavailable', 'ok', 'store_unavailable', 'ok'])
  assert.ok(outcome.writes?.kept === false)
  assert.match(outcome.writes.why, /disk is full/)
  const [, read, refusal, list] = outcome.answers
  assert.ok(read?.ok === true && list?.ok === true && refusal?.ok === false)
  assert.equal(read.value, null, 'a write that was undone is not shown')
  assert.deepEqual(list.value, { rows: [sampleCall('call_0')], next: null })
  assert.equal(refusal.problem.retryAfterMs, 1000)

  ground.database.exec('PRAGMA max_page_count = 100000')
  const again = await runBatch(ground, asked(['append', callRow(large)], ['call', 'call_large']))
  assert.deepEqual(codes(again.answers), ['ok', 'ok'])
  ground.database.close()
})

test('a fault of an operation is an internal error of that one alone', async () => {
  const ground = await openGround()
  const broken = { ...callRow(sampleCall('call_1')), values: [] }
  const outcome = await runBatch(ground, asked(['append', broken], ['append', callRow(sampleCall('call_2'))]))
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

test('a list of calls is read off the end of an index, without a sort', async () => {
  const { database } = await openGround()
  const filters = ['', 'and key = ?', 'and account = ?', 'and model = ?', 'and model = ? and account = ?']
  for (const filter of filters)
    for (const order of ['desc', 'asc']) {
      const plan = database
        .prepare(`explain query plan select * from call where sequence > ? and sequence <= ? ${filter}
          order by sequence ${order} limit 10`)
        .all()
        .map((row) => String(row['detail']))
      assert.ok(
        plan.every((line) => line.startsWith('SEARCH call USING')),
        plan.join('; '),
      )
    }
  database.close()
})

test('the log is searched in bounded stretches where it has no index yet, and by its index where it has', async () => {
  const ground = await openGround()
  const count = 120_000
  ground.database.exec(`
    insert into call (id, time_ms, account, key, model, test, protocol, path, stream, status, attempts, duration_ms,
      overhead_ms, end, tags, warnings, request_bytes, response_bytes)
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})
    select 'call_' || i, 0, 'acc_1', 'key_1', case when i % 40000 = 1 then 'rare' else 'usual' end, 0, 'p', '/', 0, 200,
      '[]', 1, 1, 'complete', '{}', '[]', 0, 0 from n`)
  const read = async (changes: Partial<CallFilter>) => {
    const found: string[] = []
    let stretches = 0
    let from: bigint | null = null
    do {
      const input = { filter: { ...listCalls, account: 'acc_1', model: 'rare', ...changes }, from }
      const { answers } = await runBatch(ground, asked(['callStretch', input]))
      assert.ok(answers[0]?.ok === true)
      const stretch = answers[0].value as CallStretch
      found.push(...stretch.rows.map(({ id }) => id))
      from = stretch.next
      stretches += 1
    } while (from !== null)
    return { found, stretches }
  }
  const back = ['call_80001', 'call_40001', 'call_1']
  assert.deepEqual(await read({}), { found: back, stretches: 3 })
  assert.deepEqual(await read({ afterId: 'call_1' }), { found: ['call_40001', 'call_80001'], stretches: 3 })
  assert.deepEqual(await read({ afterId: `call_${count}` }), { found: [], stretches: 1 })
  const roll = () => runBatch(ground, asked(['rollForward', null]))
  while ((await roll()).answers.some((answer) => answer.ok && Number(answer.value) > 0));
  const searched = await read({})
  assert.deepEqual(searched.found, back)
  assert.ok(searched.stretches <= 3)
  assert.deepEqual((await read({ afterId: 'call_1' })).found, ['call_40001', 'call_80001'])
  assert.deepEqual((await read({ beforeId: 'call_80001' })).found, ['call_40001', 'call_1'])
  assert.deepEqual(await read({ model: 'none' }), { found: [], stretches: 1 })
  ground.database.close()
})
