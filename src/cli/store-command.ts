/** `drover store move`: from the embedded store to the Postgres that the configuration names. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { withPlaceFlags } from './backup-command.ts'
import { configFailure, Failure } from './failure.ts'
import type { Shell } from './operation-command.ts'
import type { PlaceFlags } from './settings-source.ts'
import { configSource, dataFolderOf } from './settings-source.ts'

type Flags = PlaceFlags & { readonly from?: string; readonly json?: boolean }

const moveCommand = ({ ports, terminal }: Shell, exited: (code: number) => void): Command => {
  const command = withPlaceFlags(new Command('move'))
    .description(
      'Copy everything of the embedded store into the empty Postgres that store.url names, while no server runs, and prove books and trail there.',
    )
    .option('--from <file>', 'The embedded store (default: drover.db in the data folder).')
  return command.action(async () => {
    const flags = command.opts<Flags>()
    const loaded = await (await configSource(flags, ports)).load()
    if (!loaded.ok) throw configFailure(loaded.faults)
    const { config } = loaded
    if (config.store.postgres === null)
      throw new Failure({
        what: 'There is nowhere to move to.',
        why: 'The configuration names no Postgres.',
        next: 'Set store.url to "env:NAME" with a postgres:// address in NAME, and secrets.key; then run this again.',
        code: 'usage',
      })
    const data = dataFolderOf(flags, loaded, ports.workingFolder)
    const from = flags.from === undefined ? null : resolve(ports.workingFolder, flags.from)
    const moved = await ports.moveStore({ config, data, from })
    if (flags.json === true) terminal.json(moved)
    else {
      terminal.data(
        `${moved.ok ? 'moved' : 'MOVED, NOT PROVEN'}: ${moved.file}, ${moved.rows} rows of ${moved.tables} tables\n`,
      )
      terminal.data(`books: ${moved.transactions} transactions, ${moved.calls} calls; trail: ${moved.trail} rows\n`)
      terminal.talk(
        'The file stays as it is and is read no more. Start the nodes; put the file away when you trust them.',
      )
    }
    exited(moved.ok ? 0 : 1)
  })
}

/** What is kept, and where. */
export const storeCommand = (shell: Shell, exited: (code: number) => void): Command =>
  new Command('store').description('Where everything is kept.').addCommand(moveCommand(shell, exited))
