/** How a response ended: its status and the reason beside it. */

import type { JsonObject } from '#base/json-type.ts'
import { objectAt } from '#base/json-type.ts'
import type { FinishReason } from '#protocol/part.ts'

const reasons: Readonly<Record<string, FinishReason>> = {
  max_output_tokens: 'length',
  max_tokens: 'length',
  content_filter: 'content-filter',
}

export type Finish = { readonly reason: FinishReason; readonly raw: string }

/** `calls`: whether the caller has tools to run now. */
export const readFinish = (response: JsonObject, calls: boolean): Finish => {
  if (response['status'] !== 'incomplete') return { reason: calls ? 'tool-calls' : 'stop', raw: 'completed' }
  const { reason } = objectAt(response, 'incomplete_details')
  const raw = typeof reason === 'string' ? reason : 'incomplete'
  return { reason: (Object.hasOwn(reasons, raw) ? reasons[raw] : undefined) ?? 'other', raw }
}

/** What breaks off within is cut short, which only `max_output_tokens` says. */
const words: Readonly<Partial<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  error: 'max_output_tokens',
  'content-filter': 'content_filter',
  refusal: 'content_filter',
}

/** The reason why a response is incomplete; `null` = it is complete. `refused`: it says its refusal itself. */
export const incompleteReason = (finish: FinishReason, refused: boolean): string | null =>
  finish === 'refusal' && refused ? null : (words[finish] ?? null)
