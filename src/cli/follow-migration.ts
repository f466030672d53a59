/** `drover migrate status --watch` and `--wait`: a migration looked at until it has come to an end, or to a stop. */

import { setTimeout as wait } from 'node:timers/promises'
import type { MigrationView } from '#admin/migration-view.ts'
import { migrationText } from '#admin/migration-view.ts'
import type { Operation } from '#admin/operation.ts'
import { Failure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Client } from './remote-client.ts'
import type { Terminal } from './terminal.ts'

const lookEveryMs = 1000

type Following = {
  readonly operation: Operation
  readonly input: Readonly<Record<string, unknown>>
  readonly client: Client
  readonly flags: { readonly json: boolean; readonly wait: boolean }
}

const ends: readonly string[] = ['completed', 'rolled_back', 'aborted']

/** Whether nothing more happens by itself. `--wait` ends at a pause too: a person has to decide. */
const isOver = ({ state }: MigrationView, isWaiting: boolean): boolean =>
  ends.includes(state) || (isWaiting && state === 'paused')

const pause = async (signal: AbortSignal): Promise<void> => {
  try {
    await wait(lookEveryMs, undefined, { signal })
  } catch (thrown) {
    if (!signal.aborted) throw thrown
  }
}

/** What is worth a new page. */
const markOf = ({ state, weight, decisions, arms }: MigrationView): string =>
  JSON.stringify([state, weight, decisions, arms.candidate.turns])

/**
 * Prints the migration whenever it has changed, until it is over or the signal; with `wait` prints it at its end only.
 * @throws Failure with `wait`, where the end is not completion: for scripts.
 */
export const followMigration = async (
  { operation, input, client, flags }: Following,
  { ports, terminal }: { readonly ports: Pick<CommandLinePorts, 'signal'>; readonly terminal: Terminal },
): Promise<void> => {
  const print = (view: MigrationView): void => {
    if (flags.json) terminal.json(view)
    else terminal.data(`${migrationText(view)}\n`)
  }
  let shown = ''
  while (!ports.signal.aborted) {
    const view = (await client.run(operation, input)) as MigrationView
    const over = isOver(view, flags.wait)
    if (over || (!flags.wait && markOf(view) !== shown)) print(view)
    shown = markOf(view)
    if (over && flags.wait && view.state !== 'completed')
      throw new Failure({
        what: `The migration is ${view.state}.`,
        why: view.sentence,
        next: view.next,
        code: view.state,
      })
    if (over) return
    await pause(ports.signal)
  }
}
