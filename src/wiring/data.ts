/** The data folder opened: its lock, its secret, its store. */

import { join } from 'node:path'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import { digestKey } from '#policy/key.ts'
import { folderShelf } from '#provider/sandbox-shelf.ts'
import { makeSeal } from '#secret/seal.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import { loadSecretKey } from '#store/data-folder/secret-key.ts'
import { openSqliteStore, sqliteWorkerUrl } from '#store/sqlite/client.ts'
import { credentialVault } from './credential-vault.ts'
import type { Machine } from './machine.ts'

export type DataRequest = { readonly config: Config; readonly data: string; readonly log: Log }

/**
 * Everything that is opened is closed by `closing`, the last first. `localToken` stands in the lock, for commands on this
 * machine.
 * @throws Problem `conflict` while another process holds the folder; `store_unavailable` where it cannot be used.
 */
export const openData = async (machine: Machine, request: DataRequest, closing: AsyncDisposableStack) => {
  const { clock, ids, pid } = machine
  const { config, data, log } = request
  const localToken = Buffer.from(ids.bytes(32)).toString('base64url')
  const lock = takeDataLock({ folder: data, token: localToken, pid, nowMs: clock.nowMs() })
  closing.defer(() => lock.release())
  const pepper = config.secretKey === null ? loadSecretKey(data, ids) : Buffer.from(config.secretKey.secret.reveal())
  const url = `sqlite:${config.store.file ?? join(data, 'drover.db')}`
  const { durability } = config.store
  const store = await openSqliteStore({ url, durability, workerUrl: sqliteWorkerUrl, clock, log })
  closing.defer(() => store.close())
  return {
    localToken,
    lock,
    store,
    answerSeal: makeSeal(pepper, ids, 'kept answers'),
    responseSeal: makeSeal(pepper, ids, 'kept responses'),
    bindingSeal: makeSeal(pepper, ids, 'bindings'),
    sandboxShelf: folderShelf(join(data, 'sandbox'), makeSeal(pepper, ids, 'sandbox files')),
    carriedSeal: makeSeal(pepper, ids, 'carried'),
    vault: credentialVault(makeSeal(pepper, ids, 'own credentials')),
    digestKey: (key: string): string => digestKey(key, pepper),
  }
}
