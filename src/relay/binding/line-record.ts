/** One line of a batch as a call of its own: what it used, what it costs, its record. */

import { Buffer } from 'node:buffer'
import type { CallRecord } from '#base/call-record.ts'
import { idFrom } from '#base/id.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Usage } from '#base/usage.ts'
import { usageOf } from '#base/usage.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { ModelNames, SettleRequest } from '#ledger/port.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { Draft } from '#relay/draft.ts'
import { attemptDraft, draftOf } from '#relay/draft.ts'
import type { CountTokens } from '#relay/meter.ts'
import { namesOf } from '#relay/paying.ts'
import { priceOf, pricingOf, rowsOfCost } from '#relay/settle.ts'
import type { Upstream } from '#relay/snapshot.ts'
import { readWhole, unsaidWarning } from '#relay/whole-usage.ts'
import type { BindingRow } from '#resource/port.ts'
import type { Outcome } from './batch-document.ts'
import type { BatchWork } from './batch-work.ts'

/** A model of the batch as it is sold and bought: rows are those of when the batch was made. */
export type LineModel = {
  readonly name: string
  readonly row: ModelRow
  readonly target: Target
  /** Of the line as its caller wrote it; `null` = not known any more. */
  readonly inputBytes: number | null
}

export type LineOrder = {
  readonly batch: BindingRow
  readonly work: BatchWork
  readonly protocol: Protocol
  readonly upstream: Upstream
  /** `null` = no line of the batch had this `custom_id`. */
  readonly model: LineModel | null
  readonly outcome: Outcome
  readonly countTokens: CountTokens
  readonly nowMs: number
}

export type LineSettled = {
  readonly record: CallRecord
  /** `null` = there is nothing to settle. */
  readonly part: SettleRequest | null
}

/** The same line of the same batch is the same call, whoever settles it and however often. */
export const lineCallId = ({ holder, id, createdMs }: BindingRow, customId: string): string =>
  idFrom('call', createdMs, `batch ${holder}\n${id}\n${customId}`)

const failureLengthMax = 300

const read = (order: LineOrder, body: JsonObject): ReturnType<typeof readWhole> => {
  const { work, protocol, model, countTokens } = order
  return readWhole({
    ...{ protocol, endpoint: work.endpoint, body, countTokens },
    model: model?.name ?? '',
    inputBytes: model?.inputBytes ?? null,
    contextTokens: model?.row.contextTokens ?? null,
  })
}

const describe = (order: LineOrder, draft: Draft): void => {
  const { batch, work, model, outcome, upstream, nowMs } = order
  const { organisation, account, project, member, key, test } = batch
  Object.assign(draft, { organisation, account, project, member, key, test })
  draft.model = model?.name ?? null
  draft.provider = upstream.provider.name
  draft.upstreamModel = model?.target.model ?? null
  draft.status = outcome.status
  draft.durationMs = Math.max(0, nowMs - batch.createdMs)
  draft.tags = { ...work.tags, batch: batch.id }
  draft.callSite = work.callSite
  draft.session = work.session
}

const fail = (draft: Draft, failure: string): void => {
  draft.end = 'refused'
  draft.error = 'upstream_error'
  draft.errorMessage = failure.slice(0, failureLengthMax)
  draft.costNanoUsd = 0n
}

/** Batches are served at their own tier, whatever the answer inside says. */
const atBatchTier = (usage: Usage): Usage => ({ ...usage, serviceTier: 'batch' })

const price = (order: LineOrder, draft: Draft, usage: Usage): void => {
  const { model, upstream } = order
  if (model === null) {
    draft.warnings = ['custom_id:no line of the batch had it; nothing is charged']
    draft.costNanoUsd = 0n
    return
  }
  const charge = priceOf(model.row, usage, draft)
  draft.costNanoUsd = charge?.costNanoUsd ?? null
  draft.priceHash = charge?.priceHash ?? null
  draft.pricing = pricingOf(model.row, charge)
  draft.warnings = (charge?.unpricedItems ?? []).map((item) => `items:${item}:unpriced`)
  const [attempt] = draft.attempts
  if (attempt === undefined) return
  attempt.usage = usage
  attempt.costNanoUsd = draft.test
    ? 0n
    : (chargeOf(usage, rowsOfCost(upstream, model.target), draft.timeMs)?.costNanoUsd ?? null)
}

const partOf = ({ batch, model, nowMs }: LineOrder, draft: Draft): SettleRequest | null => {
  if (draft.test || draft.costNanoUsd === null || draft.usage === null) return null
  const names: ModelNames = model === null ? [] : namesOf(model.row)
  return {
    call: draft.id,
    account: batch.account,
    key: batch.key,
    chargeNanoUsd: draft.costNanoUsd,
    nowMs,
    priceHash: draft.priceHash,
    rule: `a line of batch ${batch.id}: ${draft.usage.source === 'reported' ? "the provider's own count" : 'counted, as the provider did not say all'}`,
    upstreamCosts: draft.attempts.flatMap(({ provider, costNanoUsd }) =>
      costNanoUsd === null || costNanoUsd === 0n ? [] : [{ provider, amountNanoUsd: costNanoUsd }],
    ),
    model: names,
  }
}

/** What one line came to. Says the same whenever it is asked, so that settling may begin again. */
export const settledLine = async (order: LineOrder): Promise<LineSettled> => {
  const { batch, work, protocol, outcome, model } = order
  const id = lineCallId(batch, outcome.customId)
  const draft = draftOf({ id, path: `/v1/${work.endpoint}` }, protocol.name, batch.createdMs)
  describe(order, draft)
  const attempt = attemptDraft(order.upstream.provider.name, model?.target.model ?? '', 0)
  Object.assign(attempt, { status: outcome.status, endMs: draft.durationMs, upstreamRequestId: outcome.requestId })
  draft.attempts = [attempt]
  if (outcome.body === null) {
    fail(draft, outcome.failure ?? 'the provider gave no answer')
    attempt.error = 'upstream_error'
    return { record: Object.freeze({ ...draft }), part: null }
  }
  const { usage, finishReason } = await read(order, outcome.body)
  draft.end = 'complete'
  draft.finishReason = finishReason
  draft.responseBytes = Buffer.byteLength(JSON.stringify(outcome.body))
  draft.usage = usage === null ? usageOf({ source: 'estimated', serviceTier: 'batch' }) : atBatchTier(usage)
  price(order, draft, draft.usage)
  const unsaid = unsaidWarning(usage, 'line')
  if (unsaid !== null) draft.warnings = [...draft.warnings, unsaid]
  return { record: Object.freeze({ ...draft }), part: partOf(order, draft) }
}
