/** The end of a call in the books: what it cost is settled, what was held for nothing is voided; a store that is away is asked again. */

import { decimalOf } from '#base/money.ts'
import { percentText } from '#base/price-rule.ts'
import { asProblem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import type { Ended, ModelNames, UpstreamCost } from '#ledger/port.ts'
import type { Draft } from './draft.ts'
import type { HoldPorts } from './hold.ts'
import { feeOf } from './own-credential.ts'

/** A settlement that the store does not take is repeated this often, over about 5 minutes: within the hold's own life. */
const triesMax = 24
const waitFirstMs = 250
const waitMostMs = 15_000

export type Closing = {
  readonly draft: Draft
  /** `null` = nothing was: the account is metered. */
  readonly heldNanoUsd: bigint | null
  /** What the provider's vendor declares about callers who leave; `null` = no answer began. */
  readonly leavePolicy: string | null
  /** Drover ended the answer where the money that could be held did. */
  readonly short: boolean
  /** Names of the model that answered, where only one might have; scoped credit pays for it. */
  readonly model: ModelNames
}

const upstreamCosts = (draft: Draft): readonly UpstreamCost[] =>
  draft.attempts.flatMap(({ provider, costNanoUsd }) =>
    costNanoUsd === null || costNanoUsd === 0n ? [] : [{ provider, amountNanoUsd: costNanoUsd }],
  )

/** Whether the operator paid for anything: also a call for which nothing was held may have been measured. */
export const hasUpstreamCost = (draft: Draft): boolean => upstreamCosts(draft).length > 0

const notReported = 'the provider reported no usage, or not all of it'

const sources: Readonly<Record<string, string>> = {
  reported: "the provider's own count",
  partial: "the provider's count until the answer was cut",
  counted: `counted by Drover: ${notReported}`,
  estimated: 'counted by Drover from what was delivered: the answer was cut',
}

/** Of an answer that came whole. */
const estimatedWhole = `estimated by Drover from what was asked: ${notReported}`

const feeText = (basisPoints: number): string => `own credential, fee ${percentText(basisPoints).replace('%', ' %')}`

/** What was put on the price and taken off it, with the amount before a discount. */
const priceRuleOf = (draft: Draft): string => {
  const { pricing, costNanoUsd } = draft
  if (costNanoUsd === null) return ''
  if (pricing === null || pricing === undefined) return feeOf(draft) === null ? '' : `; ${feeText(0)}`
  const said = pricing.rules.map(({ kind, name, basisPoints }) => {
    if (kind === 'fee') return feeText(basisPoints)
    return kind === 'markup'
      ? `markup ${name} ${percentText(basisPoints)}`
      : `discount ${name} ${percentText(basisPoints)}: ${decimalOf(pricing.baseNanoUsd)} USD before, ${decimalOf(costNanoUsd)} USD after`
  })
  return said.map((text) => `; ${text}`).join('')
}

/** Where the figures of a call come from. */
const sourceOf = ({ usage, usageFrom, end }: Draft): string => {
  if (usage === null) return ''
  if (typeof usageFrom === 'string') return `${usage.source} by Drover from ${usageFrom}: ${notReported}`
  return end === 'complete' && usage.source === 'estimated' ? estimatedWhole : (sources[usage.source] ?? usage.source)
}

/** The rule that decided, in the manual's words. */
const ruleOf = ({ draft, leavePolicy, short }: Closing): string => {
  if (draft.cache === 'hit') return 'an answer was given again: nothing is charged'
  if (draft.usage === null) return 'nothing was delivered: nothing is charged'
  if (short) return 'credit or budget ended in the middle: what was delivered, counted by Drover'
  if (draft.costNanoUsd === null) return 'the usage cannot be priced: nothing is charged'
  const source = sourceOf(draft)
  const evidence = draft.end === 'left' ? `the caller left (${leavePolicy ?? 'cancel'}): ${source}` : source
  return `${evidence}${priceRuleOf(draft)}`
}

/** Only a provider's own figures may go over what was held. */
export const atMostHeld = (costNanoUsd: bigint, { source }: Usage, heldNanoUsd: bigint | null): bigint => {
  const isReported = source === 'reported' || source === 'partial'
  return isReported || heldNanoUsd === null || costNanoUsd < heldNanoUsd ? costNanoUsd : heldNanoUsd
}

const chargeOf = ({ draft, heldNanoUsd }: Closing): bigint | null => {
  const { costNanoUsd, usage } = draft
  return costNanoUsd === null || usage === null ? null : atMostHeld(costNanoUsd, usage, heldNanoUsd)
}

const pause = ({ clock }: HoldPorts, delayMs: number): Promise<void> =>
  new Promise((resolve) => void clock.after(delayMs, resolve))

const end = (closing: Closing, { books, clock }: HoldPorts): Promise<Ended> | null => {
  const { draft, heldNanoUsd } = closing
  const { id: call, account, key, priceHash } = draft
  if (account === null || draft.test) return null
  const charge = chargeOf(closing)
  const request = {
    call,
    account,
    key,
    nowMs: clock.nowMs(),
    rule: ruleOf(closing),
    upstreamCosts: upstreamCosts(draft),
  }
  if (charge !== null) return books.settle({ ...request, chargeNanoUsd: charge, priceHash, model: closing.model })
  return heldNanoUsd === null && request.upstreamCosts.length === 0 ? null : books.voidHold(request)
}

/**
 * Closes a call's books. Its record gets what was really charged. Never rejects: what the store does not take in the end is
 * logged with its amount, and its hold is left to the sweeper.
 */
export const closeBooks = async (closing: Closing, ports: HoldPorts): Promise<void> => {
  const { draft } = closing
  for (let tries = 1; tries <= triesMax; tries += 1)
    try {
      const ended = await end(closing, ports)
      if (ended !== null && draft.costNanoUsd !== null) draft.costNanoUsd = ended.chargedNanoUsd
      return
    } catch (thrown) {
      const problem = asProblem(thrown)
      const facts = { call: draft.id, account: draft.account, amount_nano_usd: draft.costNanoUsd?.toString() ?? null }
      if (tries === triesMax || problem.row.retry === 'never') {
        ports.log.error('a call could not be settled: its hold is left to the sweeper', {
          ...facts,
          problem: problem.message,
        })
        return
      }
      if (tries === 1) ports.log.warn('a settlement is repeated', { ...facts, problem: problem.message })
      await pause(ports, Math.min(waitMostMs, waitFirstMs * 2 ** (tries - 1)))
    }
}
