import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { openDesk } from './test-desk.ts'

type View = Readonly<Record<string, unknown>>

const company = { account: 'acme', name: '示例科技有限公司', tax_id: '91110108MA01ABCDEF' }

/** An account that paid 100 yuan, got a gift, and used 30 dollars of the hundred that a hundred yuan buy. */
const opened = async (context: TestContext) => {
  const desk = await openDesk(context)
  const { run } = desk
  const order = await run('payments create', { account: 'acme', usd: '100', method: 'manual', currency: 'CNY' })
  await run('payments confirm', { order: order['id'], amount: order['pay'], currency: 'CNY', reference: 'bank-1' })
  await run('credits grant', { account: 'acme', usd: '5.00', kind: 'promo', priority: 90 })
  const settle = { key: null, nowMs: desk.clock.nowMs(), priceHash: null, rule: 'test', upstreamCosts: [] }
  const spend = (call: string, usd: string) =>
    desk.store.settle({ ...settle, call, account: String(order['account']), chargeNanoUsd: nanoOf(usd) })
  await spend('call_1', '30')
  await run('fapiao add-title', company)
  const balance = async () => {
    const { consumed, taken, available } = await run('fapiao balance', { account: 'acme' })
    return [consumed, taken, available]
  }
  return { ...desk, order, spend, balance }
}

test('what was paid in yuan and used may be invoiced; gifts and what is left may not', async (context) => {
  const { run, spend, balance, order } = await opened(context)
  assert.equal(order['pay'], '100.00')
  assert.deepEqual(await balance(), ['30.00', '0.00', '30.00'])
  await spend('call_2', '70')
  await spend('call_3', '3')
  assert.deepEqual(await balance(), ['100.00', '0.00', '100.00'])
  await assert.rejects(
    run('fapiao request', { account: 'acme', title: company.name, amount: '100.01' }),
    /may be invoiced/,
  )
  const made = await run('fapiao request', { account: 'acme', title: company.name, kind: 'special' })
  assert.deepEqual([made['amount'], made['state'], made['tax_id']], ['100.00', 'requested', company.tax_id])
  await assert.rejects(run('fapiao request', { account: 'acme', title: company.name }), {
    code: 'invalid_request_error',
  })
})

test('of many requests at once no more is granted than there is', async (context) => {
  const { run, balance } = await opened(context)
  const asked = await Promise.allSettled(
    Array.from({ length: 12 }, () => run('fapiao request', { account: 'acme', title: company.name, amount: '7.00' })),
  )
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 4)
  assert.deepEqual(await balance(), ['30.00', '28.00', '2.00'])
})

test('the operator issues, refuses, undoes; each once, each in the trail, and the file is the one that was given', async (context) => {
  const { run, balance, store } = await opened(context)
  const ask = async (amount: string) =>
    String((await run('fapiao request', { account: 'acme', title: company.name, amount }))['id'])
  const [one, two] = [await ask('10.00'), await ask('20.00')]
  const shown = await run('fapiao show', { account: 'acme' })
  assert.deepEqual(
    // Two of one millisecond come in either order.
    (shown['requests'] as View[]).map(({ amount, account_name }) => [amount, account_name]).toSorted(),
    [
      ['10.00', 'acme'],
      ['20.00', 'acme'],
    ],
  )
  assert.equal((shown['titles'] as View[])[0]?.['name'], company.name)
  assert.equal((shown['balance'] as View)['available'], '0.00')
  const queue = (await run('fapiao list', { state: 'requested' }))['data'] as View[]
  assert.deepEqual(new Set(queue.map(({ id }) => id)), new Set([one, two]))
  const number = '26112000000012345678'
  const pdf = Buffer.from('%PDF-1.7 test').toString('base64')
  await assert.rejects(run('fapiao issue', { request: one, number: '123' }), /20 digits/)
  await run('fapiao issue', { request: one, number, file: pdf })
  await assert.rejects(run('fapiao issue', { request: one, number: '26112000000012345679' }), { code: 'conflict' })
  await assert.rejects(run('fapiao issue', { request: two, number }), /is that of the request/)
  assert.deepEqual(await run('fapiao file', { request: one }), {
    name: `${number}.pdf`,
    content_type: 'application/pdf',
    base64: pdf,
  })
  await run('fapiao reject', { request: two, reason: 'the title is wrong' })
  assert.deepEqual(await balance(), ['30.00', '10.00', '20.00'])
  await run('fapiao red', { request: one, number: '26112000000087654321', reason: 'refunded' })
  assert.deepEqual(await balance(), ['30.00', '0.00', '30.00'])
  const trail = (await store.trail({ limit: 1000, after: null })).map(({ operation }) => operation)
  for (const operation of ['fapiao.add-title', 'fapiao.request', 'fapiao.issue', 'fapiao.reject', 'fapiao.red'])
    assert.ok(trail.includes(operation), operation)
})

test('a person gets no special fapiao, and a title that was removed is not asked for again', async (context) => {
  const { run } = await opened(context)
  await assert.rejects(run('fapiao add-title', { account: 'acme', name: 'x' }), /a company needs it/)
  await run('fapiao add-title', { account: 'acme', form: 'person', name: '王小明' })
  await assert.rejects(
    run('fapiao request', { account: 'acme', title: '王小明', kind: 'special' }),
    /companies that pay VAT/,
  )
  await run('fapiao remove-title', { account: 'acme', title: '王小明' })
  await assert.rejects(run('fapiao request', { account: 'acme', title: '王小明' }), { code: 'not_found' })
  assert.equal(((await run('fapiao titles', { account: 'acme' }))['data'] as View[]).length, 1)
})
