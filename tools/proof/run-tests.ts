/** Runs tests in one process, with something loaded before them, until the first one fails. */

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './rooms.ts'

/** An endless loop is noticed too. */
export type Outcome = 'noticed' | 'endless' | 'passed'

export type Running = {
  readonly files: readonly string[]
  /** Exact names; none = all. */
  readonly names: readonly string[]
  /** A module of this folder. */
  readonly hook: string
  readonly environment: Readonly<Record<string, string>>
  /** Looked at then, and every five seconds from then on: who waits, or has used so much of the processor, goes on for ever. */
  readonly timeoutMs: number
}

const lookEveryMs = 5_000
/** Of the processor, between two looks: whoever uses less waits for something that does not come. On a busy machine even a slow one uses more. */
const waitingMs = 50
const tickMs = 10

/** What a process has used of the processor; `null` = it cannot be seen here. */
const usedMsOf = (pid: number): number | null => {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
    const [user, system] = fields.split(' ').slice(11, 13).map(Number)
    return ((user ?? 0) + (system ?? 0)) * tickMs
  } catch {
    return null
  }
}

const patternOf = (name: string): string => `^${name.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')}$`

export const runTests = ({ files, names, hook, environment, timeoutMs }: Running): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        `--import=${pathToFileURL(join(import.meta.dirname, hook)).href}`,
        '--test',
        '--test-isolation=none',
        '--test-reporter=tap',
        ...names.map((name) => `--test-name-pattern=${patternOf(name)}`),
        ...files,
      ],
      {
        cwd: root,
        env: {
          ...process.env,
          NODE_ENV: 'test',
          // With many of them every change would take minutes.
          DROVER_HISTORIES: '3',
          NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      },
    )
    let outcome: Outcome | null = null
    const end = (as: Outcome): void => {
      outcome ??= as
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    }
    let usedBeforeMs = 0
    const look = (): void => {
      const usedMs = usedMsOf(child.pid ?? 0)
      if (usedMs === null || usedMs > timeoutMs || usedMs - usedBeforeMs < waitingMs) end('endless')
      else timer = setTimeout(look, lookEveryMs)
      usedBeforeMs = usedMs ?? 0
    }
    let timer = setTimeout(look, timeoutMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (/^\s*not ok /m.test(text)) end('noticed')
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(outcome ?? (code === 0 ? 'passed' : 'noticed'))
    })
  })
