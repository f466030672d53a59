/**
 * What is noted before a provider is asked to make something that costs: where this process dies before it knows what was made, or the answer is
 * lost on the way, it is found at the provider by the mark that it carries, bound, and settled as usual.
 */

import { hasMember, readMember, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { RelayPorts } from '#relay/journey.ts'
import { snapshotFor } from '#relay/own-credential.ts'
import { keptHead } from '#relay/repeat.ts'
import type { BindingRow } from '#resource/port.ts'
import { askDocument } from './ask-keeper.ts'
import type { Asking } from './asking.ts'
import { asCaller, markName } from './batch-document.ts'
import { freeHold, keepHold } from './batch-hold.ts'
import type { BatchWork } from './batch-work.ts'
import type { Owner } from './bind.ts'
import { ownerOfRow, rowFor } from './bind.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf } from './keeper.ts'
import { asCallersJob } from './tuning-refresh.ts'

/** Pairs that OpenAI takes (OpenAPI document of OpenAI, `Metadata`, read 2026-11-29). */
const pairsMax = 16
/** How soon it is looked for, and how long: longer than a provider is waited for. */
const [firstLookMs, soughtForMs] = [2_000, 180_000]
const nextLookMs = 5_000
const lookTimeoutMs = 60_000
/** Of the newest at a provider. */
const lookedThroughMax = 100

export type SeekPorts = Pick<RelayPorts, 'snapshot' | 'bindings' | 'parts' | 'clock' | 'log' | 'repeats'>

export type MadeKind = 'batch' | 'job'

const kinds: Readonly<
  Record<MadeKind, { readonly path: string; readonly lookMs: number; readonly shown: (found: Found) => JsonObject }>
> = {
  batch: {
    path: 'batches',
    lookMs: 2_000,
    shown: ({ document, work }) => asCaller(document, (work as unknown as BatchWork).input),
  },
  job: {
    path: 'fine_tuning/jobs',
    lookMs: 10_000,
    shown: ({ document, row }) => asCallersJob(document, row.organisation),
  },
}

type Found = { readonly row: BindingRow; readonly document: JsonObject; readonly work: JsonObject }

/** The body with the mark; as it is where the caller's own pairs leave no room. */
export const withMark = (body: Uint8Array, call: string): Buffer => {
  const top = scanTopLevel(Buffer.from(body))
  const given = hasMember(top, 'metadata') ? readMember(top, 'metadata') : null
  if (given !== null && !isObject(given)) return top.source
  const pairs = isObject(given) ? given : {}
  if (Object.keys(pairs).length >= pairsMax) return top.source
  return Buffer.from(spliceTopLevel(top, { set: { metadata: JSON.stringify({ ...pairs, [markName]: call }) } }))
}

export type Intent = {
  /** It is certainly not there: nobody needs to look for it. */
  readonly over: () => Promise<void>
  /** It is there and bound. Nobody needs to look for it, once also its answer is kept. */
  readonly made: () => Promise<void>
  /** Whether what was thrown leaves open if the provider has made it: then it is looked for, and its hold stands. */
  readonly isOpen: (thrown: unknown) => boolean
}

/** An answer of the provider's own, or a caller's mistake: nothing was made. */
const isRefused = (thrown: unknown): boolean =>
  thrown instanceof Problem && (thrown.detail.raw !== undefined || thrown.row.blame === 'caller')

export type IntentOrder = {
  readonly kind: MadeKind
  readonly asking: Asking
  readonly keeper: Keeper
  readonly owner: Owner
  readonly call: string
  /** Whether an open hold says for so long that it is not known. */
  readonly isHeld: boolean
  /** What binding it takes: `BatchWork`, `TuningWork`. */
  readonly work: JsonObject
  readonly knownForMs: number
}

/** Of what was thrown while it is not known if the provider has made it: whether it is looked for, and held for until then. */
const open = new WeakMap<object, { readonly isSought: boolean }>()

/** What is known of a request that ended so, for its Idempotency-Key; `null` = nothing was made. */
export const openEnd = (thrown: unknown): { readonly isSought: boolean } | null =>
  typeof thrown === 'object' && thrown !== null ? (open.get(thrown) ?? null) : null

const noteOpen = (thrown: unknown, isSought: boolean): boolean => {
  if (isRefused(thrown)) return false
  if (typeof thrown === 'object' && thrown !== null) open.set(thrown, { isSought })
  return true
}

const nothing = async (): Promise<void> => {}
const nothingKept: Intent = { over: nothing, made: nothing, isOpen: () => false }
/** Nobody can look for it: what was held is freed. */
const unmarked: Intent = {
  over: nothing,
  made: nothing,
  isOpen: (thrown) => {
    noteOpen(thrown, false)
    return false
  },
}

/** Notes that the provider is about to be asked. Of a sandbox, or in a form without marks, nothing is noted. */
export const noteIntent = async (order: IntentOrder): Promise<Intent> => {
  const { kind, asking, keeper, owner, call, isHeld, work, knownForMs } = order
  const { under } = asking
  const { bindings, clock } = asking.ports
  if (owner.test) return nothingKept
  if (keeper.form !== 'openai') return unmarked
  const nowMs = clock.nowMs()
  const named = { id: `making_${call}`, holder: owner.holder }
  const row = rowFor(owner, keeper, {
    kind,
    id: named.id,
    text: '{}',
    document: {},
    nowMs,
    state: 'hidden',
    work: bindings.sealWork(named, under === undefined ? work : { ...work, answer: under.answer }),
    nextMs: nowMs + firstLookMs,
    expiresMs: nowMs + knownForMs,
    purpose: null,
  })
  await bindings.keepBinding(row)
  const over = async (): Promise<void> => {
    await bindings.dropBinding(named)
  }
  return {
    over,
    made: async () => (under === undefined ? over() : under.afterwards(over)),
    isOpen: (thrown) => noteOpen(thrown, isHeld),
  }
}

const isMarked = ({ metadata, input_file_id: input }: JsonObject, { call, copy }: JsonObject): boolean =>
  (isObject(metadata) && metadata[markName] === call) || (typeof copy === 'string' && input === copy)

const seek = async (keeper: Keeper, kind: MadeKind, work: JsonObject): Promise<JsonObject | null> => {
  const { document } = await askDocument(keeper, {
    method: 'GET',
    path: kinds[kind].path,
    query: new URLSearchParams({ limit: String(lookedThroughMax) }),
    signal: AbortSignal.timeout(lookTimeoutMs),
  })
  const page = Array.isArray(document['data']) ? document['data'] : []
  return page.filter(isObject).find((one) => isMarked(one, work)) ?? null
}

/** Whether a row is a note of something that is being made. */
export const isIntent = ({ id, state, kind }: BindingRow): boolean =>
  state === 'hidden' && (kind === 'batch' || kind === 'job') && id.startsWith('making_')

const bindFound = async (ports: SeekPorts, keeper: Keeper, found: Found): Promise<void> => {
  const { row, document: made, work } = found
  const kind: MadeKind = row.kind === 'job' ? 'job' : 'batch'
  const nowMs = ports.clock.nowMs()
  const id = String(made['id'] ?? '')
  if (id === '') return
  const document = kinds[kind].shown(found)
  const text = JSON.stringify(document)
  const { answer, call } = work
  if (typeof answer === 'string' && typeof call === 'string') {
    const head = keptHead(200, { 'x-drover-provider': row.provider })
    await ports.repeats.conclude({ id: answer, call, head, text })
  }
  if ((await ports.bindings.binding({ id, holder: row.holder, nowMs })) !== null) return
  await ports.bindings.keepBinding(
    rowFor(ownerOfRow(row), keeper, {
      kind,
      id,
      text,
      document,
      nowMs: row.createdMs,
      state: 'open',
      work: ports.bindings.sealWork({ id, holder: row.holder }, work),
      nextMs: nowMs + kinds[kind].lookMs,
      expiresMs: row.expiresMs,
      purpose: null,
    }),
  )
  await keepHold(ports, { call: String(work['call']), account: row.account }, nowMs)
  ports.log.warn('something that was made while nobody saw its answer is bound', { id, account: row.account })
}

/**
 * Looks for what may have been made. It is bound where it is there; where it is not, after longer than a provider is waited for, its hold is freed.
 * @throws Problem of the provider: it is to be looked at again.
 */
export const lookForMade = async (ports: SeekPorts, row: BindingRow): Promise<void> => {
  const work = ports.bindings.workOf(row) ?? {}
  const keeper = keeperOf(snapshotFor(ports.snapshot(), { account: row.account, test: row.test }), row)
  const document = await seek(keeper, row.kind === 'job' ? 'job' : 'batch', work)
  const nowMs = ports.clock.nowMs()
  if (document === null && nowMs - row.createdMs < soughtForMs) {
    await ports.bindings.changeBinding(row, { nextMs: nowMs + nextLookMs })
    return
  }
  if (document === null) {
    const order = { call: String(work['call']), account: row.account, key: row.key, nowMs }
    await freeHold(ports, order, 'it was not made: nothing is charged')
  } else await bindFound(ports, keeper, { row, document, work })
  await ports.bindings.dropBinding(row)
}
