/**
 * Quirks of a vendor's endpoint that hold for all its models, as rows: which top-level fields go, and which change
 * their name.
 */

import { hasMember, readMember } from '#base/json.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import type { Adjustment, Vendor } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

export type Quirk =
  | { readonly rename: string }
  /** The vendor refuses the field; what is lost goes into the warning. */
  | { readonly cut: string }
  /** The vendor refuses the field, and does by itself what it asks for: nothing is lost. */
  | { readonly needless: true }

/** By protocol, then by field. */
export type Quirks = Readonly<Partial<Record<UpstreamProtocolName, Readonly<Record<string, Quirk>>>>>

/** The `adjust` of a vendor with these quirks. Forms are left alone: no vendor is known to refuse a field of one. */
export const quirksOf = (quirks: Quirks): Vendor['adjust'] => {
  const tables = new Map(Object.entries(quirks).map(([protocol, rows]) => [protocol, Object.entries(rows)]))
  return (call) => {
    const rows = tables.get(call.protocol)
    return rows === undefined ? noAdjustment : applyQuirks(call, rows)
  }
}

const applyQuirks = (call: Call, rows: readonly (readonly [string, Quirk])[]): Adjustment => {
  if (call.payload.kind !== 'json') return noAdjustment
  const { top } = call.payload
  const cut: string[] = []
  const rename: Record<string, string> = {}
  const warnings: Warning[] = []
  const shims: string[] = []
  for (const [field, quirk] of rows) {
    if (!hasMember(top, field)) continue
    if ('rename' in quirk) {
      rename[field] = quirk.rename
      shims.push(`${field}:renamed`)
      continue
    }
    cut.push(field)
    shims.push(`${field}:cut`)
    if ('cut' in quirk && readMember(top, field) !== null) warnings.push({ field, reason: quirk.cut })
  }
  return shims.length === 0 ? noAdjustment : { edits: { set: {}, cut, rename }, warnings, shims }
}

const distinct = (warnings: readonly Warning[]): Warning[] => [
  ...new Map(warnings.map((warning) => [`${warning.field}:${warning.reason}`, warning])).values(),
]

/**
 * Two adjustments of one body as one: the catalog's rules of the model, then the vendor's quirks. A field that the
 * first has already cut or renamed stays so.
 */
export const joinAdjustments = (first: Adjustment, second: Adjustment): Adjustment => {
  if (second === noAdjustment) return first
  if (first === noAdjustment) return second
  const cut = [...new Set([...first.edits.cut, ...second.edits.cut])]
  const rename = { ...second.edits.rename, ...first.edits.rename }
  const set = { ...second.edits.set, ...first.edits.set }
  for (const field of cut) delete rename[field]
  for (const field of first.edits.cut) delete set[field]
  return {
    edits: { set, cut, rename },
    warnings: distinct([...first.warnings, ...second.warnings]),
    shims: [...new Set([...first.shims, ...second.shims])],
  }
}
