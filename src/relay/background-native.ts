/** Responses that a provider makes in the background: their holds stand until somebody, or Drover itself, sees how they ended. */

import type { JsonObject } from '#base/json-type.ts'
import { objectAt } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'
import { chooseModel } from '#policy/choose.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { protocols } from '#protocol/index.ts'
import { readUsageOf } from '#protocol/openai-responses/usage.ts'
import type { BindingRow } from '#resource/port.ts'
import { rowForAccount } from './account-price.ts'
import { askDocument, isGone } from './binding/ask-keeper.ts'
import { keepContainers } from './binding/containers.ts'
import { keeperOf } from './binding/keeper.ts'
import { containersIn } from './binding/names.ts'
import { closeBooks } from './close-books.ts'
import type { Draft } from './draft.ts'
import type { Reply } from './first-reply.ts'
import { holderOf } from './holder.ts'
import type { Admitted, RelayPorts } from './journey.ts'
import { keepRecord } from './keep-record.ts'
import type { Meter } from './meter.ts'
import { snapshotFor } from './own-credential.ts'
import { settle } from './settle.ts'
import type { Snapshot } from './snapshot.ts'
import { readWhole, unsaidWarning } from './whole-usage.ts'

/** Until the response is bound; what a crash leaves before that is free again after this. */
export const makingMs = 1_800_000
/** Each look at it puts the end of its hold off to this. */
const keptMs = 7 * 86_400_000
const listedMs = 30 * 86_400_000
const [minuteMs, hourMs] = [60_000, 3_600_000]
/** A stream is its own witness; it is looked at beside only when it has gone on for so long. */
const streamLookMs = 60_000

/** How often one is looked at: often at first. */
const nextLookMs = (ageMs: number): number =>
  ageMs < minuteMs ? 2_000 : ageMs < 10 * minuteMs ? 10_000 : ageMs < hourMs ? 30_000 : 5 * minuteMs

/** What is needed to settle it later. */
type Work = {
  readonly draft: string
  /** As the caller called it, and as the provider does. */
  readonly model: string
  readonly target: string
  readonly heldNanoUsd: string | null
  readonly names: readonly string[]
}

const draftText = (draft: Draft): string =>
  JSON.stringify(draft, (_name, value: unknown) => (typeof value === 'bigint' ? { bigint: value.toString() } : value))

const readDraft = (text: string): Draft =>
  JSON.parse(text, (_name, value: unknown) => {
    const isBig = typeof value === 'object' && value !== null && Object.keys(value).join() === 'bigint'
    return isBig ? BigInt(String((value as { bigint: unknown }).bigint)) : value
  }) as Draft

const idIn = ({ held }: Reply): string | null => {
  for (const { parts } of held) for (const part of parts) if (part.type === 'start') return part.id
  return null
}

export type HandedOver = {
  /** Told what was read of the answer; gives whether it goes on without anybody who reads. */
  readonly end: (read: Meter) => Promise<boolean>
}

/** Binds a response before its caller learns of it, with all that settling it takes; `null` = it has no id, and is a call like any other. */
export const handOver = async (admitted: Admitted, reply: Reply): Promise<HandedOver | null> => {
  const { ports, draft, call, hold } = admitted
  const { upstream, keyIndex, leg } = reply.attempt
  const id = idIn(reply)
  if (id === null || draft.account === null || draft.key === null) return null
  const nowMs = ports.clock.nowMs()
  const named = { id, holder: holderOf(draft) }
  const { name: provider } = upstream.provider
  const known = { ...draft, status: 200, provider, upstreamModel: leg.target.model }
  const work: Work = {
    draft: draftText(known),
    model: call.model,
    target: leg.target.model,
    heldNanoUsd: hold.amountNanoUsd?.toString() ?? null,
    names: hold.model,
  }
  const { organisation, account, project, member, key, test } = draft
  await ports.bindings.keepBinding({
    ...named,
    kind: 'response',
    form: 'openai',
    ...{ organisation, account, project, member, key, test },
    provider,
    credential: keyIndex === null ? null : (upstream.credentialDigests[keyIndex] ?? null),
    upstreamId: id,
    purpose: null,
    document: '{}',
    state: 'open',
    work: ports.bindings.sealWork(named, work as unknown as JsonObject),
    createdMs: nowMs,
    expiresMs: nowMs + listedMs,
    nextMs: nowMs + (call.stream ? streamLookMs : nextLookMs(0)),
  })
  return {
    end: async (read) => {
      const isOver = read.finishReason() !== null || read.error() !== null
      const change = isOver
        ? ({ state: 'ended', nextMs: null, work: null } as const)
        : { nextMs: ports.clock.nowMs() + nextLookMs(0) }
      await ports.bindings.changeBinding(named, change)
      return !isOver
    },
  }
}

