/** Finds who runs a command's operation: a named server, the server of the data folder, or the store opened here. */

import { localActor } from '#admin/api.ts'
import { runOperation } from '#admin/run.ts'
import type { Loaded } from '#config/config.ts'
import { configFailure, Failure } from './failure.ts'
import type { CommandLinePorts } from './ports.ts'
import type { Client, RemoteServer } from './remote-client.ts'
import { lockedServer, remoteClient, Unreachable } from './remote-client.ts'
import type { PlaceFlags } from './settings-source.ts'
import { configSource, dataFolderOf } from './settings-source.ts'

export type ConnectionFlags = PlaceFlags & { readonly url?: string | undefined }

/** The server that --url or DROVER_URL names. */
const namedServer = (flags: ConnectionFlags, environment: CommandLinePorts['environment']): RemoteServer | null => {
  const url = flags.url ?? environment['DROVER_URL'] ?? ''
  if (url === '') return null
  const from = flags.url === undefined ? 'DROVER_URL' : '--url'
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Failure(
      { what: `${from} is no URL.`, why: null, next: `Give it as http://host:port or https://host.`, code: 'usage' },
      2,
    )
  const credential = environment['DROVER_ADMIN_KEY']?.trim() ?? ''
  if (credential === '')
    throw new Failure({
      what: `${from} names a server, and there is no key for it.`,
      why: 'DROVER_ADMIN_KEY is not set.',
      next: 'Set DROVER_ADMIN_KEY to an admin key of that server ("drover-admin-…").',
      code: 'no_credential',
    })
  return { url, credential, credentialFrom: 'DROVER_ADMIN_KEY' }
}

const localClient = async (loaded: Loaded, data: string, ports: CommandLinePorts): Promise<Client> => {
  if (!loaded.ok) throw configFailure(loaded.faults)
  const local = await ports.openStore({ config: loaded.config, data })
  const { clock, ids } = ports
  const context = { actor: localActor, requestId: null, ports: local.ports, clock, ids }
  return {
    where: data,
    run: (operation, input) => runOperation(operation, input, context),
    close: local.close,
  }
}

/** The server's client until it turns out that the server has gone; then the store's, opened here. */
const withFallback = (server: RemoteServer, open: () => Promise<Client>): Client => {
  let client = remoteClient(server)
  return {
    where: server.url,
    certificate: server.certificate ?? null,
    run: async (operation, input) => {
      try {
        return await client.run(operation, input)
      } catch (thrown) {
        if (!(thrown instanceof Unreachable)) throw thrown
        client = await open()
        return client.run(operation, input)
      }
    },
    close: () => client.close(),
  }
}

/**
 * `--url` or `DROVER_URL` (with `DROVER_ADMIN_KEY`); else the server whose lock lies in the data folder; else the store of
 * the data folder. A lock that leads nowhere was left by a server that was killed: the store is opened then, which is
 * refused where somebody does hold it.
 */
export const connect = async (flags: ConnectionFlags, ports: CommandLinePorts): Promise<Client> => {
  const named = namedServer(flags, ports.environment)
  if (named !== null) return remoteClient(named)
  const source = await configSource(flags, ports)
  const loaded = await source.load()
  const data = dataFolderOf(flags, loaded, ports.workingFolder)
  const lock = await ports.lockHolder(data)
  const open = (): Promise<Client> => localClient(loaded, data, ports)
  if (lock?.url === undefined || lock.url === null) return open()
  return withFallback(lockedServer({ ...lock, url: lock.url }, data), open)
}
