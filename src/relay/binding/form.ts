/** How each form says lists and refuses questions about them. */

import { Problem } from '#base/problem.ts'
import type { BindingForm, BindingKind, BindingPage } from '#resource/port.ts'

const limitMost: Readonly<Record<BindingForm, number>> = { openai: 100, anthropic: 1_000 }
/** OpenAI lists up to 10,000 files, and gives as many where no limit is asked for. */
const filesMost = 10_000
const limitUsual = 20

const limitOf = (query: URLSearchParams, most: number, usual: number): number => {
  const text = query.get('limit')
  if (text === null || text === '') return usual
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit
  throw new Problem('invalid_request_error', {
    message: `'limit' must be a whole number from 1 to ${most}.`,
    param: 'limit',
  })
}

const orderOf = (query: URLSearchParams): 'asc' | 'desc' => {
  const order = query.get('order') ?? 'desc'
  if (order === 'asc' || order === 'desc') return order
  throw new Problem('invalid_request_error', { message: "'order' must be 'asc' or 'desc'.", param: 'order' })
}

export type ListWish = Pick<BindingPage, 'purpose' | 'order' | 'after' | 'limit'> & {
  /** The page ends before this one: Anthropic's `before_id`. */
  readonly isBackward: boolean
}

/**
 * What a caller's query asks of a list.
 * @throws Problem `invalid_request_error` naming the parameter.
 */
export const listWish = (query: URLSearchParams, form: BindingForm, kind: BindingKind): ListWish => {
  if (form === 'anthropic') {
    const limit = limitOf(query, limitMost.anthropic, limitUsual)
    const [before, after] = [query.get('before_id'), query.get('after_id')]
    if (before !== null && after !== null)
      throw new Problem('invalid_request_error', {
        message: "Give 'before_id' or 'after_id', not both.",
        param: 'before_id',
      })
    return {
      purpose: null,
      order: before === null ? 'desc' : 'asc',
      after: before ?? after,
      limit,
      isBackward: before !== null,
    }
  }
  const most = kind === 'file' ? filesMost : limitMost.openai
  return {
    purpose: query.get('purpose'),
    order: orderOf(query),
    after: query.get('after'),
    limit: limitOf(query, most, kind === 'file' ? filesMost : limitUsual),
    isBackward: false,
  }
}

/** One page: the documents as they are, in the words of the form. */
export const pageText = (
  form: BindingForm,
  rows: readonly { readonly id: string; readonly document: string }[],
  hasMore: boolean,
): string => {
  const data = `[${rows.map(({ document }) => document).join(',')}]`
  const ends = `"first_id":${JSON.stringify(rows[0]?.id ?? null)},"last_id":${JSON.stringify(rows.at(-1)?.id ?? null)}`
  const object = form === 'openai' ? '"object":"list",' : ''
  return `{${object}"data":${data},${ends},"has_more":${hasMore}}`
}
