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

/** Bytes of a JSON body that nobody has parsed yet. */
export const sourceOf = ({ payload }: Call): Buffer | null => (payload.kind === 'json' ? payload.top.source : null)

/** Whether one of these texts stands in a body: says only that it is worth parsing. */
export const holdsAny = (source: Buffer, marks: readonly string[]): boolean =>
  marks.some((mark) => source.includes(mark))

const quote = 0x22
const backslash = 0x5c
const blanks: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d, 0x3a])

/** The texts that are values of a member of this name, at any depth, without parsing; one with an escape in it is given as `null`. */
export function* textsOf(source: Buffer, name: string): Generator<string | null> {
  const mark = `"${name}"`
  for (let at = source.indexOf(mark); at !== -1; at = source.indexOf(mark, at)) {
    at += mark.length
    while (blanks.has(source[at])) at += 1
    if (source[at] !== quote) continue
    const end = source.indexOf(quote, at + 1)
    if (end === -1) return
    const hasEscape = source.subarray(at + 1, end).includes(backslash)
    yield hasEscape ? null : source.toString('utf8', at + 1, end)
  }
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
