/** Responses that a caller comes back to: what a call asks of them, and how they are shown. https://platform.openai.com/docs/api-reference/responses/input-items, read 2026-11-22. */

import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Call } from '#protocol/call.ts'
import type { Keeping } from '#protocol/protocol.ts'
import { compactPath } from './request.ts'
import { idOf } from './response-shape.ts'

/** Items of a page where the caller does not say, and at most. */
const [pageDefault, pageMax] = [20, 100]

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

/** A text is one message of the user. */
const inputOf = (call: Call): readonly JsonObject[] => {
  const { input } = call.body()
  return typeof input === 'string' ? [{ type: 'message', role: 'user', content: input }] : objectsIn(input)
}

/** Every item has an id, and a message its content as a list. */
const shown = (item: JsonObject, index: number): JsonObject => {
  const type = item['type'] ?? 'message'
  const id = item['id'] ?? `${type === 'message' ? 'msg' : 'item'}_${index}`
  if (type !== 'message') return { ...item, id, type }
  const { content, role } = item
  const kind = role === 'assistant' ? { type: 'output_text', annotations: [] } : { type: 'input_text' }
  const list = typeof content === 'string' ? [{ ...kind, text: content }] : (content ?? [])
  return { ...item, id, type, status: 'completed', role: role ?? 'user', content: list }
}

const limitOf = (query: URLSearchParams): number => {
  const text = query.get('limit') ?? String(pageDefault)
  const limit = Number(text)
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= pageMax) return limit
  throw new Problem('invalid_request_error', {
    message: `'limit' must be a whole number from 1 to ${pageMax}.`,
    param: 'limit',
  })
}

export const keeping: Keeping = {
  path: 'responses',
  wishOf: (call) => {
    const { previous_response_id: previous, store, conversation, background } = call.body()
    const compacts = call.endpoint === compactPath
    return {
      previous: typeof previous === 'string' && previous !== '' ? previous : null,
      // What is compacted is given to the caller, and kept by nobody.
      keep: compacts ? false : typeof store === 'boolean' ? store : null,
      background: background === true && !compacts,
      compacts,
      unavailable: (conversation ?? null) !== null ? 'conversation' : null,
    }
  },
  inputOf,
  continued: (call, earlier) => ({
    set: { input: JSON.stringify([...earlier, ...inputOf(call)]) },
    cut: ['previous_response_id'],
    rename: {},
  }),
  outputOf: ({ output }) => objectsIn(output),
  idOf,
  deleted: (id) => ({ id, object: 'response.deleted', deleted: true }),
  inputPage: (input, query) => {
    const limit = limitOf(query)
    const items = input.map(shown)
    if (query.get('order') !== 'asc') items.reverse()
    const after = query.get('after')
    const from = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1
    const data = items.slice(from, from + limit)
    return {
      object: 'list',
      data,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
      has_more: from + limit < items.length,
    }
  },
}
