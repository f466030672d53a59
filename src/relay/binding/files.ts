/** Files that providers keep for callers: uploaded, listed, shown, read, deleted. */

import { Buffer } from 'node:buffer'
import { memberText, readMember, scanTopLevel } from '#base/json.ts'
import { asProblem, Problem } from '#base/problem.ts'
import { encodeForm } from '#http/encode-form.ts'
import type { Form } from '#http/inbound.ts'
import { boundaryOf } from '#protocol/openai/outgoing-form.ts'
import { modelOfHolder } from '#relay/bound-model.ts'
import type { BindingRow } from '#resource/port.ts'
import type { KeeperDocument } from './ask-keeper.ts'
import { askDocument, askKeeper, isGone } from './ask-keeper.ts'
import type { Act, Asking } from './asking.ts'
import { documentOf, paramOf, withinLimits } from './asking.ts'
import { settledWithinMs } from './batch-work.ts'
import { expiryOf, findBinding, notFound, ownerOf, rowFor } from './bind.ts'
import { jsonLines } from './json-lines.ts'
import type { Keeper } from './keeper.ts'
import { chooseKeeper, keeperOf, keeps } from './keeper.ts'
import { listOf } from './list.ts'

/** The only file of a form. @throws Problem `invalid_request_error`. */
export const formOfUpload = async ({ exchange }: Asking): Promise<Form> => {
  const { body } = await exchange.read()
  if (body.kind !== 'form')
    throw new Problem('invalid_request_error', {
      message: 'Send the file as multipart/form-data: a part "file" beside its fields.',
      param: 'file',
    })
  const files = body.form.parts.filter(({ kind }) => kind === 'file')
  if (files.length === 1) return body.form
  throw new Problem('invalid_request_error', {
    message: `The form has ${files.length} files, and one is wanted: a part with a file name.`,
    param: 'file',
  })
}

/** Keeps the row; where that fails, what the provider has made is deleted there again. */
export const keepOrDelete = async (asking: Asking, keeper: Keeper, row: BindingRow): Promise<void> => {
  const undo = async (): Promise<void> => {
    const path = `files/${encodeURIComponent(row.upstreamId)}`
    const ask = { method: 'DELETE', path, signal: AbortSignal.timeout(undoTimeoutMs) } as const
    await askDocument(keeper, ask).catch((thrown: unknown) => {
      asking.ports.log.warn('a file that could not be bound could not be deleted', {
        provider: row.provider,
        file: row.upstreamId,
        problem: asProblem(thrown).message,
      })
    })
  }
  let kept = false
  try {
    kept = await asking.ports.bindings.keepBinding(row)
  } catch (thrown) {
    await undo()
    throw thrown
  }
  if (kept) return
  throw new Problem('upstream_error', {
    message: `Provider "${row.provider}" gave an id that your account already has of another thing: '${row.id.slice(0, 100)}'.`,
    facts: { fault: 'protocol' },
  })
}

const undoTimeoutMs = 15_000

/** Of a file for a batch: the provider that its first line's model is served by and that takes batches, where the request names none. */
const batchProvider = async ({ snapshot, key, exchange, form }: Asking, { parts }: Form): Promise<string | null> => {
  const purpose = parts.find((part) => part.kind === 'field' && part.name === 'purpose')
  const file = parts.find((part) => part.kind === 'file')
  const isNamed = exchange.inbound.headers['x-drover-provider'] !== undefined || key.defaultProvider !== null
  if (isNamed || key.test || file?.kind !== 'file' || purpose?.kind !== 'field' || purpose.value !== 'batch')
    return null
  const model = await firstModel(file.open())
  const row = model === null ? null : modelOfHolder(snapshot, { test: false, holder: '' }, model)
  const able = row?.targets.find(({ provider }) => {
    const vendor = snapshot.upstreams.get(provider)?.vendor
    return vendor !== undefined && keeps(vendor.shelf, 'files', form) && keeps(vendor.shelf, 'batches', form)
  })
  return able?.provider ?? null
}

