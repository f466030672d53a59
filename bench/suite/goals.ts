/** Bounds that the relay is held to, as ratios within one run. */

import type { Goal } from '../page/report.ts'
import { cellText } from '../page/table.ts'

type Value = number | undefined

/** `ours` against a multiple of `theirs`, plus an allowance; not measured where either is missing. */
export const atMost = (
  work: string,
  {
    ours,
    theirs,
    times,
    plus = 0,
    peer,
    unit,
  }: {
    readonly ours: Value
    readonly theirs: Value
    readonly times: number
    readonly plus?: number
    readonly peer: string
    readonly unit: string
  },
): Goal => {
  const bound = `<= ${times === 1 ? '' : `${Number(times.toPrecision(3))} x `}${peer}${plus === 0 ? '' : ` + ${plus} ${unit}`}`
  if (ours === undefined || theirs === undefined || Number.isNaN(ours) || Number.isNaN(theirs))
    return { work, bound, measured: '-', isMet: null }
  const measured = `${cellText(ours)} ${unit} against ${cellText(theirs)} (${(ours / theirs).toFixed(2)} x)`
  return { work, bound, measured, isMet: ours <= theirs * times + plus }
}

/** An absolute bound. */
export const within = (
  work: string,
  ours: Value,
  { bound, unit }: { readonly bound: number; readonly unit: string },
): Goal => ({
  work,
  bound: `<= ${bound} ${unit}`,
  measured: ours === undefined || Number.isNaN(ours) ? '-' : `${cellText(ours)} ${unit}`,
  isMet: ours === undefined || Number.isNaN(ours) ? null : ours <= bound,
})
