/**
 * What payments need kept. Money of the payer is in nano units of its currency, credit in nano-USD; times are wall-clock
 * milliseconds, UTC. An order changes by moves, each of them one transaction with what it does to the books.
 */

import type { TrailEntry } from '#base/trail-entry.ts'
import type { Grant } from '#ledger/port.ts'

/**
 * `created` (kept here, not begun there) -> `pending` -> `paid` -> `credited`. Without money: `closed`, `expired_unpaid`. Money
 * after that: `paid_late`. Money that is not what was asked: `mismatch`, for a person. Back: `refund_pending` ->
 * `partially_refunded`, `refunded`; `disputed` = the payer's bank has taken it.
 */
export const orderStates = [
  'created',
  'pending',
  'paid',
  'credited',
  'closed',
  'expired_unpaid',
  'paid_late',
  'mismatch',
  'refund_pending',
  'partially_refunded',
  'refunded',
  'disputed',
] as const
export type OrderState = (typeof orderStates)[number]

/** What was agreed when the order was made: nothing of it changes, but by a person who resolves a mismatch. */
export type OrderTerms = {
  readonly currency: string
  /** What the payer pays, with the fee. */
  readonly payNano: bigint
  readonly feeNano: bigint
  readonly creditNanoUsd: bigint
  /** Given besides, as a lot of its own. */
  readonly bonusNanoUsd: bigint
  readonly bonusLastsMs: number | null
  /** Nano units of the currency that buy one dollar of credit. */
  readonly settlementNano: bigint
  /** Nano units of the currency that a dollar costs at the market. */
  readonly marketNano: bigint
  /** What is paid, and the fee of it, at the market's rate. */
  readonly payNanoUsd: bigint
  readonly feeNanoUsd: bigint
}

export type PaymentOrder = OrderTerms & {
  readonly id: string
  readonly account: string
  readonly method: string
  /** How the payer pays: `native`, `page`, `checkout`, `transfer` … */
  readonly way: string
  readonly state: OrderState
  /** Counts the moves: a move says which version it was decided on. */
  readonly version: number
  readonly createdMs: number
  /** Until when it can be paid. */
  readonly expiresMs: number
  readonly actor: string
  /** Of the one who asked for it; the same again gives the same order. */
  readonly idempotencyKey: string | null
  /** Its id at the processor before it is paid (a session), and that of the payment. Unique within the method. */
  readonly processorId: string | null
  readonly transaction: string | null
  /** What the payer is shown: a link, the content of a QR code, bank details. JSON. */
  readonly action: string | null
  readonly paidNano: bigint | null
  readonly paidCurrency: string | null
  readonly paidMs: number | null
  readonly creditedMs: number | null
  readonly endedMs: number | null
  readonly refundedNano: bigint
  readonly disputedNano: bigint
  /** Why it is where it is; for a person. */
  readonly note: string | null
  /** Of a bank transfer: who found the money, and who agreed. */
  readonly confirmedBy: string | null
  readonly approvedBy: string | null
  readonly nextPollMs: number | null
  readonly polls: number
}

/** What a move may change besides the state. */
export type OrderFacts = Partial<
  Pick<
    PaymentOrder,
    | 'payNano'
    | 'payNanoUsd'
    | 'creditNanoUsd'
    | 'bonusNanoUsd'
    | 'processorId'
    | 'transaction'
    | 'action'
    | 'paidNano'
    | 'paidCurrency'
    | 'paidMs'
    | 'creditedMs'
    | 'endedMs'
    | 'refundedNano'
    | 'disputedNano'
    | 'note'
    | 'confirmedBy'
    | 'approvedBy'
    | 'nextPollMs'
    | 'polls'
  >
>

/** What happened to an order, in its order; `id` is unique within the method, so that a notice that comes again is kept once. */
export type PaymentEvent = {
  readonly id: string
  readonly order: string
  readonly method: string
  /** `begun`, `notice`, `paid`, `credited`, `refund_asked` … */
  readonly kind: string
  readonly timeMs: number
  readonly state: OrderState
  readonly detail: string | null
}

/** Events after which a request for a refund (`refund_requested`) waits no longer. */
export const refundRequestEnds: readonly string[] = ['refund_asked', 'refunded_outside', 'disputed', 'refund_refused']

export type RefundState = 'pending' | 'sent' | 'done' | 'failed'

