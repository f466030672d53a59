/** Jobs of fine-tuning in OpenAI's form: at the provider that keeps the training file, held for where the account pays. */

import { Buffer } from 'node:buffer'
import { readMember, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { ModelRow, Target } from '#policy/model-table.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { rowFor as modelRowFor } from '#relay/admit.ts'
import { labelsOf } from '#relay/labels.ts'
import { paidRow } from '#relay/own-credential.ts'
import { budgetsFor } from '#relay/paying.ts'
import type { BindingRow } from '#resource/port.ts'
import { askDocument, askKeeper } from './ask-keeper.ts'
import type { Act, Asking } from './asking.ts'
import { documentOf, paramOf, withinLimits } from './asking.ts'
import { freeHold, holdForBatch, keepHold } from './batch-hold.ts'
import { findBinding, idIn, ownerOf, rowFor } from './bind.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf, keeps } from './keeper.ts'
import { listOf } from './list.ts'
import type { Intent } from './making-intent.ts'
import { noteIntent, withMark } from './making-intent.ts'
import { epochsOf, trainingCharge, unpricedTraining } from './tuning-money.ts'
import { asCallersJob, refreshJob } from './tuning-refresh.ts'
import type { TuningWork } from './tuning-work.ts'
import { sealedTuning, tuningWorkOf } from './tuning-work.ts'

const refuse = (message: string, param: string): never => {
  throw new Problem('invalid_request_error', { message, param })
}

/** Jobs run for hours. */
const firstLookMs = 10_000
const knownForMs = 400 * 86_400_000

type Wish = {
  readonly body: Buffer
  readonly model: string
  readonly training: string
  readonly validation: string | null
}

const wishOf = async ({ exchange }: Asking): Promise<Wish> => {
  const { body } = await exchange.read()
  const bytes = body.kind === 'bytes' ? body.bytes : Buffer.alloc(0)
  const top = scanTopLevel(bytes)
  const [model, training, validation] = ['model', 'training_file', 'validation_file'].map((name) =>
    readMember(top, name),
  )
  if (typeof model !== 'string' || model === '') return refuse("'model' is missing: the model to train from.", 'model')
  if (typeof training !== 'string')
    return refuse(
      '\'training_file\' is missing: the id of a file that was uploaded with purpose "fine-tune".',
      'training_file',
    )
  if (validation !== undefined && validation !== null && typeof validation !== 'string')
    return refuse("'validation_file' must be the id of a file.", 'validation_file')
  return { body: bytes, model, training, validation: validation ?? null }
}

type Chosen = { readonly row: ModelRow; readonly target: Target }

const chosenFor = ({ snapshot, key, nowMs }: Asking, keeper: Keeper, name: string): Chosen => {
  const found = rowForAccount(modelRowFor(snapshot, key, name), snapshot, { account: key.account, atMs: nowMs })
  const { provider } = keeper.upstream
  const target = found.targets.find((one) => one.provider === provider.name)
  if (target !== undefined) return { row: paidRow(found, keeper.upstream), target }
  const servers = [...new Set(found.targets.map((one) => one.provider))].join(', ')
  return refuse(
    `Model '${name}' is not served by provider "${provider.name}", which keeps the training file; it is served by ${servers || 'nobody'}. Upload the file there (x-drover-provider).`,
    'model',
  )
}

/** A token is at least a byte of the file. */
const worstOf = (asking: Asking, { row }: Chosen, { file, wish }: { file: BindingRow; wish: Wish }): bigint | null => {
  const { key, snapshot, nowMs } = asking
  const isFree = snapshot.accounts.get(key.account)?.billing === 'unlimited'
  if (key.test || (isFree && budgetsFor(key, [row], snapshot.customers.budgets).length === 0)) return null
  const { bytes } = JSON.parse(file.document) as { readonly bytes?: unknown }
  const sizeBytes = typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : 0
  const tokens = sizeBytes * epochsOf(JSON.parse(wish.body.toString('utf8')) as JsonObject)
  const charge = trainingCharge(row, tokens, nowMs)
  if (charge === null) throw unpricedTraining(wish.model)
  return charge.baseNanoUsd
}

const bodyFor = (wish: Wish, { target }: Chosen, files: readonly (readonly [string, BindingRow])[]): Buffer => {
  const set = Object.fromEntries(files.map(([name, file]) => [name, JSON.stringify(file.upstreamId)]))
  return spliceTopLevel(scanTopLevel(wish.body), { set: { ...set, model: JSON.stringify(target.model) } })
}

const create: Act = (asking) =>
  withinLimits(asking, [], async () => {
    const { exchange, ports, key, holder, snapshot, nowMs } = asking
    const { inbound } = exchange
    const labels = labelsOf(inbound)
    const wish = await wishOf(asking)
    const sought = { holder, kind: 'file', form: 'openai' } as const
    const file = await findBinding(asking, { ...sought, id: wish.training })
    const other = wish.validation === null ? null : await findBinding(asking, { ...sought, id: wish.validation })
    if (other !== null && other.provider !== file.provider)
      refuse(
        `The two files are kept by different providers: "${file.provider}" and "${other.provider}".`,
        'validation_file',
      )
    const keeper = keeperOf(snapshot, file)
    if (!keeps(keeper.upstream.vendor.shelf, 'tuning', 'openai'))
      refuse(
        `Provider "${file.provider}" keeps the file, but has no fine-tuning here. Upload it to one that has.`,
        'training_file',
      )
    const chosen = chosenFor(asking, keeper, wish.model)
    const amountNanoUsd = worstOf(asking, chosen, { file, wish })
    const call = inbound.id
    const planned = { rows: [chosen.row], amountNanoUsd }
    const isHeld = await holdForBatch(asking, planned, call)
    const { tags, callSite, session } = labels
    const work: TuningWork = { call, model: wish.model, target: chosen.target.model, tags, callSite, session }
    const owner = ownerOf(key, holder)
    const known = { call, isHeld, work: work as unknown as JsonObject, knownForMs }
    let intent: Intent | null = null
    try {
      intent = await noteIntent({ kind: 'job', asking, keeper, owner, ...known })
      const files = [['training_file', file] as const, ...(other === null ? [] : [['validation_file', other] as const])]
      const made = await askDocument(keeper, {
        method: 'POST',
        path: 'fine_tuning/jobs',
        contentType: 'application/json',
        body: { kind: 'bytes', bytes: withMark(bodyFor(wish, chosen, files), call) },
        headers: inbound.headers,
        signal: inbound.signal,
      })
      const id = idIn(made.document, keeper)
      const document = asCallersJob(made.document, key.organisation)
      const row = rowFor(owner, keeper, {
        kind: 'job',
        text: JSON.stringify(document),
        document,
        nowMs,
        state: 'open',
        work: sealedTuning(ports.bindings, { id, holder }, work),
        nextMs: nowMs + firstLookMs,
        expiresMs: nowMs + knownForMs,
        purpose: null,
      })
      const isFirst = await ports.bindings.keepBinding(row)
      const before = isFirst ? null : await ports.bindings.binding({ id, holder, nowMs })
      // Whoever looked for it while its answer was on its way may have bound it.
      if (!isFirst && (before === null || tuningWorkOf(ports.bindings, before)?.call !== call))
        throw new Problem('upstream_error', { message: `Provider "${row.provider}" gave an id that is taken.` })
      await keepHold(ports, { call, account: key.account }, nowMs)
      await intent.made()
      return { kind: 'document', text: row.document, provider: row.provider }
    } catch (thrown) {
      if (intent?.isOpen(thrown) === true) throw thrown
      await intent?.over()
      const order = { call, account: key.account, key: key.id, nowMs }
      if (isHeld)
        await freeHold(ports, order, 'the job was not made: nothing is charged').catch((failed: unknown) =>
          ports.log.warn('the hold of a job that was not made is left to the sweeper', {
            problem: asProblem(failed).message,
          }),
        )
      throw thrown
    }
  })

const jobOf = (asking: Asking): Promise<BindingRow> =>
  findBinding(asking, { id: paramOf(asking, 'id'), holder: asking.holder, kind: 'job', form: 'openai' })

/** Asks about the job, or does something to it: `cancel`, `pause`, `resume`. */
const refreshed =
  (action: string | null): Act =>
  async (asking) => {
    const row = await jobOf(asking)
    if (action === null && row.state !== 'open') return { kind: 'document', text: row.document, provider: row.provider }
    const { ports, snapshot, exchange } = asking
    const text = await refreshJob(ports, { row, snapshot, signal: exchange.inbound.signal, action })
    return { kind: 'document', text, provider: row.provider }
  }

/** Events and checkpoints are the provider's, page by page. */
const behind =
  (what: 'events' | 'checkpoints'): Act =>
  async (asking) => {
    const row = await jobOf(asking)
    const { headers, query, signal } = asking.exchange.inbound
    const path = `fine_tuning/jobs/${encodeURIComponent(row.upstreamId)}/${what}`
    const reply = await askKeeper(keeperOf(asking.snapshot, row), { method: 'GET', path, headers, query, signal })
    return { kind: 'stream', reply, provider: row.provider }
  }

/** Deletes a model that came of the account's own fine-tuning. */
const dropModel: Act = async (asking) => {
  const { holder, ports, snapshot, exchange } = asking
  const row = await findBinding(asking, { id: paramOf(asking, 'id'), holder, kind: 'model', form: 'openai' })
  const path = `models/${encodeURIComponent(row.upstreamId)}`
  await askDocument(keeperOf(snapshot, row), { method: 'DELETE', path, signal: exchange.inbound.signal })
  await ports.bindings.dropBinding(row)
  await ports.modelsChanged()
  return documentOf({ id: row.id, object: 'model', deleted: true })
}

export const tuningActs = {
  create,
  list: listOf('job'),
  show: refreshed(null),
  cancel: refreshed('cancel'),
  pause: refreshed('pause'),
  resume: refreshed('resume'),
  events: behind('events'),
  checkpoints: behind('checkpoints'),
  dropModel,
} as const
