/** What the audit reports. The names are those of the JSON that it prints. */

import type { Json, JsonObject } from '#base/json-type.ts'
import type { UsageJoin } from './usage/usage.ts'

export type Kind = 'client' | 'call' | 'raw-http' | 'wrapper' | 'base-url' | 'model' | 'env' | 'header'

/** How much a change on the target matters: it fails, it answers otherwise, or it is good to know. */
export type Level = 'error' | 'warning' | 'note'

export type Effect = {
  readonly level: Level
  /** Stable name, `parameter-fixed`. */
  readonly rule: string
  /** The parameter, endpoint or model that it is about. */
  readonly about: string
  readonly message: string
  /** What to do, or what Drover does about it. */
  readonly mend: string
}

export type CallSite = {
  readonly path: string
  /** From 1. */
  readonly line: number
  readonly end_line: number
  readonly language: string
  readonly kind: Kind
  /** The library that is called through; `null` where none is (settings, constants). */
  readonly sdk: string | null
  /** Whose API it is, as far as the code tells. */
  readonly provider: string | null
  readonly endpoint: string | null
  /** Resolved through constants and defaults; `env:NAME` where only the variable is known; `null` = not set. */
  readonly base_url: string | null
  readonly model: string | null
  /** `env:NAME`, `literal`, `header:NAME` or `null`; never the credential. */
  readonly auth: string | null
  /** By the name on the wire; `null` = set to what the code does not tell. */
  readonly parameters: JsonObject
  /** The function around it. */
  readonly symbol: string | null
  /** `test`: in a test, a fixture or an example. */
  readonly bucket: 'caller' | 'definer' | 'test'
  /** For suppression and for following a finding over versions: changes with its content, not with its line. */
  readonly fingerprint: string
  readonly effects: readonly Effect[]
}

export type Secret = {
  readonly path: string
  readonly line: number
  readonly rule: string
  /** The first 4 characters. */
  readonly preview: string
  /** The first 16 hexadecimal digits of its SHA-256. */
  readonly sha256: string
  readonly bucket: 'caller' | 'test'
  readonly fingerprint: string
}

/** What code takes for granted of a vendor's answers, tokens, errors or recordings, beyond the calls themselves. */
export type Coupling = {
  readonly path: string
  readonly line: number
  /** Stable name, `choices-unguarded`. */
  readonly rule: string
  readonly group: 'response' | 'tokens' | 'errors' | 'recordings'
  readonly level: Level
  /** The words that it was found by. */
  readonly about: string
  readonly message: string
  readonly mend: string
  readonly bucket: 'caller' | 'test'
  readonly fingerprint: string
}

export type SkippedCount = { readonly reason: string; readonly files: number; readonly examples: readonly string[] }

export type Coverage = {
  readonly files_seen: number
  /** Read whole and searched. */
  readonly files_scanned: number
  /** Of those, parsed because they could matter. */
  readonly files_parsed: number
  readonly files_failed: number
  readonly failed: readonly { readonly path: string; readonly reason: string }[]
  readonly files_skipped: number
  readonly skipped: readonly SkippedCount[]
  readonly lines: number
  readonly bytes: number
  readonly by_language: Readonly<Record<string, { readonly files: number; readonly lines: number }>>
  readonly suppressed: { readonly by_comment: number; readonly by_baseline: number }
}

export type AuditReport = {
  readonly schema: 1
  readonly root: string
  readonly target: { readonly model: string; readonly name: string; readonly provider: string } | null
  readonly call_sites: readonly CallSite[]
  readonly secrets: readonly Secret[]
  readonly couplings: readonly Coupling[]
  readonly coverage: Coverage
  /** What was used, joined to the call sites; `null` = no usage was given. */
  readonly usage: UsageJoin | null
}

/** A finding before its file, its function and the target are known. */
export type Draft = {
  readonly kind: Kind
  readonly line: number
  readonly endLine: number
  readonly start: number
  readonly end: number
  readonly sdk: string | null
  readonly provider: string | null
  readonly endpoint: string | null
  readonly baseUrl: string | null
  readonly model: string | null
  readonly auth: string | null
  readonly parameters: Readonly<Record<string, Json>>
  readonly symbol: string | null
  readonly bucket: 'caller' | 'definer' | null
}

const nothing: Draft = {
  kind: 'call',
  line: 1,
  endLine: 1,
  start: 0,
  end: 0,
  sdk: null,
  provider: null,
  endpoint: null,
  baseUrl: null,
  model: null,
  auth: null,
  parameters: {},
  symbol: null,
  bucket: null,
}

/** A draft with what is known of it. */
export const draft = (given: Partial<Draft> & Pick<Draft, 'kind' | 'line'>): Draft => ({
  ...nothing,
  endLine: given.line,
  ...given,
})