/** Money on its way back. Its id is what the processor knows it by, so that asking again never pays twice. */
export type PaymentRefund = {
  readonly id: string
  readonly order: string
  readonly state: RefundState
  /** `operator` and `closing` were asked for here; `late` by the rule for late payments; `processor` and `dispute` happened there. */
  readonly source: 'operator' | 'closing' | 'late' | 'mismatch' | 'processor' | 'dispute'
  /** In the order's currency. */
  readonly amountNano: bigint
  /** What was taken back for it: credit, bonus, and what of the credit had been paid for. */
  readonly creditNanoUsd: bigint
  readonly bonusNanoUsd: bigint
  readonly cashNanoUsd: bigint
  readonly processorId: string | null
  readonly reason: string
  readonly actor: string
  readonly createdMs: number
  readonly endedMs: number | null
  readonly nextPollMs: number | null
  readonly polls: number
  readonly note: string | null
}

/** Where paying leads an account to: see `Upgrade` of admin. */
export type PlanUpgrade = {
  readonly from: string
  readonly steps: readonly { readonly plan: string; readonly atPaidNanoUsd: bigint; readonly trail: TrailEntry }[]
}

/** Credit that a payment bought: its lots are named after the order, so that it is given once whatever happens. */
export type Deposit = { readonly grants: readonly Grant[]; readonly upgrade: PlanUpgrade | null }

/** Takes back what an order has bought. */
export type Withdrawal = {
  /** Names the transaction in the books. */
  readonly id: string
  readonly account: string
  readonly lot: string
  readonly creditNanoUsd: bigint
  /** Of what had been taken back before and came back, such as by refunds that could not be paid out. Absent: nothing has. */
  readonly returnedLots?: readonly string[]
  readonly bonusLot: string | null
  readonly returnedBonusLots?: readonly string[]
  /** The bonus that goes with it: of its lot what is there, in the place of what is spent bought credit; what has ended is not asked for. */
  readonly bonusNanoUsd: bigint
  /** What was taken for the bonus before. */
  readonly bonusTakenNanoUsd: bigint
  /**
   * `false`: refused with Problem `conflict` where the credit is spent or held; its `free_share_millionths` says what part of all this could
   * go back. `true`: what is lacking becomes debt.
   */
  readonly mayOwe: boolean
  readonly reason: string
}

/** What was taken back has left, or (`amountNano` alone) money that had never been credited. */
export type PayOut = {
  readonly id: string
  readonly account: string
  readonly method: string
  readonly currency: string
  readonly amountNano: bigint
  readonly cashNanoUsd: bigint
  /** It had left and has come back: booked the other way round. */
  readonly back?: boolean
}

/** What a processor took for a dispute; below zero: what it gave back. */
export type DisputeFee = {
  /** The processor's own id of the movement: it is booked once. */
  readonly id: string
  readonly account: string
  readonly method: string
  readonly amountNano: bigint
  /** Of the account at the processor, which may be another than the order's. */
  readonly currency: string
  readonly reason: string
}

export type OrderMove = {
  readonly order: string
  /** The version that it was decided on. */
  readonly version: number
  readonly state: OrderState
  readonly nowMs: number
  readonly facts: OrderFacts
  readonly events: readonly PaymentEvent[]
  readonly deposit?: Deposit | null
  readonly withdrawal?: Withdrawal | null
  readonly payOut?: PayOut | null
  readonly disputeFees?: readonly DisputeFee[]
  /** Written as it is, new or in the place of the one with its id. What was withdrawn in the same move is filled in. */
  readonly refund?: PaymentRefund | null
  readonly trail?: TrailEntry | null
}

export type Moved =
  | {
      readonly ok: true
      readonly order: PaymentOrder
      readonly refund: PaymentRefund | null
      readonly plan: string | null
    }
  /** Somebody else has moved it since; it is as it is now. */
  | { readonly ok: false; readonly order: PaymentOrder }

export type OrderPage = {
  readonly limit: number
  /** Whether the newest come first; absent: the oldest. `after` leads on in the same direction. */
  readonly newestFirst?: boolean
  readonly after: string | null
  readonly account: string | null
  readonly method: string | null
  readonly state: OrderState | null
  /** Only those with a request for a refund that nobody has answered. */
  readonly refundRequested?: boolean
}

