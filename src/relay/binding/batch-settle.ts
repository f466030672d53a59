/** Looks at batches that run, and settles those that have ended: line by line, each once, in whatever process and however often begun. */

import type { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { ModelRow } from '#policy/model-table.ts'
import { protocols } from '#protocol/index.ts'
import { rowForAccount } from '#relay/account-price.ts'
import { modelOfHolder } from '#relay/bound-model.ts'
import type { RelayPorts } from '#relay/journey.ts'
import { paidRow, snapshotFor } from '#relay/own-credential.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingRow } from '#resource/port.ts'
import { askKeeper, isGone } from './ask-keeper.ts'
import type { Outcome } from './batch-document.ts'
import { hasEnded, outcomeOf, resultFiles } from './batch-document.ts'
import { freeHold, keepHold, keptMs } from './batch-hold.ts'
import { correctLines } from './batch-limits.ts'
import { deleteCopy } from './batch-make.ts'
import { batchPath, refreshBatch } from './batch-refresh.ts'
import type { BatchWork, CountedLines } from './batch-work.ts'
import { workOf } from './batch-work.ts'
import { keepContainers } from './containers.ts'
import { jsonLines } from './json-lines.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf } from './keeper.ts'
import type { LineModel, LineSettled } from './line-record.ts'
import { settledLine } from './line-record.ts'
import { containersIn } from './names.ts'

export type LookPorts = Pick<
  RelayPorts,
  | 'snapshot'
  | 'bindings'
  | 'modelsChanged'
  | 'parts'
  | 'callLog'
  | 'observe'
  | 'countTokens'
  | 'waitingRoom'
  | 'clock'
  | 'log'
>

/** Lines of one transaction. */
const togetherMax = 50
const minuteMs = 60_000
/** After its provider should have ended it, this long is waited for results that cannot be had. */
const windowMs = 86_400_000

/** When a batch that runs is looked at again: often at first, as small ones end soon. */
const nextLookMs = (ageMs: number): number => (ageMs < minuteMs ? 2_000 : ageMs < 10 * minuteMs ? 15_000 : minuteMs)

type Settling = {
  readonly ports: LookPorts
  readonly batch: BindingRow
  readonly work: BatchWork
  readonly keeper: Keeper
  readonly snapshot: Snapshot
}

type Sold = Pick<BindingRow, 'account' | 'test' | 'holder'>

/** The row of the first of these names that still means a model to the account. */
export const modelRowOfName = (
  snapshot: Snapshot,
  { test, holder }: Sold,
  names: readonly string[],
): ModelRow | null => {
  for (const name of names) {
    const row = modelOfHolder(snapshot, { test, holder }, name)
    if (row !== null) return row
  }
  return null
}

/** The row that a model was sold by; of one that is not offered any more what is known of it by its provider's name. */
const modelRow = ({ batch, snapshot }: Settling, name: string, target: string): ModelRow | null => {
  const row = modelRowOfName(snapshot, batch, [name, `${batch.provider}/${target}`])
  return row === null ? null : rowForAccount(row, snapshot, { account: batch.account, atMs: batch.createdMs })
}

/** By `custom_id`. */
const lineModels = (settling: Settling): ReadonlyMap<string, LineModel> => {
  const { work, keeper } = settling
  const models = new Map<string, LineModel>()
  for (const { name, target: model, ids, sizes } of work.models) {
    const found = modelRow(settling, name, model)
    if (found === null) continue
    const row = paidRow(found, keeper.upstream)
    const known = found.targets.find((one) => one.provider === keeper.upstream.provider.name && one.model === model)
    const target = known ?? {
      provider: keeper.upstream.provider.name,
      model,
      weight: 1,
      tier: 1,
      params: 'shim',
      region: null,
      costRows: [],
    }
    for (const [place, id] of ids.entries()) models.set(id, { name, row, target, inputBytes: sizes?.[place] ?? null })
  }
  return models
}

const parse = (line: Buffer): unknown => {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) return null
    throw cause
  }
}

