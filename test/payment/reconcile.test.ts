import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { decimalOf, nanoOf } from '#base/money.ts'
import { take } from '#payment/cashier.ts'
import { pollPayments } from '#payment/poll.ts'
import { reconcileDay } from '#payment/reconcile.ts'
import { refundOrder } from '#payment/refund.ts'
import { benches, benchKeys, openWorld } from './bench.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'operate', 'payment-differences.md')
const chapters: string[] = []
const keys = benchKeys()
/** What the fakes keep of a payment. */
const kept = {
  stripe: { basisPoints: 290n, fixedNano: nanoOf('0.30') },
  wechat: { basisPoints: 60n, fixedNano: 0n },
  alipay: { basisPoints: 60n, fixedNano: 0n },
} as const
const planted: Readonly<Record<string, string>> = {
  'only ours': 'credited here, and the processor knows nothing of it',
  'only theirs': 'paid there, and no word of it reached us',
  'amount differs': 'the bill has one cent less than was credited',
  'fee differs': 'the configuration says that the processor keeps nothing',
}
const days = { stripe: '2026-11-28', wechat: '2026-11-29', alipay: '2026-11-29' } as const

for (const name of ['stripe', 'wechat', 'alipay'] as const)
  test(`${name}: a day's bill agrees with our orders, and a planted difference of each kind is found`, async (context) => {
    const world = await openWorld(benches[name] ?? assert.fail(), { keys })
    context.after(() => world.store.close())
    const { bench, cashier } = world
    const account = await world.account()
    const paid = async (transaction: string) => {
      const { id } = await world.open(account)
      bench.pay(id, { transaction })
      await world.send(bench.notice(id))
      return id
    }
    const [plain, more, back] = [await paid('tx-plain'), await paid('tx-more'), await paid('tx-back')]
    await refundOrder(cashier, {
      order: back,
      amountNano: nanoOf('40'),
      source: 'operator',
      reason: 'x',
      actor: 't',
      trail: null,
    })
    const question = { method: name, day: days[name], fee: kept[name] }
    const clean = await reconcileDay(cashier, question)
    assert.deepEqual([clean.differences, clean.matched], [0, 4])
    assert.equal(world.told.length, 0)

    // Paid there, and no word of it has reached us.
    const { id: silent } = await world.open(account)
    bench.pay(silent, { transaction: 'tx-silent' })
    // Credited here, and the processor knows nothing of it.
    const { id: invented } = await world.open(account)
    const seen = {
      kind: 'paid',
      transaction: 'tx-invented',
      amountNano: nanoOf('100'),
      currency: bench.currency,
      paidMs: world.clock.nowMs(),
      fault: null,
    } as const
    await take(cashier, invented, seen)
    // Another amount stands on the bill than was credited.
    bench.pay(more, { transaction: 'tx-more', amountMinor: 9_999 })
    const found = await reconcileDay(cashier, question)
    assert.deepEqual(
      found.theirsOnly.map(({ transaction }) => transaction),
      ['tx-silent'],
    )
    assert.deepEqual(
      found.oursOnly.map(({ id }) => id),
      [invented],
    )
    assert.deepEqual(
      found.amountDiffers.map(({ id, theirs }) => [id, theirs]),
      [[more, nanoOf('99.99')]],
    )
    assert.equal(world.told[0]?.name, 'reconcile_difference')
    assert.match(world.told[0]?.id ?? '', /^evt_/, 'the same finding has the same id')
    const dear = await reconcileDay(cashier, { ...question, fee: { basisPoints: 0n, fixedNano: 0n } })
    assert.ok(dear.feeDiffers.some(({ id }) => id === plain))
    const money = (nano: bigint): string => `${decimalOf(nano)} ${bench.currency}`
    const rows = [
      ...found.oursOnly.map((one) => ['only ours', money(one.amountNano), 'nothing']),
      ...found.theirsOnly.map((one) => ['only theirs', 'nothing', money(one.amountNano)]),
      ...found.amountDiffers.map((one) => ['amount differs', money(one.ours), money(one.theirs)]),
      ...dear.feeDiffers.slice(0, 1).map((one) => ['fee differs', money(one.ours), money(one.theirs)]),
    ].map(([kind = '', ...amounts]) => `| ${name} | ${planted[kind]} | ${kind} | ${amounts.join(' | ')} |`)
    assert.equal(rows.length, 4)
    chapters.push(...rows)
    assert.equal((await world.store.reconciliation(name, days[name]))?.differences, dear.differences)

    // What was only theirs is found by asking, and then agrees.
    world.clock.advance(16_000)
    await pollPayments(cashier)
    assert.deepEqual((await reconcileDay(cashier, question)).theirsOnly, [])
    await world.sound()
  })

const pageOf = (): string => `# A day's reconciliation with differences planted

Made by test/payment/reconcile.test.ts: a day of orders and a refund agrees with the bill of each strict fake; then one difference of each kind is
planted, and \`drover reconcile payments\` must find exactly these. The test fails where this page says something else.

| method | planted | found as | ours | theirs |
|---|---|---|---|---|
${chapters.join('\n')}
`

test('the page of differences says what was found', () => {
  if (process.env['DROVER_WRITE_PAGES'] === '1') writeFileSync(page, pageOf())
  assert.equal(readFileSync(page, 'utf8'), pageOf())
})
