/** `drover backup` and `drover restore`: the embedded store as of one instant, and back. */

import { resolve } from 'node:path'
import { Command } from 'commander'
import { configFailure, Failure } from './failure.ts'
import type { PlaceFlags } from './settings-source.ts'
import { configSource, dataFolderOf } from './settings-source.ts'
import type { Shell } from './shell.ts'

type Flags = PlaceFlags & { readonly force?: boolean; readonly json?: boolean }

const place = async (flags: Flags, { ports }: Shell) => {
  const loaded = await (await configSource(flags, ports)).load()
  if (!loaded.ok) throw configFailure(loaded.faults)
  const { config } = loaded
  if (config.store.postgres !== null)
    throw new Failure({
      what: 'This store is a Postgres.',
      why: 'Its own tools copy it as of one instant and bring it back.',
      next: 'Use pg_dump and pg_restore, or what your host offers; keep the key that secrets.key names beside it.',
      code: 'usage',
    })
  return { config, data: dataFolderOf(flags, loaded, ports.workingFolder) }
}

/** Where the store of a command is. */
export const withPlaceFlags = (command: Command): Command =>
  command
    .allowExcessArguments(false)
    .option('--config <file>', 'The configuration (default: drover.yaml, where it exists).')
    .option('--data <folder>', "The data folder (default: the configuration's, else ./data).")
    .option('--json', 'Print JSON.')

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

/** Writes a folder that `restore` takes. */
export const backupCommand = (shell: Shell): Command => {
  const command = withPlaceFlags(new Command('backup'))
    .description(
      'Copy the embedded store and the key of the server into a folder, as of one instant; a server may run.',
    )
    .argument('<folder>', 'A folder that is empty or not there.')
  return command.action(async (folder: string) => {
    const flags = command.opts<Flags>()
    const { ports, terminal } = shell
    const { config, data } = await place(flags, shell)
    const into = resolve(ports.workingFolder, folder)
    const backup = await ports.takeBackup({ file: config.store.file, data, into })
    if (flags.json === true) return terminal.json({ ...backup, folder: into })
    const size = backup.files.reduce((sum, { bytes }) => sum + bytes, 0)
    terminal.data(`${into}: ${backup.files.map(({ name }) => name).join(', ')}, ${mebibytes(size)}, ${backup.taken}\n`)
    terminal.talk(
      backup.files.some(({ name }) => name === 'secret.key')
        ? 'It holds the key of this server: whoever has it can read what is sealed. Keep it as safe as the server.'
        : 'The key of this server is not in it: it is what secrets.key of drover.yaml names. Keep that too.',
    )
  })
}

/** Puts a backup in the place of the store, then proves books and trail. */
export const restoreCommand = (shell: Shell, exited: (code: number) => void): Command => {
  const command = withPlaceFlags(new Command('restore'))
    .description('Put a backup in the place of the store, while no server runs, and prove its books and its trail.')
    .argument('<folder>', "What 'drover backup' wrote.")
    .option('--force', 'Put the store that is there aside.')
  return command.action(async (folder: string) => {
    const flags = command.opts<Flags>()
    const { ports, terminal } = shell
    const { config, data } = await place(flags, shell)
    const from = resolve(ports.workingFolder, folder)
    const { backup, aside } = await ports.restoreBackup({
      from,
      data,
      file: config.store.file,
      force: flags.force === true,
    })
    const local = await ports.openStore({ config, data })
    try {
      const books = await local.ports.store.verifyBooks(ports.clock.nowMs())
      const trail = await local.ports.store.verifyTrail()
      const ok = books.ok && trail.ok
      const said = {
        ok,
        taken: backup.taken,
        aside,
        transactions: books.transactions,
        calls: books.calls,
        trail: trail.rows,
      }
      if (flags.json === true) terminal.json(said)
      else {
        terminal.data(`${ok ? 'restored' : 'RESTORED, NOT PROVEN'}: ${data}, as of ${backup.taken}\n`)
        terminal.data(`books: ${books.transactions} transactions, ${books.calls} calls; trail: ${trail.rows} rows\n`)
        if (aside !== null) terminal.data(`what was there: ${aside}\n`)
        terminal.talk(
          'What came after is not in it: keys revoked since then work again, and calls since then are not charged.',
        )
      }
      exited(ok ? 0 : 1)
    } finally {
      await local.close()
    }
  })
}
