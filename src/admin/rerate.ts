/** A period under other prices: what its calls would cost now, and, where it is wished, the difference booked, once. */

import { z } from 'zod'
import type { CallRecord } from '#base/call-record.ts'
import { rfc3339 } from '#base/clock.ts'
import { firstIdAt } from '#base/id.ts'
import { decimalOf } from '#base/money.ts'
import type { AppliedRules } from '#base/price-rule.ts'
import { noRules } from '#base/price-rule.ts'
import { Problem } from '#base/problem.ts'
import type { Charge } from '#ledger/charge.ts'
import { saleOf } from '#ledger/charge.ts'
import { findModel } from '#policy/choose.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { monthVolumes } from '#relay/month-volumes.ts'
import { feeOf } from '#relay/own-credential.ts'
import { accountNamed } from './credits.ts'
import { handleField } from './field.ts'
import type { OperationContext } from './operation.ts'
import { operation } from './operation.ts'
import { whenField } from './prices.ts'
import { table } from './render.ts'
import { trailRowOf } from './trail-row.ts'

/** Calls that are read, and adjusted, in one turn. */
const pageMax = 500
/** No period has more calls than can be rated in one run; a longer one is done in parts. */
const callsMax = 5_000_000

const lineView = z.object({
  account: z.string(),
  model: z.string(),
  calls: z.int(),
  changed: z.int(),
  unpriced: z.int().describe('Calls that were charged and have no price now: left as they are.'),
  old_usd: z.string(),
  new_usd: z.string(),
  difference_usd: z.string(),
  difference_nano_usd: z.string(),
})

type Line = {
  readonly account: string
  readonly model: string
  calls: number
  changed: number
  unpriced: number
  oldNano: bigint
  newNano: bigint
}

type Period = { readonly fromMs: number; readonly untilMs: number }

/** A call that the account's own credential fetched is charged its fee again, not the price. */
const rulesOf = (call: CallRecord, rules: AppliedRules): AppliedRules => {
  const feeBasisPoints = feeOf(call)
  return feeBasisPoints === null ? rules : { ...rules, feeBasisPoints }
}

/** The new charge of a call at its own instant, by its account's rules as they are now; `null` = unpriced. */
const makeRating = (context: OperationContext) => {
  const { snapshot } = context.ports.prices
  const volumes = monthVolumes()
  const { accounts, pricing, live, test } = snapshot()
  const rating = { accounts, pricing: { rules: pricing.rules, volumes } }
  return (call: CallRecord): Charge | null => {
    const { account, usage, timeMs } = call
    const name = call.pricing?.model ?? call.model ?? ''
    const row = findModel(live, name) ?? findModel(test, name)
    if (account === null || usage === null || row === null) return null
    const own = rowForAccount(row, rating, { account, atMs: timeMs })
    const charge = saleOf(usage, own.priceRows, { atMs: timeMs, rules: rulesOf(call, own.rules ?? noRules) })
    if (charge !== null) {
      const family = own.family ?? null
      if (family !== null) volumes.begin([{ account, family, baseNanoUsd: charge.baseNanoUsd }], timeMs)
    }
    return charge
  }
}

const monthStartMs = (atMs: number): number => {
  const at = new Date(atMs)
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth())
}

const minuteMs = 60_000

/** Calls of the period in pages, and those of its month before it, which bundles count. */
async function* pagesOf(
  { fromMs, untilMs }: Period,
  { ports }: OperationContext,
): AsyncGenerator<readonly CallRecord[]> {
  // An id is made a moment before or after its call's time.
  let from = firstIdAt('call', monthStartMs(fromMs) - minuteMs)
  const until = firstIdAt('call', untilMs + minuteMs)
  for (let read = 0; read < callsMax; ) {
    const page = await ports.store.callSpan({ from, until, limit: pageMax })
    if (page.length === 0) return
    yield page
    read += page.length
    from = `${page.at(-1)?.id ?? ''}!`
  }
  throw new Problem('invalid_request_error', {
    message: `The period has more than ${callsMax} calls: rate it in parts, with --from and --until.`,
    param: 'from',
  })
}

type Wish = {
  readonly period: Period
  readonly account: string | null
  readonly model: string | null
  readonly apply: boolean
}

const isMeant = (call: CallRecord, { period, account, model }: Wish): boolean =>
  !call.test &&
  call.account !== null &&
  call.usage !== null &&
  call.timeMs >= period.fromMs &&
  call.timeMs < period.untilMs &&
  (account === null || call.account === account) &&
  (model === null || call.model === model || call.pricing?.model === model)

/** Only a provider's own figures raise a charge: what was counted or estimated was bounded by what was held for it. */
const targetOf = (call: CallRecord, { costNanoUsd }: Charge, chargedNano: bigint): bigint => {
  const isReported = call.usage?.source === 'reported' || call.usage?.source === 'partial'
  return isReported || costNanoUsd < chargedNano ? costNanoUsd : chargedNano
}

const reasonOf = (charge: Charge, chargedNano: bigint, targetNano: bigint): string =>
  `rated anew: ${decimalOf(chargedNano)} USD before, ${decimalOf(targetNano)} USD after, price row ${charge.priceHash ?? 'free'}`

