import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { nanoOf } from '#base/money.ts'
import { usageOf } from '#base/usage.ts'
import { dueInvoices, unpaidOf } from '#document/due.ts'
import { endMonth } from '#document/month-end.ts'
import { sampleCall } from '#store/sample-rows.ts'
import type { Desk } from './test-desk.ts'
import { openDesk } from './test-desk.ts'

type View = Readonly<Record<string, unknown>>

const bought = async (desk: Desk, usd: string, reference: string): Promise<View> => {
  const order = await desk.run('payments create', { account: 'acme', usd, method: 'manual', currency: 'CNY' })
  return desk.run('payments confirm', { order: order['id'], amount: order['pay'], currency: 'CNY', reference })
}

const spent = async (
  desk: Desk,
  account: string,
  call: { readonly id: string; readonly model: string; readonly usd: string },
) => {
  const usage = usageOf({ input: 1000, cachedInput: 400, output: 50 })
  await desk.store.append(
    sampleCall(call.id, { account, model: call.model, usage, priceHash: 'abcdef0123', costNanoUsd: nanoOf(call.usd) }),
  )
  const settle = { key: null, nowMs: desk.clock.nowMs(), priceHash: 'abcdef0123', rule: 'test', upstreamCosts: [] }
  await desk.store.settle({ ...settle, call: call.id, account, chargeNanoUsd: nanoOf(call.usd) })
}

const opened = async (context: TestContext) => {
  const desk = await openDesk(context)
  await desk.run('invoices buyer', {
    account: 'acme',
    name: '示例科技有限公司',
    address: '北京市海淀区示例路 1 号',
    tax_id: '91110108MA01ABCDEF',
    purchase_order: 'PO-7',
    language: 'zh-CN',
  })
  return desk
}

test('an order has one invoice, a refund one credit note, and their numbers have no gap', async (context) => {
  const desk = await opened(context)
  const order = await bought(desk, '100', 'bank-1')
  const invoice = await desk.run('invoices issue', { order: order['id'] })
  assert.deepEqual([invoice['number'], invoice['total'], invoice['currency']], ['INV-2026-000001', '100.00', 'CNY'])
  assert.equal((await desk.run('invoices issue', { order: order['id'] }))['number'], 'INV-2026-000001')
  const others = await Promise.all(
    Array.from({ length: 20 }, async (_unused, index) => {
      const next = await bought(desk, '1', `bank-x${index}`)
      const [one, same] = await Promise.all([
        desk.run('invoices issue', { order: next['id'] }),
        desk.run('invoices issue', { order: next['id'] }),
      ])
      assert.equal(one['number'], same['number'])
      return one['number']
    }),
  )
  const expected = Array.from({ length: 20 }, (_unused, index) => `INV-2026-${String(index + 2).padStart(6, '0')}`)
  assert.deepEqual(others.map(String).sort(), expected)
  const shown = await desk.run('invoices show', { document: 'INV-2026-000001' })
  const content = shown['content'] as View
  assert.deepEqual((content['taxes'] as View[])[0], { name: 'VAT', percent: '20', net: '83.33', amount: '16.67' })
  assert.equal((content['buyer'] as View)['name'], '示例科技有限公司')
})

test('a document stays as it was issued: the same bytes each time, and a changed one is told', async (context) => {
  const desk = await opened(context)
  const order = await bought(desk, '100', 'bank-1')
  const invoice = await desk.run('invoices issue', { order: order['id'] })
  const first = await desk.run('invoices file', { document: invoice['number'] })
  const bytes = Buffer.from(String(first['base64']), 'base64')
  assert.equal(bytes.subarray(0, 5).toString(), '%PDF-')
  assert.ok(bytes.length < 200_000, `${bytes.length} bytes`)
  assert.deepEqual(await desk.run('invoices file', { document: invoice['number'] }), first)
  const row = await desk.store.document(String(invoice['number']))
  assert.equal(row?.fileHash, createHash('sha256').update(bytes).digest('hex'))
  await desk.run('invoices buyer', { account: 'acme', name: 'Another Name' })
  assert.deepEqual(await desk.run('invoices file', { document: invoice['number'] }), first)
  const csv = await desk.run('invoices file', { document: invoice['number'], format: 'csv' })
  const text = Buffer.from(String(csv['base64']), 'base64').toString('utf8')
  assert.match(
    text,
    /^number,text,quantity,unit_price,amount,currency\r\nINV-2026-000001,API 额度 100\.00 美元,1,100\.00,100\.00,CNY\r\n/,
  )
})

test("a month's statement comes to what the ledger charged, with what was given as a discount", async (context) => {
  const desk = await opened(context)
  const order = await bought(desk, '100', 'bank-1')
  const account = String(order['account'])
  await desk.run('credits grant', { account: 'acme', usd: '2.00', kind: 'promo' })
  await spent(desk, account, { id: 'call_1', model: 'kimi-k2', usd: '1.500000001' })
  await spent(desk, account, { id: 'call_2', model: 'kimi-k2', usd: '0.75' })
  await spent(desk, account, { id: 'call_3', model: 'gpt-4.1', usd: '3.333333333' })
  await assert.rejects(desk.run('invoices issue', { account: 'acme', month: '2026-11' }), { code: 'conflict' })
  desk.clock.advance(20 * 86_400_000)
  await spent(desk, account, { id: 'call_4', model: 'kimi-k2', usd: '9' })
  await assert.rejects(desk.run('invoices issue', { account: 'acme', month: '2026-10' }), {
    code: 'conflict',
    message: /'acme' was made after 2026-10/,
  })
  const statement = await desk.run('invoices issue', { account: 'acme', month: '2026-11' })
  assert.deepEqual([statement['number'], statement['total']], ['INV-ST-2026-000001', '3.58'])
  const content = (await desk.run('invoices show', { document: statement['id'] }))['content'] as View
  assert.deepEqual(content['usage'], [
    {
      model: 'gpt-4.1',
      price: 'abcdef01',
      calls: '1',
      input: '1000',
      cached: '400',
      output: '50',
      amount: '3.333333333',
    },
    {
      model: 'kimi-k2',
      price: 'abcdef01',
      calls: '2',
      input: '2000',
      cached: '800',
      output: '100',
      amount: '2.250000001',
    },
  ])
  assert.deepEqual(
    [content['subtotal'], content['discount'], content['paid'], content['due']],
    ['5.583333334', '-2.00', '3.58', '0.00'],
  )
})

