/** What a provider says of a batch now: taken down, with the files of its results bound before anybody learns of them. */

import type { JsonObject } from '#base/json-type.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingRow } from '#resource/port.ts'
import type { KeeperDocument } from './ask-keeper.ts'
import { askDocument, isGone } from './ask-keeper.ts'
import { asCaller, hasEnded, resultFiles } from './batch-document.ts'
import { workOf } from './batch-work.ts'
import { ownerOfRow, rowFor } from './bind.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf } from './keeper.ts'

export type Looking = {
  readonly row: BindingRow
  /** As calls of the batch's account see it. */
  readonly snapshot: Snapshot
  readonly signal: AbortSignal
  readonly isCancelled?: boolean
}

export const batchPath = ({ form, upstreamId }: BindingRow): string =>
  `${form === 'openai' ? '' : 'messages/'}batches/${encodeURIComponent(upstreamId)}`

const fileDocument = async (
  keeper: Keeper,
  { id, row, signal }: { id: string; row: BindingRow; signal: AbortSignal },
) => {
  const path = `files/${encodeURIComponent(id)}`
  try {
    return await askDocument(keeper, { method: 'GET', path, signal })
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown
    // Some servers give the results of a batch without a document about their file.
    const document: JsonObject = { id, object: 'file', purpose: 'batch_output', filename: `${row.id}.jsonl` }
    return { document, text: JSON.stringify(document) } satisfies KeeperDocument
  }
}

const bindResults = async (
  { bindings, clock }: Pick<RelayPorts, 'bindings' | 'clock'>,
  keeper: Keeper,
  { document, row, signal }: { document: JsonObject; row: BindingRow; signal: AbortSignal },
): Promise<void> => {
  for (const id of resultFiles(document)) {
    const nowMs = clock.nowMs()
    if ((await bindings.binding({ id, holder: row.holder, nowMs })) !== null) continue
    const file = await fileDocument(keeper, { id, row, signal })
    const state = row.state === 'open' ? 'open' : 'ended'
    await bindings.keepBinding(rowFor(ownerOfRow(row), keeper, { ...file, kind: 'file', id, nowMs, state }))
  }
}

/**
 * Asks for a batch, or cancels it; gives the document as its caller may see it. One that has ended is looked at soon, to be settled.
 * @throws Problem of the provider.
 */
export const refreshBatch = async (
  ports: Pick<RelayPorts, 'bindings' | 'clock'>,
  { row, snapshot, signal, isCancelled = false }: Looking,
): Promise<string> => {
  const keeper = keeperOf(snapshot, row)
  const path = batchPath(row)
  const asked = isCancelled
    ? await askDocument(keeper, { method: 'POST', path: `${path}/cancel`, signal })
    : await askDocument(keeper, { method: 'GET', path, signal })
  await bindResults(ports, keeper, { document: asked.document, row, signal })
  const work = workOf(ports.bindings, row)
  const document = asCaller(asked.document, work?.input ?? null)
  const text = document === asked.document ? asked.text : JSON.stringify(document)
  const isDue = row.state === 'open' && (hasEnded(document) || isCancelled)
  await ports.bindings.changeBinding(row, { document: text, ...(isDue ? { nextMs: ports.clock.nowMs() } : {}) })
  return text
}