const ratePage = async (
  page: readonly CallRecord[],
  wish: Wish,
  {
    context,
    rate,
    lineFor,
  }: { context: OperationContext; rate: (call: CallRecord) => Charge | null; lineFor: (call: CallRecord) => Line },
): Promise<void> => {
  const rated = page.map((call) => ({ call, charge: rate(call) })).filter(({ call }) => isMeant(call, wish))
  const charged = await context.ports.store.chargedFor(rated.map(({ call }) => call.id))
  const requests = []
  for (const [index, { call, charge }] of rated.entries()) {
    const before = charged[index] ?? null
    if (before === null) continue
    const line = lineFor(call)
    line.calls += 1
    line.oldNano += before
    const target = charge === null ? before : targetOf(call, charge, before)
    line.newNano += target
    if (charge === null) line.unpriced += 1
    if (charge === null || target === before) continue
    line.changed += 1
    requests.push({
      call: call.id,
      targetNanoUsd: target,
      nowMs: context.clock.nowMs(),
      reason: reasonOf(charge, before, target),
    })
  }
  if (wish.apply && requests.length > 0) await context.ports.store.rerate(requests, null)
}

const rerate = operation({
  noun: 'rerate',
  verb: 'run',
  summary:
    'What the calls of a period would cost at the prices that are set now for their time. A dry run; --apply books the differences, once.',
  method: 'POST',
  path: '/rerate',
  scope: 'write',
  input: z.strictObject({
    from: whenField().describe('The first instant, or day, in UTC.'),
    until: whenField().optional().describe('The first instant that is no longer meant. Absent: now.'),
    account: handleField().optional().describe('Only calls of this account: id or name.'),
    model: z.string().min(1).max(200).optional().describe('Only calls of this model.'),
    apply: z.boolean().default(false).describe('Book the differences: more is charged, less comes back as credit.'),
  }),
  output: z.object({
    from: z.string(),
    until: z.string(),
    applied: z.boolean(),
    calls: z.int(),
    changed: z.int(),
    difference_nano_usd: z.string(),
    difference_usd: z.string(),
    data: z.array(lineView),
  }),
  flags: [],
  render: (view) =>
    [
      table(
        ['ACCOUNT', 'MODEL', 'CALLS', 'CHANGED', 'UNPRICED', 'OLD USD', 'NEW USD', 'DIFFERENCE'],
        view.data.map((one) => [
          one.account,
          one.model,
          one.calls,
          one.changed,
          one.unpriced,
          one.old_usd,
          one.new_usd,
          one.difference_usd,
        ]),
      ),
      `${view.calls} calls, ${view.changed} of them changed: ${view.difference_usd} USD. `,
      view.applied ? 'The differences are booked.\n' : 'Nothing is booked: repeat with --apply.\n',
    ].join(''),
  run: async (input, context) => {
    const { clock, ports } = context
    const fromMs = Date.parse(input.from)
    const untilMs = input.until === undefined ? clock.nowMs() : Date.parse(input.until)
    if (untilMs <= fromMs)
      throw new Problem('invalid_request_error', { message: 'The period ends before it begins.', param: 'until' })
    const account = input.account === undefined ? null : (await accountNamed(input.account, context)).id
    const wish: Wish = { period: { fromMs, untilMs }, account, model: input.model ?? null, apply: input.apply }
    const lines = new Map<string, Line>()
    const lineFor = (call: CallRecord): Line => {
      const name = JSON.stringify([call.account, call.model])
      const found = lines.get(name) ?? {
        account: call.account ?? '',
        model: call.model ?? '',
        calls: 0,
        changed: 0,
        unpriced: 0,
        oldNano: 0n,
        newNano: 0n,
      }
      lines.set(name, found)
      return found
    }
    const rate = makeRating(context)
    for await (const page of pagesOf(wish.period, context)) await ratePage(page, wish, { context, rate, lineFor })
    const all = [...lines.values()]
    const difference = all.reduce((sum, { oldNano, newNano }) => sum + newNano - oldNano, 0n)
    const changed = all.reduce((sum, line) => sum + line.changed, 0)
    if (input.apply) {
      const after = { ...input, changed, difference_nano_usd: difference.toString() }
      await ports.store.rerate(
        [],
        trailRowOf({ operation: 'rerate.run', object: 'calls', before: null, after }, context),
      )
    }
    return {
      from: rfc3339(fromMs),
      until: rfc3339(untilMs),
      applied: input.apply,
      calls: all.reduce((sum, line) => sum + line.calls, 0),
      changed,
      difference_nano_usd: difference.toString(),
      difference_usd: decimalOf(difference),
      data: all.map(({ oldNano, newNano, ...line }) => ({
        ...line,
        old_usd: decimalOf(oldNano),
        new_usd: decimalOf(newNano),
        difference_usd: decimalOf(newNano - oldNano),
        difference_nano_usd: (newNano - oldNano).toString(),
      })),
    }
  },
})

export const rerateOperations = [rerate] as const
