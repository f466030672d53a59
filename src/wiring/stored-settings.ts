/** What a store has that drover.yaml would have otherwise, for a command that looks at both, also beside a server. */

import { join } from 'node:path'
import type { AppliedRow } from '#admin/port.ts'
import type { ServeRequest, StoredSettings } from '#cli/ports.ts'
import { readMigrationFile } from '#migration/compiled.ts'
import type { Phase } from '#migration/itinerary.ts'
import { isOver } from '#migration/itinerary.ts'
import { planSays } from '#migration/plan-sentences.ts'
import type { Named } from '#migration/unfitted.ts'
import { unfittedOf } from '#migration/unfitted.ts'
import { digestKey } from '#policy/key.ts'
import { keyBytes } from '#secret/key-bytes.ts'
import { makeSeal } from '#secret/seal.ts'
import { findSecretKey } from '#store/data-folder/secret-key.ts'
import type { LookIn } from '#store/look-in.ts'
import { lookInFile, lookInPostgres } from '#store/look-in.ts'
import { readApplied } from './applied.ts'
import { appliedVault } from './applied-vault.ts'
import { postgresPlace } from './data.ts'
import { declaredMigrations } from './declared-migrations.ts'
import type { Machine } from './machine.ts'

type Request = Pick<ServeRequest, 'config' | 'data'>

const nothing: StoredSettings = { providers: [], models: [], leftOut: [], lost: [] }

const appliedSql = 'select kind, name, document, sealed, digest, sealed_ms, changed_ms from applied order by kind, name'

const appliedRows = async (store: LookIn): Promise<readonly AppliedRow[]> =>
  (await store.rows(appliedSql)).map((row) => ({
    kind: row['kind'] as AppliedRow['kind'],
    name: String(row['name']),
    document: String(row['document']),
    sealed: row['sealed'] as AppliedRow['sealed'],
    digest: row['digest'] as AppliedRow['digest'],
    sealedMs: row['sealed_ms'] === null ? null : Number(row['sealed_ms']),
    changedMs: Number(row['changed_ms']),
  }))

const vaultOf = ({ ids }: Machine, { config, data }: Request) => {
  const pepper = config.secretKey === null ? findSecretKey(data) : keyBytes(config.secretKey.secret.reveal())
  // Without the key nothing that is sealed can be read, and that is what is told.
  const secret = pepper ?? new Uint8Array(32)
  return appliedVault(makeSeal(secret, ids, 'applied providers'), (text) => digestKey(text, secret))
}

type Watched = { readonly name: string; readonly keys: readonly string[]; readonly projects: readonly string[] }

const watchedIn = (text: string): Watched | null => {
  try {
    const { migration, match } = readMigrationFile(text)
    return { name: migration, keys: match.keys ?? [], projects: match.projects ?? [] }
  } catch {
    // What is wrong with a file is said by whoever plans or starts it.
    return null
  }
}

/** The files that declare migrations, and those of migrations that are not over. */
const migrationsOf = async (store: LookIn, { config }: Request): Promise<readonly Watched[]> => {
  const kept = await store.rows('select file, phase from migration order by created_ms')
  const declared = await declaredMigrations(config.migrationsFolder)
  const texts = [
    ...declared.map(({ text }) => text),
    ...kept.filter(({ phase }) => !isOver({ phase: phase as Phase })).map(({ file }) => String(file)),
  ]
  const found = texts.flatMap((text) => watchedIn(text) ?? [])
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}

const namesIn = (rows: readonly Readonly<Record<string, unknown>>[]): readonly (readonly Named[])[] => [
  rows.map((row) => Object.values(row).map(String)),
]

const lostIn = async (store: LookIn, request: Request, nowMs: number): Promise<StoredSettings['lost']> => {
  const watched = await migrationsOf(store, request)
  if (watched.every(({ keys, projects }) => keys.length + projects.length === 0)) return []
  const alive = `(revoked_ms is null or revoked_ms > ${nowMs}) and (expires_ms is null or expires_ms > ${nowMs})`
  const keys = namesIn(await store.rows(`select id, name from key where purpose = 'model' and test = 0 and ${alive}`))
  const projects = namesIn(await store.rows('select id from project'))
  const lost: { migration: string; says: string }[] = []
  for (const one of watched) {
    const says = [
      ...(await unfittedOf(one.keys, keys)).map((name) => planSays('lost_key', { name })),
      ...(await unfittedOf(one.projects, projects)).map((name) => planSays('lost_project', { name })),
    ]
    lost.push(...says.map(({ text }) => ({ migration: one.name, says: text })))
  }
  return lost
}

/** @throws Problem where the store cannot be read. */
export const storedSettings = async (machine: Machine, request: Request): Promise<StoredSettings> => {
  const { config, data } = request
  const { postgres, file } = config.store
  const store =
    postgres === null ? lookInFile(file ?? join(data, 'drover.db')) : await lookInPostgres(postgresPlace(postgres))
  if (store === null) return nothing
  try {
    const rows = await appliedRows(store)
    const { providers, models, leftOut } = await readApplied(rows, { vault: vaultOf(machine, request) })
    return { providers, models, leftOut, lost: await lostIn(store, request, machine.clock.nowMs()) }
  } finally {
    store.close()
  }
}
