/**
 * The one vocabulary of what is asked of a model, between all formats of the kind `chat`: a format's server face reads its
 * request into it, a format's client face writes it as its own. `null` is "not given". What no word here names stays in
 * `extra`, in the source's own words: the same format puts it back, any other warns of it.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { Carrier } from './part.ts'

/** Up to here the prompt may be kept by the provider, for so long. */
export type CacheMark = { readonly ttl: '5m' | '1h' }

/** `raw` is the whole thing in the source's own words, where these words say less: for a writer of the same format. */
type Noted = { readonly cache?: CacheMark; readonly extra?: JsonObject; readonly raw?: JsonObject }

/** Where a medium is: its bytes in base64, an address, an id of the provider's file store, or a text. */
export type MediumSource =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType: string | null }
  | { readonly kind: 'file'; readonly id: string; readonly mediaType: string | null }
  | { readonly kind: 'text'; readonly mediaType: string; readonly text: string }

/** A source that a text names, as it was told in the reply. */
export type Citation = { readonly url: string | null; readonly title: string | null; readonly raw: JsonObject }

export type TextBlock = Noted & {
  readonly type: 'text'
  readonly text: string
  readonly citations?: readonly Citation[]
}
export type ImageBlock = Noted & {
  readonly type: 'image'
  readonly source: MediumSource
  /** How closely to look: `low`, `high`, `auto` … */
  readonly detail: string | null
}
export type AudioBlock = Noted & { readonly type: 'audio'; readonly source: MediumSource }
export type VideoBlock = Noted & { readonly type: 'video'; readonly source: MediumSource }
export type FileBlock = Noted & {
  readonly type: 'file'
  readonly source: MediumSource
  readonly filename: string | null
  /** What the file is about, beside its name. */
  readonly context: string | null
  /** Whether answers are to cite it. */
  readonly cited: boolean
}
/** What the model thought in an earlier turn; `redacted` = it may not be read, only given back. */
export type ReasoningBlock = Noted & {
  readonly type: 'reasoning'
  readonly text: string
  readonly redacted: boolean
  readonly summary: boolean
  readonly carriers: readonly Carrier[]
}
export type RefusalBlock = Noted & { readonly type: 'refusal'; readonly text: string }
/** `executor`: who runs it. `input` is the text of its arguments as the model wrote it: JSON, or free text for `custom`. */
export type ToolCallBlock = Noted & {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  readonly kind: 'function' | 'custom'
  readonly executor: 'caller' | 'provider'
  readonly input: string
  readonly carriers: readonly Carrier[]
}
export type ToolResultBlock = Noted & {
  readonly type: 'tool-result'
  readonly id: string
  /** `null` = the format does not repeat it. */
  readonly name: string | null
  readonly executor: 'caller' | 'provider'
  readonly isError: boolean
  readonly content: readonly Block[]
}
/** A block that no word here names. */
export type OtherBlock = Noted & { readonly type: 'other'; readonly name: string; readonly raw: JsonObject }

export type Block =
  | TextBlock
  | ImageBlock
  | AudioBlock
  | VideoBlock
  | FileBlock
  | ReasoningBlock
  | RefusalBlock
  | ToolCallBlock
  | ToolResultBlock
  | OtherBlock

/** Results of tools come in messages of the role `tool`, whatever role the source gave them. */
export type Role = 'system' | 'developer' | 'user' | 'assistant' | 'tool'

export type Message = {
  readonly role: Role
  readonly content: readonly Block[]
  /** Who of several people or agents speaks. */
  readonly name: string | null
  /** What was thought for it is only referred to: it is put back from what was kept of its calls, or lost. */
  readonly thoughtReferred?: true
  readonly extra?: JsonObject
}

export type FunctionTool = Noted & {
  readonly kind: 'function'
  readonly name: string
  readonly description: string | null
  /** JSON Schema of the arguments; `null` = it takes none. */
  readonly parameters: JsonObject | null
  readonly strict: boolean | null
}
/** A tool that takes free text, or text of a grammar. */
export type CustomTool = Noted & {
  readonly kind: 'custom'
  readonly name: string
  readonly description: string | null
  readonly format: JsonObject | null
}
/** What a provider can do by itself, by kind; `null` = one that only its own format knows. */
export type ProviderToolKind = 'web-search' | 'web-fetch' | 'code-execution' | 'file-search' | 'mcp'
export type ProviderTool = Noted & {
  readonly kind: 'provider'
  readonly does: ProviderToolKind | null
  readonly name: string
  /** The tool in the source's own words. */
  readonly raw: JsonObject
  /** Absent: the members of `raw` are what is said of it. */
  readonly settings?: JsonObject
}
export type Tool = FunctionTool | CustomTool | ProviderTool

export type ToolChoice =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'tool'; readonly name: string; readonly kind: 'function' | 'custom' }
  | { readonly mode: 'allowed'; readonly required: boolean; readonly names: readonly string[] }

export type ResponseFormat =
  | { readonly type: 'text' }
  | { readonly type: 'json' }
  | {
      readonly type: 'json-schema'
      readonly name: string | null
      readonly description: string | null
      readonly schema: JsonObject
      readonly strict: boolean | null
    }

/** How hard to think: a word, a budget in tokens, on or off; and whether the thought is to be shown. */
export type ReasoningWish = {
  /** `adaptive`: as much as the model finds right. */
  readonly mode: 'on' | 'off' | 'adaptive' | null
  /** The source's own word: `minimal`, `low`, `medium`, `high`, `xhigh`, `max`, `none` … */
  readonly effort: string | null
  readonly budgetTokens: number | null
  /** Whether and how the thought is told: `auto`, `concise`, `detailed`, `none` …; `null` = not said. */
  readonly summary: string | null
}

export type AudioWish = { readonly voice: Json; readonly format: string | null }

/** What is asked beside the conversation. */
export type Parameters = {
  readonly outputMax: number | null
  readonly choices: number | null
  readonly temperature: number | null
  readonly topP: number | null
  readonly topK: number | null
  readonly frequencyPenalty: number | null
  readonly presencePenalty: number | null
  readonly seed: number | null
  readonly stop: readonly string[] | null
  readonly logprobs: boolean | null
  readonly topLogprobs: number | null
  readonly logitBias: JsonObject | null
  readonly toolChoice: ToolChoice | null
  readonly parallelTools: boolean | null
  readonly responseFormat: ResponseFormat | null
  readonly reasoning: ReasoningWish | null
  readonly verbosity: string | null
  readonly modalities: readonly string[] | null
  readonly audio: AudioWish | null
  readonly user: string | null
  readonly metadata: JsonObject | null
  readonly serviceTier: string | null
  readonly promptCacheKey: string | null
  readonly store: boolean | null
}

export type ChatRequest = Parameters & {
  /** The protocol that it was read from: whose words `extra` and `raw` are. */
  readonly source: string
  readonly stream: boolean
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  /** Top-level fields that nothing here names. */
  readonly extra: JsonObject
}

/** A request in which nothing is asked. */
export const noParameters: Parameters = Object.freeze({
  outputMax: null,
  choices: null,
  temperature: null,
  topP: null,
  topK: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
  stop: null,
  logprobs: null,
  topLogprobs: null,
  logitBias: null,
  toolChoice: null,
  parallelTools: null,
  responseFormat: null,
  reasoning: null,
  verbosity: null,
  modalities: null,
  audio: null,
  user: null,
  metadata: null,
  serviceTier: null,
  promptCacheKey: null,
  store: null,
})
