/**
 * A history goes from vendor to vendor with a conversation, and holds what only its writer can read. What a vendor would refuse of it
 * is taken out, or written as it takes it, with a warning; what its own models wrote stays as it is. What all menders need.
 */

import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { Adjustment } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** What was changed so far: each kind of change is told once, however many turns it is about. */
export class Changes {
  readonly #warnings = new Map<string, Warning>()
  readonly #shims = new Set<string>()

  /** `reason` = what the caller is told; absent: nothing is lost. */
  note(field: string, shim: string, reason?: string): void {
    this.#shims.add(`${field}:${shim}`)
    if (reason !== undefined) this.#warnings.set(`${field}:${reason}`, { field, reason })
  }

  /** The adjustment that sets these members, where anything was changed. */
  adjustment(set: () => Readonly<Record<string, Json>>): Adjustment {
    if (this.#shims.size === 0) return noAdjustment
    const members = Object.entries(set()).map(([name, value]) => [name, JSON.stringify(value)] as const)
    return {
      edits: { set: Object.fromEntries(members), cut: [], rename: {} },
      warnings: [...this.#warnings.values()],
      shims: [...this.#shims],
    }
  }
}

/**
 * A JSON body that nobody has parsed yet, one character for each byte: to be looked through, so that most bodies never are parsed. `null` = the call has
 * none.
 */
export const sourceOf = ({ payload }: Call): string | null =>
  payload.kind === 'json' ? payload.top.source.toString('latin1') : null

/** The texts that are values of a member of this name, at any depth; one with an escape in it is given as `null`. */
export function* textsOf(source: string, name: string): Generator<string | null> {
  for (const [, text, end] of source.matchAll(new RegExp(`"${name}"\\s*:\\s*"([^"\\\\]*)(["\\\\])`, 'g')))
    yield end === '"' ? (text ?? '') : null
}

/** The objects in a list that may be none. */
export const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isObject) : []

/** A list with each of its objects changed, left out (`null`) or kept. */
export const eachObject = (
  list: readonly Json[],
  change: (one: JsonObject, index: number) => JsonObject | null,
): Json[] =>
  list.flatMap((one, index) => {
    const changed = isObject(one) ? change(one, index) : one
    return changed === null ? [] : [changed as Json]
  })
