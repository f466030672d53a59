/** `drover store move`: from the embedded store to the Postgres that the configuration names. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import type { Operation } from '#admin/operation.ts'
import { storeMoveOperations } from '#admin/store-moves.ts'
import { withPlaceFlags } from './backup-command.ts'
import { configFailure, Failure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'
import { lockedServer, remoteClient } from './remote-client.ts'
import type { PlaceFlags } from './settings-source.ts'
import { configSource, dataFolderOf } from './settings-source.ts'
import type { Shell } from './shell.ts'

type Tell = Parameters<CommandLinePorts['moveStoreOnline']>[0]['tell']
type Flags = PlaceFlags & { readonly from?: string; readonly online?: boolean; readonly json?: boolean }

/** Tells the server that holds the data folder of each step. */
const tellerOf = async (data: string, ports: Shell['ports']): Promise<Tell> => {
  const lock = await ports.lockHolder(data)
  if (lock === null || lock.url === null)
    throw new Failure({
      what: 'No server runs on this data folder.',
      why: 'A move while it runs needs one that does.',
      next: `Run this without --online, or name the server's data folder with --data (this was ${data}).`,
      code: 'conflict',
    })
  const server = remoteClient(lockedServer({ ...lock, url: lock.url }, data))
  const [operation] = storeMoveOperations
  return async (step, to) => {
    const answer = (await server.run(operation as unknown as Operation, { step, to })) as {
      readonly paused_ms: number | null
    }
    return { pausedMs: answer.paused_ms }
  }
}

const moveCommand = ({ ports, terminal }: Shell, exited: (code: number) => void): Command => {
  const command = withPlaceFlags(new Command('move'))
    .description(
      'Copy everything of the embedded store into the empty Postgres that store.url names, while no server runs or (--online) while one does, and prove books and trail there.',
    )
    .option('--from <file>', 'The embedded store (default: drover.db in the data folder).')
    .option(
      '--online',
      'While the server of the data folder runs: it goes on there, and callers wait for the moment of the change.',
    )
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
    const request = { config, data, from }
    const moved = await (flags.online === true
      ? ports.moveStoreOnline({ ...request, tell: await tellerOf(data, ports) })
      : ports.moveStore(request))
    if (flags.json === true) terminal.json(moved)
    else {
      terminal.data(
        `${moved.ok ? 'moved' : 'MOVED, NOT PROVEN'}: ${moved.file}, ${moved.rows} rows of ${moved.tables} tables\n`,
      )
      terminal.data(`books: ${moved.transactions} transactions, ${moved.calls} calls; trail: ${moved.trail} rows\n`)
      const { online } = moved
      if (online !== undefined)
        terminal.data(
          `while the server ran: ${online.changes} changes were copied after it, the last ${online.lastChanges} of them while callers waited for ${online.pausedMs} ms\n`,
        )
      terminal.talk(
        online === undefined
          ? 'The file stays as it is and is read no more. Start the nodes; put the file away when you trust them.'
          : 'The server is on the Postgres. Restart it when it suits you, with the configuration that names it: it joins other nodes only then.',
      )
    }
    exited(moved.ok ? 0 : 1)
  })
}

/** What is kept, and where. */
export const storeCommand = (shell: Shell, exited: (code: number) => void): Command =>
  new Command('store').description('Where everything is kept.').addCommand(moveCommand(shell, exited))