/** The model of the first line; `null` = it cannot be read, which making the batch will say. */
const firstModel = async (chunks: AsyncIterable<Buffer>): Promise<string | null> => {
  try {
    for await (const { line } of jsonLines(chunks)) {
      const body = memberText(scanTopLevel(line), 'body')
      const model = body === undefined ? null : readMember(scanTopLevel(Buffer.from(body)), 'model')
      return typeof model === 'string' ? model : null
    }
  } catch (thrown) {
    if (!(thrown instanceof Problem)) throw thrown
  }
  return null
}

const upload: Act = async (asking) => {
  const { exchange, key, holder, nowMs } = asking
  return withinLimits(asking, [], async () => {
    const form = await formOfUpload(asking)
    const keeper = chooseKeeper(asking, 'files', await batchProvider(asking, form))
    const boundary = boundaryOf(exchange.inbound.id)
    const { text, document } = await askDocument(keeper, {
      method: 'POST',
      path: 'files',
      body: encodeForm(form.parts, boundary),
      contentType: `multipart/form-data; boundary=${boundary}`,
      headers: exchange.inbound.headers,
      signal: exchange.inbound.signal,
    })
    const row = rowFor(ownerOf(key, holder), keeper, { kind: 'file', text, document, nowMs })
    await keepOrDelete(asking, keeper, row)
    return { kind: 'document', text, provider: row.provider }
  })
}

/** The binding of the file in the path, and who keeps it. */
const fileOf = async (asking: Asking): Promise<{ readonly row: BindingRow; readonly keeper: Keeper }> => {
  const { holder, form, snapshot } = asking
  const row = await findBinding(asking, { id: paramOf(asking, 'id'), holder, kind: 'file', form })
  return { row, keeper: keeperOf(snapshot, row) }
}

const pathOf = ({ upstreamId }: BindingRow): string => `files/${encodeURIComponent(upstreamId)}`

/** Asks about a file; one that its provider has not any more is forgotten. */
const orForget = async <T>(asking: Asking, row: BindingRow, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask()
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown
    if (row.state === 'ended') await asking.ports.bindings.dropBinding(row)
    throw notFound('file', row.id)
  }
}

const askOf = ({ exchange }: Asking) => {
  const { headers, signal, query } = exchange.inbound
  return { headers, signal, query }
}

const show: Act = async (asking) => {
  const { row, keeper } = await fileOf(asking)
  const asked = { method: 'GET', path: pathOf(row), ...askOf(asking) } as const
  const { text, document } = await orForget(asking, row, () => askDocument(keeper, asked))
  const expiresMs = expiryOf(document)
  if (text !== row.document || expiresMs !== row.expiresMs)
    await asking.ports.bindings.changeBinding(row, { document: text, expiresMs })
  return { kind: 'document', text, provider: row.provider }
}

const content: Act = async (asking) => {
  const { row, keeper } = await fileOf(asking)
  const asked = { method: 'GET', path: `${pathOf(row)}/content`, ...askOf(asking) } as const
  const reply = await orForget(asking, row, () => askKeeper(keeper, asked))
  return { kind: 'stream', reply, provider: row.provider }
}

const drop: Act = async (asking) => {
  const { row, keeper } = await fileOf(asking)
  if (row.state === 'open')
    throw new Problem('conflict', {
      message: `File '${row.id}' holds the results of a batch that is not settled yet. Delete it a little later.`,
      param: 'id',
      retryAfterMs: settledWithinMs,
    })
  const { ports, form } = asking
  let gone: KeeperDocument | null
  try {
    gone = await askDocument(keeper, { method: 'DELETE', path: pathOf(row), ...askOf(asking) })
  } catch (thrown) {
    if (!isGone(thrown)) throw thrown
    gone = null
  }
  await ports.bindings.dropBinding(row)
  if (gone !== null) return { kind: 'document', text: gone.text, provider: row.provider }
  return documentOf(
    form === 'openai' ? { id: row.id, object: 'file', deleted: true } : { id: row.id, type: 'file_deleted' },
  )
}

export const fileActs = { upload, list: listOf('file'), show, content, drop } as const
