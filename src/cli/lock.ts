/** `<data>/lock`, as the server writes it for commands on the same machine. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isObject } from '#base/json-type.ts'

export type LockFile = {
  readonly pid: number
  /** `null` while the server is starting, or while a command holds the folder. */
  readonly url: string | null
  readonly token: string
}

/** What the lock says; `null` where there is none, or none that can be read. */
export const readLock = async (data: string): Promise<LockFile | null> => {
  let value: unknown
  try {
    value = JSON.parse(await readFile(join(data, 'lock'), 'utf8'))
  } catch {
    // No lock, another user's lock or half a lock: either way it does not lead to a server.
    return null
  }
  if (!isObject(value)) return null
  const { pid, url, token } = value
  if (typeof pid !== 'number' || typeof token !== 'string') return null
  return { pid, url: typeof url === 'string' ? url : null, token }
}
