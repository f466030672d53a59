/** The books as a whole. */

import { z } from 'zod'
import { operation } from './operation.ts'

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

export const ledgerOperations = [verify] as const
