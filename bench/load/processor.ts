/** What processes have used, by the kernel's own accounting (`/proc`, Linux only): also of their children and threads. */

import { readdirSync, readFileSync } from 'node:fs'

const ticksPerSecond = 100
const kibibyte = 1024

type Line = { readonly pid: number; readonly parent: number; readonly ticks: number }

const lineOf = (pid: number): Line | null => {
  try {
    // The name stands in parentheses and may hold anything: fields are counted from its end.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    // It ended between the listing and the reading.
    return null
  }
}

/** A process and all that descend from it. */
const familyOf = (roots: readonly number[]): readonly Line[] => {
  const lines = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => lineOf(Number(name)))
    .filter((line) => line !== null)
  const family = new Set(roots)
  let grown = true
  while (grown) {
    grown = false
    for (const { pid, parent } of lines)
      if (family.has(parent) && !family.has(pid)) {
        family.add(pid)
        grown = true
      }
  }
  return lines.filter(({ pid }) => family.has(pid))
}

/** Milliseconds of processor time that these processes and their descendants have used, in steps of 10 ms. */
export const processorMs = (roots: readonly number[]): number =>
  familyOf(roots).reduce((sum, { ticks }) => sum + (ticks * 1000) / ticksPerSecond, 0)

/** Bytes of memory that they hold, shared pages counted in proportion (PSS) where the kernel says so. */
export const memoryBytes = (roots: readonly number[]): number =>
  familyOf(roots).reduce((sum, { pid }) => {
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')
      return sum + Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) * kibibyte
    } catch {
      return sum
    }
  }, 0)
