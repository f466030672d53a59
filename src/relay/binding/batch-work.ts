/** What is still to be done for a batch: whose lines are which, and what holds for them. */

import type { JsonObject } from '#base/json-type.ts'
import type { Bindings } from '#resource/bindings.ts'
import type { BindingRow } from '#resource/port.ts'

/** A model of a batch, and the lines that name it. */
export type BatchModel = {
  /** As the caller wrote it. */
  readonly name: string
  /** As the provider knows it. */
  readonly target: string
  /** `custom_id` of each of its lines. */
  readonly ids: readonly string[]
  /** The bytes of each of them, for one whose provider does not say what it read. Absent in batches that were made before it was kept. */
  readonly sizes?: readonly number[]
}

/** A batch that has ended is settled in about so long: who wants something of it away is told to come back. */
export const settledWithinMs = 1_000

/** Lines, and the tokens that they were taken for or have come to. */
export type CountedLines = { readonly requests: number; readonly tokens: number }

export type BatchWork = {
  /** The call whose hold pays for the lines; there may be none for it. */
  readonly call: string
  /** Behind the version: `chat/completions`. */
  readonly endpoint: string
  readonly models: readonly BatchModel[]
  /** What was taken of limits of a day, and the models by which: their names and ids. Absent in batches that were made before they were. */
  readonly counted?: CountedLines & { readonly models: readonly string[] }
  /** The input as it was rewritten, by the provider's id; `null` = the caller's own file went in. */
  readonly copy: string | null
  /** The id of the file that the caller named; `null` = the lines came in the request. */
  readonly input: string | null
  readonly tags: Readonly<Record<string, string>>
  readonly callSite: string | null
  readonly session: string | null
}

/** Lines of a batch at most: Anthropic takes 100,000, OpenAI 50,000 (their guides, read 2026-11-29). */
export const linesMax = 100_000

export const workOf = (bindings: Bindings, row: BindingRow): BatchWork | null =>
  bindings.workOf(row) as unknown as BatchWork | null

export const sealedWork = (bindings: Bindings, named: Pick<BindingRow, 'id' | 'holder'>, work: BatchWork): Uint8Array =>
  bindings.sealWork(named, work as unknown as JsonObject)
