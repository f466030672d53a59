/** The embedded store of a data folder moved to the Postgres that the configuration names. */

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { MovedStore } from '#cli/ports.ts'
import type { Config } from '#config/config.ts'
import { keyBytes } from '#secret/key-bytes.ts'
import { takeDataLock } from '#store/data-folder/data-lock.ts'
import type { Store } from '#store/face.ts'
import { openPostgresStore } from '#store/postgres/client.ts'
import { moveStore } from '#store/postgres/move.ts'
import { openSqliteStore } from '#store/sqlite/client.ts'
import { postgresPlace } from './data.ts'
import type { Machine } from './machine.ts'

export type MoveRequest = { readonly config: Config; readonly data: string; readonly from: string | null }

/** Keys that were handed out are recognised, and what is sealed is opened, with the same key only. */
export const checkKey = ({ config, data }: MoveRequest): void => {
  const file = join(data, 'secret.key')
  if (config.secretKey === null || !existsSync(file)) return
  if (readFileSync(file).equals(keyBytes(config.secretKey.secret.reveal()))) return
  throw new Problem('conflict', {
    message:
      `"secrets.key" is another key than ${file}, with which this store was made: no key that was handed out would be known. ` +
      'Give the same one: "hex:" and the 64 digits that "od -An -tx1 -v" prints of the file, without blanks.',
    param: 'secrets.key',
  })
}

/** Books and trail, and how much there is of them. */
export const proven = async (store: Store, nowMs: number) => {
  const books = await store.verifyBooks(nowMs)
  const trail = await store.verifyTrail()
  return { ok: books.ok && trail.ok, transactions: books.transactions, calls: books.calls, trail: trail.rows }
}

/**
 * Moves everything, all or nothing, and proves books and trail before and after.
 * @throws Problem `conflict` while a server holds the folder, or where the Postgres is not empty or the key is another one;
 * `not_found` where there is no store.
 */
export const moveToPostgres = async (machine: Machine, request: MoveRequest): Promise<MovedStore> => {
  const { clock, ids, pid } = machine
  const { config, data, from } = request
  const file = from ?? join(data, 'drover.db')
  const { postgres } = config.store
  assert(postgres !== null)
  if (!existsSync(file)) throw new Problem('not_found', { message: `There is no store at ${file}.`, param: 'from' })
  await using closing = new AsyncDisposableStack()
  const token = Buffer.from(ids.bytes(32)).toString('base64url')
  const lock = takeDataLock({ folder: data, token, pid, nowMs: clock.nowMs() })
  closing.defer(() => lock.release())
  checkKey(request)
  const plain = { clock, log: silentLog }
  const url = `sqlite:${file}`
  const old = await openSqliteStore({ ...plain, url, durability: 'process' })
  const before = await proven(old, clock.nowMs()).finally(() => old.close())
  if (!before.ok)
    throw new Problem('conflict', {
      message: `The books or the trail of ${file} are not proven: 'drover ledger verify' and 'drover trail verify' say what is wrong.`,
      param: 'from',
    })
  const place = postgresPlace(postgres)
  const { tables, rows } = await moveStore({ file, ...place, clock })
  const store = await openPostgresStore({ ...plain, ...place, ids })
  closing.defer(() => store.close())
  const after = await proven(store, clock.nowMs())
  const { transactions, calls, trail } = after
  const ok = after.ok && transactions === before.transactions && calls === before.calls && trail === before.trail
  return { ok, file, tables, rows, transactions, calls, trail }
}
