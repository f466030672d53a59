/** Which configuration and which data folder a command means. */

import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Loaded } from '#config/config.ts'
import type { LoadRequest } from '#config/load.ts'
import { loadConfig, readConfig } from '#config/load.ts'
import type { CommandLinePorts } from './ports.ts'

/** Flags that most commands take. */
export type PlaceFlags = {
  readonly config?: string | undefined
  readonly data?: string | undefined
}

export type Overrides = NonNullable<LoadRequest['overrides']>

const defaultFile = 'drover.yaml'

/** The file that is meant: the named one, else drover.yaml where it exists, else none. */
export const configFileOf = async (flags: PlaceFlags, workingFolder: string): Promise<string | null> => {
  if (flags.config !== undefined) return flags.config
  try {
    await access(join(workingFolder, defaultFile))
    return defaultFile
  } catch {
    return null
  }
}

/** A function that reads the configuration that is meant, and reads it again. */
export const configSource = async (
  flags: PlaceFlags,
  {
    environment,
    vendors,
    workingFolder,
    secrets,
  }: Pick<CommandLinePorts, 'environment' | 'vendors' | 'workingFolder' | 'secrets'>,
  overrides: Overrides = {},
): Promise<{ readonly file: string | null; readonly load: (instead?: string) => Promise<Loaded> }> => {
  const file = await configFileOf(flags, workingFolder)
  const rest = { workingFolder, environment, vendors, secrets, overrides }
  const load = (instead?: string): Promise<Loaded> =>
    instead === undefined || file === null ? loadConfig({ file, ...rest }) : readConfig({ text: instead, file }, rest)
  return { file, load }
}

/** The data folder, absolute: the flag, else where the configuration keeps its store, else `./data`. */
export const dataFolderOf = (flags: PlaceFlags, loaded: Loaded, workingFolder: string): string => {
  if (flags.data !== undefined) return resolve(workingFolder, flags.data)
  const file = loaded.ok ? loaded.config.store.file : loaded.storeFile
  return file === null ? resolve(workingFolder, 'data') : dirname(file)
}
