/** The same suites on Postgres: where DROVER_TEST_POSTGRES names a server, each relay folder gets a database of its own there. */

import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

export type OnPostgres = { readonly config: string; readonly env: Readonly<Record<string, string>> }

const makeDatabase = async (server: string): Promise<string> => {
  const name = `relay_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  return `${server}/${name}`
}

/** The folder's database, made at its first start and found again at the next. */
const databaseOf = async (server: string, folder: string): Promise<string> => {
  const file = join(folder, 'postgres-url')
  if (existsSync(file)) return readFile(file, 'utf8')
  const url = await makeDatabase(server)
  await writeFile(file, url)
  return url
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
