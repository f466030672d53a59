/** Runs tests in one process, with something loaded before them, until the first one fails. */

import { spawn } from 'node:child_process'
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
  readonly timeoutMs: number
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
    const timer = setTimeout(() => end('endless'), timeoutMs)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (/^\s*not ok /m.test(text)) end('noticed')
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve(outcome ?? (code === 0 ? 'passed' : 'noticed'))
    })
  })
