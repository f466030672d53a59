/** What an account has, how it came, and how more is bought: what a page about money shows, in one answer. */

import { z } from 'zod'
import { autoTopUpView, viewOfAutoTopUp } from './auto-top-ups.ts'
import { accountNamed, balanceNow, balanceView, viewOfBalance } from './credits.ts'
import { handleField } from './field.ts'
import { buyerView, listDocuments, viewOfBuyer } from './invoices.ts'
import { listTransactions } from './ledger.ts'
import { listLots } from './lots.ts'
import { operation } from './operation.ts'
import { listMethods, listOrders } from './payments.ts'
import { details } from './render.ts'

/** Lots, orders and documents that are shown: a page's worth; the lists of their own have all of them. */
const rowsMax = 100

const show = operation({
  noun: 'billing',
  verb: 'show',
  summary:
    'What an account has and how it came: balance, lots, orders, documents, the books, and how credit is bought.',
  method: 'GET',
  path: '/billing/{account}',
  scope: 'read',
  input: z.strictObject({ account: handleField().describe('The account: id or name.') }),
  output: z.object({
    account: z.object({ id: z.string(), name: z.string(), plan: z.string().nullable() }),
    balance: balanceView,
    lots: listLots.output.shape.data.describe(`At most ${rowsMax} with something left.`),
    methods: listMethods.output.shape.data,
    presets_usd: listMethods.output.shape.presets_usd,
    orders: listOrders.output.shape.data.describe(`The newest ${rowsMax}, newest first.`),
    documents: listDocuments.output.shape.data.describe(`The newest ${rowsMax}, newest first.`),
    auto_top_up: autoTopUpView.nullable().describe('The kept card, and when it is charged; null = none is kept.'),
    buyer: buyerView.nullable().describe('Who documents are made out to; null = nobody said yet.'),
    ledger: listTransactions.output.shape.data.describe(`The newest ${rowsMax} but for charges.`),
  }),
  flags: [{ field: 'account', positional: true, describe: 'The account: id or name.' }],
  render: ({ account, balance }) => details({ ...balance, account: account.name }),
  run: async ({ account: handle }, context) => {
    const { id, name, plan } = await accountNamed(handle, context)
    const page = { account: id, limit: rowsMax }
    const { payments, documents: clerk } = context.ports
    const [lots, methods, orders, documents, ledger, kept, buyer] = await Promise.all([
      listLots.run({ ...page, open: true }, context),
      listMethods.run({}, context),
      listOrders.run({ ...page, first: 'newest', refund_requested: false }, context),
      listDocuments.run({ ...page, first: 'newest' }, context),
      listTransactions.run(page, context),
      payments.cashier.store.autoTopUp(id),
      clerk.store.billingProfile(id),
    ])
    return {
      account: { id, name, plan },
      balance: viewOfBalance(await balanceNow(id, context)),
      lots: lots.data,
      methods: methods.data,
      presets_usd: methods.presets_usd,
      orders: orders.data,
      documents: documents.data,
      auto_top_up: kept === null ? null : viewOfAutoTopUp(kept),
      buyer: buyer === null ? null : viewOfBuyer(id, buyer),
      ledger: ledger.data,
    }
  },
})

export const billingOperations = [show] as const
