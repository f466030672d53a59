/** Further checks of the machine: who runs it, memory, open files, the file system, the server's key. */

import { readFile, stat, statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { constrainedMemory } from 'node:process'
import type { Config } from '#config/config.ts'
import type { Finding } from './check.ts'
import { fail, ok, warn } from './check.ts'
import { isForThisMachine } from './place.ts'

const memoryBytesMin = 512 * 1024 ** 2
const openFilesMin = 4096
const inodesMin = 10_000
const secretKeyBytes = 32

/** File systems on which SQLite's locks and syncs cannot be relied on (statfs(2), read 2026-11-29). */
const remoteFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
])

/** Whether somebody who got into the process would be root. `uid` `null` = the system has no such thing. */
export const checkUser = (uid: number | null, { server }: Pick<Config, 'server'>): Finding => {
  const words = { id: 'user', title: 'User' }
  if (uid !== 0)
    return ok({ ...words, detail: uid === null ? 'not told apart on this system' : `user ${uid}, not root` })
  if (isForThisMachine(server.host)) return ok({ ...words, detail: 'root, and only this machine is listened to' })
  return warn({
    ...words,
    detail: `root, and ${server.host} is listened to`,
    mend: 'Run it as a user of its own ("User=drover" in the systemd unit of deploy/): no port above 1023 needs root.',
  })
}

/** What the process may use, a container's limit included. */
export const memoryBytes = (): number => {
  const limitBytes = constrainedMemory()
  // No limit is told as 0, or as more than there is.
  return limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem()
}

/** Whether there is memory for a server under load. */
export const checkMemory = (bytes: number): Finding => {
  const words = { id: 'memory', title: 'Memory', detail: `${Math.floor(bytes / 1024 ** 2)} MiB` }
  if (bytes >= memoryBytesMin) return ok(words)
  return warn({ ...words, mend: 'Give it 512 MiB or more: a server under load ends where memory does.' })
}

/** Whether enough sockets can be open at once; `limits` = the text of /proc/self/limits, `null` = there is none. */
export const checkOpenFiles = (limits: string | null): Finding => {
  const words = { id: 'open-files', title: 'Open files' }
  const found = /^Max open files\s+\S+\s+(\S+)/m.exec(limits ?? '')?.[1]
  if (found === undefined) return ok({ ...words, detail: 'not limited by this system in a way that can be read' })
  const count = found === 'unlimited' ? Number.POSITIVE_INFINITY : Number(found)
  const detail = `${found} at most`
  if (count >= openFilesMin) return ok({ ...words, detail })
  return warn({
    ...words,
    detail,
    mend: `Raise it to ${openFilesMin} or more ("LimitNOFILE=65536" in a systemd unit, "ulimits" in Docker): each call under way takes two.`,
  })
}

/** Whether the embedded store lies on a disk of this machine, and files can still be made. */
export const checkFileSystem = async (
  folder: string,
  { store }: Pick<Config, 'store'>,
): Promise<readonly Finding[]> => {
  const { type, files, ffree } = await statfs(folder)
  const remote = remoteFileSystems.get(type)
  const words = { id: 'file-system', title: 'File system' }
  const places = { id: 'inodes', title: 'Inodes' }
  const disk =
    remote === undefined
      ? ok({ ...words, detail: 'a disk of this machine' })
      : store.postgres !== null
        ? ok({ ...words, detail: `${remote}, and the books are in Postgres` })
        : fail({
            ...words,
            detail: `${remote}: SQLite's locks do not hold there, and a network that stops can damage the books`,
            mend: 'Put --data on a disk of this machine, or the store into Postgres (store.url).',
          })
  const room = { ...places, detail: files === 0 ? 'not counted by this file system' : `${ffree} free` }
  return [
    disk,
    files === 0 || ffree >= inodesMin
      ? ok(room)
      : warn({ ...room, mend: 'Delete small files: without inodes no file can be made, however much room there is.' }),
  ]
}

/** Whether the key that everything sealed depends on is whole. */
export const checkServerKey = async (data: string, { secretKey }: Pick<Config, 'secretKey'>): Promise<Finding> => {
  const words = { id: 'server-key', title: 'Server key' }
  if (secretKey !== null) return ok({ ...words, detail: `from ${secretKey.reference}` })
  const file = join(data, 'secret.key')
  try {
    const { size } = await stat(file)
    if (size === secretKeyBytes) return ok({ ...words, detail: file })
    return fail({
      ...words,
      detail: `${file} has ${size} bytes, and ${secretKeyBytes} are needed`,
      mend: 'Bring it back from a backup: without it no key in the store is recognised, and nothing sealed can be read.',
    })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    return ok({ ...words, detail: `${file} will be made by the first start` })
  }
}

/** The text of a file of the system; `null` = there is none. */
export const systemText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch {
    // Not every system has it; whoever asks says so.
    return null
  }
}
