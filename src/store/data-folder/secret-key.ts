/** The key of this installation: made once, never shown, needed to recognise every key that was handed out. */

import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import { folderProblem } from './folder-problem.ts'
import { makeFolder } from './make-folder.ts'

/** Bytes in `<data>/secret.key`. */
export const secretKeyBytes = 32

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const readKey = (file: string): Buffer | null => {
  try {
    return readFileSync(file)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

/** By a link, which fails where the file is: of two processes that make it at once, both read the same one. */
const makeKeyFile = (file: string, ids: Ids): void => {
  const fresh = `${file}.${Buffer.from(ids.bytes(6)).toString('hex')}`
  writeFileSync(fresh, ids.bytes(secretKeyBytes), { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(fresh, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(fresh, { force: true })
  }
}

/** The same where it is there and whole, and never made; `null` = it is not. */
export const findSecretKey = (folder: string): Uint8Array | null => {
  const key = readKey(join(folder, 'secret.key'))
  return key?.length === secretKeyBytes ? key : null
}

/**
 * The 32 bytes of `<data>/secret.key`, made (mode 0600) where there is none.
 * @throws Problem `store_unavailable` where the folder cannot be used or the file has another size.
 */
export const loadSecretKey = (folder: string, ids: Ids): Uint8Array => {
  const file = join(folder, 'secret.key')
  let key: Buffer | null
  try {
    makeFolder(folder)
    key = readKey(file)
    if (key === null) {
      makeKeyFile(file, ids)
      key = readKey(file)
    }
  } catch (error) {
    throw folderProblem(folder, error)
  }
  if (key?.length === secretKeyBytes) return key
  throw new Problem('store_unavailable', {
    message:
      `${file} has ${key?.length ?? 0} bytes, and ${secretKeyBytes} are needed: it is damaged or not ours. Restore it from a backup. ` +
      'Without it no key in the store can be recognised; only an empty store can do with a new one (remove the file).',
    facts: { file },
  })
}
