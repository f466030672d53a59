/** One call's whole story: who, what was tried, what was used at which price, what the books did and why. */

import { z } from 'zod'
import type { CallRecord } from '#base/call-record.ts'
import { decimalOf } from '#base/money.ts'
import type { PriceRow, PriceWindow } from '#base/price-row.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Receipt } from '#ledger/port.ts'
import { explainCharge } from '#report/explain.ts'
import type { CallView } from './call-view.ts'
import { viewOfCall } from './call-view.ts'
import { explainText } from './explain-text.ts'
import type { Explanation } from './explain-view.ts'
import { explanationView } from './explain-view.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'

const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
const windowText = ({ fromMinute, untilMinute, weekdays }: PriceWindow): string =>
  `${clockText(fromMinute)}-${clockText(untilMinute)}${weekdays === undefined ? '' : ` on days ${weekdays.join(',')}`}`
const dayText = (timeMs: number | null): string | null => (timeMs === null ? null : new Date(timeMs).toISOString())
const nanoText = (nano: bigint | null | undefined): string | null => nano?.toString() ?? null
const percentText = (basisPoints: number): string => decimalOf(BigInt(basisPoints) * 10_000_000n, 0)

const windowsOf = (row: PriceRow | null): readonly string[] => (row?.windows ?? []).map(windowText)

const viewOfPrice = (record: CallRecord, row: PriceRow | null): Explanation['price'] => {
  const { priceHash, pricing } = record
  if (priceHash === null) return null
  const explained = row === null ? null : explainCharge(record, row)
  return {
    hash: priceHash,
    model: pricing?.model ?? row?.model ?? '',
    vendor: pricing?.vendor ?? row?.vendor ?? '',
    source: pricing?.source ?? row?.source ?? '',
    read: row?.read ?? null,
    currency: pricing?.currency ?? row?.currency ?? 'USD',
    per_usd:
      pricing?.perUsdNano === null || pricing === null || pricing === undefined
        ? null
        : decimalOf(pricing.perUsdNano, 0),
    service_tier: pricing?.serviceTier ?? row?.serviceTier ?? 'default',
    context_over_tokens: pricing?.contextOverTokens ?? row?.contextOverTokens ?? null,
    from: dayText(row?.fromMs ?? null),
    until: dayText(row?.untilMs ?? null),
    windows: [...windowsOf(row)],
    rules: (pricing?.rules ?? []).map(({ kind, name, basisPoints }) => ({
      kind,
      name,
      percent: percentText(basisPoints),
    })),
    lines:
      explained?.lines.map(({ item, count, rateNano, perMillion, amount }) => ({
        item,
        count,
        rate: rateNano === null ? null : decimalOf(rateNano),
        per: perMillion ? ('million' as const) : ('piece' as const),
        amount,
      })) ?? null,
    sum: explained?.sum ?? null,
    base_nano_usd: nanoText(explained?.baseNanoUsd ?? pricing?.baseNanoUsd),
    rated_nano_usd: nanoText(explained?.ratedNanoUsd),
  }
}

const viewOfBooks = (receipt: Receipt | null, endNanoUsd: bigint | null): Explanation['books'] => {
  if (receipt === null) return null
  const { state, heldNanoUsd, chargedNanoUsd, rule } = receipt
  const charged = chargedNanoUsd ?? 0n
  const isHeld = heldNanoUsd > 0n
  return {
    state,
    held_nano_usd: heldNanoUsd.toString(),
    charged_nano_usd: nanoText(chargedNanoUsd),
    shortfall_nano_usd: (isHeld && charged > heldNanoUsd ? charged - heldNanoUsd : 0n).toString(),
    rerated_nano_usd: endNanoUsd === null || endNanoUsd === chargedNanoUsd ? null : endNanoUsd.toString(),
    rule,
  }
}

const notesOf = (record: CallRecord, price: Explanation['price'], books: Explanation['books']): readonly string[] => {
  const notes: string[] = []
  if (record.test) notes.push('A call of a test key: the sandbox answers, and no money moves.')
  if (record.end === 'refused' && record.attempts.length === 0)
    notes.push('Refused before anything was sent to a provider.')
  if (record.usage === null && record.provider !== null)
    notes.push('The provider reported no usage, and there was no text to count.')
  if (record.costNanoUsd === null) notes.push('The charge is not known: no price covers what was used.')
  if (price !== null && price.lines === null)
    notes.push('The rates of this price row are not in the store; its source is named.')
  const rated = price?.rated_nano_usd ?? null
  if (rated !== null && record.costNanoUsd !== null && BigInt(rated) !== record.costNanoUsd)
    notes.push(
      books !== null && record.costNanoUsd.toString() === books.held_nano_usd
        ? "Only a provider's own count may go over what was held: the charge ends at the hold."
        : 'The charge is not what rates and rules come to: it was rated anew or corrected since, or settled for what was proven.',
    )
  return notes
}

/** What the books know of a call that is not in the log: that it runs, or what it came to when its server died with it. */
const unrecorded = (id: string, receipt: Receipt | null): Problem => {
  if (receipt === null) return new Problem('not_found', { ...saying('no_ended_call', { id }), param: 'id' })
  const { state, chargedNanoUsd } = receipt
  const held = decimalOf(receipt.heldNanoUsd)
  if (state === 'open') return new Problem('not_found', { ...saying('call_under_way', { id, held }), param: 'id' })
  const charged = decimalOf(chargedNanoUsd ?? 0n)
  return new Problem('not_found', { ...saying('call_interrupted', { id, state, charged, held }), param: 'id' })
}

const explain = operation({
  noun: 'explain',
  verb: 'list',
  summary: "One call's whole story: attempts, tokens times prices, hold and charge, and the rules that decided.",
  method: 'GET',
  path: '/calls/{id}/explain',
  scope: 'read',
  input: z.strictObject({ id: z.string().min(1).max(100).describe("The call's id.") }),
  output: explanationView,
  flags: [{ field: 'id', describe: "The call's id: the x-request-id of its answer.", positional: true }],
  render: explainText,
  run: async ({ id }, { ports }: OperationContext) => {
    const { store } = ports
    const record = await store.call(id)
    if (record === null) throw unrecorded(id, await store.receipt(id))
    const account = record.account === null ? null : await store.account(record.account)
    const key = record.key === null ? null : await store.key(record.key)
    const row = record.priceHash === null ? null : await store.priceRow(record.priceHash)
    const [endNanoUsd = null] = await store.chargedFor([id])
    const books = viewOfBooks(await store.receipt(id), endNanoUsd)
    const price = viewOfPrice(record, row)
    const rated = price?.rated_nano_usd ?? null
    const call: CallView = viewOfCall(record)
    return {
      call,
      account:
        account === null ? null : { id: account.id, name: account.name, billing: account.billing, plan: account.plan },
      key: key === null ? null : { id: key.id, name: key.name },
      books,
      price,
      adds_up: rated === null || record.costNanoUsd === null ? null : BigInt(rated) === record.costNanoUsd,
      notes: [...notesOf(record, price, books)],
    }
  },
})

export const explainOperations = [explain] as const
