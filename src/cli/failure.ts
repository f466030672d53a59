/** How a command fails: what happened, why, what to do next; never a stack trace. */

import { Problem, problems } from '#base/problem.ts'
import type { Fault } from '#config/fault.ts'
import { faultText } from '#config/fault.ts'
import type { Terminal } from './terminal.ts'

export type FailureText = {
  /** What happened, in one sentence. */
  readonly what: string
  readonly why: string | null
  /** What to type or to change. */
  readonly next: string | null
  /** For machines: a problem's code, or `usage`, `configuration`, `unreachable` … */
  readonly code: string
}

/** A failure that a command expects. Exit code 2 for wrong usage, 1 for everything else. */
export class Failure extends Error {
  readonly text: FailureText
  readonly exitCode: 1 | 2

  constructor(text: FailureText, exitCode: 1 | 2 = 1, cause?: unknown) {
    super(text.what, cause === undefined ? undefined : { cause })
    this.name = 'Failure'
    this.text = text
    this.exitCode = exitCode
  }
}

/** Wrong usage: exit code 2. */
export const usageFailure = (what: string, next: string): Failure =>
  new Failure({ what, why: null, next, code: 'usage' }, 2)

/** A configuration that cannot be used. */
export const configFailure = (faults: readonly Fault[]): Failure =>
  new Failure({
    what: faults.length === 1 ? 'The configuration cannot be used.' : `The configuration has ${faults.length} faults.`,
    why: faults.map(faultText).join('\n'),
    next: "Mend what is named, or run 'drover doctor' for everything else that can be checked.",
    code: 'configuration',
  })

/** SQLite's own number for a disk that is full, as `node:sqlite` tells it in `errcode` (https://www.sqlite.org/rescode.html#full). */
const sqliteFull = 13

/** What the machine says no to is no fault of Drover. */
const machineRefusals: Readonly<Record<string, readonly [what: string, next: string]>> = {
  ENOSPC: ['The disk is full.', 'Make room, and try again.'],
  EDQUOT: ['The quota of this user is used up.', 'Make room, and try again.'],
  EROFS: ['The disk takes no writes.', 'Choose another place, or mount it for writing.'],
  EACCES: ['This user may not do that here.', 'Choose another place, or give this user the right.'],
}

const machineRefusal = (thrown: unknown): Failure | null => {
  if (!(thrown instanceof Error)) return null
  const code = 'errcode' in thrown && thrown.errcode === sqliteFull ? 'ENOSPC' : (thrown as NodeJS.ErrnoException).code
  const said = code === undefined ? undefined : machineRefusals[code]
  if (said === undefined) return null
  const [what, next] = said
  return new Failure({ what, why: thrown.message, next, code: 'failed' }, 1, thrown)
}

/** What is worth telling of a fault that nobody expected: its message, without the stack. */
const unexpected = (thrown: unknown): Failure =>
  new Failure(
    {
      what: 'Drover failed.',
      why: thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
      next: 'This is a fault of Drover. Report it with the command that you typed; DROVER_TRACE=1 shows where it happened.',
      code: 'internal_error',
    },
    1,
    thrown,
  )

/** A refusal says in its message what to do; of a provider's the table knows it. A fault of ours is told by its cause. */
const fromProblem = (problem: Problem): Failure => {
  if (problem.code === 'internal_error' && problem.cause !== undefined) return unexpected(problem.cause)
  const { blame, mend } = problems[problem.code]
  const next = blame === 'upstream' ? mend : null
  return new Failure({ what: problem.message, why: null, next, code: problem.code }, 1, problem)
}

/** Whatever was thrown, as a failure. */
export const failureOf = (thrown: unknown): Failure => {
  if (thrown instanceof Failure) return thrown
  return thrown instanceof Problem ? fromProblem(thrown) : (machineRefusal(thrown) ?? unexpected(thrown))
}

const indented = (label: string, text: string): string => {
  const [first = '', ...rest] = text.split('\n')
  return [`  ${label}: ${first}`, ...rest.map((one) => `        ${one}`)].join('\n')
}

/** Tells the failure on stderr: to a person in lines, with `--json` as one object. */
export const tellFailure = (failure: Failure, terminal: Terminal, asJson: boolean): void => {
  const { what, why, next, code } = failure.text
  if (asJson) {
    terminal.talk(JSON.stringify({ error: { code, message: what, why, next } }))
    return
  }
  const lines = [
    `${terminal.paint('bad', 'drover:')} ${what}`,
    ...(why === null ? [] : [indented('why', why)]),
    ...(next === null ? [] : [indented('next', next)]),
  ]
  terminal.talk(lines.join('\n'))
}