test('the end of a month gives each paying account its statement, and what it owes on account its invoice, once', async (context) => {
  const desk = await opened(context)
  const clerk = desk.ports.documents
  const prepaid = String((await bought(desk, '100', 'bank-1'))['account'])
  const postpaid = String((await desk.run('accounts create', { name: 'later', billing: 'postpaid' }))['id'])
  await desk.run('credits grant', { account: 'later', usd: '1.00', kind: 'promo' })
  await spent(desk, prepaid, { id: 'call_1', model: 'kimi-k2', usd: '1.5' })
  await spent(desk, postpaid, { id: 'call_2', model: 'kimi-k2', usd: '4.123456789' })
  await spent(desk, postpaid, { id: 'call_3', model: 'gpt-4.1', usd: '2' })
  assert.deepEqual(await endMonth(clerk), { month: '2026-10', statements: 0, invoices: 0 })
  assert.equal(await endMonth(clerk), null)
  desk.clock.advance(Date.UTC(2026, 11, 1, 23) - desk.clock.nowMs())
  await spent(desk, postpaid, { id: 'call_4', model: 'kimi-k2', usd: '9' })
  assert.equal(await endMonth(clerk), null, 'late calls have a day')
  desk.clock.advance(2 * 3_600_000)
  assert.deepEqual(await endMonth(clerk), { month: '2026-11', statements: 2, invoices: 1 })
  await clerk.store.noteStatedMonth('2026-10')
  assert.equal(await endMonth(clerk), null, 'a node that led before and is late takes nothing back')
  const rows = (await desk.run('invoices list', { account: 'later' }))['data'] as View[]
  assert.deepEqual(
    new Set(rows.map((row) => `${row['number']} ${row['total']} ${row['about']}`)),
    new Set([`INV-ST-2026-000002 5.12 statement/${postpaid}/2026-11`, `INV-2026-000001 5.12 owed/${postpaid}/2026-11`]),
  )
  const content = (await desk.run('invoices show', { document: 'INV-2026-000001' }))['content'] as View
  assert.deepEqual([content['due'], content['paid'], content['dueOn']], ['5.12', '0.00', '2026-12-16'])
  assert.deepEqual(content['references'], [['statement', 'INV-ST-2026-000002']])
  const pdf = await desk.run('invoices file', { document: 'INV-2026-000001' })
  assert.match(Buffer.from(String(pdf['base64']), 'base64').toString('latin1'), /^%PDF-/)
})

test('a server that was away for months comes to each of them', async (context) => {
  const desk = await opened(context)
  const clerk = desk.ports.documents
  const account = String((await bought(desk, '100', 'bank-1'))['account'])
  await endMonth(clerk)
  await spent(desk, account, { id: 'call_1', model: 'kimi-k2', usd: '1.5' })
  desk.clock.advance(Date.UTC(2027, 1, 10) - desk.clock.nowMs())
  const ended = [await endMonth(clerk), await endMonth(clerk), await endMonth(clerk), await endMonth(clerk)]
  assert.deepEqual(
    ended.map((one) => one && [one.month, one.statements]),
    [['2026-11', 1], ['2026-12', 0], ['2027-01', 0], null],
  )
})

test('money that comes in pays the oldest invoice first, and one past its day is overdue', async (context) => {
  const desk = await opened(context)
  const clerk = desk.ports.documents
  const account = String((await desk.run('accounts create', { name: 'later', billing: 'postpaid' }))['id'])
  await spent(desk, account, { id: 'call_1', model: 'kimi-k2', usd: '5.004' })
  desk.clock.advance(Date.UTC(2026, 11, 2, 1) - desk.clock.nowMs())
  await endMonth(clerk)
  await spent(desk, account, { id: 'call_2', model: 'kimi-k2', usd: '7' })
  desk.clock.advance(31 * 86_400_000)
  await endMonth(clerk)
  await spent(desk, account, { id: 'call_3', model: 'kimi-k2', usd: '1' })
  const due = async () =>
    ((await desk.run('invoices due', { account: 'later' }))['data'] as View[]).map((row) => [
      row['unpaid'],
      row['overdue'],
    ])
  assert.deepEqual(await due(), [
    ['5.00', true],
    ['7.00', false],
  ])
  const asked = { account: 'later', usd: '6.00', method: 'manual', currency: 'USD' }
  const order = await desk.run('payments create', asked)
  await desk.run('payments confirm', { order: order['id'], amount: '6.00', currency: 'USD', reference: 'bank-1' })
  assert.deepEqual(await due(), [['6.004', false]])
  await assert.rejects(desk.run('invoices issue', { order: order['id'] }), { code: 'conflict' })
  assert.deepEqual(await desk.store.undocumented(10), { orders: [], refunds: [] })
  await desk.run('credits grant', { account: 'later', usd: '6.00' })
  assert.deepEqual(await due(), [])
  assert.deepEqual(await dueInvoices(clerk, 'acc_none'), [])
  assert.deepEqual(unpaidOf([3n, 2_000_000_000n], 1_000_000_000n), [0n, 1_000_000_000n])
})
