/** Anthropic's message batches (SDK types of `@anthropic-ai/sdk`, `resources/messages/batches`, from memory): strict, and ended when the test says so. */

import { strict as assert } from 'node:assert'
import { answerJson } from './file-shelf.ts'
import type { Exchange } from './upstream.ts'

type Asked = { readonly custom_id: string; readonly params: { readonly model: string; readonly max_tokens: number } }
type Result = { readonly custom_id: string; readonly result: object }

export type MessageBatchShelf = {
  readonly requestsOf: (id: string) => readonly Asked[]
  readonly end: (id: string, resultOf: (asked: Asked) => object) => void
  readonly answer: (exchange: Exchange) => boolean
}

export const succeeded = ({ params }: Asked, usage: object): object => ({
  type: 'succeeded',
  message: {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: params.model,
    content: [{ type: 'text', text: 'Fine.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage,
  },
})

export function messageBatchShelf(model: string): MessageBatchShelf {
  const batches = new Map<string, { readonly asked: readonly Asked[]; results: readonly Result[] | null }>()

  const documentOf = (id: string, host: string): object => {
    const batch = batches.get(id)
    assert.ok(batch !== undefined)
    const ended = batch.results !== null
    return {
      id,
      type: 'message_batch',
      processing_status: ended ? 'ended' : 'in_progress',
      request_counts: { processing: ended ? 0 : batch.asked.length, succeeded: 0, errored: 0, canceled: 0, expired: 0 },
      created_at: '2026-11-29T00:00:00Z',
      expires_at: '2026-11-30T00:00:00Z',
      ended_at: ended ? '2026-11-29T01:00:00Z' : null,
      cancel_initiated_at: null,
      archived_at: null,
      results_url: ended ? `http://${host}/v1/messages/batches/${id}/results` : null,
    }
  }

  const create = ({ seen, response }: Exchange, host: string): void => {
    const body = JSON.parse(seen.body.toString()) as { readonly requests: readonly Asked[] }
    assert.deepEqual(Object.keys(body), ['requests'])
    for (const { params } of body.requests) {
      assert.equal(params.model, model, 'the provider knows its own names')
      assert.ok(Number.isInteger(params.max_tokens))
    }
    const id = `msgbatch_${batches.size + 1}`
    batches.set(id, { asked: body.requests, results: null })
    answerJson(response, 200, documentOf(id, host))
  }

  const answer: MessageBatchShelf['answer'] = (exchange) => {
    const { seen, response } = exchange
    const match = /^\/v1\/messages\/batches(?:\/([^/?]+)(\/cancel|\/results)?)?$/.exec(seen.target)
    if (match === null) return false
    assert.equal(seen.headers['anthropic-version'], '2023-06-01')
    const host = String(seen.headers.host)
    const [, id, behind] = match
    if (id === undefined) create(exchange, host)
    else if (behind === '/results') {
      const lines = batches.get(id)?.results ?? []
      response.writeHead(200, { 'content-type': 'application/x-jsonl' })
      response.end(lines.map((one) => `${JSON.stringify(one)}\n`).join(''))
    } else if (seen.method === 'DELETE') answerJson(response, 200, { id, type: 'message_batch_deleted' })
    else answerJson(response, 200, documentOf(id, host))
    return true
  }
  return {
    requestsOf: (id) => batches.get(id)?.asked ?? [],
    end: (id, resultOf) => {
      const batch = batches.get(id)
      assert.ok(batch !== undefined)
      batch.results = batch.asked.map((asked) => ({ custom_id: asked.custom_id, result: resultOf(asked) }))
    },
    answer,
  }
}
