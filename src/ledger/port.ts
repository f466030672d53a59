/**
 * What the books need kept. One store decides for one account at a time, so that what is promised here holds at any
 * concurrency. Money is nano-USD; times are wall-clock milliseconds, UTC.
 */

export type Billing = 'prepaid' | 'postpaid' | 'unlimited'

/** `suspended` and `closed` accounts get no new holds; what is under way is still settled. */
export type AccountState = 'open' | 'suspended' | 'closed'

/** What the hot path knows of an account; money is asked of the books. */
export type AccountFacts = {
  readonly id: string
  readonly billing: Billing
  readonly state: AccountState
  readonly plan: string | null
}

/** `total` never ends. */
export type BudgetPeriod = 'day' | 'week' | 'month' | 'total'

/** What may be spent in a period (UTC; a week begins on Monday) under one name: `key:key_…`, `bud_…`. */
export type Budget = {
  readonly name: string
  readonly limitNanoUsd: bigint
  readonly period: BudgetPeriod
  /** Percents of the limit that are told of when spend reaches them; absent = none. */
  readonly thresholds?: readonly number[]
  /** For messages: `key "ci"`. Absent = the name. */
  readonly label?: string
}

export type BudgetKind = 'organisation' | 'project' | 'member' | 'key'

/** A budget as it was set: of whom, and for which model (an id, or its beginning before a `*`; `null` = all of them). */
export type BudgetFacts = {
  readonly id: string
  readonly organisation: string
  readonly kind: BudgetKind
  /** The id of whose it is. */
  readonly subject: string
  readonly model: string | null
  readonly period: BudgetPeriod
  readonly limitNanoUsd: bigint
  readonly thresholds: readonly number[]
  readonly createdMs: number
}

/** Spend has reached a threshold: written once for each period and threshold, in the transaction of the spend. */
export type BudgetCrossing = {
  readonly id: string
  readonly account: string
  readonly name: string
  readonly label: string
  readonly period: BudgetPeriod
  readonly startMs: number
  readonly threshold: number
  readonly spentNanoUsd: bigint
  readonly limitNanoUsd: bigint
  readonly timeMs: number
  /** When it was handed on; `null` = not yet. */
  readonly toldMs: number | null
}

/** One transaction of the books, with its entries in their order. */
export type BookTransaction = {
  readonly id: string
  readonly kind: string
  /** The call that was rated anew; `null` = it is about no call. */
  readonly call: string | null
  readonly timeMs: number
  readonly reason: string | null
  readonly entries: readonly {
    readonly from: string
    readonly to: string
    readonly amountNano: bigint
    readonly currency: string
    readonly lot: string | null
  }[]
}

/** Transactions of an account, the newest first; `before` is the id that the page before ended with. */
export type BookPage = { readonly account: string; readonly limit: number; readonly before: string | null }

/** The names that one model goes by: its id and aliases. */
export type ModelNames = readonly string[]

/** A part of a lot that a hold keeps back. */
export type Reservation = { readonly lot: string; readonly amountNanoUsd: bigint }

export type HoldRequest = {
  readonly call: string
  readonly account: string
  readonly key: string | null
  /** The most that the call can cost. */
  readonly amountNanoUsd: bigint
  /** With less than this the call is refused; between the two, what there is is held, and the caller caps the call to it. */
  readonly amountMinNanoUsd: bigint
  /** Held where the whole amount is not covered, so that the rest stays free for others; `null` = all that there is. */
  readonly sliceNanoUsd: bigint | null
  readonly nowMs: number
  /** When a sweeper may resolve the hold, unless it is extended. */
  readonly expiresMs: number
  /** The process that holds: holds of a process that is gone are resolved without waiting for their end. `null` = it is nobody's, and outlives its process. */
  readonly owner: string | null
  readonly budgets: readonly Budget[]
  /** The models that may answer; absent = unknown, so that only general lots can pay. */
  readonly models?: readonly ModelNames[]
  /** Of a lease: what calls need of it. The rest is lent and not shown as held; absent = all of it is held. */
  readonly underWayNanoUsd?: bigint
}

