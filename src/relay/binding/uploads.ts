/** Large files in parts, in OpenAI's form: what they make is a file like any other. */

import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { encodeForm } from '#http/encode-form.ts'
import { boundaryOf } from '#protocol/openai/outgoing-form.ts'
import type { BindingRow } from '#resource/port.ts'
import { askDocument } from './ask-keeper.ts'
import type { Act, Asking } from './asking.ts'
import { paramOf, withinLimits } from './asking.ts'
import { findBinding, ownerOf, ownerOfRow, rowFor } from './bind.ts'
import { formOfUpload, keepOrDelete } from './files.ts'
import { chooseKeeper, keeperOf } from './keeper.ts'

const bodyOf = async ({ exchange }: Asking): Promise<Uint8Array> => {
  const { body } = await exchange.read()
  return body.kind === 'bytes' ? body.bytes : new Uint8Array()
}

const create: Act = (asking) =>
  withinLimits(asking, [], async () => {
    const { exchange, key, holder, nowMs, ports } = asking
    const bytes = await bodyOf(asking)
    const keeper = chooseKeeper(asking, 'uploads')
    const { text, document } = await askDocument(keeper, {
      method: 'POST',
      path: 'uploads',
      contentType: 'application/json',
      body: { kind: 'bytes', bytes },
      headers: exchange.inbound.headers,
      signal: exchange.inbound.signal,
    })
    const row = rowFor(ownerOf(key, holder), keeper, { kind: 'upload', text, document, nowMs })
    if (!(await ports.bindings.keepBinding(row)))
      throw new Problem('upstream_error', { message: `Provider "${row.provider}" gave an id that is taken.` })
    return { kind: 'document', text, provider: row.provider }
  })

const uploadOf = (asking: Asking): Promise<BindingRow> =>
  findBinding(asking, { id: paramOf(asking, 'id'), holder: asking.holder, kind: 'upload', form: 'openai' })

const part: Act = async (asking) => {
  const row = await uploadOf(asking)
  const form = await formOfUpload(asking)
  const { inbound } = asking.exchange
  const boundary = boundaryOf(inbound.id)
  const { text } = await askDocument(keeperOf(asking.snapshot, row), {
    method: 'POST',
    path: `uploads/${encodeURIComponent(row.upstreamId)}/parts`,
    body: encodeForm(form.parts, boundary),
    contentType: `multipart/form-data; boundary=${boundary}`,
    headers: inbound.headers,
    signal: inbound.signal,
  })
  return { kind: 'document', text, provider: row.provider }
}

const ending =
  (action: 'complete' | 'cancel'): Act =>
  async (asking) => {
    const row = await uploadOf(asking)
    const keeper = keeperOf(asking.snapshot, row)
    const bytes = action === 'complete' ? await bodyOf(asking) : null
    const { headers, signal } = asking.exchange.inbound
    const { text, document } = await askDocument(keeper, {
      method: 'POST',
      path: `uploads/${encodeURIComponent(row.upstreamId)}/${action}`,
      ...(bytes === null ? {} : { contentType: 'application/json', body: { kind: 'bytes', bytes } }),
      headers,
      signal,
    })
    const { file } = document
    if (isObject(file)) {
      const made = { kind: 'file', text: JSON.stringify(file), document: file, nowMs: asking.nowMs } as const
      await keepOrDelete(asking, keeper, rowFor(ownerOfRow(row), keeper, made))
    }
    await asking.ports.bindings.changeBinding(row, { document: text })
    return { kind: 'document', text, provider: row.provider }
  }

export const uploadActs = { create, part, complete: ending('complete'), cancel: ending('cancel') } as const