/** `null` = a line that cannot be read. */
async function* outcomesAt(keeper: Keeper, path: string, batch: BindingRow): AsyncGenerator<Outcome | null> {
  const reply = await askKeeper(keeper, { method: 'GET', path, signal: AbortSignal.timeout(resultsTimeoutMs) })
  try {
    for await (const { line } of jsonLines(reply.body)) {
      const value = parse(line)
      yield isObject(value) ? outcomeOf(value, batch.form) : null
    }
  } finally {
    reply.abort()
  }
}

const resultsTimeoutMs = 3_600_000

const pathsOf = (batch: BindingRow, document: JsonObject): readonly string[] => {
  if (batch.form === 'openai') return resultFiles(document).map((id) => `files/${encodeURIComponent(id)}/content`)
  return typeof document['results_url'] === 'string' ? [`${batchPath(batch)}/results`] : []
}

/** Books some lines in one transaction, then keeps their records; a record that was kept before stays as it was. */
const book = async ({ ports, batch, work }: Settling, lines: readonly LineSettled[]): Promise<void> => {
  const paid = lines.flatMap(({ part }) => (part === null ? [] : [part]))
  const ended = await ports.parts.draw({ hold: work.call, account: batch.account, parts: paid })
  const repeated = new Set(paid.filter((_part, index) => ended[index]?.repeated === true).map(({ call }) => call))
  await Promise.all(
    lines.map(async ({ record }) => {
      if (!repeated.has(record.id)) ports.observe(record, null)
      await ports.callLog.append(record)
    }),
  )
}

/** Containers that a line tells of; a response also repeats what its caller asked for. */
const keepToldContainers = async ({ ports, batch }: Settling, { body }: Outcome): Promise<void> => {
  const ids = containersIn(body?.['output'] ?? body)
  if (ids.length > 0) await keepContainers(ports, { ...batch, ids, nowMs: ports.clock.nowMs() })
}

const settleLines = async (settling: Settling, document: JsonObject): Promise<CountedLines> => {
  const { ports, batch, work, keeper } = settling
  const models = lineModels(settling)
  const protocol =
    batch.form === 'anthropic'
      ? protocols['anthropic-messages']
      : Object.values(protocols).find(({ endpoints }) => endpoints.some(({ path }) => path === work.endpoint))
  if (protocol === undefined) return { requests: 0, tokens: 0 }
  let [count, tokens, unreadable] = [0, 0, 0]
  let waiting: LineSettled[] = []
  for (const path of pathsOf(batch, document))
    for await (const outcome of outcomesAt(keeper, path, batch)) {
      if (outcome === null) {
        unreadable += 1
        continue
      }
      const model = models.get(outcome.customId) ?? null
      const { countTokens } = ports
      const nowMs = ports.clock.nowMs()
      const order = { batch, work, protocol, upstream: keeper.upstream, model, outcome, countTokens, nowMs }
      const line = await settledLine(order)
      await keepToldContainers(settling, outcome)
      waiting.push(line)
      count += 1
      tokens += (line.record.usage?.input ?? 0) + (line.record.usage?.output ?? 0)
      if (waiting.length < togetherMax) continue
      await book(settling, waiting)
      waiting = []
    }
  if (waiting.length > 0) await book(settling, waiting)
  // A file that broke off looks the same: what can be read is settled, and the rest is waited for.
  if (unreadable > 0)
    throw new Problem('upstream_error', {
      message: `${unreadable} lines of the results of batch ${batch.id} cannot be read; ${count} are settled.`,
      facts: { fault: 'unreadable' },
    })
  return { requests: count, tokens }
}