export type HoldRefusal =
  | {
      readonly reason: 'credit'
      readonly balanceNanoUsd: bigint
      readonly heldNanoUsd: bigint
      /** What could be held now; never negative. */
      readonly availableNanoUsd: bigint
    }
  | {
      readonly reason: 'budget'
      readonly budget: Budget
      readonly availableNanoUsd: bigint
      /** `null` = never. */
      readonly resetsMs: number | null
    }
  | { readonly reason: 'suspended' | 'closed' | 'unknown_account' | 'ended' }

export type Held =
  | {
      readonly ok: true
      readonly amountNanoUsd: bigint
      /** What cut the amount below what was asked; `null` = nothing did. */
      readonly cappedBy: 'credit' | 'budget' | null
      /** What could have been held of it: more than was, where a slice was held. */
      readonly roomNanoUsd: bigint
    }
  | ({ readonly ok: false } & HoldRefusal)

export type ExtendRequest = {
  readonly call: string
  readonly account: string
  readonly nowMs: number
  /** Held in addition. */
  readonly addNanoUsd: bigint
  /** With less than this nothing is added; between the two, what there is. */
  readonly addMinNanoUsd: bigint
  /** `null` = the end stays. */
  readonly expiresMs: number | null
  /** The upstream has begun to answer: a crash from now on is a lost call, not one that never was. */
  readonly begun: boolean
  /** What the delivered part costs for certain; a sweeper settles for it. `null` = nothing new. */
  readonly provenNanoUsd: bigint | null
  /** Of a lease: what calls need of it now; absent = nothing new. */
  readonly underWayNanoUsd?: bigint
}

/** What an attempt costs the operator. */
export type UpstreamCost = { readonly provider: string; readonly amountNanoUsd: bigint }

export type SettleRequest = {
  readonly call: string
  readonly account: string
  readonly key: string | null
  /** Never negative. */
  readonly chargeNanoUsd: bigint
  readonly nowMs: number
  readonly priceHash: string | null
  /** The rule that decided the charge, in the manual's words. */
  readonly rule: string
  /** Of every attempt whose cost is known, also of those that failed. */
  readonly upstreamCosts: readonly UpstreamCost[]
  /** Names of the model that answered; absent = unknown. */
  readonly model?: ModelNames
}

/** A settled call at another price. Idempotent: what it is to have cost in the end is told, not the difference. */
export type RerateRequest = {
  readonly call: string
  /** Never negative. */
  readonly targetNanoUsd: bigint
  readonly nowMs: number
  /** For the books: which prices, from what to what. */
  readonly reason: string
}

export type Rerated =
  | { readonly kind: 'adjusted'; readonly differenceNanoUsd: bigint; readonly chargedNanoUsd: bigint }
  | { readonly kind: 'unchanged'; readonly chargedNanoUsd: bigint }
  | { readonly kind: 'not_settled' }

export type TerminalState = 'settled' | 'voided' | 'lost'

/** How a call ended in the books; a repeat gives the first answer. */
export type Ended = {
  readonly state: TerminalState
  readonly chargedNanoUsd: bigint
  /** Charged beyond what was held. */
  readonly excessNanoUsd: bigint
  readonly repeated: boolean
}

/** What the books say of one call; `null` amounts are not decided yet. */
export type Receipt = {
  readonly call: string
  readonly account: string
  readonly key: string | null
  readonly state: TerminalState | 'open'
  readonly heldNanoUsd: bigint
  readonly chargedNanoUsd: bigint | null
  readonly priceHash: string | null
  readonly rule: string | null
}

/** Parts of one hold, each a call of its own. */
export type DrawRequest = {
  /** The call that holds. */
  readonly hold: string
  readonly account: string
  /** A part of a hold that has ended is the operator's loss, and is not charged; absent = it is charged as a call without a hold. */
  readonly lateIsLoss?: boolean
  /** Of a lease: what calls need of it after these parts; absent = nothing new. */
  readonly underWayNanoUsd?: bigint
  readonly parts: readonly SettleRequest[]
}

export type VoidRequest = Pick<SettleRequest, 'call' | 'account' | 'key' | 'nowMs' | 'rule' | 'upstreamCosts'> & {
  /** It had begun, and nothing is proven of it; absent = it had not. */
  readonly lost?: boolean
}

export type SweepRequest = {
  readonly nowMs: number
  /** Besides what is past its end, everything that another process held; `null` = only what is past its end. */
  readonly owner: string | null
  /** Other processes whose names do not begin so may still be running, and keep what they hold; absent = none may. */
  readonly ownersOf?: string
  readonly limit: number
}
export type Swept = { readonly settled: number; readonly voided: number; readonly lost: number }

