/**
 * The one vocabulary between all formats: what a model's answer is made of, in order. A format's client face reads
 * its bytes into parts, a format's server face writes parts into its bytes. Each part that unifies a value keeps the raw one beside it.
 * `choice` is the index among several answers (`n`); `block` counts the blocks of one choice in order of first sight.
 */

import type { JsonObject } from '#base/json-type.ts'
import type { Problem } from '#base/problem.ts'
import type { Usage } from '#base/usage.ts'

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'refusal' | 'pause' | 'error' | 'other'

type At = { readonly choice: number; readonly block: number }

/** Fields of the source event that no part names, carried along for a writer of the same format. */
type Carried = { readonly extra?: JsonObject }

/**
 * What must come back unchanged in the next turn and that Drover cannot read: signatures, encrypted reasoning. `format` says
 * whose it is (carrier.ts lists those), not through whose wire it came. `redacted`: the value is the thought itself, which may not
 * be read, and not a signature over one; its maker takes it back in another field.
 */
export type Carrier = { readonly format: string; readonly value: string; readonly redacted?: true }

export type StartPart = Carried & {
  readonly type: 'start'
  readonly id: string | null
  readonly model: string | null
  readonly createdMs: number | null
}
export type PingPart = { readonly type: 'ping' }

export type TextStartPart = At & Carried & { readonly type: 'text-start' }
export type TextDeltaPart = At &
  Carried & { readonly type: 'text-delta'; readonly text: string; readonly logprobs?: JsonObject | null }
export type TextEndPart = At & Carried & { readonly type: 'text-end' }

export type ReasoningStartPart = At & Carried & { readonly type: 'reasoning-start'; readonly redacted?: boolean }
export type ReasoningDeltaPart = At &
  Carried & { readonly type: 'reasoning-delta'; readonly text: string; readonly summary?: boolean }
export type ReasoningEndPart = At & Carried & { readonly type: 'reasoning-end'; readonly carriers?: readonly Carrier[] }

export type RefusalStartPart = At & Carried & { readonly type: 'refusal-start' }
export type RefusalDeltaPart = At & Carried & { readonly type: 'refusal-delta'; readonly text: string }
export type RefusalEndPart = At & Carried & { readonly type: 'refusal-end' }

/** `executor`: who runs the tool; a `provider` tool's result comes in the same answer. */
export type ToolStartPart = At &
  Carried & {
    readonly type: 'tool-input-start'
    readonly id: string
    readonly name: string
    readonly kind: 'function' | 'custom'
    readonly executor: 'caller' | 'provider'
    readonly carriers?: readonly Carrier[]
  }
/** A piece of the arguments' text, exactly as the provider wrote it. */
export type ToolDeltaPart = At & Carried & { readonly type: 'tool-input-delta'; readonly text: string }
export type ToolEndPart = At & Carried & { readonly type: 'tool-input-end' }
export type ToolResultPart = At &
  Carried & { readonly type: 'tool-result'; readonly id: string; readonly name: string; readonly output: JsonObject }

/** Base64 data or a URL; `complete` false = a preview that a later one replaces. */
export type ImagePart = At &
  Carried & {
    readonly type: 'image'
    readonly mediaType: string
    readonly data?: string
    readonly url?: string
    readonly complete: boolean
  }

export type AudioStartPart = At &
  Carried & { readonly type: 'audio-start'; readonly id: string | null; readonly format: string | null }
export type AudioDeltaPart = At &
  Carried & { readonly type: 'audio-delta'; readonly data: string | null; readonly transcript: string | null }
export type AudioEndPart = At & Carried & { readonly type: 'audio-end'; readonly expiresMs: number | null }

export type CitationPart = At &
  Carried & {
    readonly type: 'citation'
    readonly url: string | null
    readonly title: string | null
    /** The place in the answer's text, in UTF-16 units, where the format says it. */
    readonly start: number | null
    readonly end: number | null
    readonly raw: JsonObject
  }

/** A block that no part names; a writer of the same format puts it back. */
export type OtherPart = At &
  Carried & { readonly type: 'other'; readonly format: string; readonly name: string; readonly raw: JsonObject }

export type UsagePart = Carried & { readonly type: 'usage'; readonly usage: Usage; readonly raw: JsonObject }
export type FinishPart = Carried & {
  readonly type: 'finish'
  readonly choice: number
  readonly reason: FinishReason
  readonly raw: string | null
  /** The caller's own text that ended the answer, where the provider tells which. */
  readonly stopSequence?: string
}
export type ErrorPart = { readonly type: 'error'; readonly problem: Problem; readonly raw: JsonObject | null }

export type Part =
  | StartPart
  | PingPart
  | TextStartPart
  | TextDeltaPart
  | TextEndPart
  | ReasoningStartPart
  | ReasoningDeltaPart
  | ReasoningEndPart
  | RefusalStartPart
  | RefusalDeltaPart
  | RefusalEndPart
  | ToolStartPart
  | ToolDeltaPart
  | ToolEndPart
  | ToolResultPart
  | ImagePart
  | AudioStartPart
  | AudioDeltaPart
  | AudioEndPart
  | CitationPart
  | OtherPart
  | UsagePart
  | FinishPart
  | ErrorPart

/** Parts that do not commit the relay to a target: it may still try another one after them. */
export const isUncommitted = (part: Part): boolean => part.type === 'start' || part.type === 'ping'
