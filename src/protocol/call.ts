/** A caller's request, decoded no further than the relay needs: bytes, a top-level scan, and a lazy body. */

import type { TopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Form } from '#http/inbound.ts'

/** What is asked for: decides which targets can serve the call. */
export type CallKind =
  | 'chat'
  | 'completion'
  | 'embedding'
  | 'moderation'
  | 'image'
  | 'speech'
  | 'transcription'
  | 'rerank'

/** `field:reason`, shown in `x-drover-warnings` and kept on the record. */
export type Warning = { readonly field: string; readonly reason: string }

/** A value and what was lost or changed on the way to it. Nothing is dropped without a warning. */
export type Converted<T> = { readonly value: T; readonly warnings: readonly Warning[] }

export type Payload = { readonly kind: 'json'; readonly top: TopLevel } | { readonly kind: 'form'; readonly form: Form }

/** What the caller, or its key, asked of the answer's usage: the final usage event of a stream; `usage.cost`, which brings that event along. */
export type UsageWish = { readonly inStream: boolean; readonly cost: boolean }

export type Call = {
  /** The id of the Inbound: unguessable, unknown to the caller before the answer. */
  readonly id: string
  /** Name of the protocol that read it. */
  readonly protocol: string
  /** The path behind the version, as the protocol lists it: `chat/completions`, `images/edits`. */
  readonly endpoint: string
  readonly kind: CallKind
  /** As the caller wrote it. */
  readonly model: string
  /** Further models to try, in order: OpenRouter's `models[]`. */
  readonly models: readonly string[]
  readonly stream: boolean
  /** Tokens; `null` = the caller set none. */
  readonly outputMax: number | null
  /** Answers asked for (`n`). */
  readonly choices: number
  readonly payload: Payload
  /** Bytes of the text part of the body: the bound of what the input can cost in tokens. */
  readonly inputBytes: number
  readonly usageWish: UsageWish
  /** The body as JSON, parsed on first use; a form gives its fields. */
  readonly body: () => JsonObject
  readonly warnings: readonly Warning[]
  /** The id of the response that it goes on from, where its input holds all of that already. */
  readonly continues?: string
  /** The most tokens that its input can have, of any kind, where a session holds more than the body; absent = the body is all. */
  readonly inputTokensMax?: number
  /** How long the file of a form plays, by what it says of itself; `null` = it does not say, absent = nobody has looked, or there is no file. */
  readonly soundSeconds?: number | null
}

/**
 * Changes to a body that goes to an upstream of the same protocol: only these are spliced, everything else keeps its
 * bytes. `set` replaces or adds a top-level member by JSON text, `cut` removes, `rename` gives a member another name.
 */
export type Edits = {
  readonly set: Readonly<Record<string, string>>
  readonly cut: readonly string[]
  readonly rename: Readonly<Record<string, string>>
}
