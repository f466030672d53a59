/** drover.yaml as administration may read and change it: read as a start would read it, and replaced in one step. */

import { open, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import type { SettingsPorts } from '#admin/operation.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { joined } from '#base/sentence.ts'
import type { ServeRequest } from '#cli/ports.ts'
import { faultSaid } from '#config/fault.ts'
import { rewriteSettings, settingBlocks, settingFields } from '#config/form.ts'
import { restartNeeded } from '#config/watch.ts'

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown'

const unwritable = (path: string, thrown: unknown): Problem =>
  new Problem('conflict', {
    ...saying('file_unwritable', { path, code: codeOf(thrown) }),
  })

/** A file that is mounted by itself cannot be replaced, only written over. */
const isMount = (thrown: unknown): boolean => ['EBUSY', 'EXDEV'].includes(codeOf(thrown))

const replace = async (path: string, text: string): Promise<void> => {
  const target = await realpath(path)
  const { mode } = await stat(target)
  const next = `${target}.next`
  try {
    await using file = await open(next, 'w', mode)
    await file.writeFile(text)
    await file.sync()
    await rename(next, target)
  } catch (thrown) {
    await rm(next, { force: true })
    if (!isMount(thrown)) throw thrown
    await writeFile(target, text)
  }
}

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch (thrown) {
    throw new Problem('conflict', { ...saying('file_unreadable', { path: file, code: codeOf(thrown) }) })
  }
}

/** @throws Problem `conflict` where the file no longer is what it was: an editor, or another person here, was quicker. */
const writeOver = async (file: string, text: string, was: string): Promise<void> => {
  if ((await textOf(file)) !== was)
    throw new Problem('conflict', { ...saying('file_changed_meanwhile', { path: file }) })
  try {
    await replace(file, text)
  } catch (thrown) {
    throw unwritable(file, thrown)
  }
}

const form = { fields: settingFields, blocks: settingBlocks, rewrite: rewriteSettings }

/** Of a server that runs. */
export const settingsFile = ({ config, load }: Pick<ServeRequest, 'config' | 'load'>): SettingsPorts => {
  const { file } = config
  if (file === null) return noSettingsFile
  let last: Promise<void> = Promise.resolve()
  return {
    ...form,
    read: async () => ({ path: file, text: await textOf(file) }),
    check: async (text) => {
      const loaded = await load(text)
      return loaded.ok
        ? { faults: null, restart: restartNeeded(config, loaded.config) }
        : { faults: joined(loaded.faults.map(faultSaid), '\n'), restart: [] }
    },
    write: (text, was) => {
      // One after the other, so that none is written between another's look at the file and its change.
      const written = Promise.allSettled([last]).then(() => writeOver(file, text, was))
      last = written
      return written
    },
  }
}

const nothingRuns = (): never => {
  throw new Problem('conflict', { message: 'No server runs that would take the change: edit the file.' })
}

/** Where nothing runs, or without a file. */
export const noSettingsFile: SettingsPorts = {
  ...form,
  read: async () => null,
  check: async () => nothingRuns(),
  write: async () => nothingRuns(),
}
