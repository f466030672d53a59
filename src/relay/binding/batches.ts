/** Batches in OpenAI's form: the file is read as the calls that it is, held for, put up with the provider's names, settled line by line. */

import { Buffer } from 'node:buffer'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { hasMember, memberText, readMember, scanTopLevel, spliceTopLevel } from '#base/json.ts'
import { Problem } from '#base/problem.ts'
import { encodeForm } from '#http/encode-form.ts'
import type { FormPart } from '#http/inbound.ts'
import type { SpooledBytes } from '#http/spool.ts'
import { createSpool } from '#http/spool.ts'
import { protocols } from '#protocol/index.ts'
import { boundaryOf } from '#protocol/openai/outgoing-form.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { labelsOf } from '#relay/labels.ts'
import type { BindingRow } from '#resource/port.ts'
import { askDocument, askKeeper } from './ask-keeper.ts'
import type { Act, Asking } from './asking.ts'
import { paramOf, withinLimits } from './asking.ts'
import { makeBatch } from './batch-make.ts'
import type { Planned } from './batch-plan.ts'
import { batchPlan } from './batch-plan.ts'
import { refreshBatch } from './batch-refresh.ts'
import { findBinding, idIn } from './bind.ts'
import { jsonLines, linesPerTurn } from './json-lines.ts'
import type { Keeper } from './keeper.ts'
import { keeperOf, keeps } from './keeper.ts'
import { listOf } from './list.ts'
import { withMark } from './making-intent.ts'

const refuse = (message: string, param: string): never => {
  throw new Problem('invalid_request_error', { message, param })
}

/** Paths whose calls a batch may hold. */
const protocolAt = (path: string): Protocol | undefined =>
  Object.values(protocols).find(
    ({ endpoints, name }) =>
      name.startsWith('openai-') && endpoints.some((one) => one.path === path && one.accepts.includes('json')),
  )

type Wish = {
  readonly body: Buffer
  readonly fileId: string
  readonly endpoint: string
  readonly protocol: Protocol
}

