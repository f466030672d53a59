/** What parameters need of a model, and what endpoints need of a target. Data; applied in effect.ts. */

import type { Level } from '#audit/finding.ts'
import type { Json } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

export type Need = {
  readonly parameter: string
  /** Whether this value needs it. */
  readonly holds: (value: Json) => boolean
  /** Any of these will do. */
  readonly capabilities: readonly string[]
  readonly title: string
  readonly mend: string
}

const any = (): boolean => true
const typeIs =
  (type: string) =>
  (value: Json): boolean =>
    isObject(value) && value['type'] === type

export const capabilityNeeds: readonly Need[] = [
  { parameter: 'tools', holds: any, capabilities: ['tools'], title: 'tool calls', mend: 'Choose a model with tools.' },
  {
    parameter: 'tool_choice',
    holds: any,
    capabilities: ['tools'],
    title: 'tool calls',
    mend: 'Choose a model with tools.',
  },
  {
    parameter: 'parallel_tool_calls',
    holds: (value) => value !== false,
    capabilities: ['parallel_tools'],
    title: 'parallel tool calls',
    mend: 'Expect one call at a time.',
  },
  {
    parameter: 'response_format',
    holds: typeIs('json_schema'),
    capabilities: ['json_schema'],
    title: 'schemas for its answers (json_schema)',
    mend: 'Ask for json_object and validate, or choose another model.',
  },
  {
    parameter: 'response_format',
    holds: typeIs('json_object'),
    capabilities: ['json_object', 'json_schema'],
    title: 'JSON mode',
    mend: 'Ask for JSON in the prompt and validate.',
  },
  {
    parameter: 'logprobs',
    holds: (value) => value !== false,
    capabilities: ['logprobs'],
    title: 'log probabilities',
    mend: 'Remove logprobs, and what reads them.',
  },
  {
    parameter: 'top_logprobs',
    holds: any,
    capabilities: ['logprobs'],
    title: 'log probabilities',
    mend: 'Remove top_logprobs, and what reads them.',
  },
  {
    parameter: 'reasoning_effort',
    holds: any,
    capabilities: ['reasoning'],
    title: 'reasoning',
    mend: 'Remove reasoning_effort.',
  },
]

type Foreign = { readonly parameter: string; readonly level: Level; readonly message: string; readonly mend: string }

/** Parameters that few endpoints honour. */
export const foreignParameters: readonly Foreign[] = [
  {
    parameter: 'functions',
    level: 'error',
    message: 'functions is the old form of tools; many endpoints refuse it.',
    mend: 'Send tools.',
  },
  {
    parameter: 'function_call',
    level: 'error',
    message: 'function_call is the old form of tool_choice; many endpoints refuse it.',
    mend: 'Send tool_choice.',
  },
  {
    parameter: 'logit_bias',
    level: 'warning',
    message: 'logit_bias names tokens of one tokenizer; on another model they are other words.',
    mend: 'Remove it.',
  },
  {
    parameter: 'seed',
    level: 'note',
    message: 'seed is honoured by few endpoints.',
    mend: 'Do not count on equal answers.',
  },
  {
    parameter: 'store',
    level: 'warning',
    message: 'store keeps the answer at the vendor; the target may not have it.',
    mend: 'Remove it, or let Drover keep responses.',
  },
  {
    parameter: 'previous_response_id',
    level: 'error',
    message: 'previous_response_id points at an answer that the old vendor keeps.',
    mend: 'Send the history, or let Drover keep responses.',
  },
  {
    parameter: 'service_tier',
    level: 'note',
    message: 'service_tier is a price class of one vendor.',
    mend: 'Remove it.',
  },
  {
    parameter: 'max_tokens_to_sample',
    level: 'error',
    message: 'max_tokens_to_sample belongs to an API that has ended.',
    mend: 'Send max_tokens to the chat endpoint.',
  },
]

type Note = { readonly level: Level; readonly message: string; readonly mend: string }

/** Endpoints that a target for chat may not have. */
export const endpointNotes: Readonly<Record<string, Note>> = {
  assistants: {
    level: 'error',
    message: 'The Assistants API exists at one vendor only.',
    mend: 'Keep the conversation in your own store and call the chat endpoint.',
  },
  embeddings: {
    level: 'warning',
    message: 'Embeddings of another model are other numbers: stored vectors no longer match.',
    mend: 'Leave this call where it is, or embed everything again.',
  },
  images: { level: 'error', message: 'A model for chat makes no images.', mend: 'Leave this call where it is.' },
  audio: {
    level: 'error',
    message: 'A model for chat neither hears nor speaks.',
    mend: 'Leave this call where it is.',
  },
  moderations: {
    level: 'warning',
    message: 'The target has no moderation endpoint.',
    mend: 'Leave this call where it is.',
  },
  'fine-tuning': { level: 'error', message: 'A tuned model does not move.', mend: 'Leave this call where it is.' },
  batches: {
    level: 'warning',
    message: 'Batches differ from vendor to vendor.',
    mend: 'Check that the target has them.',
  },
  files: { level: 'warning', message: 'Ids of files do not cross vendors.', mend: 'Upload again at the target.' },
  realtime: { level: 'error', message: 'The target has no realtime endpoint.', mend: 'Leave this call where it is.' },
  rerank: { level: 'warning', message: 'The target does not rerank.', mend: 'Leave this call where it is.' },
  completions: {
    level: 'warning',
    message: 'Plain completions have ended at most vendors.',
    mend: 'Call the chat endpoint.',
  },
  messages: {
    level: 'note',
    message: "The call speaks Anthropic's protocol.",
    mend: 'Point its base URL at the relay, which speaks it too.',
  },
  responses: {
    level: 'note',
    message: 'The call uses the Responses API.',
    mend: 'The relay serves it; going direct, check that the target does.',
  },
}
