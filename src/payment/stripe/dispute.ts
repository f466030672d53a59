/**
 * Disputes at Stripe. Their `balance_transactions` (none, one or two) say what moved: the first takes the amount and, in `fee`, what Stripe
 * keeps for the dispute; the second gives the amount again where it is won, with a `fee` below zero where the fee comes back as well
 * (https://docs.stripe.com/api/disputes/object; since 2025-06-17 the fee of a dispute stays with Stripe, and only the fee for answering one
 * comes back: https://support.stripe.com/questions/dispute-fees-faq, read 2026-11-29).
 */

import { objectAt, textAt, wholeAt } from '#payment/ask.ts'
import type { Hint, Named } from '#payment/method.ts'
import { nanoOfMinor } from '#payment/price.ts'
import type { StripeClient } from './client.ts'

type Fields = Readonly<Record<string, unknown>>

/** What an object of Stripe's is about: our order where it names it, else its payment. */
export const namedBy = (object: Fields | null): Named | null => {
  const order = textAt(objectAt(object, 'metadata'), 'order') ?? textAt(object, 'client_reference_id')
  if (order !== null) return { order }
  const transaction = textAt(object, 'payment_intent')
  return transaction === null ? null : { transaction }
}

/** Whole units, not hundredths: https://docs.stripe.com/currencies#zero-decimal (from memory). */
const wholeCurrencies: ReadonlySet<string> = new Set(
  'BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF UGX VND VUV XAF XOF XPF'.split(' '),
)
const nanoPerUnit = 1_000_000_000n
const movementsMax = 20

type Fee = Extract<Hint, { readonly kind: 'dispute' }>['fees'][number]

const feesOf = (dispute: Fields): readonly Fee[] => {
  const movements: unknown = dispute['balance_transactions']
  return (Array.isArray(movements) ? movements.slice(0, movementsMax) : []).flatMap((movement: unknown) => {
    const [id, fee, currency] = [textAt(movement, 'id'), wholeAt(movement, 'fee'), textAt(movement, 'currency')]
    if (id === null || fee === null || currency === null) return []
    const code = currency.toUpperCase()
    const amountNano = wholeCurrencies.has(code) ? BigInt(fee) * nanoPerUnit : nanoOfMinor(BigInt(fee))
    return [{ id, amountNano, currency: code }]
  })
}

const outcomes: Readonly<Record<string, 'won' | 'lost'>> = { won: 'won', lost: 'lost' }

/** Asks for the dispute itself: an inquiry has taken no money, and what an old event says may be over. */
export const disputeHint = async (client: StripeClient, id: string, object: Fields): Promise<Hint> => {
  const dispute = await client.get(`/v1/disputes/${encodeURIComponent(textAt(object, 'id') ?? '')}`)
  const [name, amount, named] = [textAt(dispute, 'id'), wholeAt(dispute, 'amount'), namedBy(dispute)]
  const status = textAt(dispute, 'status') ?? ''
  if (status.startsWith('warning_') || status === 'prevented')
    return { kind: 'nothing', id, why: 'an inquiry, or a dispute that was prevented, takes no money' }
  if (name === null || amount === null || named === null)
    return { kind: 'nothing', id, why: 'a dispute about no payment' }
  return {
    kind: 'dispute',
    id,
    ...named,
    dispute: name,
    amountNano: nanoOfMinor(BigInt(amount)),
    outcome: outcomes[status] ?? 'open',
    fees: feesOf(dispute),
  }
}
