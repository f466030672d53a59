/** An earlier Drover, out of the history of this checkout, whose store differs from the present one by steps that only add. */

import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { schemaSteps } from '#store/schema-steps/index.ts'
import { checkout } from '../e2e/harness.ts'

const run = promisify(execFile)
const git = async (...parameters: readonly string[]): Promise<string> =>
  (await run('git', parameters, { cwd: checkout, maxBuffer: 16 << 20 })).stdout

export type OtherVersion = {
  readonly commit: string
  /** Its `bin/drover`. */
  readonly program: string
  /** Steps of the present one that it does not know. */
  readonly unknown: readonly string[]
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

const index = 'src/store/schema-steps/index.ts'
/** Commits that added a step, of which the oldest that will do is looked for. */
const looksMax = 50

/** Steps that the commit has no file of; `null` = it does not read what a store says of its steps. */
const unknownAt = async (commit: string): Promise<readonly string[] | null> => {
  const apply = await git('show', `${commit}:src/store/schema-steps/apply.ts`)
  if (!apply.includes('schema_needed')) return null
  const files = `\n${await git('ls-tree', '--name-only', `${commit}:src/store/schema-steps`)}`
  const missing = schemaSteps.filter(({ number }) => !files.includes(`\n${String(number).padStart(4, '0')}-`))
  return missing.every(({ isAddition }) => isAddition === true) ? missing.map(({ name }) => name) : null
}

const unpack = (commit: string, folder: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const archive = spawn('git', ['archive', commit], { cwd: checkout, stdio: ['ignore', 'pipe', 'inherit'] })
    const tar = spawn('tar', ['-x', '-C', folder], { stdio: [archive.stdout, 'ignore', 'inherit'] })
    tar.once('error', reject)
    tar.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`tar ended with ${code}`))))
  })

/** The oldest such version; `null` where there is none, or no history. It runs on the packages of this checkout. */
export async function otherVersion(): Promise<OtherVersion | null> {
  if (!existsSync(join(checkout, '.git'))) return null
  const commits = (await git('log', '--first-parent', '--format=%P', `-n${looksMax}`, '--', index))
    .split('\n')
    .filter((commit) => /^[0-9a-f]{40}$/.test(commit))
  let found: { readonly commit: string; readonly unknown: readonly string[] } | null = null
  for (const commit of commits) {
    const unknown = await unknownAt(commit).catch(() => null)
    if (unknown === null) break
    if (unknown.length > 0) found = { commit, unknown }
  }
  if (found === null) return null
  const folder = await mkdtemp(join(tmpdir(), 'drover-version-'))
  await unpack(found.commit, folder)
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'))
  return {
    ...found,
    program: join(folder, 'bin', 'drover'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
