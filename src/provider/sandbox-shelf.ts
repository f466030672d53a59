/** What the sandbox keeps for test keys: documents with bytes, sealed in a folder, bounded, the oldest going first. */

import { Buffer } from 'node:buffer'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JsonObject } from '#base/json-type.ts'
import type { Seal } from '#secret/seal.ts'

export type SandboxShelf = {
  /** Keeps a document with its bytes, in place of what had this id. */
  readonly put: (id: string, document: JsonObject, bytes?: Buffer) => Promise<void>
  readonly document: (id: string) => Promise<JsonObject | null>
  readonly bytes: (id: string) => Promise<Buffer | null>
  readonly drop: (id: string) => Promise<boolean>
  /** Another number each time, for ids. */
  readonly count: () => number
}

/** Of a file; a larger one is refused. */
export const sandboxFileBytesMax = 16_777_216
const shelfBytesMax = 268_435_456
const entriesMax = 5_000

const idForm = /^[\w-]{1,120}$/

const isMissing = (thrown: unknown): boolean => (thrown as NodeJS.ErrnoException).code === 'ENOENT'

type Entry = { readonly name: string; readonly sizeBytes: number; readonly atMs: number }

/**
 * In `directory`, which is made when the first thing comes. What a restart finds there is there. Processes may share it: each counts from
 * a number of its own, `countFrom`.
 */
export const folderShelf = (directory: string, seal: Seal, countFrom = 0): SandboxShelf => {
  let counted = countFrom
  const place = (id: string, part: 'json' | 'bin'): string => join(directory, `${id}.${part}`)

  const write = async (id: string, part: 'json' | 'bin', plain: Uint8Array): Promise<void> => {
    const path = place(id, part)
    counted += 1
    const draft = `${path}.${counted}.new`
    await writeFile(draft, seal.close(`${id}.${part}`, plain), { mode: 0o600 })
    await rename(draft, path)
  }
  const read = async (id: string, part: 'json' | 'bin'): Promise<Buffer | null> => {
    if (!idForm.test(id)) return null
    try {
      return seal.open(`${id}.${part}`, await readFile(place(id, part)))
    } catch (thrown) {
      if (isMissing(thrown)) return null
      throw thrown
    }
  }
  const entries = async (): Promise<readonly Entry[]> => {
    const found: Entry[] = []
    for (const name of await readdir(directory)) {
      try {
        const { size, mtimeMs } = await stat(join(directory, name))
        found.push({ name, sizeBytes: size, atMs: mtimeMs })
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown
      }
    }
    return found.sort((a, b) => a.atMs - b.atMs)
  }
  const makeRoom = async (): Promise<void> => {
    const all = await entries()
    let sizeBytes = all.reduce((sum, entry) => sum + entry.sizeBytes, 0)
    let left = all.length
    for (const entry of all) {
      if (sizeBytes <= shelfBytesMax && left <= entriesMax) return
      await rm(join(directory, entry.name), { force: true })
      sizeBytes -= entry.sizeBytes
      left -= 1
    }
  }
  return {
    put: async (id, document, bytes) => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      if (bytes !== undefined) await write(id, 'bin', bytes)
      await write(id, 'json', Buffer.from(JSON.stringify(document)))
      if (bytes !== undefined) await makeRoom()
    },
    document: async (id) => {
      const plain = await read(id, 'json')
      return plain === null ? null : (JSON.parse(plain.toString('utf8')) as JsonObject)
    },
    bytes: (id) => read(id, 'bin'),
    drop: async (id) => {
      const was = (await read(id, 'json')) !== null
      for (const part of ['json', 'bin'] as const) if (was) await rm(place(id, part), { force: true })
      return was
    },
    count: () => {
      counted += 1
      return counted
    },
  }
}
