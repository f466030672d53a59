/** The books as a whole. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import { operation, proofMsMax } from './operation.ts'
import { table } from './render.ts'

const verify = operation({
  noun: 'ledger',
  verb: 'verify',
  summary: 'Prove the books from their entries: sums, balances, lots, holds, one end for every call.',
  method: 'GET',
  path: '/ledger/verify',
  scope: 'read',
  input: z.strictObject({}),
  output: z.object({
    ok: z.boolean(),
    transactions: z.int(),
    calls: z.int(),
    open_holds: z.int(),
    problems: z
      .array(z.object({ kind: z.string(), object: z.string(), message: z.string() }))
      .describe('What does not fit; at most 100.'),
  }),
  flags: [],
  answerMsMax: proofMsMax,
  render: ({ ok, transactions, calls, open_holds, problems }) =>
    [
      `${ok ? 'proven' : 'NOT PROVEN'}: ${transactions} transactions, ${calls} calls, ${open_holds} holds open`,
      ...problems.map(({ kind, object, message }) => `${kind} ${object}: ${message}`),
      '',
    ].join('\n'),
  failure: ({ ok, problems }) => (ok ? null : `The books have ${problems.length} faults.`),
  run: async (_input, { ports, clock }) => {
    const { ok, transactions, calls, openHolds, problems } = await ports.store.verifyBooks(clock.nowMs())
    return { ok, transactions, calls, open_holds: openHolds, problems: problems.map((one) => ({ ...one })) }
  },
})

const transactionView = z.object({
  id: z.string(),
  kind: z.string().describe('`grant`, `adjust` (by hand, taken back, or rated anew), `expire`.'),
  call: z.string().nullable().describe('The call that was rated anew.'),
  time: z.string().describe('RFC 3339, UTC.'),
  reason: z.string().nullable(),
  entries: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      amount_nano: z.string(),
      currency: z.string(),
      lot: z.string().nullable(),
    }),
  ),
})

const list = operation({
  noun: 'ledger',
  verb: 'list',
  summary:
    "An account's books but for the charges of its calls, the newest first: grants, corrections, ends. `usage` and `logs` show the charges.",
  method: 'GET',
  path: '/ledger',
  scope: 'read',
  input: z.strictObject({
    account: handleField().default('default').describe('The account: id or name.'),
    limit: z.int().min(1).max(1000).default(100).describe('How many transactions at most, 1 to 1000.'),
    before: z.string().min(1).max(200).optional().describe('The `next` of the page before.'),
  }),
  output: z.object({ data: z.array(transactionView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['TIME', 'KIND', 'USD', 'FROM', 'TO', 'LOT', 'REASON'],
      data.flatMap(({ time, kind, reason, entries }) =>
        entries.map(({ from, to, amount_nano, lot }) => [
          time,
          kind,
          decimalOf(BigInt(amount_nano)),
          from,
          to,
          lot,
          reason,
        ]),
      ),
    ),
  run: async ({ account: handle, limit, before }, context) => {
    const { id: account } = await accountNamed(handle, context)
    const rows = await context.ports.customers.bookPage({ account, limit, before: before ?? null })
    return {
      data: rows.map(({ timeMs, entries, ...row }) => ({
        ...row,
        time: rfc3339(timeMs),
        entries: entries.map(({ amountNano, ...entry }) => ({ ...entry, amount_nano: amountNano.toString() })),
      })),
      next: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
    }
  },
})

/** Found by `billing show` too. */
export const listTransactions = list

export const ledgerOperations = [list, verify] as const
