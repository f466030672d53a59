import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { decimalOf, nanoOf } from '#base/money.ts'
import { manualMethod } from '#payment/manual/method.ts'
import type { PaymentOrder } from '#payment/port.ts'
import { refundOrder, takeRefund } from '#payment/refund.ts'
import { confirmTransfer } from '#payment/transfer.ts'
import { sampleTrail } from '#store/sample-rows.ts'
import { alipayCertificateKeys } from '../fake/alipay-certificates.ts'
import type { MakeBench, World } from './bench.ts'
import { benches, benchKeys, certificateBenches, openWorld, stripeBench } from './bench.ts'

const page = join(import.meta.dirname, '..', '..', 'docs', 'operate', 'payment-books.md')
const keys = benchKeys()
const stages = { ...benches, ...certificateBenches(alipayCertificateKeys()) }
const chapters: string[] = []

type Story = { readonly step: (words: string, order: PaymentOrder) => Promise<void>; readonly text: () => string }

/** A table of steps, each with the state it led to and what it entered into the books. */
const storyOf = (world: World, account: string): Story => {
  const rows: string[] = []
  const told = new Set<string>()
  return {
    step: async (words, { id, state }) => {
      const { state: now } = (await world.store.order(id)) ?? { state }
      const pages = await world.store.bookPage({ account, limit: 100, before: null })
      const fresh = [...pages].reverse().filter((one) => !told.has(one.id))
      for (const one of fresh) told.add(one.id)
      const entries = fresh.flatMap((one) => one.entries)
      const lines = entries.map(({ from, to, amountNano, currency }) =>
        [`\`${from}\``, `\`${to}\``, `${decimalOf(amountNano)} ${currency}`]
          .map((cell) => cell.replaceAll(account, '…'))
          .join(' | '),
      )
      const [first = '– | – | –', ...rest] = lines
      rows.push(`| ${words} | ${now} | ${first} |`, ...rest.map((line) => `| | | ${line} |`))
    },
    text: () => `| what happens | order | from | to | amount |\n|---|---|---|---|---|\n${rows.join('\n')}\n`,
  }
}

const opened = async (context: TestContext, make: MakeBench) => {
  const world = await openWorld(make, { keys })
  context.after(() => world.store.close())
  const account = await world.account()
  const order = await world.open(account)
  const story = storyOf(world, account)
  const price = `${decimalOf(order.payNano)} ${order.currency}`
  await story.step(`100 USD of credit are ordered for ${price}`, order)
  return { world, account, order, story }
}

const refundAsked = { source: 'operator' as const, reason: 'asked for', actor: 't', trail: null }

for (const [name, make] of Object.entries(stages))
  test(`${name}: an order from beginning to refund, and the books of it`, async (context) => {
    const { world, account, order, story } = await opened(context, make)
    world.bench.pay(order.id)
    await world.send(world.bench.notice(order.id))
    await story.step('the payer pays, and the notice comes', order)
    assert.equal(await world.balance(account), nanoOf('100'))
    await refundOrder(world.cashier, { ...refundAsked, order: order.id, amountNano: nanoOf('40') })
    await story.step('40 of it go back', order)
    assert.equal(await world.balance(account), nanoOf('60'))
    await world.sound()
    chapters.push(`## ${name}\n\n${story.text()}`)
  })

test('stripe: a dispute that is won, and the books of it', async (context) => {
  let fake: ReturnType<typeof stripeBench>['fake'] | undefined
  const { world, order, story } = await opened(context, (ground) => {
    const bench = stripeBench(ground)
    fake = bench.fake
    return bench
  })
  assert.ok(fake !== undefined)
  fake.pay(order.id)
  await world.send(fake.notice(order.id))
  await story.step('the payer pays, and the event comes', order)
  const dispute = fake.dispute(order.id)
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.created'))
  await story.step("the payer's bank takes it back; Stripe keeps 15 USD for that", order)
  fake.decide(dispute, 'won', 1500)
  await world.send(fake.disputeNotice(dispute, 'charge.dispute.closed'))
  await story.step('the dispute is won, and the fee comes back as well', order)
  await world.sound()
  chapters.push(`## stripe, a dispute\n\n${story.text()}`)
})

test('stripe: a refund that comes back, and the books of it', async (context) => {
  let fake: ReturnType<typeof stripeBench>['fake'] | undefined
  const { world, account, order, story } = await opened(context, (ground) => {
    const bench = stripeBench(ground)
    fake = bench.fake
    return bench
  })
  assert.ok(fake !== undefined)
  fake.pay(order.id)
  await world.send(fake.notice(order.id))
  await story.step('the payer pays, and the event comes', order)
  const refund = await refundOrder(world.cashier, { ...refundAsked, order: order.id, amountNano: nanoOf('40') })
  await story.step('40 of it go back', order)
  const object = Object.assign(fake.refunds.get(refund.processorId ?? '') ?? {}, { status: 'failed' })
  await world.send(fake.notice(order.id, { type: 'refund.failed', object }))
  await story.step("the payer's bank would not have it, and Stripe has the money again", order)
  assert.equal(await world.balance(account), nanoOf('100'))
  await world.sound()
  chapters.push(`## stripe, a refund that comes back\n\n${story.text()}`)
})

test('manual: a transfer that a person confirms, and the books of it', async (context) => {
  const method = manualMethod({ instructions: 'Bank, account, name', currencies: ['USD'] })
  const { world, account, order, story } = await opened(context, (ground) => ({
    ...stripeBench(ground),
    name: 'manual',
    method,
  }))
  const came = { order: order.id, amountNano: nanoOf('100'), currency: 'USD', reference: 'BANK-1', actor: 't' }
  await confirmTransfer(world.cashier, { ...came, trail: () => sampleTrail('trl_confirm') }, nanoOf('1000'))
  await story.step('the bank statement says that it came', order)
  const refund = await refundOrder(world.cashier, { ...refundAsked, order: order.id, amountNano: nanoOf('40') })
  await story.step('40 are to go back: the credit is taken at once', order)
  await takeRefund(world.cashier, refund.id, { seen: { kind: 'done', processorId: 'BANK-2' }, trail: null })
  await story.step('the transfer of 40 has left', order)
  assert.equal(await world.balance(account), nanoOf('60'))
  await world.sound()
  chapters.push(`## manual\n\n${story.text()}`)
})

const pageOf = (): string => `# An order by each method, and what it enters into the books

Made by test/payment/order-books.test.ts, which orders, pays and refunds by each method against a strict fake of its processor, and fails where
this page says something else. One yuan buys one dollar of credit here; at the market a dollar costs 7.10 yuan. \`certificates\` are the
modes in which the processor's keys come in certificates. Every transaction sums to zero in each currency; \`drover ledger list --account A\` shows
those of an account of yours.

${chapters.join('\n')}`

test('the page of books says what was entered', () => {
  assert.ok(chapters.length >= 8)
  if (process.env['DROVER_WRITE_PAGES'] === '1') writeFileSync(page, pageOf())
  assert.equal(readFileSync(page, 'utf8'), pageOf())
})
