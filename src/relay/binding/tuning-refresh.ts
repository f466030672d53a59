/** What a provider says of a job now, as its caller may see it; the files and models that come of it are bound before. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem } from '#base/problem.ts'
import type { RelayPorts } from '#relay/journey.ts'
import type { BindingRow } from '#resource/port.ts'
import type { KeeperDocument } from './ask-keeper.ts'
import { askDocument } from './ask-keeper.ts'
import { withoutMark } from './batch-document.ts'
import type { Looking } from './batch-refresh.ts'
import { ownerOfRow, rowFor } from './bind.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf } from './keeper.ts'
import { tuningWorkOf } from './tuning-work.ts'

type Ports = Pick<RelayPorts, 'bindings' | 'clock' | 'log' | 'modelsChanged'>

export const jobPath = ({ upstreamId }: BindingRow): string => `fine_tuning/jobs/${encodeURIComponent(upstreamId)}`

const ended: ReadonlySet<unknown> = new Set(['succeeded', 'failed', 'cancelled'])

export const jobHasEnded = ({ status }: JsonObject): boolean => ended.has(status)

/** The operator's organisation at the provider is nobody's business, and neither is Drover's mark. */
export const asCallersJob = (document: JsonObject, organisation: string | null): JsonObject => {
  const bare = withoutMark(document)
  return bare['organization_id'] === undefined ? bare : { ...bare, organization_id: organisation ?? '' }
}

const bindFiles = async (
  ports: Ports,
  keeper: Keeper,
  { document, row }: { document: JsonObject; row: BindingRow },
): Promise<void> => {
  const ids = Array.isArray(document['result_files']) ? document['result_files'] : []
  for (const id of ids) {
    if (typeof id !== 'string') continue
    const nowMs = ports.clock.nowMs()
    if ((await ports.bindings.binding({ id, holder: row.holder, nowMs })) !== null) continue
    const about: JsonObject = { id, object: 'file', purpose: 'fine-tune-results', filename: `${row.id}.csv` }
    const file: KeeperDocument = { document: about, text: JSON.stringify(about) }
    await ports.bindings.keepBinding(rowFor(ownerOfRow(row), keeper, { ...file, kind: 'file', id, nowMs }))
  }
}

/** Models at the end and on the way: OpenAI lets the last checkpoints be called too. */
const modelsOf = async (
  keeper: Keeper,
  { document, row, signal }: { document: JsonObject; row: BindingRow; signal: AbortSignal },
  failed: (thrown: unknown) => void,
): Promise<readonly string[]> => {
  const { fine_tuned_model: model } = document
  if (typeof model !== 'string' || model === '') return []
  const path = `${jobPath(row)}/checkpoints`
  const page = await askDocument(keeper, { method: 'GET', path, signal }).catch((thrown: unknown) => {
    failed(thrown)
    return null
  })
  const data = page !== null && Array.isArray(page.document['data']) ? page.document['data'] : []
  const checkpoints = data.flatMap((one) => (isObject(one) ? [one['fine_tuned_model_checkpoint']] : []))
  return [...new Set([model, ...checkpoints.filter((name): name is string => typeof name === 'string' && name !== '')])]
}

const bindModels = async (
  ports: Ports,
  keeper: Keeper,
  order: { document: JsonObject; row: BindingRow; signal: AbortSignal },
): Promise<void> => {
  const { row } = order
  const work = tuningWorkOf(ports.bindings, row)
  if (work === null) return
  const tell = (thrown: unknown): void =>
    ports.log.warn('the checkpoints of a job could not be read', { job: row.id, problem: asProblem(thrown).message })
  let isNew = false
  for (const id of await modelsOf(keeper, order, tell)) {
    const nowMs = ports.clock.nowMs()
    if ((await ports.bindings.binding({ id, holder: row.holder, nowMs })) !== null) continue
    const text = JSON.stringify({ id, object: 'model', base: work.model, job: row.id })
    const document: JsonObject = { id }
    await ports.bindings.keepBinding(rowFor(ownerOfRow(row), keeper, { kind: 'model', text, document, id, nowMs }))
    isNew = true
  }
  if (isNew) await ports.modelsChanged()
}

/**
 * Asks for a job, or does something to it; gives its document. One that has ended is looked at soon, to be settled.
 * @throws Problem of the provider.
 */
export const refreshJob = async (
  ports: Ports,
  { row, snapshot, signal, action = null }: Looking & { readonly action?: string | null },
): Promise<string> => {
  const keeper = keeperOf(snapshot, row)
  const path = jobPath(row)
  const asked = await (action === null
    ? askDocument(keeper, { method: 'GET', path, signal })
    : askDocument(keeper, { method: 'POST', path: `${path}/${action}`, signal }))
  const document = asCallersJob(asked.document, row.organisation)
  await bindFiles(ports, keeper, { document, row })
  if (document['status'] === 'succeeded') await bindModels(ports, keeper, { document, row, signal })
  const text = document === asked.document ? asked.text : JSON.stringify(document)
  const isDue = row.state === 'open' && (jobHasEnded(document) || action !== null)
  await ports.bindings.changeBinding(row, { document: text, ...(isDue ? { nextMs: ports.clock.nowMs() } : {}) })
  return text
}
