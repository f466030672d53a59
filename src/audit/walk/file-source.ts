/** Where the audited files come from: a folder on disk, or memory in tests. Nothing is ever run or sent. */

import type { FileKind } from './file-kind.ts'
import { readKind } from './file-kind.ts'

export type FileEntry = { readonly path: string; readonly bytes: number }

export type Listing = {
  readonly files: readonly FileEntry[]
  /** Reason -> what was left out. */
  readonly skipped: ReadonlyMap<string, readonly string[]>
}

export type FileSource = {
  /** What the paths are relative to, for the report. */
  readonly root: string
  readonly list: () => Listing
  readonly kind: (path: string) => FileKind
  /** The text of a file; `null` = cannot be read, or is no text. */
  readonly read: (path: string) => string | null
}

/** Files of tests, by path. */
export const memorySource = (files: Readonly<Record<string, string>>): FileSource => ({
  root: '.',
  list: () => ({
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: text.length })),
    skipped: new Map(),
  }),
  kind: (path) => readKind(path, () => files[path] ?? null),
  read: (path) => files[path] ?? null,
})
