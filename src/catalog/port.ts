/** What the price book needs kept: the operator's own rows, each of them for ever, and the proposals of other people's tables. */

import type { FxRate } from '#base/fx-rate.ts'
import type { PriceRow } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'

/** `list` = what a vendor asks for its model; `sale` = what callers pay for an id; `rule` = a markup or a discount; `fx` = a rate of exchange. */
export type PriceEntryBody =
  | { readonly kind: 'list'; readonly row: PriceRow }
  | {
      readonly kind: 'sale'
      readonly row: PriceRow
      /** Only this account, or only accounts of this plan, pay it; both `null` = everybody does. */
      readonly account: string | null
      readonly plan: string | null
    }
  | { readonly kind: 'rule'; readonly rule: PriceRule }
  | { readonly kind: 'fx'; readonly rate: FxRate }

export type NewPriceEntry = {
  readonly id: string
  readonly createdMs: number
  readonly actor: string
  readonly note: string | null
  readonly body: PriceEntryBody
}

export type PriceEntry = NewPriceEntry & {
  /** Grows with every entry: of two for the same calls the higher one counts. */
  readonly revision: number
  /** From when on it is as if it had never been written; `null` = it stands. */
  readonly withdrawnMs: number | null
}

/** A row that another table proposes, as it was read. */
export type PriceProposal = {
  /** `genai-prices`, `models.dev`, `litellm`, `portkey`. */
  readonly source: string
  /** The day of the table. */
  readonly read: string
  readonly row: PriceRow
}

export type PriceBookSource = {
  /** Every entry, also those withdrawn, in the order of their revisions. */
  readonly priceEntries: () => Promise<readonly PriceEntry[]>
}

export type ProposalSource = {
  readonly proposals: () => Promise<readonly PriceProposal[]>
}
