/** The list of models as Google's clients read it. https://ai.google.dev/api/models, read 2026-11-28. */

import { Buffer } from 'node:buffer'
import { Problem } from '#base/problem.ts'
import type { ModelEntry } from './model-list.ts'

const pageLengthDefault = 50
const pageLengthMax = 1_000

/** Google's own fields; prices and modalities stand beside them. */
export const geminiModel = ({
  id,
  object: _object,
  created: _created,
  owned_by: _owner,
  context_length: context,
  top_provider: limits,
  ...entry
}: ModelEntry) => ({
  name: `models/${id}`,
  displayName: id,
  ...(context === null ? {} : { inputTokenLimit: context }),
  ...(limits.max_completion_tokens === null ? {} : { outputTokenLimit: limits.max_completion_tokens }),
  supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  ...entry,
})

const sizeOf = (query: URLSearchParams): number => {
  const text = query.get('pageSize')
  if (text === null || text === '') return pageLengthDefault
  const size = Number(text)
  if (Number.isInteger(size) && size >= 1) return Math.min(size, pageLengthMax)
  throw new Problem('invalid_request_error', {
    message: "'pageSize' must be a whole number of 1 or more.",
    param: 'pageSize',
  })
}

/** One page; a token names the model that the page before ended with. */
export const geminiModelPage = (entries: readonly ModelEntry[], query: URLSearchParams) => {
  const size = sizeOf(query)
  const after = Buffer.from(query.get('pageToken') ?? '', 'base64url').toString('utf8')
  const start = after === '' ? 0 : entries.findIndex(({ id }) => id === after) + 1
  const page = entries.slice(start, start + size)
  const last = page.at(-1)
  const more = start + page.length < entries.length && last !== undefined
  return {
    models: page.map(geminiModel),
    ...(more ? { nextPageToken: Buffer.from(last.id).toString('base64url') } : {}),
  }
}