/** Orders and refunds of a method whose money moved in `[fromMs, untilMs)`. */
export type DayQuestion = {
  readonly method: string
  readonly fromMs: number
  readonly untilMs: number
  readonly limit: number
}
export type DayOrders = { readonly orders: readonly PaymentOrder[]; readonly refunds: readonly PaymentRefund[] }

/** One night's comparison, as JSON. */
export type ReconciliationRow = {
  readonly method: string
  readonly day: string
  readonly madeMs: number
  readonly differences: number
  readonly result: string
}

/** A card that is kept at the processor and charged when credit runs low. */
export type AutoTopUp = {
  readonly account: string
  readonly method: string
  /** The processor's names of payer and card: no number of a card is here. */
  readonly customer: string
  readonly card: string
  readonly ending: string
  readonly belowNanoUsd: bigint
  readonly creditNanoUsd: bigint
  readonly monthMaxNanoUsd: bigint
  readonly enabled: boolean
  /** Refusals one after the other, and until when none is tried. */
  readonly failures: number
  readonly nextTryMs: number
  readonly note: string | null
}

/** A card that was left with an order, to be charged when its account says so. */
export type CardLeft = {
  readonly order: PaymentOrder
  readonly card: Pick<AutoTopUp, 'customer' | 'card' | 'ending'>
  readonly nowMs: number
  /** Notes on the order that its card is kept: a notice that comes again keeps it no second time. */
  readonly event: PaymentEvent
}

/** What a try to charge came to, for the row that it was made by. */
export type TopUpNote = Pick<AutoTopUp, 'enabled' | 'failures' | 'nextTryMs' | 'note'>

/** That the terms of sale of a version were accepted. */
export type Acceptance = {
  readonly account: string
  readonly version: string
  readonly acceptedMs: number
  readonly actor: string
}

export type PaymentStore = {
  /** The first acceptance of a version stays. */
  readonly acceptTerms: (acceptance: Acceptance, trail: TrailEntry) => Promise<void>
  readonly acceptedTerms: (account: string, version: string) => Promise<Acceptance | null>
  /** One with the same account and idempotency key is given back as it is. */
  readonly createOrder: (order: PaymentOrder, event: PaymentEvent, trail: TrailEntry | null) => Promise<PaymentOrder>
  readonly order: (id: string) => Promise<PaymentOrder | null>
  readonly orderBy: (method: string, by: 'processorId' | 'transaction', value: string) => Promise<PaymentOrder | null>
  readonly orders: (page: OrderPage) => Promise<readonly PaymentOrder[]>
  /** All of a move or nothing. Rejects with Problem `conflict` where the books refuse it. */
  readonly moveOrder: (move: OrderMove) => Promise<Moved>
  readonly paymentEvents: (order: string) => Promise<readonly PaymentEvent[]>
  readonly refundsOf: (order: string) => Promise<readonly PaymentRefund[]>
  readonly refund: (id: string) => Promise<PaymentRefund | null>
  /** Those that it is time to ask for, the longest waiting first. */
  readonly dueOrders: (nowMs: number, limit: number) => Promise<readonly PaymentOrder[]>
  readonly dueRefunds: (nowMs: number, limit: number) => Promise<readonly PaymentRefund[]>
  readonly ordersOfDay: (question: DayQuestion) => Promise<DayOrders>
  readonly keepReconciliation: (row: ReconciliationRow) => Promise<void>
  readonly reconciliation: (method: string, day: string) => Promise<ReconciliationRow | null>
  /**
   * Keeps a card in the place of the one before; what a person has said of charging stays. `false` = nothing changed: the card of this order was
   * kept before, or an order that was paid later has left one.
   */
  readonly keepCard: (left: CardLeft) => Promise<boolean>
  readonly setAutoTopUp: (row: AutoTopUp, trail: TrailEntry | null) => Promise<void>
  /**
   * Notes what a try came to; `false` = the row is not as it was before any more, and stays as it is: a person has changed it meanwhile, or another
   * node has noted the same try.
   */
  readonly noteTopUp: (before: AutoTopUp, note: TopUpNote) => Promise<boolean>
  readonly autoTopUp: (account: string) => Promise<AutoTopUp | null>
  /** Enabled ones whose account has less than their threshold. */
  readonly dueTopUps: (nowMs: number, limit: number) => Promise<readonly AutoTopUp[]>
  /** What orders of the account that were charged by themselves come to since an instant, also those that are under way. */
  readonly toppedUpSince: (account: string, sinceMs: number) => Promise<bigint>
}
