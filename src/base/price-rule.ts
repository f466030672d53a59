/** Markups and discounts as rows: whom they hold for, on what condition, and which of them a call gets. Pure. */

/** Parts of ten thousand: 1 % are 100. */
const basisPointsWhole = 10_000n

/** What a rule holds for; what is `null` does not matter. */
export type RuleScope = {
  readonly account: string | null
  readonly plan: string | null
  /** The model id that callers use. */
  readonly model: string | null
  readonly families: readonly string[] | null
  readonly vendor: string | null
}

export type PriceRule = {
  /** Named on receipts: `bundle "kimi-plus-claude"`. */
  readonly name: string
  /** A markup is put on the price; a discount is taken off what comes of it. */
  readonly kind: 'markup' | 'discount'
  /** Of the amount. A markup may be negative, down to -10,000; a discount is from 0 to 10,000. */
  readonly basisPoints: number
  readonly scope: RuleScope
  /** Holds where the account's volume of this UTC month, in these families together, has reached this much before the call. */
  readonly volumeMinNanoUsd: bigint | null
  readonly fromMs: number | null
  readonly untilMs: number | null
}

/** Whose call is priced, and for what. */
export type PricedSubject = {
  readonly account: string | null
  readonly plan: string | null
  readonly model: string
  readonly family: string | null
  readonly vendor: string | null
}

/** What the account's calls of this month came to before discounts, in these families together. */
export type VolumeOf = (families: readonly string[]) => bigint

export type Conditions = { readonly atMs: number; readonly volumeOf: VolumeOf }

export type AppliedRules = {
  readonly markup: PriceRule | null
  readonly discount: PriceRule | null
  /** The account's own credential fetches the answer: this part of ten thousand is charged of it; absent = the whole. */
  readonly feeBasisPoints?: number
}

export const noRules: AppliedRules = Object.freeze({ markup: null, discount: null })

/** Whether a model's family is one that is named: itself, or a branch of it (`kimi-k2` is of `kimi`). */
export const isOfFamily = (family: string, named: readonly string[]): boolean =>
  named.some((name) => family === name || family.startsWith(`${name}-`))

const fits = (scope: RuleScope, subject: PricedSubject): boolean =>
  (scope.account === null || scope.account === subject.account) &&
  (scope.plan === null || scope.plan === subject.plan) &&
  (scope.model === null || scope.model === subject.model) &&
  (scope.vendor === null || scope.vendor === subject.vendor) &&
  (scope.families === null || (subject.family !== null && isOfFamily(subject.family, scope.families)))

/** An account before a plan, a model before a family before a vendor: what says more goes first. */
const weightOf = ({ account, plan, model, families, vendor }: RuleScope): number =>
  (account === null ? 0 : 16) +
  (plan === null ? 0 : 8) +
  (model === null ? 0 : 4) +
  (families === null ? 0 : 2) +
  (vendor === null ? 0 : 1)

const holds = (rule: PriceRule, subject: PricedSubject, { atMs, volumeOf }: Conditions): boolean =>
  (rule.fromMs === null || rule.fromMs <= atMs) &&
  (rule.untilMs === null || atMs < rule.untilMs) &&
  fits(rule.scope, subject) &&
  (rule.volumeMinNanoUsd === null || volumeOf(rule.scope.families ?? []) >= rule.volumeMinNanoUsd)

const first = (rules: readonly PriceRule[], before: (rule: PriceRule, found: PriceRule) => boolean): PriceRule | null =>
  rules.reduce<PriceRule | null>((found, rule) => (found === null || before(rule, found) ? rule : found), null)

/**
 * One markup, that of the narrowest scope, and one discount, the largest: neither adds up. Of equals the later in the list
 * counts, so that a newer row replaces an older one.
 */
export const rulesFor = (rules: readonly PriceRule[], subject: PricedSubject, conditions: Conditions): AppliedRules => {
  if (rules.length === 0) return noRules
  const holding = rules.filter((rule) => holds(rule, subject, conditions))
  return {
    markup: first(
      holding.filter(({ kind }) => kind === 'markup'),
      (rule, found) => weightOf(rule.scope) >= weightOf(found.scope),
    ),
    discount: first(
      holding.filter(({ kind }) => kind === 'discount'),
      (rule, found) => rule.basisPoints >= found.basisPoints,
    ),
  }
}

/** A factor that an amount is multiplied by before the one division. */
export type Factor = { readonly numerator: bigint; readonly denominator: bigint }

const whole: Factor = { numerator: 1n, denominator: 1n }

/** What a markup makes of an amount; never below zero. */
export const markupFactor = (rule: PriceRule | null): Factor => {
  if (rule === null) return whole
  const parts = basisPointsWhole + BigInt(rule.basisPoints)
  return { numerator: parts < 0n ? 0n : parts, denominator: basisPointsWhole }
}

/** What a discount leaves of an amount; never below zero. */
export const discountFactor = (rule: PriceRule | null): Factor =>
  rule === null ? whole : markupFactor({ ...rule, basisPoints: -rule.basisPoints })

/** What a relay fee leaves of an amount. */
export const feeFactor = ({ feeBasisPoints }: AppliedRules): Factor =>
  feeBasisPoints === undefined ? whole : { numerator: BigInt(feeBasisPoints), denominator: basisPointsWhole }

/** `15%`, `12.5%`, `0.01%`. */
export const percentText = (basisPoints: number): string => `${(basisPoints / 100).toFixed(2).replace(/\.?0+$/, '')}%`
