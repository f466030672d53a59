/** The kernel's own accounting of what each thread of a process has used. */

import { readdirSync, readFileSync } from 'node:fs'

const nanosecondsPerUs = 1_000

export type ByThread = ReadonlyMap<string, number>

/** A thread's name and the microseconds of processor time that it has used; `null` = it ended between the listing and the reading. */
const readThread = (pid: number, thread: string): readonly [name: string, us: number] | null => {
  try {
    const folder = `/proc/${pid}/task/${thread}`
    const name = Number(thread) === pid ? 'main' : readFileSync(`${folder}/comm`, 'utf8').trim()
    return [name, Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]) / nanosecondsPerUs]
  } catch {
    return null
  }
}

/** By the name of the thread; those of one name are summed up. */
export const usedUs = (pid: number): ByThread => {
  const sums = new Map<string, number>()
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const [name, us] = readThread(pid, thread) ?? ['main', 0]
    sums.set(name, (sums.get(name) ?? 0) + us)
  }
  return sums
}
