/** What an expression stands for, as far as reading the code tells. */

import type { SdkRule } from '#audit/rule/sdk-rule.ts'
import type { CallNode, Node } from '#audit/syntax/node.ts'
import type { Json } from '#base/json-type.ts'
import type { Scope } from './scope.ts'

/** A node and where its names are looked up. */
export type Seen = { readonly node: Node; readonly scope: Scope }

/** A client of an SDK: what it was made from, and the path that was walked from it since. */
export type ClientValue = {
  readonly kind: 'client'
  readonly rule: SdkRule
  /** The name that was called or declared, `AzureOpenAI`. */
  readonly name: string
  /** The calls that made and configured it, outermost last. */
  readonly made: readonly Seen[]
  readonly path: readonly string[]
  /** Known by its type alone: where it is made is elsewhere. */
  readonly isDeclared: boolean
  /** The SDK of the client that another SDK was put around. */
  readonly wrapped: SdkRule | null
}

export type Value =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'literal'; readonly value: Json }
  /** `isWhole`: nothing in it is unknown; what is unknown reads `{…}`. */
  | { readonly kind: 'text'; readonly value: string; readonly isWhole: boolean }
  | { readonly kind: 'environment'; readonly name: string; readonly fallback: string | null }
  | { readonly kind: 'record'; readonly entries: readonly RecordEntry[]; readonly rest: readonly Seen[] }
  | { readonly kind: 'list'; readonly items: readonly Seen[] }
  | { readonly kind: 'symbol'; readonly module: string; readonly path: readonly string[] }
  | ClientValue
  /** What an unknown function gave: kept, because builders and options are read off their calls. */
  | { readonly kind: 'made'; readonly node: CallNode; readonly scope: Scope }
  | { readonly kind: 'module'; readonly path: string }
  | { readonly kind: 'function'; readonly scope: Scope }
  | { readonly kind: 'class'; readonly scope: Scope }
  /** `made`: the literal that filled its fields. */
  | { readonly kind: 'instance'; readonly scope: Scope; readonly made?: Seen }

export type RecordEntry = { readonly key: string } & Seen

export const unknown: Value = { kind: 'unknown' }