export type LookPorts = Pick<
  RelayPorts,
  'snapshot' | 'bindings' | 'books' | 'owner' | 'callLog' | 'observe' | 'countTokens' | 'clock' | 'log'
>

const rowOf = (snapshot: Snapshot, row: BindingRow, { model, target }: Work): ModelRow | null => {
  const table = row.test ? snapshot.test : snapshot.live
  for (const name of [model, `${row.provider}/${target}`]) {
    const found = chooseModel(table, name, { models: null })
    if (!(found instanceof Problem))
      return rowForAccount(found, snapshot, { account: row.account, atMs: row.createdMs })
  }
  return null
}

const targetOf = (row: ModelRow, provider: string, model: string): Target =>
  row.targets.find((one) => one.provider === provider && one.model === model) ?? {
    provider,
    model,
    weight: 1,
    tier: 1,
    params: 'shim',
    region: null,
    costRows: [],
  }

const failureOf = (document: JsonObject): Problem | null => {
  if (document['status'] !== 'failed') return null
  const { message } = objectAt(document, 'error')
  const said = typeof message === 'string' ? message.slice(0, 200) : 'no reason was given'
  return new Problem('upstream_error', { message: `The provider says that the response failed: ${said}` })
}

type Asked = { readonly document: JsonObject; readonly draft: Draft; readonly row: ModelRow | null }

/** As for a call; of one that has failed, or was stopped, only what its provider says. */
const usageOf = async ({ countTokens }: LookPorts, { document, draft, row }: Asked): Promise<Usage | null> => {
  if (document['status'] !== 'completed' && document['status'] !== 'incomplete') return readUsageOf(document)
  const { usage } = await readWhole({
    ...{ protocol: protocols['openai-responses'], endpoint: 'responses', model: draft.model ?? '', body: document },
    ...{ inputBytes: draft.requestBytes, contextTokens: row?.contextTokens ?? null, countTokens },
  })
  const unsaid = unsaidWarning(usage, 'response')
  if (unsaid !== null) draft.warnings = [...draft.warnings, unsaid]
  return usage
}

type Ended = { readonly binding: BindingRow; readonly document: JsonObject; readonly work: Work }

/** Writes how it ended into its draft, as far as the provider tells. */
const conclude = async (ports: LookPorts, { binding, document, work }: Ended): Promise<Draft> => {
  const draft = readDraft(work.draft)
  const snapshot = snapshotFor(ports.snapshot(), { account: binding.account, test: binding.test })
  const problem = failureOf(document)
  const end = problem === null ? 'complete' : 'cut'
  const finishReason = String(document['status'] ?? 'unknown')
  const row = rowOf(snapshot, binding, work)
  const usage = await usageOf(ports, { document, draft, row })
  const attempt = draft.attempts.at(-1)
  const upstream = snapshot.upstreams.get(binding.provider)
  if (usage === null || row === null || attempt === undefined || upstream === undefined) {
    if (usage !== null)
      draft.warnings = [...draft.warnings, 'usage:the model or its provider is not configured any more']
    Object.assign(draft, { end, finishReason, usage, costNanoUsd: usage === null ? 0n : null })
    Object.assign(draft, { error: problem?.code ?? null, errorMessage: problem?.message ?? null })
    return draft
  }
  const target = targetOf(row, binding.provider, work.target)
  const leg = { row, target, model: row.id, by: 'model', reason: 'order' } as const
  const told = {
    see: () => {},
    finishReason: () => finishReason,
    error: () => problem,
    reported: () => usage,
    pictures: () => null,
    usage: async () => usage,
    usageSoFar: async () => usage,
  }
  const call = { kind: 'chat' } as Parameters<typeof settle>[2]['call']
  await settle(
    draft,
    { leg, upstream, draft: attempt },
    { call, meter: told, whole: true, delivered: { end, problem } },
  )
  return draft
}

