/** The list of models as Anthropic's clients read it. https://platform.claude.com/docs/en/api/models-list, read 2026-11-22. */

import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import type { ModelEntry } from './model-list.ts'

const pageLengthDefault = 20
const pageLengthMax = 1_000

export type AnthropicModel = Omit<ModelEntry, 'object' | 'created' | 'owned_by'> & {
  readonly type: 'model'
  readonly display_name: string
  readonly created_at: string
  readonly max_input_tokens: number | null
  readonly max_tokens: number | null
}

/** Anthropic's own fields; prices, limits and modalities stand beside them. */
export const anthropicModel = ({
  object: _object,
  created,
  owned_by: _owner,
  ...entry
}: ModelEntry): AnthropicModel => ({
  type: 'model',
  display_name: entry.id,
  created_at: rfc3339(created * 1_000),
  max_input_tokens: entry.context_length,
  max_tokens: entry.top_provider.max_completion_tokens,
  ...entry,
})

const limitOf = (query: URLSearchParams): number => {
  const text = query.get('limit')
  if (text === null || text === '') return pageLengthDefault
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= pageLengthMax) return limit
  throw new Problem('invalid_request_error', {
    message: `'limit' must be a whole number from 1 to ${pageLengthMax}.`,
    param: 'limit',
  })
}

/** One page, walked by `after_id` and `before_id`. */
export const anthropicModelPage = (entries: readonly ModelEntry[], query: URLSearchParams) => {
  const limit = limitOf(query)
  const [after, before] = [query.get('after_id'), query.get('before_id')]
  const end =
    before === null
      ? entries.length
      : Math.max(
          0,
          entries.findIndex(({ id }) => id === before),
        )
  const start =
    after === null ? (before === null ? 0 : Math.max(0, end - limit)) : entries.findIndex(({ id }) => id === after) + 1
  const page = entries.slice(start, Math.min(end, start + limit))
  return {
    data: page.map(anthropicModel),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: before === null ? start + page.length < entries.length : start > 0,
  }
}
