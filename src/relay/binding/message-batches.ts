/** Batches in Anthropic's form: the calls come in the request, the results as lines. */

import { Buffer } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { hasMember, memberText, readMember, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { protocols } from '#protocol/index.ts'
import { rowFor as modelRowFor } from '#relay/admit.ts'
import { labelsOf } from '#relay/labels.ts'
import type { BindingRow } from '#resource/port.ts'
import { askDocument, askKeeper, isGone } from './ask-keeper.ts'
import type { Act, Answered, Asking } from './asking.ts'
import { documentOf, paramOf, withinLimits } from './asking.ts'
import { hasEnded, withResultsAt } from './batch-document.ts'
import { makeBatch } from './batch-make.ts'
import type { Planned } from './batch-plan.ts'
import { batchPlan } from './batch-plan.ts'
import { batchPath, refreshBatch } from './batch-refresh.ts'
import { linesMax, settledWithinMs } from './batch-work.ts'
import { findBinding } from './bind.ts'
import { linesPerTurn } from './json-lines.ts'
import type { Keeper } from './keeper.ts'
import { chooseKeeper, keeperOf, keeps } from './keeper.ts'
import { listOf } from './list.ts'

/** Levels around a call in the body of a batch. */
const depthMax = 72

const refuse = (message: string, param: string): never => {
  throw new Problem('invalid_request_error', { message, param })
}

type Request = { readonly customId: unknown; readonly params: Buffer; readonly top: ReturnType<typeof scanTopLevel> }

/** The requests where they lie in the body, each as the bytes that it came in. */
const requestsIn = (body: Buffer): readonly Request[] => {
  const top = scanTopLevel(body, { depthMax })
  const value = readMember(top, 'requests')
  if (!Array.isArray(value) || value.length === 0)
    return refuse("'requests' must be a list of calls, each with 'custom_id' and 'params'.", 'requests')
  if (value.length > linesMax) return refuse(`A batch has at most ${linesMax} requests. Split it.`, 'requests')
  return value.map((one: unknown, index) => {
    if (!isObject(one) || !isObject(one['params']))
      return refuse(`requests[${index}] must be an object with 'custom_id' and 'params'.`, `requests[${index}].params`)
    const inner = scanTopLevel(Buffer.from(JSON.stringify(one)), { depthMax })
    return { customId: one['custom_id'], params: memberText(inner, 'params') ?? Buffer.alloc(0), top: inner }
  })
}

/** The provider that the first call's model is served by and that takes such batches; `null` = the model says nothing of it. */
const wishedBy = ({ snapshot, key }: Asking, [first]: readonly Request[]): string | null => {
  if (first === undefined || key.test) return null
  const model = readMember(scanTopLevel(first.params), 'model')
  if (typeof model !== 'string') return null
  const { targets } = modelRowFor(snapshot, key, model)
  const able = targets.find(({ provider }) => {
    const vendor = snapshot.upstreams.get(provider)?.vendor
    return vendor !== undefined && keeps(vendor.shelf, 'batches', 'anthropic')
  })
  if (able !== undefined) return able.provider
  const servers = [...new Set(targets.map(({ provider }) => provider))].join(', ')
  return refuse(
    `Model '${model}' is served by ${servers || 'nobody'}, and no provider of it takes message batches. Where one takes OpenAI's batches, upload a file and POST /v1/batches; else send the calls one by one.`,
    'model',
  )
}

const plan = async (
  asking: Asking,
  keeper: Keeper,
  requests: readonly Request[],
): Promise<{ planned: Planned; list: Buffer }> => {
  const protocol = protocols['anthropic-messages']
  const labels = labelsOf(asking.exchange.inbound)
  const planning = batchPlan({ asking, keeper, protocol, endpoint: 'messages', strict: labels.strict })
  const pieces: Buffer[] = []
  for (const [index, { customId, params, top }] of requests.entries()) {
    if (index % linesPerTurn === 0) await nextTurn()
    const written = await planning.take({ customId, body: params, number: index + 1 })
    pieces.push(
      Buffer.from(index === 0 ? '[' : ','),
      spliceTopLevel(top, { set: { params: written.toString('utf8') } }),
    )
  }
  return { planned: planning.finish(), list: Buffer.concat([...pieces, Buffer.from(']')]) }
}

/** Where the caller reads results, by the way that it came. */
const withResults = ({ exchange }: Asking, id: string, text: string): string => {
  const { origin, path } = exchange.inbound
  const root = path.startsWith('/anthropic/') ? '/anthropic/v1' : '/v1'
  const document = JSON.parse(text) as JsonObject
  const shown = withResultsAt(document, `${origin}${root}/messages/batches/${encodeURIComponent(id)}/results`)
  return shown === document ? text : JSON.stringify(shown)
}

const create: Act = (asking) =>
  withinLimits(asking, [], async () => {
    const { exchange } = asking
    const inbound = await exchange.read()
    const labels = labelsOf(inbound)
    const body = inbound.body.kind === 'bytes' ? inbound.body.bytes : Buffer.alloc(0)
    const requests = requestsIn(body)
    const keeper = chooseKeeper(asking, 'batches', wishedBy(asking, requests))
    const { planned, list } = await plan(asking, keeper, requests)
    const { headers, signal } = inbound
    const top = scanTopLevel(body, { depthMax })
    if (hasMember(top, 'model')) refuse("'model' stands in each call's 'params'.", 'model')
    return makeBatch({
      asking,
      keeper,
      planned,
      labels,
      endpoint: 'messages',
      input: null,
      prepareInput: async () => null,
      create: () =>
        askDocument(keeper, {
          method: 'POST',
          path: 'messages/batches',
          contentType: 'application/json',
          body: { kind: 'bytes', bytes: spliceTopLevel(top, { set: { requests: list.toString('utf8') } }) },
          headers,
          signal,
        }),
      pathOf: (id) => `messages/batches/${encodeURIComponent(id)}`,
    })
  })

const batchOf = (asking: Asking): Promise<BindingRow> =>
  findBinding(asking, { id: paramOf(asking, 'id'), holder: asking.holder, kind: 'batch', form: 'anthropic' })

const shown = (asking: Asking, row: BindingRow, text: string): Answered => ({
  kind: 'document',
  text: withResults(asking, row.id, text),
  provider: row.provider,
})

const show: Act = async (asking) => {
  const row = await batchOf(asking)
  if (row.state !== 'open') return shown(asking, row, row.document)
  const { signal } = asking.exchange.inbound
  return shown(asking, row, await refreshBatch(asking.ports, { row, snapshot: asking.snapshot, signal }))
}

const cancel: Act = async (asking) => {
  const row = await batchOf(asking)
  const { signal } = asking.exchange.inbound
  const looking = { row, snapshot: asking.snapshot, signal, isCancelled: true }
  return shown(asking, row, await refreshBatch(asking.ports, looking))
}

const list: Act = async (asking) => {
  const answered = await listOf('batch')(asking)
  if (answered.kind !== 'document') return answered
  const page = JSON.parse(answered.text) as { readonly data: readonly JsonObject[] } & JsonObject
  const data = page.data.map(
    (one) => JSON.parse(withResults(asking, String(one['id']), JSON.stringify(one))) as JsonObject,
  )
  return { ...answered, text: JSON.stringify({ ...page, data }) }
}

const results: Act = async (asking) => {
  const row = await batchOf(asking)
  const keeper = keeperOf(asking.snapshot, row)
  const { headers, signal } = asking.exchange.inbound
  const reply = await askKeeper(keeper, { method: 'GET', path: `${batchPath(row)}/results`, headers, signal })
  return { kind: 'stream', reply, provider: row.provider }
}

const notSettled = ({ id, document }: BindingRow): Problem =>
  hasEnded(JSON.parse(document) as JsonObject)
    ? new Problem('conflict', {
        message: `Batch '${id}' has ended and is being settled. Delete it in a moment.`,
        param: 'id',
        retryAfterMs: settledWithinMs,
      })
    : new Problem('conflict', {
        message: `Batch '${id}' still runs. Cancel it, or wait for its end, and delete it then.`,
        param: 'id',
      })

const drop: Act = async (asking) => {
  const row = await batchOf(asking)
  if (row.state === 'open') throw notSettled(row)
  const keeper = keeperOf(asking.snapshot, row)
  const { headers, signal } = asking.exchange.inbound
  try {
    await askDocument(keeper, { method: 'DELETE', path: batchPath(row), headers, signal })
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown
  }
  await asking.ports.bindings.dropBinding(row)
  return documentOf({ id: row.id, type: 'message_batch_deleted' })
}

export const messageBatchActs = { create, list, show, drop, cancel, results } as const
