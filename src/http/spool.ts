/** Bytes of one uploaded part: in memory while the form's share lasts, then in a file of its own. */

import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'

export type SpooledBytes = {
  readonly sizeBytes: number
  /** A fresh reading each time, until the spool is disposed of. */
  readonly open: () => AsyncIterable<Buffer>
}

export type SpoolFile = {
  readonly add: (chunk: Buffer) => Promise<void>
  readonly finish: () => Promise<SpooledBytes>
}

export type Spool = {
  readonly begin: () => SpoolFile
  /** Deletes every file. Safe to call again, and while a file is being written. */
  readonly dispose: () => Promise<void>
}

const fileMode = 0o600
const filePrefix = 'upload-'

const full = (cause: unknown): Problem =>
  new Problem('overloaded', {
    message:
      'The upload cannot be kept: writing to the spool folder failed. The operator should look at the data folder.',
    retryAfterMs: 30_000,
    cause,
  })

async function* memoryReading(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield chunk
}

/**
 * The spool of one form: `memoryBytesMax` (1 MiB) for all its files together, the rest in `directory`, in files that only this
 * user can read and whose names nobody can guess.
 */
export const createSpool = (options: {
  readonly directory: string
  readonly ids: Ids
  readonly memoryBytesMax?: number
}): Spool => {
  const memoryBytesMax = options.memoryBytesMax ?? 1024 * 1024
  const paths: string[] = []
  const handles = new Set<FileHandle>()
  let memoryBytes = 0
  let disposed = false

  const makeFile = async (): Promise<{ readonly handle: FileHandle; readonly path: string }> => {
    await mkdir(options.directory, { recursive: true, mode: 0o700 })
    const path = join(options.directory, `${filePrefix}${Buffer.from(options.ids.bytes(16)).toString('hex')}`)
    paths.push(path)
    const handle = await open(path, 'wx', fileMode)
    handles.add(handle)
    return { handle, path }
  }

  const begin = (): SpoolFile => {
    let chunks: Buffer[] = []
    let sizeBytes = 0
    let file: { readonly handle: FileHandle; readonly path: string } | null = null
    const write = async (bytes: readonly Buffer[]): Promise<void> => {
      if (disposed) return
      try {
        file ??= await makeFile()
        for (const piece of bytes) await file.handle.writeFile(piece)
      } catch (cause) {
        throw full(cause)
      }
    }
    const add = async (chunk: Buffer): Promise<void> => {
      sizeBytes += chunk.length
      if (file !== null) return write([chunk])
      if (memoryBytes + chunk.length <= memoryBytesMax) {
        memoryBytes += chunk.length
        chunks.push(chunk)
        return
      }
      const held = chunks
      chunks = []
      for (const piece of held) memoryBytes -= piece.length
      await write([...held, chunk])
    }
    const finish = async (): Promise<SpooledBytes> => {
      if (file === null) return { sizeBytes, open: () => memoryReading(chunks) }
      const { handle, path } = file
      handles.delete(handle)
      await handle.close()
      return { sizeBytes, open: () => createReadStream(path) as AsyncIterable<Buffer> }
    }
    return { add, finish }
  }

  const dispose = async (): Promise<void> => {
    disposed = true
    for (const handle of handles) await handle.close()
    handles.clear()
    for (const path of paths.splice(0)) await rm(path, { force: true })
  }
  return { begin, dispose }
}

/** Deletes what a process that was killed left in its spool. For the start, while the data folder is locked. Gives the count. */
export const clearSpool = async (directory: string): Promise<number> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const left = (await readdir(directory)).filter((name) => name.startsWith(filePrefix))
  for (const name of left) await rm(join(directory, name), { force: true })
  return left.length
}
