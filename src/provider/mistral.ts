/**
 * Mistral AI: https://docs.mistral.ai/api, read 2026-11-22. Request bodies are closed (`additionalProperties: false`):
 * a field that is not in the document is a 422 `extra_forbidden`, `stream_options` among them
 * (https://github.com/openai/openai-agents-python/issues/442, read 2026-11-22). Usage ends every stream by itself.
 * Closing a stream does not stop its bill (https://openrouter.ai/docs/api-reference/streaming, list of providers, read
 * 2026-11-22), so the rest is read for its exact usage.
 */

import { readMember } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call } from '#protocol/call.ts'
import { chatHistory, thoughtMembers } from './chat-history.ts'
import { joinAdjustments, quirksOf } from './quirk.ts'
import type { Adjustment, Vendor } from './vendor.ts'
import { noAdjustment } from './vendor.ts'
import { makeVendor, strictDialect } from './vendor-defaults.ts'

/** It knows two efforts (`ReasoningEffort` of the same document): every other that thinks is the high one. */
const effortOf = (call: Call): Adjustment => {
  if (call.protocol !== 'openai-chat' || call.payload.kind !== 'json') return noAdjustment
  const asked = readMember(call.payload.top, 'reasoning_effort')
  if (typeof asked !== 'string' || asked === 'high' || asked === 'none') return noAdjustment
  const taken = asked === 'minimal' ? 'none' : 'high'
  return {
    edits: { set: { reasoning_effort: JSON.stringify(taken) }, cut: [], rename: {} },
    warnings: [{ field: 'reasoning_effort', reason: `"${taken}" is asked: the provider knows only "high" and "none"` }],
    shims: ['reasoning_effort:nearest'],
  }
}

/** `DocumentURLChunk`, `FileChunk` and `AudioChunk` of the same document; that bytes go as a data URL is what recorded requests show. */
const parts = {
  file: (part: JsonObject): JsonObject => {
    const { file } = part
    if (!isObject(file)) return part
    const { file_id: id, file_data: data, filename } = file
    if (typeof data === 'string')
      return {
        type: 'document_url',
        document_url: data,
        ...(filename === undefined ? {} : { document_name: filename }),
      }
    return id === undefined ? part : { type: 'file', file_id: id }
  },
  input_audio: (part: JsonObject): JsonObject => {
    const { input_audio: sound } = part
    return isObject(sound) && typeof sound['data'] === 'string' ? { ...part, input_audio: sound['data'] } : part
  },
}

const quirks = quirksOf({
  'openai-chat': {
    stream_options: { needless: true },
    seed: { rename: 'random_seed' },
    max_completion_tokens: { rename: 'max_tokens' },
    logit_bias: { cut: 'unsupported' },
    user: { cut: 'unsupported' },
    store: { cut: 'unsupported' },
    service_tier: { cut: 'unsupported' },
    verbosity: { cut: 'unsupported' },
    // None of these is in the document either (https://github.com/mistralai/platform-docs-public, openapi.yaml, read 2026-11-29).
    logprobs: { cut: 'unsupported' },
    top_logprobs: { cut: 'unsupported' },
    modalities: { cut: 'unsupported' },
    audio: { cut: 'unsupported' },
    web_search_options: { cut: 'unsupported' },
    safety_identifier: { cut: 'unsupported' },
    prompt_cache_retention: { cut: 'unsupported' },
  },
  'openai-embeddings': { dimensions: { rename: 'output_dimension' }, user: { cut: 'unsupported' } },
})

export const mistral: Vendor = makeVendor({
  name: 'mistral',
  title: 'Mistral AI',
  baseUrl: 'https://api.mistral.ai/v1',
  keyEnv: ['MISTRAL_API_KEY'],
  protocols: ['openai-chat', 'openai-embeddings', 'openai-moderations', 'openai-speech', 'openai-transcriptions'],
  streamUsage: 'never',
  leavePolicy: 'drain',
  dialect: strictDialect,
  // "must be a-z, A-Z, 0-9, with a length of 9" (https://github.com/nearai/ironclaw/issues/1241), and what its messages do not have is refused like any
  // unknown field (https://github.com/BerriAI/litellm/issues/30835); both read 2026-11-29.
  histories: {
    'openai-chat': chatHistory({
      refused: () => [...thoughtMembers, 'annotations', 'audio', 'function_call', 'refusal'],
      bareCalls: true,
      parts,
      noDeveloper: true,
      thoughtParts: true,
      toolIds: { fits: /^[a-zA-Z0-9]{9}$/, lengthMax: 9 },
    }),
  },
  requestIdHeaders: ['mistral-correlation-id', 'x-kong-request-id'],
  adjust: (call, model, headers) => joinAdjustments(effortOf(call), quirks(call, model, headers)),
  keyPage: 'https://console.mistral.ai/api-keys',
})
