/** What every method of payment can do: one folder each, one entry in the list. */

import type { Answer } from '#http/inbound.ts'
import type { Seen } from './order-machine.ts'
import type { PaymentOrder, PaymentRefund } from './port.ts'

/** A notice as it came: nothing of it is believed yet. */
export type RawNotice = {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Uint8Array
}

/** A card that the payer has left for later. */
export type KeptCard = { readonly customer: string; readonly card: string; readonly ending: string }

/** What a notice whose signature is right is about: a hint to ask the processor, and no more. `order`: our own id. */
export type Hint =
  | { readonly kind: 'order'; readonly id: string; readonly order: string; readonly card?: KeptCard }
  /** `refund`: what the notice calls it; `processorId`: the processor's own name, where the notice has both. */
  | {
      readonly kind: 'refund'
      readonly id: string
      readonly order: string
      readonly refund: string | null
      readonly processorId?: string | null
    }
  | {
      readonly kind: 'dispute'
      readonly id: string
      readonly order: string
      readonly dispute: string
      readonly amountNano: bigint
      readonly outcome: 'open' | 'won' | 'lost'
      /** What the processor took for it, and (below zero) gave back, by its own ids of the movements. */
      readonly fees: readonly { readonly id: string; readonly amountNano: bigint; readonly currency: string }[]
    }
  /** Well signed and about nothing of ours. */
  | { readonly kind: 'nothing'; readonly id: string; readonly why: string }

/** `action`: what the payer is shown. */
export type Begun = { readonly processorId: string | null; readonly action: Action }

/** How the payer goes on. */
export type Action =
  | { readonly kind: 'qr'; readonly content: string }
  | { readonly kind: 'redirect'; readonly url: string }
  /** Parameters for the wallet's own script in its browser. */
  | { readonly kind: 'script'; readonly parameters: Readonly<Record<string, string>> }
  | { readonly kind: 'transfer'; readonly instructions: string; readonly reference: string }
  /** A kept card was charged: there is nothing to do. */
  | { readonly kind: 'none' }

export type RefundSeen =
  | { readonly kind: 'done'; readonly processorId: string | null }
  /** `note`: it waits for a person. */
  | { readonly kind: 'sent'; readonly processorId: string | null; readonly note?: string }
  | { readonly kind: 'failed'; readonly why: string }

/** `id`: ours, where it has one. */
export type ForeignRefund = { readonly id: string | null; readonly processorId: string; readonly amountNano: bigint }

/** A line of the processor's own bill of a day. Amounts as in orders, signed as the processor counts: refunds below zero. */
export type BillLine = {
  readonly kind: 'payment' | 'refund'
  /** Our id of the order, or of the refund, where the bill has it. */
  readonly id: string
  readonly transaction: string
  readonly amountNano: bigint
  readonly currency: string
  /** What the processor keeps; `null` = the bill does not say. */
  readonly feeNano: bigint | null
}

export type CheckLine = { readonly name: string; readonly ok: boolean; readonly detail: string }

export type BeginRequest = {
  /** Where the payer's browser returns to; never proof of anything. */
  readonly returnUrl: string | null
  readonly notifyUrl: string | null
  readonly payerAddress: string | null
  /** Of JSAPI: who pays, as the wallet knows them. */
  readonly payer: string | null
  readonly description: string
  /** Of a kept card that is charged without the payer. */
  readonly card: { readonly customer: string; readonly card: string } | null
  /** Keep the card for later. */
  readonly keepCard: boolean
}

export type PaymentMethod = {
  readonly name: string
  readonly title: string
  readonly currencies: readonly string[]
  /** The first one is meant where nobody says. */
  readonly ways: readonly string[]
  /** Whether it sends notices here, which needs `server.public_url`. */
  readonly notifies: boolean
  /** Whether it can be asked what became of an order; else a person says. */
  readonly asks: boolean
  /** Whether a payer can leave a card with it, to be charged when credit runs low. */
  readonly keepsCards: boolean
  /** Whether it has bills of days. */
  readonly bills: boolean
  /** Idempotent by the order. @throws Problem. */
  readonly begin: (order: PaymentOrder, request: BeginRequest) => Promise<Begun>
  /** Checks signature, time, app and seller. @throws Problem `invalid_request_error` for whatever cannot be believed. */
  readonly readNotice: (notice: RawNotice, nowMs: number) => Promise<Hint>
  /** Answers to a notice: it need not come again; it may. */
  readonly taken: Answer
  readonly refused: (status: number, message: string) => Answer
  readonly query: (order: PaymentOrder) => Promise<Seen>
  /** Ends it at the processor, so that it cannot be paid any more. */
  readonly close: (order: PaymentOrder) => Promise<void>
  /** Idempotent by the refund. */
  readonly refund: (order: PaymentOrder, refund: PaymentRefund) => Promise<RefundSeen>
  readonly queryRefund: (order: PaymentOrder, refund: PaymentRefund) => Promise<RefundSeen>
  /**
   * Refunds of an order that have left, also those made in the processor's own console. `named`: what a notice calls one, which is all
   * that some can be asked for. Absent = it does not say.
   */
  readonly refunds?: (order: PaymentOrder, named: string | null) => Promise<readonly ForeignRefund[]>
  /**
   * Asks what became of a refund that had left, by what a notice calls it: a payer's bank may send it back days later. Never sends
   * anything. Absent = what has left does not come back.
   */
  readonly askAgain?: (order: PaymentOrder, refund: PaymentRefund, named: string) => Promise<RefundSeen>
  /** `day`: as the processor counts days. @throws Problem where it is not ready. */
  readonly bill: (day: string) => Promise<readonly BillLine[]>
  /** The bounds of that day in UTC. */
  readonly dayOf: (day: string) => { readonly fromMs: number; readonly untilMs: number }
  /** What can be checked without paying. */
  readonly check: () => Promise<readonly CheckLine[]>
  /** Gives back its connections. */
  readonly end: () => Promise<void>
}
