/** Uploads in parts as OpenAI has them (https://github.com/openai/openai-openapi: `/uploads`, read 2026-11-29). */

import { strict as assert } from 'node:assert'
import type { FileShelf } from './file-shelf.ts'
import { answerJson, readForm } from './file-shelf.ts'
import type { Exchange } from './upstream.ts'

type Upload = { readonly filename: string; readonly purpose: string; readonly parts: Map<string, Buffer> }

/** Answers what is about uploads; gives whether it was. */
export function uploadShelf(files: FileShelf): (exchange: Exchange) => boolean {
  const uploads = new Map<string, Upload>()

  const upload = (exchange: Exchange, id: string | undefined, behind: string | undefined): void => {
    const { seen, response } = exchange
    if (id === undefined) {
      const { filename, purpose } = JSON.parse(seen.body.toString()) as { filename: string; purpose: string }
      const made = `upload_${uploads.size + 1}`
      uploads.set(made, { filename, purpose, parts: new Map() })
      answerJson(response, 200, {
        id: made,
        object: 'upload',
        status: 'pending',
        filename,
        purpose,
        expires_at: 4_000_000_000,
      })
      return
    }
    const one = uploads.get(id)
    assert.ok(one !== undefined, `no upload ${id}`)
    if (behind === 'parts') {
      const part = `part_${one.parts.size + 1}`
      one.parts.set(part, readForm(seen).get('data')?.bytes ?? Buffer.alloc(0))
      answerJson(response, 200, { id: part, object: 'upload.part', upload_id: id })
      return
    }
    const { part_ids: ids } = JSON.parse(seen.body.toString()) as { part_ids: readonly string[] }
    const bytes = Buffer.concat(ids.map((part) => one.parts.get(part) ?? Buffer.alloc(0)))
    const file = files.keep({ filename: one.filename, purpose: one.purpose, bytes })
    const document = {
      id: file.id,
      object: 'file',
      filename: file.filename,
      purpose: file.purpose,
      bytes: bytes.length,
    }
    answerJson(response, 200, { id, object: 'upload', status: 'completed', file: document })
  }

  return (exchange) => {
    const match = /^\/v1\/uploads(?:\/([^/?]+)(?:\/(\w+))?)?$/.exec(exchange.seen.target)
    if (match !== null) upload(exchange, match[1], match[2])
    return match !== null
  }
}
