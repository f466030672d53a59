/** The sandbox's moderations and rankings. */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { SandboxJob } from './sandbox-job.ts'
import { contentText, inputTexts } from './sandbox-prompt.ts'

/** As of https://github.com/openai/openai-openapi (CreateModerationResponse), read 2026-11-22. */
const categories: readonly string[] = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'self-harm',
  'self-harm/instructions',
  'self-harm/intent',
  'sexual',
  'sexual/minors',
  'violence',
  'violence/graphic',
]
/** What `sandbox:flag` is flagged as. */
const flaggedAs = 'harassment'

const table = <T extends Json>(value: (category: string) => T): JsonObject =>
  Object.fromEntries(categories.map((category) => [category, value(category)]))

const judged = (text: string): JsonObject => {
  const flagged = text.includes('sandbox:flag')
  const isHit = (category: string): boolean => flagged && category === flaggedAs
  return {
    flagged,
    categories: table(isHit),
    category_scores: table((category) => (isHit(category) ? 0.99 : 0.0001)),
    category_applied_input_types: table(() => ['text']),
  }
}

/** Several texts are judged one by one; the parts of one message (text and images) together. */
const judgedTexts = (input: Json | undefined): readonly string[] => {
  const isMessage = Array.isArray(input) && input.some(isObject)
  return isMessage ? [contentText(input)] : inputTexts(input)
}

/** Nothing is flagged but what holds `sandbox:flag`. */
export const moderationDocument = (job: SandboxJob): JsonObject => ({
  id: `modr-${job.seed.slice(0, 24)}`,
  model: job.call.model,
  results: judgedTexts(job.call.body()['input']).map(judged),
})

const wordSet = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])

/** The share of words that both have, of all words of either. */
const likeness = (left: ReadonlySet<string>, right: ReadonlySet<string>): number => {
  const shared = [...left].filter((word) => right.has(word)).length
  const all = left.size + right.size - shared
  return all === 0 ? 0 : shared / all
}

const documentText = (document: Json): string => {
  if (typeof document === 'string') return document
  if (!isObject(document)) return ''
  return typeof document['text'] === 'string' ? document['text'] : JSON.stringify(document)
}

const countOr = (value: Json | undefined, fallback: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : fallback

/** Ranked by the words that query and document share; equals keep their order. */
export const rerankDocument = async (job: SandboxJob): Promise<JsonObject> => {
  const body = job.call.body()
  const documents = Array.isArray(body['documents']) ? (body['documents'] as readonly Json[]) : []
  const query = wordSet(job.said)
  const texts = documents.map(documentText)
  const scored = texts.map((text, index) => ({ index, score: likeness(query, wordSet(text)) }))
  const ranked = scored.toSorted((left, right) => right.score - left.score || left.index - right.index)
  const tokens = await job.countTokens([job.said, ...texts].join('\n'))
  return {
    id: `rerank-${job.seed.slice(0, 24)}`,
    model: job.call.model,
    results: ranked.slice(0, countOr(body['top_n'] ?? body['top_k'], documents.length)).map(({ index, score }) => ({
      index,
      relevance_score: Number(score.toFixed(6)),
      ...(body['return_documents'] === true ? { document: { text: texts[index] ?? '' } } : {}),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
