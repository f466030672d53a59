/**
 * The same suites on Postgres: where DROVER_TEST_POSTGRES names a server, each relay folder gets a database of its own there, a copy of the one
 * that DROVER_TEST_POSTGRES_TEMPLATE names.
 */

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '#base/clock.ts'

export type OnPostgres = { readonly config: string; readonly env: Readonly<Record<string, string>> }

/** Whether the suites run on a Postgres. */
export const isOnPostgres = (): boolean => process.env['DROVER_TEST_POSTGRES'] !== undefined

/** A database on a server, by the server's URL without a database: empty, or a copy of another one. Gives its URL. */
export const makeDatabase = async (server: string, template = 'template1'): Promise<string> => {
  const name = `relay_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  try {
    await client.query(`create database ${name} template ${client.escapeIdentifier(template)}`)
  } finally {
    await client.end()
  }
  return `${server}/${name}`
}

/**
 * Moves what an embedded relay left in its data folder into a database of its own. Gives more of drover.yaml, by which it goes on there, and
 * what that refers to; `null` = the suites run on the embedded store.
 */
export async function movedToPostgres(data: string): Promise<OnPostgres | null> {
  const server = process.env['DROVER_TEST_POSTGRES']
  if (server === undefined) return null
  const { moveStore } = await import('#store/postgres/move.ts')
  const url = await makeDatabase(server)
  await moveStore({ file: join(data, 'drover.db'), url, clock: systemClock() })
  const secret = (await readFile(join(data, 'secret.key'))).toString('hex')
  return {
    config: 'store: { url: "env:TEST_STORE_URL" }\nsecrets: { key: "env:TEST_SECRET_KEY" }\n',
    env: { TEST_STORE_URL: url, TEST_SECRET_KEY: `hex:${secret}` },
  }
}

/** The folder's database, made at its first start and found again at the next. */
const databaseOf = async (server: string, folder: string): Promise<string> => {
  const file = join(folder, 'postgres-url')
  if (existsSync(file)) return readFile(file, 'utf8')
  const url = await makeDatabase(server, process.env['DROVER_TEST_POSTGRES_TEMPLATE'])
  await writeFile(file, url)
  return url
}

/** Rows of the database that hold a word, as text or as bytes. */
const rowsWith = async (word: string, url: string): Promise<readonly string[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const tables = await client.query(`select tablename as name from pg_tables where schemaname = 'public'`)
    const found: string[] = []
    for (const { name } of tables.rows) {
      const asked = `select 1 from ${client.escapeIdentifier(name)} as one where one::text like $1 or one::text like $2`
      const { rows } = await client.query(asked, [`%${word}%`, `%${Buffer.from(word).toString('hex')}%`])
      found.push(...rows.map(() => String(name)))
    }
    return found
  } finally {
    await client.end()
  }
}

/** Where a word lies readable in what a relay keeps: files of its data folder, tables of its database. */
export async function placesOf(
  word: string,
  { folder, data }: { readonly folder: string; readonly data: string },
): Promise<readonly string[]> {
  const files = await readdir(data, { recursive: true, withFileTypes: true })
  const found: string[] = []
  for (const file of files.filter((one) => one.isFile()))
    if ((await readFile(join(file.parentPath, file.name))).includes(word)) found.push(file.name)
  const stored = join(folder, 'postgres-url')
  return existsSync(stored) ? [...found, ...(await rowsWith(word, await readFile(stored, 'utf8')))] : found
}

/** Whether the folder has the configuration of an earlier start, which stays. */
const isLaidOut = (folder: string, config: string): boolean => config === '' && existsSync(join(folder, 'drover.yaml'))

/** The configuration with the store in it, and what it refers to; `null` = the suites run on the embedded store. */
export async function postgresFor(folder: string, config = ''): Promise<OnPostgres | null> {
  const server = process.env['DROVER_TEST_POSTGRES']
  if (server === undefined || /^store:/m.test(config)) return null
  const secrets = /^secrets:/m.test(config) ? '' : 'secrets: { key: "env:TEST_SECRET_KEY" }\n'
  return {
    config: isLaidOut(folder, config)
      ? await readFile(join(folder, 'drover.yaml'), 'utf8')
      : `${config.trimEnd()}\nstore: { url: "env:TEST_STORE_URL" }\n${secrets}`,
    env: {
      TEST_STORE_URL: await databaseOf(server, folder),
      TEST_SECRET_KEY: createHash('sha256').update(folder).digest('hex'),
    },
  }
}