/** Ends a batch that is settled: what is left of its hold is free, what Drover put up is deleted. */
const finish = async ({ ports, batch, work, keeper }: Settling, document: JsonObject, rule: string): Promise<void> => {
  const nowMs = ports.clock.nowMs()
  await freeHold(ports, { call: work.call, account: batch.account, key: batch.key, nowMs }, rule)
  for (const id of resultFiles(document))
    await ports.bindings.changeBinding({ id, holder: batch.holder }, { state: 'ended' })
  if (work.copy !== null)
    await deleteCopy(keeper, work.copy, (thrown) =>
      ports.log.warn('the rewritten input of a batch could not be deleted', {
        batch: batch.id,
        problem: asProblem(thrown).message,
      }),
    )
  await ports.bindings.changeBinding(batch, { state: 'ended', nextMs: null })
}

const isUnreadable = (thrown: unknown): boolean =>
  thrown instanceof Problem && thrown.detail.facts?.['fault'] === 'unreadable'

const isLost = (thrown: unknown, ageMs: number): boolean =>
  ageMs > windowMs + keptMs || (ageMs > windowMs && (isGone(thrown) || isUnreadable(thrown)))

/**
 * The provider of something that runs. Where it, or the credential that the thing was made with, has been gone for longer than is waited, the thing
 * is given up: its hold is freed, and it is `null`.
 * @throws Problem `no_available_provider` before that.
 */
export const keeperOrEnd = async (
  ports: Pick<LookPorts, 'bindings' | 'parts' | 'clock' | 'log'>,
  { row, snapshot, call }: { readonly row: BindingRow; readonly snapshot: Snapshot; readonly call: string },
): Promise<Keeper | null> => {
  const nowMs = ports.clock.nowMs()
  try {
    return keeperOf(snapshot, row)
  } catch (thrown) {
    if (nowMs - row.createdMs <= windowMs + keptMs) throw thrown
    ports.log.error('a batch or job is given up, and what it used is not charged', {
      id: row.id,
      account: row.account,
      problem: asProblem(thrown).message,
    })
  }
  const order = { call, account: row.account, key: row.key, nowMs }
  await freeHold(ports, order, `${row.kind} ${row.id} is given up: its provider is gone`)
  await ports.bindings.changeBinding(row, { state: 'ended', nextMs: null })
  return null
}

/**
 * One look at a batch. A batch that has ended is settled; one that runs is looked at again later.
 * @throws Problem of the provider or of the store: it is to be looked at again.
 */
export const lookAtBatch = async (ports: LookPorts, batch: BindingRow): Promise<void> => {
  const nowMs = ports.clock.nowMs()
  const ageMs = nowMs - batch.createdMs
  const snapshot = snapshotFor(ports.snapshot(), { account: batch.account, test: batch.test })
  const work = workOf(ports.bindings, batch)
  if (work === null || batch.state !== 'open') {
    await ports.bindings.changeBinding(batch, { nextMs: null })
    return
  }
  const keeper = await keeperOrEnd(ports, { row: batch, snapshot, call: work.call })
  if (keeper === null) return
  await keepHold(ports, { call: work.call, account: batch.account }, nowMs)
  const settling: Settling = { ports, batch, work, keeper, snapshot }
  let document: JsonObject = JSON.parse(batch.document) as JsonObject
  let counted: CountedLines | null = null
  try {
    const signal = AbortSignal.timeout(minuteMs)
    const text = await refreshBatch(ports, { row: batch, snapshot, signal })
    document = JSON.parse(text) as JsonObject
    if (!hasEnded(document)) {
      await ports.bindings.changeBinding(batch, { nextMs: nowMs + nextLookMs(ageMs) })
      return
    }
    counted = await settleLines(settling, document)
    ports.log.info('a batch is settled', { batch: batch.id, account: batch.account, lines: counted.requests })
  } catch (thrown) {
    if (!isLost(thrown, ageMs)) throw thrown
    ports.log.error('results of a batch cannot be had: what those lines used is not charged', {
      batch: batch.id,
      account: batch.account,
      problem: asProblem(thrown).message,
    })
  }
  await finish(settling, document, `batch ${batch.id} has ended: what its lines did not use is free`)
  // Behind its end: a look that breaks off before that is taken up again, and would give the same back to limits once more.
  if (counted !== null) await correctLines(ports, { batch, work, snapshot: ports.snapshot() }, counted)
}