const finish = async (ports: LookPorts, ended: Ended): Promise<void> => {
  const { binding, work } = ended
  const draft = await conclude(ports, ended)
  draft.durationMs = ports.clock.nowMs() - draft.timeMs
  const heldNanoUsd = work.heldNanoUsd === null ? null : BigInt(work.heldNanoUsd)
  await keepContainers(ports, {
    ...binding,
    nowMs: ports.clock.nowMs(),
    ids: containersIn(ended.document['output'] ?? null),
  })
  await closeBooks({ draft, heldNanoUsd, leavePolicy: 'drain', short: false, model: work.names }, ports)
  await keepRecord({ draft, trace: null, ports })
  await ports.bindings.changeBinding(binding, { state: 'ended', nextMs: null, work: null })
}

const keepHold = async (ports: LookPorts, { account }: BindingRow, call: string): Promise<void> => {
  const nowMs = ports.clock.nowMs()
  const nothing = { addNanoUsd: 0n, addMinNanoUsd: 0n, provenNanoUsd: null }
  await ports.books.extend({ ...nothing, call, account, nowMs, begun: true, expiresMs: nowMs + keptMs })
}

/** What its provider has no more, or says nothing of for longer than any response takes. */
const lost = (binding: BindingRow): JsonObject => ({
  status: 'failed',
  error: { message: `response ${binding.id} cannot be had from provider "${binding.provider}" any more` },
})

/**
 * One look at a response that a provider makes in the background: one that has ended is settled, one that runs is looked at again later.
 * @throws Problem of the provider or of the store: it is to be looked at again.
 */
export const lookAtResponse = async (ports: LookPorts, binding: BindingRow): Promise<void> => {
  const work = ports.bindings.workOf(binding) as unknown as Work | null
  if (work === null || binding.state !== 'open') {
    await ports.bindings.changeBinding(binding, { nextMs: null })
    return
  }
  const nowMs = ports.clock.nowMs()
  const ageMs = nowMs - binding.createdMs
  await keepHold(ports, binding, readDraft(work.draft).id)
  const snapshot = snapshotFor(ports.snapshot(), { account: binding.account, test: binding.test })
  let document: JsonObject
  try {
    const path = `responses/${encodeURIComponent(binding.upstreamId)}`
    const signal = AbortSignal.timeout(minuteMs)
    document = (await askDocument(keeperOf(snapshot, binding), { method: 'GET', path, signal })).document
  } catch (thrown) {
    if (!isGone(thrown) && ageMs <= keptMs) throw thrown
    document = lost(binding)
  }
  const { status } = document
  if ((status === 'queued' || status === 'in_progress') && ageMs <= keptMs) {
    await ports.bindings.changeBinding(binding, { nextMs: nowMs + nextLookMs(ageMs) })
    return
  }
  await finish(ports, { binding, document, work })
}

/**
 * Settles a response that is about to be deleted, so that what it used is not gone with it.
 * @throws Problem `invalid_request_error` while it runs.
 */
export const settleBeforeDrop = async (
  ports: LookPorts,
  named: { readonly id: string; readonly holder: string },
): Promise<void> => {
  const find = () => ports.bindings.binding({ ...named, nowMs: ports.clock.nowMs() })
  const before = await find()
  if (before === null || before.kind !== 'response' || before.state !== 'open') return
  await lookAtResponse(ports, before)
  if ((await find())?.state !== 'open') return
  throw new Problem('invalid_request_error', {
    message: `Response '${named.id.slice(0, 100)}' runs in the background. Cancel it first (POST /v1/responses/ID/cancel), then delete it.`,
    param: 'id',
  })
}

/** Has it looked at soon: it was cancelled, and so has ended or is about to. */
export const lookSoon = async (
  { bindings, clock }: Pick<LookPorts, 'bindings' | 'clock'>,
  named: { readonly id: string; readonly holder: string },
): Promise<void> => {
  const found = await bindings.binding({ ...named, nowMs: clock.nowMs() })
  if (found?.kind === 'response' && found.state === 'open')
    await bindings.changeBinding(named, { nextMs: clock.nowMs() })
}