const wishOf = async ({ exchange }: Asking): Promise<Wish> => {
  const { body } = await exchange.read()
  const bytes = body.kind === 'bytes' ? body.bytes : Buffer.alloc(0)
  const top = scanTopLevel(bytes)
  const fileId = readMember(top, 'input_file_id')
  if (typeof fileId !== 'string' || fileId === '')
    return refuse(
      '\'input_file_id\' is missing: the id of a file that was uploaded with purpose "batch".',
      'input_file_id',
    )
  const url = readMember(top, 'endpoint')
  if (typeof url !== 'string') return refuse('\'endpoint\' is missing: such as "/v1/chat/completions".', 'endpoint')
  const endpoint = url.replace(/^\/v1\//, '')
  const protocol = url.startsWith('/v1/') ? protocolAt(endpoint) : undefined
  if (protocol === undefined)
    return refuse(`'endpoint' is '${url.slice(0, 80)}', which no batch can be of here.`, 'endpoint')
  if (!hasMember(top, 'completion_window'))
    return refuse('\'completion_window\' is missing; it is "24h".', 'completion_window')
  return { body: bytes, fileId, endpoint, protocol }
}

const checkLine = (top: ReturnType<typeof scanTopLevel>, endpoint: string, number: number): Buffer => {
  const method = readMember(top, 'method')
  if (method !== 'POST') return refuse(`Line ${number}: 'method' must be "POST".`, 'method')
  const url = readMember(top, 'url')
  if (url !== `/v1/${endpoint}`)
    return refuse(`Line ${number}: 'url' must be that of the batch, "/v1/${endpoint}".`, 'url')
  const body = memberText(top, 'body')
  return body ?? refuse(`Line ${number}: 'body' is missing.`, 'body')
}

const lineTop = (line: Buffer, number: number): ReturnType<typeof scanTopLevel> => {
  try {
    return scanTopLevel(line)
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
    return refuse(`Line ${number} is no JSON object: ${thrown.message}`, 'input_file_id')
  }
}

type Read = { readonly planned: Planned; readonly rewritten: SpooledBytes }

/** Reads the input where it is kept and writes it anew beside, with the provider's names in it. */
const readInput = async (
  asking: Asking,
  { keeper, row, wish, strict }: { keeper: Keeper; row: BindingRow; wish: Wish; strict: boolean },
  spool: ReturnType<typeof createSpool>,
): Promise<Read> => {
  const { signal } = asking.exchange.inbound
  const { protocol, endpoint } = wish
  const plan = batchPlan({ asking, keeper, protocol, endpoint, strict })
  const file = spool.begin()
  const path = `files/${encodeURIComponent(row.upstreamId)}/content`
  const reply = await askKeeper(keeper, { method: 'GET', path, signal })
  try {
    for await (const { line, number } of jsonLines(reply.body)) {
      if (number % linesPerTurn === 0) await nextTurn()
      const top = lineTop(line, number)
      const body = checkLine(top, endpoint, number)
      const written = await plan.take({ customId: readMember(top, 'custom_id'), body, number })
      await file.add(
        Buffer.concat([spliceTopLevel(top, { set: { body: written.toString('utf8') } }), Buffer.from('\n')]),
      )
    }
  } finally {
    reply.abort()
  }
  return { planned: plan.finish(), rewritten: await file.finish() }
}

const filenameOf = (row: BindingRow): string => {
  const { filename } = JSON.parse(row.document) as { readonly filename?: unknown }
  return typeof filename === 'string' ? filename : 'batch.jsonl'
}

const putUp = async (
  asking: Asking,
  keeper: Keeper,
  { row, rewritten }: { row: BindingRow; rewritten: SpooledBytes },
) => {
  const { inbound } = asking.exchange
  const boundary = boundaryOf(inbound.id)
  const parts: readonly FormPart[] = [
    { kind: 'field', name: 'purpose', value: 'batch', contentType: null },
    { kind: 'file', name: 'file', filename: filenameOf(row), contentType: 'application/jsonl', ...rewritten },
  ]
  const { document } = await askDocument(keeper, {
    method: 'POST',
    path: 'files',
    body: encodeForm(parts, boundary),
    contentType: `multipart/form-data; boundary=${boundary}`,
    signal: inbound.signal,
  })
  return idIn(document, keeper)
}

const create: Act = (asking) =>
  withinLimits(asking, [], async () => {
    const { exchange, holder, snapshot, ports } = asking
    const { inbound } = exchange
    const labels = labelsOf(inbound)
    const wish = await wishOf(asking)
    const row = await findBinding(asking, { id: wish.fileId, holder, kind: 'file', form: 'openai' })
    const keeper = keeperOf(snapshot, row)
    const wanted = inbound.headers['x-drover-provider']
    if (wanted !== undefined && wanted !== row.provider)
      refuse(
        `File '${row.id}' is kept by provider "${row.provider}", and the batch runs where its file is.`,
        'x-drover-provider',
      )
    if (!keeps(keeper.upstream.vendor.shelf, 'batches', 'openai'))
      refuse(
        `Provider "${row.provider}" keeps the file, but takes no batches. Upload it to one that does (x-drover-provider).`,
        'input_file_id',
      )
    const spool = createSpool({ directory: ports.spoolDir, ids: ports.ids })
    try {
      const { planned, rewritten } = await readInput(asking, { keeper, row, wish, strict: labels.strict }, spool)
      const ask = { method: 'POST', path: 'batches', contentType: 'application/json' } as const
      const { headers, signal } = inbound
      return await makeBatch({
        asking,
        keeper,
        planned,
        labels,
        endpoint: wish.endpoint,
        input: row.id,
        prepareInput: async () => (planned.isChanged ? putUp(asking, keeper, { row, rewritten }) : null),
        create: (copy) => {
          const set = { input_file_id: JSON.stringify(copy ?? row.upstreamId) }
          const bytes = withMark(spliceTopLevel(scanTopLevel(wish.body), { set }), inbound.id)
          return askDocument(keeper, { ...ask, body: { kind: 'bytes', bytes }, headers, signal })
        },
        pathOf: (id) => `batches/${encodeURIComponent(id)}`,
      })
    } finally {
      await spool.dispose()
    }
  })

const batchOf = (asking: Asking): Promise<BindingRow> =>
  findBinding(asking, { id: paramOf(asking, 'id'), holder: asking.holder, kind: 'batch', form: 'openai' })

const show: Act = async (asking) => {
  const row = await batchOf(asking)
  const { signal } = asking.exchange.inbound
  const text =
    row.state === 'open' ? await refreshBatch(asking.ports, { row, snapshot: asking.snapshot, signal }) : row.document
  return { kind: 'document', text, provider: row.provider }
}

const cancel: Act = async (asking) => {
  const row = await batchOf(asking)
  const { signal } = asking.exchange.inbound
  const text = await refreshBatch(asking.ports, { row, snapshot: asking.snapshot, signal, isCancelled: true })
  return { kind: 'document', text, provider: row.provider }
}

export const batchActs = { create, list: listOf('batch'), show, cancel } as const
