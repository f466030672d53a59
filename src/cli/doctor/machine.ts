/** Checks of the machine: Node, clock, data folder, disk, port. */

import { access, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { rfc3339 } from '#base/clock.ts'
import type { Finding } from './check.ts'
import { fail, ok, skip, warn } from './check.ts'

const nodeMin = [24, 18, 1] as const
const diskFreeBytesMin = 1024 ** 3
const diskFreeBytesLeast = 100 * 1024 ** 2
/** The day this was written: a clock before it is wrong. */
const clockEarliestMs = Date.UTC(2026, 10, 1)
const clockLatestMs = Date.UTC(2100, 0, 1)

/** Whether this Node may serve traffic. */
export const checkNode = (version: string): Finding => {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10))
  const difference = nodeMin.map((least, index) => (parts[index] ?? 0) - least).find((one) => one !== 0) ?? 0
  const words = { id: 'node', title: 'Node', detail: `version ${version}` }
  if (difference >= 0) return ok(words)
  return fail({
    ...words,
    mend: `Serve with Node ${nodeMin.join('.')} or newer: 'npm ci' in the checkout brings one along.`,
  })
}

/** Whether the clock can be right: keys expire and prices begin by it. */
export const checkClock = (nowMs: number): Finding => {
  const words = { id: 'clock', title: 'Clock', detail: rfc3339(nowMs) }
  if (nowMs >= clockEarliestMs && nowMs < clockLatestMs) return ok(words)
  return fail({
    ...words,
    mend: 'Set the clock, for example with "timedatectl set-ntp true": keys expire and prices begin by it.',
  })
}

/** The folder, or the nearest one above it that is there. */
export const existing = async (folder: string): Promise<string> => {
  try {
    await access(folder)
    return folder
  } catch {
    const parent = dirname(folder)
    return parent === folder ? folder : existing(parent)
  }
}

/** Whether the data folder is there, or can be made, and can be written. */
export const checkDataFolder = async (data: string): Promise<Finding> => {
  const words = { id: 'data-folder', title: 'Data folder' }
  const found = await existing(data)
  const mend = `Make it writable for this user ("chown -R $(id -u) ${data}"), or name another with --data.`
  try {
    if (!(await stat(found)).isDirectory())
      return fail({ ...words, detail: `${found} is no folder`, mend: 'Name another with --data.' })
    // Being root, or a read-only mount, makes permission bits say too much: only writing shows that it can be written.
    const probe = join(found, `.doctor-${process.pid}`)
    await writeFile(probe, '')
    await rm(probe)
    return ok({ ...words, detail: found === data ? data : `${data} will be made by the first start` })
  } catch (thrown) {
    return fail({
      ...words,
      detail: `${data} cannot be written (${(thrown as NodeJS.ErrnoException).code ?? 'unknown'})`,
      mend,
    })
  }
}

const gigabytes = (sizeBytes: number): string => `${(sizeBytes / 1024 ** 3).toFixed(1)} GB`

/** Whether the disk of the data folder has room. */
export const checkDisk = async (data: string): Promise<Finding> => {
  const folder = await existing(data)
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  const words = { id: 'disk', title: 'Disk', detail: `${gigabytes(freeBytes)} free at ${folder}` }
  const mend = 'Free some space, or shorten retention.calls: call records are what grows.'
  if (freeBytes < diskFreeBytesLeast) return fail({ ...words, mend })
  return freeBytes < diskFreeBytesMin ? warn({ ...words, mend }) : ok(words)
}

/** Whether the port can be had. `servedBy` = the address of the server that runs on this data folder. */
export const checkPort = async (host: string, port: number, servedBy: string | null): Promise<Finding> => {
  const words = { id: 'port', title: 'Port' }
  if (port === 0) return ok({ ...words, detail: 'any free one' })
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | null>()
  const server = createServer()
  server.once('error', resolve)
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)))
  const error = await promise
  const place = `${host}:${port}`
  if (error === null) return ok({ ...words, detail: `${place} is free` })
  if (error.code === 'EADDRINUSE' && servedBy !== null)
    return ok({ ...words, detail: `${place} is in use, by the server that runs (${servedBy})` })
  const mends: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program listens there ("ss -ltnp 'sport = :${port}'" names it). Stop it, or choose another port with --port.`,
    EACCES: 'This user may not use that port. Choose one above 1023, and let a proxy listen on the low one.',
    EADDRNOTAVAIL: 'This machine does not have that address. Choose one that it has, or 0.0.0.0 for all.',
  }
  return fail({
    ...words,
    detail: `${place} cannot be had (${error.code ?? error.message})`,
    mend: mends[error.code ?? ''] ?? 'Choose another address with --host and --port.',
  })
}

/** Whether files that hold secrets are for their owner only. */
export const checkPermissions = async (data: string): Promise<Finding> => {
  const words = { id: 'permissions', title: 'Permissions' }
  if (process.platform === 'win32') return skip({ ...words, detail: 'not checked on this system' })
  const open: string[] = []
  for (const name of ['secret.key', 'lock', 'drover.db']) {
    try {
      if (((await stat(join(data, name))).mode & 0o077) !== 0) open.push(join(data, name))
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    }
  }
  if (open.length === 0) return ok({ ...words, detail: 'secret files are for their owner only' })
  return fail({ ...words, detail: `others may read ${open.join(', ')}`, mend: `chmod 600 ${open.join(' ')}` })
}
