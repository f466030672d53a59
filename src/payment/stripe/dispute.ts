/**
 * Disputes at Stripe. Their `balance_transactions` (none, one or two) say what moved: the first takes the amount and, in `fee`, what Stripe
 * keeps for the dispute; the second gives the amount again where it is won, with a `fee` below zero where the fee comes back as well
 * (https://docs.stripe.com/api/disputes/object; since 2025-06-17 the fee of a dispute stays with Stripe, and only the fee for answering one
 * comes back: https://support.stripe.com/questions/dispute-fees-faq, read 2026-11-29).
 */

import { Problem } from '#base/problem.ts'
import { objectAt, textAt, wholeAt } from '#payment/ask.ts'
import type { Hint } from '#payment/method.ts'
import { nanoOfMinor } from '#payment/price.ts'
import type { StripeClient } from './client.ts'

type Fields = Readonly<Record<string, unknown>>

/** Whatever else is sold through the same account of Stripe's names orders too. */
const ownOrder = /^ord_\w{1,60}$/

const orderIn = (object: Fields | null): string | null => {
  const named = [textAt(objectAt(object, 'metadata'), 'order'), textAt(object, 'client_reference_id')]
  return named.find((name) => name !== null && ownOrder.test(name)) ?? null
}

/** The order of ours that an object of Stripe's is about: it names it, or its payment does. `null` = somebody else's sale. */
export const orderOf = async (client: StripeClient, object: Fields | null): Promise<string | null> => {
  const intent = textAt(object, 'payment_intent')
  const named = orderIn(object)
  if (named !== null || intent === null) return named
  try {
    return orderIn(await client.get(`/v1/payment_intents/${encodeURIComponent(intent)}`))
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.detail.facts?.['status_code'] === 404) return null
    throw thrown
  }
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
  const [name, amount] = [textAt(dispute, 'id'), wholeAt(dispute, 'amount')]
  const status = textAt(dispute, 'status') ?? ''
  if (status.startsWith('warning_') || status === 'prevented')
    return { kind: 'nothing', id, why: 'an inquiry, or a dispute that was prevented, takes no money' }
  const order = await orderOf(client, dispute)
  if (name === null || amount === null || order === null)
    return { kind: 'nothing', id, why: 'a dispute about no payment of ours' }
  return {
    kind: 'dispute',
    id,
    order,
    dispute: name,
    amountNano: nanoOfMinor(BigInt(amount)),
    outcome: outcomes[status] ?? 'open',
    fees: feesOf(dispute),
  }
}
