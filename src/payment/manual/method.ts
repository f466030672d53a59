/** Bank transfers: the payer is told where to, and a person says what came. Nobody can be asked. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { PaymentMethod } from '#payment/method.ts'

const dayMs = 86_400_000

const noNotices = { status: 404, headers: {}, body: Buffer.alloc(0) }

/** `instructions`: bank and account as the payer needs them. */
export const manualMethod = (settings: {
  readonly instructions: string
  readonly currencies: readonly string[]
}): PaymentMethod => ({
  name: 'manual',
  title: 'Bank transfer',
  currencies: settings.currencies,
  ways: ['transfer'],
  notifies: false,
  asks: false,
  keepsCards: false,
  bills: false,
  begin: async (order) => ({
    processorId: null,
    // The order's own id would be hard to type into a form: its last characters name it as well as a person needs.
    action: { kind: 'transfer', instructions: settings.instructions, reference: order.id.slice(-12).toUpperCase() },
  }),
  readNotice: async () => {
    throw new Problem('not_found', { message: 'Nobody sends notices of bank transfers.' })
  },
  taken: noNotices,
  refused: () => noNotices,
  query: async () => ({ kind: 'unpaid' }),
  close: async () => {},
  // A person transfers it and says so.
  refund: async () => ({ kind: 'sent', processorId: null }),
  queryRefund: async () => ({ kind: 'sent', processorId: null }),
  bill: async () => [],
  dayOf: (day) => ({ fromMs: Date.parse(day), untilMs: Date.parse(day) + dayMs }),
  check: async () => [
    { name: 'instructions', ok: settings.instructions.trim() !== '', detail: 'what payers are told' },
    { name: 'currencies', ok: settings.currencies.length > 0, detail: settings.currencies.join(', ') },
  ],
  end: async () => {},
})
