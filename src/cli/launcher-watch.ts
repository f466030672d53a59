// Notices that the npm or npx which started this process is gone. npx does not hand SIGTERM on through the shell that it
// starts (seen with npm 10.9 and 11.19), so a server that only listens for signals would be left behind, holding its port.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What is known of the processes of this machine; null for one that is gone or cannot be read. */
export type ProcessTable = {
  readonly parentOf: (pid: number) => number | null
  readonly commandOf: (pid: number) => readonly string[] | null
  /** Whether a process still has the parent it had. Asked every second, so it must be cheap. */
  readonly holds: (link: Link) => boolean
}

/** One process and the parent that it had when it was first looked at. */
export type Link = { readonly pid: number; readonly parent: number }

const ancestorsMax = 8
const watchEveryMs = 1_000
const npmName = /(?:^|\/)(?:npm|npx)(?:-cli\.[cm]?js)?$/
const shellName = /(?:^|\/)-?(?:sh|dash|bash|ash|zsh)$/

/**
 * The links from `pid` up to the outermost npm or npx that started it, through the shells that npm puts between; empty
 * when npm did not start it. A shell or service manager above npm is not part of it: a login that ends must not end a
 * server that was left running on purpose.
 */
export function launcherLinks(pid: number, table: ProcessTable): readonly Link[] {
  const links: Link[] = []
  let length = 0
  let child = pid
  for (let step = 0; step < ancestorsMax; step += 1) {
    const parent = table.parentOf(child)
    const command = parent === null ? null : table.commandOf(parent)
    if (parent === null || command === null) break
    const isNpm = command.slice(0, 2).some((word) => npmName.test(word))
    if (!isNpm && !(shellName.test(command[0] ?? '') && command[1] === '-c')) break
    links.push({ pid: child, parent })
    if (isNpm) length = links.length
    child = parent
  }
  return links.slice(0, length)
}

/**
 * Calls `onGone` once when the npm that started this process is gone; looks every second and does not keep the process
 * alive. Returns a function that ends the watch. Does nothing when npm did not start this process.
 */
export function watchLauncher(table: ProcessTable, onGone: () => void): () => void {
  const links = launcherLinks(process.pid, table)
  if (links.length === 0) return () => undefined
  const timer = setInterval(() => {
    if (links.every(table.holds)) return
    clearInterval(timer)
    onGone()
  }, watchEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** The processes of this machine: from /proc on Linux, by `ps` elsewhere. */
export function machineProcesses(platform: NodeJS.Platform): ProcessTable {
  if (platform !== 'linux') return { parentOf, commandOf, holds }
  // A process whose parent ended is given another parent at once, even while the ended one is still listed.
  return {
    parentOf: linuxParent,
    commandOf: linuxCommand,
    holds: ({ pid, parent }) => linuxParent(pid) === parent,
  }
}

function linuxParent(pid: number): number | null {
  // "pid (name) state ppid …": the name may hold spaces and brackets, so the fields are counted from its end.
  const fields = read(`/proc/${pid}/stat`)
  const parent = fields?.slice(fields.lastIndexOf(')') + 2).split(' ')[1]
  return parent === undefined ? null : Number(parent)
}

function linuxCommand(pid: number): readonly string[] | null {
  // npm writes its title over its arguments, so they may come as one string with spaces.
  return read(`/proc/${pid}/cmdline`)?.split(/[\0 ]+/) ?? null
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}

function parentOf(pid: number): number | null {
  if (pid === process.pid) return process.ppid
  const parent = ask(pid, 'ppid=')
  return parent === null ? null : Number(parent)
}

function commandOf(pid: number): readonly string[] | null {
  return ask(pid, 'args=')?.split(/ +/) ?? null
}

function holds({ pid, parent }: Link): boolean {
  if (pid === process.pid) return process.ppid === parent
  try {
    return process.kill(parent, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function ask(pid: number, field: string): string | null {
  try {
    const output = execFileSync('ps', ['-o', field, '-p', String(pid)], { encoding: 'utf8', timeout: 2_000 }).trim()
    return output === '' ? null : output
  } catch {
    return null
  }
}
