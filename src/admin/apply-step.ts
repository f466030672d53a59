/** One thing that `apply` does, and how what a file says is held against what there is. */

import { nanoOf } from '#base/money.ts'
import type { FileFault } from '#base/read-document.ts'
import { durationMsOf } from '#base/settings.ts'
import { basisPointsOf } from './fee.ts'

export type ApplyStep = {
  readonly sign: '+' | '~'
  /** `account acme`. */
  readonly what: string
  /** What is set, or `from -> to`. */
  readonly detail: readonly string[]
  /** Who makes it: `accounts create`. */
  readonly operation: string
  readonly input: Readonly<Record<string, unknown>>
}

export type Given = Readonly<Record<string, unknown>>
/** A plan that an account has, and not the one that the file names. */
export type KeptPlan = {
  readonly account: string
  readonly plan: string
  /** What the file names. */
  readonly file: string
  readonly why: 'chosen' | 'paid'
}
export type Plan = {
  readonly steps: ApplyStep[]
  readonly faults: FileFault[]
  readonly kept: KeptPlan[]
  unchanged: number
}

/** A value for people. */
export const valueText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))
/** What is given, field by field. */
export const listed = (given: Given): readonly string[] =>
  Object.entries(given).map(([name, value]) => `${name}: ${valueText(value)}`)

const ofText =
  (read: (text: string) => unknown) =>
  (value: unknown): unknown =>
    typeof value === 'string' ? read(value) : value

/** Fields of which one value is written in several ways, and what each comes to. */
const meanings: Readonly<Record<string, (value: unknown) => unknown>> = {
  expires: ofText(Date.parse),
  cache: ofText(durationMsOf),
  signup_credit_expires: ofText(durationMsOf),
  own_credentials_fee: ofText(basisPointsOf),
  member: ofText((mail) => mail.toLowerCase()),
}

/** Amounts are compared by what they are, and lists by what is in them. */
export const same = (given: unknown, found: unknown): boolean => {
  if (
    typeof given === 'string' &&
    typeof found === 'string' &&
    /^\d+(\.\d{1,9})?$/.test(given) &&
    /^\d+(\.\d{1,9})?$/.test(found)
  )
    return nanoOf(given) === nanoOf(found)
  if (Array.isArray(given) && Array.isArray(found))
    return new Set(given).size === new Set(found).size && new Set([...given, ...found]).size === new Set(given).size
  return given === found
}

/** What is given and is otherwise than it is said. */
export const differences = (given: Given, found: Given): readonly string[] =>
  Object.entries(given)
    .filter(([name, value]) => {
      const meant = meanings[name] ?? ((one: unknown) => one)
      return !same(meant(value), meant(found[name]))
    })
    .map(([name, value]) => `${name}: ${valueText(found[name] ?? null)} -> ${valueText(value)}`)

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const

/** `30d`: in the largest unit in which it is whole. */
export const durationText = (ms: number | null): string | null => {
  if (ms === null) return null
  const [unit, length] = units.find(([, one]) => ms % one === 0) ?? ['ms', 1]
  return `${ms / length}${unit}`
}
