/** The shapes in which clients of each family read a list of models. */

import type { ProtocolName } from '#protocol/protocol.ts'
import { anthropicModel, anthropicModelPage } from './anthropic-models.ts'
import { geminiModel, geminiModelPage } from './gemini-models.ts'
import type { ModelEntry } from './model-list.ts'

export type ModelShape = {
  /** Refusals are written as this protocol writes them. */
  readonly protocol: ProtocolName
  readonly list: (entries: readonly ModelEntry[], query: URLSearchParams) => unknown
  readonly show: (entry: ModelEntry) => unknown
}

/** OpenAI's: https://platform.openai.com/docs/api-reference/models/list, read 2026-11-22. */
const openai: ModelShape = {
  protocol: 'openai-chat',
  list: (data) => ({ object: 'list', data }),
  show: (entry) => entry,
}
const anthropic: ModelShape = { protocol: 'anthropic-messages', list: anthropicModelPage, show: anthropicModel }
const google: ModelShape = { protocol: 'gemini', list: geminiModelPage, show: geminiModel }

/** Whose client asks: told by the path, or by headers that only theirs send. */
export const modelShapeOf = ({
  path,
  headers,
}: {
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
}): ModelShape => {
  if (path.startsWith('/v1beta/') || headers['x-goog-api-client'] !== undefined) return google
  return headers['anthropic-version'] !== undefined || path.startsWith('/anthropic/') ? anthropic : openai
}
