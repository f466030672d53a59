/** Programs that a benchmark starts and ends. */

import type { ChildProcess } from 'node:child_process'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Environment } from '../../test/e2e/harness.ts'
import { cleanEnvironment } from '../../test/e2e/harness.ts'

const endTimeoutMs = 10_000
const askEveryMs = 100
const saidMax = 64 * 1024

export type Program = {
  readonly pid: number
  /** What it has said last, both streams together. */
  readonly said: () => string
  /** The first line that it prints to stdout. */
  readonly firstLine: () => Promise<string>
  readonly ended: () => boolean
  /** SIGTERM to its group, then SIGKILL. */
  readonly end: () => Promise<void>
}

/** Starts a program in a process group of its own, so that what it starts ends with it. */
export function startProgram(command: string, parameters: readonly string[], env: Environment = {}): Program {
  const child: ChildProcess = spawn(command, parameters, {
    env: cleanEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  const keep = (text: string): void => {
    said = (said + text).slice(-saidMax)
  }
  child.stdout?.setEncoding('utf8').on('data', keep)
  child.stderr?.setEncoding('utf8').on('data', keep)
  child.once('error', (fault) => keep(fault.message))
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-(child.pid ?? 0), name)
    } catch (fault) {
      // A group that is gone needs no signal.
      if ((fault as NodeJS.ErrnoException).code !== 'ESRCH') throw fault
    }
  }
  return {
    pid: child.pid ?? 0,
    said: () => said,
    ended,
    firstLine: async () => {
      while (!said.includes('\n') && !ended()) await wait(askEveryMs)
      return said.split('\n')[0] ?? ''
    },
    end: async () => {
      if (ended()) return
      signal('SIGTERM')
      await Promise.race([once(child, 'exit'), wait(endTimeoutMs, undefined, { ref: false })])
      signal('SIGKILL')
    },
  }
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

/** Waits until the program listens on its port; fails with what it said when it does not. */
export async function listening(program: Program, port: number, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs
  while (!(await listens(port))) {
    if (program.ended() || performance.now() > untilMs) throw new Error(`it does not listen:\n${program.said()}`)
    await wait(askEveryMs)
  }
}

/** The first line of what a program prints; `null` = it is not there. */
export const printed = (command: string, ...parameters: readonly string[]): string | null => {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8' })
  return status === 0 ? (`${stdout}${stderr}`.trim().split('\n')[0] ?? '') : null
}
