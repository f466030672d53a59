/** Makes a batch at its provider: held for first, bound when it is there, and undone where it does not come to that. */

import type { JsonObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Labels } from '#relay/labels.ts'
import type { KeeperDocument } from './ask-keeper.ts'
import { askDocument } from './ask-keeper.ts'
import type { Answered, Asking } from './asking.ts'
import { asCaller } from './batch-document.ts'
import { freeHold, holdForBatch, keepHold } from './batch-hold.ts'
import { takeLines } from './batch-limits.ts'
import type { Planned } from './batch-plan.ts'
import type { BatchWork } from './batch-work.ts'
import { sealedWork, workOf } from './batch-work.ts'
import { idIn, ownerOf, rowFor } from './bind.ts'
import type { Keeper } from './keeper.ts'
import type { Intent } from './making-intent.ts'
import { noteIntent } from './making-intent.ts'

const undoTimeoutMs = 15_000
/** How soon it is looked at. */
const firstLookMs = 2_000
/** Results stay at OpenAI for 30 days and at Anthropic for 29 (their guides, from memory); what is known of a batch stays longer. */
const knownForMs = 400 * 86_400_000

export type Making = {
  readonly asking: Asking
  readonly keeper: Keeper
  readonly planned: Planned
  readonly labels: Labels
  readonly endpoint: string
  /** The file that the caller named; `null` = none. */
  readonly input: string | null
  /** Puts up what the provider needs before, if anything; gives its id, to be deleted when the batch is over. */
  readonly prepareInput: () => Promise<string | null>
  readonly create: (copy: string | null) => Promise<KeeperDocument>
  /** The path of a batch at the provider. */
  readonly pathOf: (id: string) => string
}

const tell = (asking: Asking, what: string, thrown: unknown): void =>
  asking.ports.log.warn(what, { call: asking.exchange.inbound.id, problem: asProblem(thrown).message })

/** Deletes a file that Drover itself has put up; what fails is only told. */
export const deleteCopy = async (keeper: Keeper, copy: string, failed: (thrown: unknown) => void): Promise<void> => {
  const path = `files/${encodeURIComponent(copy)}`
  await askDocument(keeper, { method: 'DELETE', path, signal: AbortSignal.timeout(undoTimeoutMs) }).catch(failed)
}

const workFor = ({ asking, planned, labels, endpoint, input }: Making, copy: string | null): BatchWork => ({
  call: asking.exchange.inbound.id,
  endpoint,
  models: planned.models,
  counted: planned.counted,
  copy,
  input,
  tags: labels.tags,
  callSite: labels.callSite,
  session: labels.session,
})

/** Whether it is bound already: by whoever looked for it while its answer was on its way. */
const isBound = async ({ ports, holder, nowMs }: Asking, id: string, call: string): Promise<boolean> => {
  const row = await ports.bindings.binding({ id, holder, nowMs })
  return row !== null && row.kind === 'batch' && workOf(ports.bindings, row)?.call === call
}

const bound = async (making: Making, made: KeeperDocument, work: BatchWork): Promise<Answered> => {
  const { asking, keeper, planned, input, pathOf } = making
  const { ports, key, holder, nowMs } = asking
  const id = idIn(made.document, keeper)
  const document = asCaller(made.document, input)
  const text = document === made.document ? made.text : JSON.stringify(document)
  const row = rowFor(ownerOf(key, holder), keeper, {
    kind: 'batch',
    text,
    document,
    nowMs,
    state: 'open',
    work: sealedWork(ports.bindings, { id, holder }, work),
    nextMs: nowMs + firstLookMs,
    expiresMs: nowMs + knownForMs,
    purpose: null,
  })
  const kept = await ports.bindings.keepBinding(row).catch((thrown: unknown) => asProblem(thrown))
  if (kept !== true && (kept !== false || !(await isBound(asking, id, work.call)))) {
    const ask = { method: 'POST', path: `${pathOf(id)}/cancel`, signal: AbortSignal.timeout(undoTimeoutMs) } as const
    await askDocument(keeper, ask).catch((thrown: unknown) => tell(asking, 'a batch could not be cancelled', thrown))
    if (kept instanceof Problem) throw kept
    throw new Problem('upstream_error', {
      message: `Provider "${row.provider}" gave an id that your account already has of another thing: '${id.slice(0, 100)}'.`,
      facts: { fault: 'protocol' },
    })
  }
  await keepHold(ports, { call: work.call, account: key.account }, nowMs)
  const warnings = planned.warnings.map((one) => one.replace(/[^\x20-\x7e]/g, '?').replaceAll(',', ';')).join(',')
  return {
    kind: 'document',
    text,
    provider: row.provider,
    ...(warnings === '' ? {} : { headers: { 'x-drover-warnings': warnings.slice(0, 1_024) } }),
  }
}

/** @throws Problem of the money, of the provider; then nothing is held and nothing is left behind. */
export const makeBatch = async (making: Making): Promise<Answered> => {
  const { asking, keeper, planned } = making
  const { ports, key, exchange, nowMs } = asking
  const call = exchange.inbound.id
  const giveBack = await takeLines(asking, planned)
  const isHeld = await holdForBatch(asking, planned, call).catch(async (thrown: unknown) => {
    await giveBack()
    throw thrown
  })
  let copy: string | null = null
  let intent: Intent | null = null
  try {
    copy = await making.prepareInput()
    const work = workFor(making, copy)
    const owner = ownerOf(key, asking.holder)
    const known = { call, isHeld, work: work as unknown as JsonObject, knownForMs }
    intent = await noteIntent({ kind: 'batch', asking, keeper, owner, ...known })
    const answered = await bound(making, await making.create(copy), work)
    await intent.made()
    return answered
  } catch (thrown) {
    // Whether the provider has made it is not known: it is looked for, and what it needs stays until then.
    if (intent?.isOpen(thrown) === true) throw thrown
    await intent?.over()
    await giveBack()
    if (copy !== null)
      await deleteCopy(keeper, copy, (failed) =>
        tell(asking, 'the rewritten input of a batch could not be deleted', failed),
      )
    if (isHeld)
      await freeHold(
        ports,
        { call, account: key.account, key: key.id, nowMs },
        'the batch was not made: nothing is charged',
      ).catch((failed: unknown) => tell(asking, 'the hold of a batch that was not made is left to the sweeper', failed))
    throw thrown
  }
}
