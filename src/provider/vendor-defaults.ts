/** What most vendors have in common, so that a vendor's file says only what is its own. */

import type { JsonObject } from '#base/json-type.ts'
import type { Secret } from '#base/log.ts'
import type { Dialect, ProtocolName } from '#protocol/protocol.ts'
import { chatHistory, thoughtMembers } from './chat-history.ts'
import { quirksOf } from './quirk.ts'
import { responsesHistory } from './responses-history.ts'
import type { Endpoint, Shelf, Vendor } from './vendor.ts'
import { emptyShelf } from './vendor.ts'

type Own = Pick<Vendor, 'name' | 'title' | 'baseUrl' | 'keyEnv' | 'protocols' | 'keyPage'>

/** `Authorization: Bearer KEY`. */
export const bearer = (credential: Secret): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${credential.reveal()}`,
})

/** The protocol's own path, as it is. */
export const samePath = ({ path }: { readonly path: string }): Endpoint => ({ path, query: {} })

/**
 * Realtime sessions as OpenAI opens them: `realtime?model=MODEL`, or `?intent=transcription` where nothing is answered
 * (as its own clients do: `realtime/internal-base` of https://github.com/openai/openai-node 7.57.0, read 2026-11-29).
 */
export const openaiRealtime: Vendor['realtime'] = ({ model, intent }) => ({
  path: 'realtime',
  query: intent === 'transcription' ? { intent } : { model },
})

/**
 * A refusal to be asked for usage: a 400 or 422 that names `stream_options` or `include_usage`. Mistral answers
 * `{"detail":[{"type":"extra_forbidden","loc":["body","stream_options","include_usage"], …}]}`
 * (https://github.com/openai/openai-agents-python/issues/442, read 2026-11-22).
 */
export const namesStreamUsage = (status: number, body: JsonObject | null): boolean =>
  (status === 400 || status === 422) && body !== null && /stream_options|include_usage/.test(JSON.stringify(body))

/**
 * For vendors that let Claude's clients in at `/anthropic/v1`, beside their own root: from the provider's base URL, so that
 * every region and an operator's own address have it too.
 */
export const anthropicBeside = ({ path, provider }: Parameters<Vendor['endpoint']>[0]): Endpoint => ({
  path,
  query: {},
  baseUrl: `${provider.baseUrl.replace(/\/(?:v1|beta)$/, '')}/anthropic/v1`,
})

/** Every endpoint of the OpenAI API that has no state of its own. */
export const openaiFamily: readonly ProtocolName[] = [
  'openai-chat',
  'openai-completions',
  'openai-embeddings',
  'openai-moderations',
  'openai-images',
  'openai-speech',
  'openai-transcriptions',
]

/** Files, batches and fine-tuning as OpenAI has them. */
export const openaiShelf: Shelf = {
  files: ['openai'],
  batches: ['openai'],
  uploads: true,
  tuning: true,
  certain: true,
}

/** What compatible servers have in common: thought goes back as it came, if it goes back at all. */
export const compatibleDialect: Dialect = {
  cacheMarks: false,
  developer: false,
  thinking: 'effort',
  webSearch: true,
  restores: 'none',
  encryptsThought: false,
  thought: 'reasoning_content',
  outputMax: 'max_tokens',
  topK: true,
}

/** The same for every model. */
export const dialectOf = (changes: Partial<Dialect>): Vendor['dialect'] => {
  const dialect: Dialect = { ...compatibleDialect, ...changes }
  return () => dialect
}

const openaiOwn = dialectOf({ developer: true, thought: 'none', outputMax: 'max_completion_tokens', topK: false })('')
const openaiThinking: Dialect = { ...openaiOwn, encryptsThought: true }

/** OpenAI's models that think, by their names; those called `chat` do not (from memory). */
const thinks = /^(?:o\d|gpt-[5-9]|codex-|computer-use)(?!.*-chat)/

/** OpenAI's own: newer names, and nothing of an earlier thought is taken. */
export const openaiDialect: Vendor['dialect'] = (model) => (thinks.test(model) ? openaiThinking : openaiOwn)

/**
 * What OpenAI refuses of others' histories: members that its messages do not have ("Additional properties are not allowed",
 * https://github.com/transitive-bullshit/agentic/issues/531), ids over 40 characters (https://github.com/camel-ai/camel/issues/2215), and what it
 * has not encrypted for this account; read 2026-11-29.
 */
export const openaiHistories: Vendor['histories'] = {
  'openai-chat': chatHistory({
    refused: () => thoughtMembers,
    bareCalls: true,
    toolIds: { fits: /^.+$/s, lengthMax: 40 },
  }),
  'openai-responses': responsesHistory,
}

/** Servers that refuse a field of a message, or a parameter, that they do not know. */
export const strictDialect: Vendor['dialect'] = dialectOf({ thought: 'none', topK: false })

/** A vendor that is as the OpenAI API is, but for what is given. */
export const makeVendor = (own: Own & Partial<Vendor>): Vendor => ({
  regions: {},
  regionCurrencies: {},
  keyless: false,
  local: false,
  inProcess: false,
  options: {},
  identity: { options: [], headers: [] },
  authorise: bearer,
  endpoint: samePath,
  histories: {},
  headersNotTaken: [],
  counts: ['anthropic-messages', 'gemini', 'openai-responses'],
  dialect: dialectOf({}),
  background: false,
  compacts: false,
  realtime: null,
  streamUsage: 'ask',
  leavePolicy: 'cancel',
  showsReasoning: false,
  shims: [],
  requestIdHeaders: ['x-request-id'],
  adjust: quirksOf({}),
  refusesStreamUsage: namesStreamUsage,
  checkPath: 'models',
  balance: null,
  shelf: emptyShelf,
  ...own,
})
