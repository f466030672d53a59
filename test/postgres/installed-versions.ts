/** Servers of every supported version, from a folder with a lockfile of its own: installed once, outside of the checkout, where the user that Postgres runs as is let in. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

const source = join(import.meta.dirname, 'versions')
const files = ['package.json', 'package-lock.json'] as const

export const postgresVersions = ['14', '15', '16', '17', '18'] as const
export type PostgresVersion = (typeof postgresVersions)[number]

type Link = { readonly source: string; readonly target: string }

/** The registry's packages hold no links; the list of them is beside the files. */
const makeLinks = (folder: string): void => {
  const links = JSON.parse(readFileSync(join(folder, 'native', 'pg-symlinks.json'), 'utf8')) as readonly Link[]
  for (const link of links) {
    const place = join(folder, link.target)
    if (!existsSync(place)) symlinkSync(relative(dirname(place), join(folder, link.source)), place)
  }
}

const install = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  for (const file of files) copyFileSync(join(source, file), join(folder, file))
  const flags = ['ci', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', flags, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`npm ci for the servers of Postgres ended with ${status}`)
  for (const version of postgresVersions) makeLinks(join(folder, 'node_modules', `postgres-${version}`))
  writeFileSync(join(folder, 'complete'), '')
}

/** The folder of the programs of a version; installs all of them at first. */
export const postgresBin = (version: PostgresVersion): string => {
  const hash = createHash('sha256')
  for (const file of files) hash.update(readFileSync(join(source, file)))
  const folder = join(tmpdir(), `drover-postgres-versions-${hash.digest('hex').slice(0, 16)}`)
  if (!existsSync(join(folder, 'complete'))) install(folder)
  return join(folder, 'node_modules', `postgres-${version}`, 'native', 'bin')
}
