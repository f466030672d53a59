/** The processors' bills beside our orders. */

import { z } from 'zod'
import { decimalOf } from '#base/money.ts'
import { reconcileDay } from '#payment/reconcile.ts'
import { operation } from './operation.ts'
import { table } from './render.ts'

const line = z.object({
  kind: z.enum(['payment', 'refund']),
  id: z.string().describe('Ours.'),
  transaction: z.string().describe("The processor's."),
  amount: z.string().describe('Refunds are below zero.'),
  currency: z.string(),
})
const difference = z.object({
  id: z.string(),
  transaction: z.string(),
  ours: z.string(),
  theirs: z.string(),
  currency: z.string(),
})

const day = z.object({
  method: z.string(),
  date: z.string(),
  ok: z.boolean(),
  matched: z.int(),
  ours_only: z.array(line),
  theirs_only: z.array(line),
  amount_differs: z.array(difference),
  fee_differs: z.array(difference),
  boundary: z
    .array(line)
    .describe('Refunds of the last or first minutes of the day, which may be counted on the other one.'),
})
type Day = z.output<typeof day>

const rowsOf = (one: Day): readonly (readonly string[])[] => [
  ...one.ours_only.map((found) => ['ours only', found.id, found.transaction, `${found.amount} ${found.currency}`, '']),
  ...one.theirs_only.map((found) => [
    'theirs only',
    found.id,
    found.transaction,
    '',
    `${found.amount} ${found.currency}`,
  ]),
  ...one.amount_differs.map((found) => [
    'amount differs',
    found.id,
    found.transaction,
    found.ours,
    `${found.theirs} ${found.currency}`,
  ]),
  ...one.fee_differs.map((found) => [
    'fee differs',
    found.id,
    found.transaction,
    found.ours,
    `${found.theirs} ${found.currency}`,
  ]),
]

const textOf = (one: Day): string => {
  const rows = rowsOf(one)
  const head = `${one.method} ${one.date}: ${one.matched} agree, ${rows.length} differ\n`
  return rows.length === 0 ? head : `${head}${table(['WHAT', 'ID', 'TRANSACTION', 'OURS', 'THEIRS'], rows)}`
}

const reconcile = operation({
  noun: 'payments',
  verb: 'reconcile',
  summary:
    "Compare a processor's own bill of a day with our orders: only ours, only theirs, amounts, fees. Exits 1 where they differ.",
  method: 'POST',
  path: '/payments/reconcile',
  scope: 'write',
  input: z.strictObject({
    date: z.iso
      .date()
      .describe('The day, as the processor counts days: Beijing time for WeChat and Alipay, UTC for Stripe.'),
    method: z.string().min(1).max(40).optional().describe('Only of this method. Absent: all that have bills.'),
  }),
  output: z.object({ ok: z.boolean(), data: z.array(day) }),
  flags: [],
  failure: ({ ok }) => (ok ? null : 'Bills and orders differ.'),
  render: ({ data }) => (data.length === 0 ? 'No method that is on has bills.\n' : data.map(textOf).join('\n')),
  run: async (input, { ports }) => {
    const { cashier, keptFee } = ports.payments
    const names =
      input.method === undefined
        ? [...cashier.methods.values()].filter(({ bills }) => bills).map(({ name }) => name)
        : [input.method]
    const data: z.input<typeof day>[] = []
    for (const method of names) {
      const found = await reconcileDay(cashier, { method, day: input.date, fee: keptFee(method) })
      const shown = (one: {
        readonly kind: 'payment' | 'refund'
        readonly id: string
        readonly transaction: string
        readonly amountNano: bigint
        readonly currency: string
      }) => ({
        kind: one.kind,
        id: one.id,
        transaction: one.transaction,
        amount: decimalOf(one.amountNano),
        currency: one.currency,
      })
      const apart = (one: {
        readonly id: string
        readonly transaction: string
        readonly ours: bigint
        readonly theirs: bigint
        readonly currency: string
      }) => ({
        ...one,
        ours: decimalOf(one.ours),
        theirs: decimalOf(one.theirs),
      })
      data.push({
        method,
        date: input.date,
        ok: found.differences === 0,
        matched: found.matched,
        ours_only: found.oursOnly.map(shown),
        theirs_only: found.theirsOnly.map(shown),
        amount_differs: found.amountDiffers.map(apart),
        fee_differs: found.feeDiffers.map(apart),
        boundary: found.boundary.map(shown),
      })
    }
    return { ok: data.every(({ ok }) => ok), data }
  },
})

export const paymentReconcile = [reconcile] as const
