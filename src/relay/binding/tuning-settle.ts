/** Looks at jobs that run, and settles those that have ended: once, for the tokens that the provider says it trained. */

import { idFrom } from '#base/id.ts'
import type { JsonObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { rowForAccount } from '#relay/account-price.ts'
import type { Draft } from '#relay/draft.ts'
import { attemptDraft, draftOf } from '#relay/draft.ts'
import { paidRow, snapshotFor } from '#relay/own-credential.ts'
import { namesOf } from '#relay/paying.ts'
import { pricingOf } from '#relay/settle.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingRow } from '#resource/port.ts'
import { isGone } from './ask-keeper.ts'
import { freeHold, keepHold } from './batch-hold.ts'
import type { LookPorts } from './batch-settle.ts'
import { keeperOrEnd, modelRowOfName } from './batch-settle.ts'
import { keeperOf } from './keeper.ts'
import { trainingCharge, trainingCost, trainingUsage } from './tuning-money.ts'
import { jobHasEnded, refreshJob } from './tuning-refresh.ts'
import type { TuningWork } from './tuning-work.ts'
import { tuningWorkOf } from './tuning-work.ts'

const minuteMs = 60_000
/** While it is young a job may fail at once. */
const nextLookMs = (ageMs: number): number => (ageMs < minuteMs ? 5_000 : minuteMs)

type Order = {
  readonly ports: LookPorts
  readonly job: BindingRow
  readonly work: TuningWork
  readonly snapshot: Snapshot
  readonly document: JsonObject
}

const draftFor = ({ job, work, document, ports }: Order, tokens: number | null): Draft => {
  const id = idFrom('call', job.createdMs, `job ${job.holder}\n${job.id}`)
  const draft = draftOf({ id, path: '/v1/fine_tuning/jobs' }, 'openai-fine-tuning', job.createdMs)
  const { organisation, account, project, member, key, test, provider } = job
  Object.assign(draft, { organisation, account, project, member, key, test, provider })
  draft.model = work.model
  draft.upstreamModel = work.target
  draft.status = 200
  draft.durationMs = Math.max(0, ports.clock.nowMs() - job.createdMs)
  draft.tags = { ...work.tags, job: job.id }
  draft.callSite = work.callSite
  draft.session = work.session
  draft.end = document['status'] === 'succeeded' ? 'complete' : 'refused'
  draft.finishReason = typeof document['status'] === 'string' ? document['status'] : null
  draft.usage = tokens === null ? null : trainingUsage(tokens)
  draft.costNanoUsd = 0n
  return draft
}

/** Books a job that has ended, and keeps its record. Says the same however often it is asked. */
const settle = async (order: Order): Promise<void> => {
  const { ports, job, work, snapshot, document } = order
  const { trained_tokens: told } = document
  const tokens = typeof told === 'number' && Number.isSafeInteger(told) && told > 0 ? told : null
  const draft = draftFor(order, tokens)
  const { upstream } = keeperOf(snapshot, job)
  const found = modelRowOfName(snapshot, job, [work.model, `${job.provider}/${work.target}`])
  const attempt = attemptDraft(job.provider, work.target, 0)
  draft.attempts = [attempt]
  if (tokens === null && draft.end === 'complete' && !job.test) {
    // What it comes to nobody knows; that it was nothing would be a lie.
    draft.costNanoUsd = null
    draft.warnings = ['usage:the provider told no trained tokens; nothing is charged']
  }
  let names: readonly string[] = []
  if (tokens !== null && found !== null && !job.test) {
    const row = paidRow(rowForAccount(found, snapshot, { account: job.account, atMs: job.createdMs }), upstream)
    const charge = trainingCharge(row, tokens, job.createdMs)
    names = namesOf(row)
    draft.costNanoUsd = charge?.costNanoUsd ?? null
    draft.priceHash = charge?.priceHash ?? null
    draft.pricing = pricingOf(row, charge)
    const target = found.targets.find(({ provider }) => provider === job.provider)
    attempt.usage = draft.usage
    attempt.costNanoUsd = target === undefined ? null : trainingCost(upstream, target, { tokens, atMs: job.createdMs })
  }
  const record = Object.freeze({ ...draft })
  if (record.costNanoUsd !== null && record.usage !== null && !job.test) {
    const upstreamCosts =
      attempt.costNanoUsd === null || attempt.costNanoUsd === 0n
        ? []
        : [{ provider: job.provider, amountNanoUsd: attempt.costNanoUsd }]
    const part = {
      call: record.id,
      account: job.account,
      key: job.key,
      chargeNanoUsd: record.costNanoUsd,
      nowMs: ports.clock.nowMs(),
      priceHash: record.priceHash,
      rule: `job ${job.id}: the tokens that the provider says it trained`,
      upstreamCosts,
      model: names,
    }
    await ports.parts.draw({ hold: work.call, account: job.account, parts: [part] })
  }
  ports.observe(record, null)
  await ports.callLog.append(record)
}

/** @throws Problem where it is to be looked at again. */
export const lookAtJob = async (ports: LookPorts, job: BindingRow): Promise<void> => {
  const work = tuningWorkOf(ports.bindings, job)
  if (work === null || job.state !== 'open') {
    await ports.bindings.changeBinding(job, { nextMs: null })
    return
  }
  const nowMs = ports.clock.nowMs()
  const snapshot = snapshotFor(ports.snapshot(), { account: job.account, test: job.test })
  if ((await keeperOrEnd(ports, { row: job, snapshot, call: work.call })) === null) return
  await keepHold(ports, { call: work.call, account: job.account }, nowMs)
  try {
    const text = await refreshJob(ports, { row: job, snapshot, signal: AbortSignal.timeout(minuteMs) })
    const document = JSON.parse(text) as JsonObject
    if (!jobHasEnded(document)) {
      await ports.bindings.changeBinding(job, { nextMs: nowMs + nextLookMs(nowMs - job.createdMs) })
      return
    }
    await settle({ ports, job, work, snapshot, document })
  } catch (thrown) {
    if (!(thrown instanceof Problem) || !isGone(thrown) || nowMs - job.createdMs < 1_440 * minuteMs) throw thrown
    ports.log.error('a job is gone at its provider: what it used is not charged', {
      job: job.id,
      account: job.account,
      problem: asProblem(thrown).message,
    })
  }
  const order = { call: work.call, account: job.account, key: job.key, nowMs: ports.clock.nowMs() }
  await freeHold(ports, order, `job ${job.id} has ended: what it did not use is free`)
  await ports.bindings.changeBinding(job, { state: 'ended', nextMs: null })
}
