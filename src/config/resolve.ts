/** References to secrets and files, followed: the one place where a secret enters the configuration. */

import { readFile, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { Secret } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Reference } from '#base/settings.ts'
import { referenceOf } from '#base/settings.ts'
import type { ResolvedSecret } from './config.ts'
import type { Path } from './fault.ts'

/** Where configuration comes from, given so that a test can give its own. */
export type Surroundings = {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly folder: string
  /** What a reference to a secret manager means; absent = none can be asked. Rejects with a Problem. */
  readonly readRemote?: (reference: Reference) => Promise<string>
}

/** Collects faults by path; the caller knows the places. */
export type Tell = (path: Path, message: string) => void

export type Resolver = {
  /** The secret, or `null` after a fault was told. `owner` says whose it is: `provider 'moonshot'`. */
  readonly secret: (reference: Reference, path: Path, owner: string) => Promise<ResolvedSecret | null>
  /** A secret that is sent in a header: one line of visible ASCII. */
  readonly headerSecret: (reference: Reference, path: Path, owner: string) => Promise<ResolvedSecret | null>
  /** A plain text stays as it is, a reference is followed. */
  readonly text: (value: string | Reference, path: Path, owner: string) => Promise<Secret | null>
  /** The text of a file; `null` after a fault was told. */
  readonly file: (path: string, at: Path, owner: string) => Promise<string | null>
  /** An absolute path. */
  readonly absolute: (path: string) => string
}

/** A file that a secret or a certificate is read from is not larger than this. */
export const secretFileBytesMax = 1024 * 1024

const whyUnreadable = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a folder',
  }
  return reasons[code] ?? code
}

const readBounded = async (path: string): Promise<string | { readonly fault: string }> => {
  try {
    const { size } = await stat(path)
    if (size > secretFileBytesMax) return { fault: `it is larger than ${secretFileBytesMax} bytes` }
    return await readFile(path, 'utf8')
  } catch (error) {
    return { fault: whyUnreadable(error) }
  }
}

/** A resolver over these surroundings; faults go to `tell`. */
export const createResolver = ({ environment, folder, readRemote }: Surroundings, tell: Tell): Resolver => {
  const absolute = (path: string): string => (isAbsolute(path) ? path : join(folder, path))

  const file = async (path: string, at: Path, owner: string): Promise<string | null> => {
    const text = await readBounded(absolute(path))
    if (typeof text === 'string') return text
    tell(at, `names the file ${absolute(path)} (for ${owner}), which cannot be read: ${text.fault}`)
    return null
  }

  const contentOf = async (reference: Reference, path: Path, owner: string): Promise<string | null> => {
    if (reference.scheme === 'env') {
      const value = environment[reference.target]?.trim() ?? ''
      if (value !== '') return value
      const state = environment[reference.target] === undefined ? 'not set' : 'empty'
      tell(
        path,
        `names the environment variable ${reference.target} (for ${owner}), which is ${state}: set it, or change the reference`,
      )
      return null
    }
    if (reference.scheme === 'file') {
      const text = (await file(reference.target, path, owner))?.trim()
      if (text === '') tell(path, `names the file ${absolute(reference.target)} (for ${owner}), which is empty`)
      return text === undefined || text === '' ? null : text
    }
    if (readRemote === undefined) {
      tell(path, `names a secret manager (for ${owner}), which cannot be asked here: use "env:NAME" or "file:/path"`)
      return null
    }
    try {
      const value = (await readRemote(reference)).trim()
      if (value !== '') return value
      tell(path, `names '${reference.text}' (for ${owner}), which is empty`)
    } catch (thrown) {
      tell(path, `names '${reference.text}' (for ${owner}), which cannot be read: ${asProblem(thrown).message}`)
    }
    return null
  }

  const secret: Resolver['secret'] = async (reference, path, owner) => {
    const value = await contentOf(reference, path, owner)
    return value === null ? null : { reference: reference.text, secret: new Secret(value) }
  }

  const headerSecret: Resolver['headerSecret'] = async (reference, path, owner) => {
    const found = await secret(reference, path, owner)
    if (found === null || /^[\x20-\x7e]+$/.test(found.secret.reveal())) return found
    tell(
      path,
      `leads to a value (for ${owner}) that cannot stand in a header: it holds a line break or a character outside ASCII`,
    )
    return null
  }

  const text: Resolver['text'] = async (value, path, owner) => {
    if (typeof value !== 'string') return (await headerSecret(value, path, owner))?.secret ?? null
    const reference = referenceOf(value)
    if (reference === null) return new Secret(value)
    return (await headerSecret(reference, path, owner))?.secret ?? null
  }

  return { secret, headerSecret, text, file, absolute }
}