/** `bundle`: bought for some models, often for less than it is worth. */
export type LotKind = 'paid' | 'promo' | 'bundle'

export type Grant = {
  /** Idempotent by this id. */
  readonly lot: string
  readonly account: string
  readonly kind: LotKind
  readonly amountNanoUsd: bigint
  /** Lots with a lower number are spent first; among equals the one that expires first, then the older one. */
  readonly priority: number
  readonly expiresMs: number | null
  readonly nowMs: number
  /** How it was paid: `manual`. Of promotional credit, what it is for. */
  readonly method: string
  readonly reason: string | null
  /** Models that it pays for, as `Lot` has it; absent or `null` = any. What is scoped pays no debt. */
  readonly scope?: readonly string[] | null
  /** What was paid for it; absent = the amount of a paid lot, else nothing. */
  readonly paidNanoUsd?: bigint
  /** How it was paid by an order; absent = no order was about it. */
  readonly settlement?: Settlement
}

/** What came in for a lot, in the payer's currency and in dollars at the market's rate of that day. */
export type Settlement = {
  readonly currency: string
  /** Nano units of the currency, with the fee. */
  readonly payNano: bigint
  /** The same in dollars. */
  readonly payNanoUsd: bigint
  /** Of it the fee that the payer bore. */
  readonly feeNanoUsd: bigint
  /** `refund`: it was on its way back to the payer and could not be paid out. */
  readonly source: 'payer' | 'refund'
}

/** A lot as it may be looked at. */
export type LotView = {
  readonly lot: string
  readonly account: string
  readonly kind: LotKind
  readonly grantedNanoUsd: bigint
  readonly remainingNanoUsd: bigint
  readonly paidNanoUsd: bigint
  readonly revokedNanoUsd: bigint
  readonly priority: number
  readonly expiresMs: number | null
  readonly createdMs: number
  readonly method: string
  readonly reason: string | null
  readonly scope: readonly string[] | null
}

/** Takes back what of a lot is neither spent nor held. */
export type Revocation = { readonly lot: string; readonly nowMs: number; readonly reason: string }
export type Revoked = {
  readonly account: string
  readonly revokedNanoUsd: bigint
  /** Held for calls under way: revoking again takes what they leave. */
  readonly keptNanoUsd: bigint
}

/** A correction by hand. What it takes away comes of what is free, the rest becomes debt; what it gives pays debt first. */
export type Adjustment = {
  /** Idempotent by this id. */
  readonly id: string
  readonly account: string
  /** Not zero. */
  readonly amountNanoUsd: bigint
  readonly nowMs: number
  readonly reason: string
}

export type Balance = {
  readonly account: string
  readonly billing: Billing
  readonly state: AccountState
  /** Posted: what is left of the lots, less what is owed. */
  readonly balanceNanoUsd: bigint
  /** Open holds. Of what was lent to a node only what its calls need, as it last said; the rest is not free either. */
  readonly heldNanoUsd: bigint
  readonly creditLimitNanoUsd: bigint
  /** What calls were charged, ever. */
  readonly spentNanoUsd: bigint
  /** Of the balance, what was given and not paid for. */
  readonly promoNanoUsd: bigint
  /** What was ever paid, at the market rate: plans are reached by it. */
  readonly paidNanoUsd: bigint
}

/** What a budget has left in the period of `nowMs`. */
export type BudgetState = {
  readonly spentNanoUsd: bigint
  readonly heldNanoUsd: bigint
  /** `null` = never. */
  readonly resetsMs: number | null
}

/** A fault of the books. */
export type AuditFinding = {
  readonly kind:
    | 'sum'
    | 'balance'
    | 'lot'
    | 'held'
    | 'budget'
    | 'call'
    | 'stale_hold'
    | 'negative'
    | 'paid'
    | 'scope'
    | 'code'
    | 'payment'
  /** The book, account, lot or call. */
  readonly object: string
  readonly message: string
}

export type Verdict = {
  readonly ok: boolean
  readonly transactions: number
  readonly calls: number
  readonly openHolds: number
  /** At most 100 are told. */
  readonly problems: readonly AuditFinding[]
}

