/** Makes a folder and the ones above it, one by one: `mkdirSync` with `recursive` spins for ever below /proc (Node 26.10). */

import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Deeper paths are no data folder. */
const depthMax = 64

/**
 * A folder that is there stays as it is; new ones get mode 0700.
 * @throws the error of the system (`code` ENOENT, EACCES, ENOTDIR, EEXIST …).
 */
export const makeFolder = (folder: string): void => {
  const missing: string[] = []
  for (let path = folder; missing.length < depthMax && !existsSync(path); path = dirname(path)) missing.push(path)
  for (const path of missing.toReversed()) mkdirSync(path, { mode: 0o700 })
  // The system says it best itself, as it would of a new folder under a file.
  if (!statSync(folder).isDirectory()) readdirSync(folder)
}