/** What a call needs of the books. Everything is durable when its promise resolves. */
export type CallBooks = {
  /** All or none over the account's floor and every budget. Idempotent by call. */
  readonly hold: (request: HoldRequest) => Promise<Held>
  readonly extend: (request: ExtendRequest) => Promise<Held>
  /** A call without a hold is posted as it is: the metered call of an account that is never refused. */
  readonly settle: (request: SettleRequest) => Promise<Ended>
  readonly voidHold: (request: VoidRequest) => Promise<Ended>
  readonly balance: (account: string, nowMs: number) => Promise<Balance | null>
  readonly budgetState: (budget: Budget, nowMs: number) => Promise<BudgetState>
  readonly receipt: (call: string) => Promise<Receipt | null>
}

/** What a call needs of the books that is made of many: held for once, settled part by part. */
export type PartBooks = Pick<CallBooks, 'hold' | 'extend' | 'voidHold'> & {
  /** Each part once, however often it is told; all of a request or none. Gives how each ended, in their order. */
  readonly draw: (request: DrawRequest) => Promise<readonly Ended[]>
}

/**
 * Money lent to a node: a hold of the node's own, of which its calls draw. Time ends its spending, not whose it is: what is left
 * comes back when the node returns it, or when it is abandoned.
 */
export type LeaseBooks = {
  /** Ends a lease in good order: what is left of it is free again. */
  readonly endLease: (lease: {
    readonly lease: string
    readonly account: string
    readonly nowMs: number
  }) => Promise<void>
  /** What calls need of a lease now. Of one that is not open nothing is noted. */
  readonly noteLease: (note: {
    readonly lease: string
    readonly account: string
    readonly underWayNanoUsd: bigint
  }) => Promise<void>
  /** Takes a part of a lease back; gives how much: nothing of one that pays with credit for some models only. */
  readonly returnPart: (part: {
    readonly lease: string
    readonly account: string
    readonly amountNanoUsd: bigint
    readonly nowMs: number
  }) => Promise<bigint>
  /** Ends all leases of an owner, which has reported all that it spent of them; gives how many there were. */
  readonly endLeases: (owner: string, nowMs: number) => Promise<number>
  /** Asks nodes to return what they do not need of an account's leases. */
  readonly recall: (account: string) => Promise<void>
  /** Told the account of each recall. */
  readonly onRecall: (listener: (account: string) => void) => void
}

/** A call that a node answers for: kept before anything of it goes upstream, until the store has its end. */
export type JournalRow = { readonly call: string; readonly body: string }

/** Everything is durable when its promise resolves. */
export type Journal = {
  readonly journalKeep: (rows: readonly JournalRow[]) => Promise<void>
  readonly journalPage: (after: string | null, limit: number) => Promise<readonly JournalRow[]>
  readonly journalDrop: (calls: readonly string[]) => Promise<void>
}

/** A call whose process died under it, as the books ended it. */
export type InterruptedCall = Pick<Ended, 'state' | 'chargedNanoUsd'> & {
  readonly call: string
  readonly account: string
  readonly key: string | null
  /** When it began. */
  readonly beganMs: number
  /** The upstream had begun to answer. */
  readonly begun: boolean
  /** The rule that decided, in the manual's words. */
  readonly rule: string
}

export type InterruptedCalls = {
  /** Puts them into the log of calls, where they are not in it. */
  readonly noteInterrupted: (calls: readonly InterruptedCall[]) => Promise<void>
}

/** What keeps the books in order. */
export type BookKeeping = {
  /** Resolves what a crash left: proven charges are settled, calls that had begun are lost, the others voided. Those of a process that is gone come into the log. */
  readonly sweep: (request: SweepRequest) => Promise<Swept>
  /** Books what has expired and is not held as breakage; gives the number of lots. */
  readonly expireLots: (nowMs: number, limit: number) => Promise<number>
  /** Gives sign-up credit whose time has come; gives how many were looked at. */
  readonly releaseSignups: (nowMs: number, limit: number) => Promise<number>
  /** Crossings that nobody has been told of, the oldest first. */
  readonly untoldCrossings: (limit: number) => Promise<readonly BudgetCrossing[]>
  readonly crossingTold: (id: string, atMs: number) => Promise<void>
  /** Proves the books from their entries, on a live store. */
  readonly verifyBooks: (nowMs: number) => Promise<Verdict>
}
