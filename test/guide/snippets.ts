/** The fenced snippets of the manual's pages: what its tests run. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type Snippet = {
  readonly page: string
  /** Of its first line, from 1. */
  readonly line: number
  readonly language: string
  /** Written behind the language: `run` = carried out by a test, else only checked for its form. */
  readonly isRun: boolean
  readonly text: string
}

const fence = /^```(\w*)(?: (run))?\n([\s\S]*?)^```$/gm

/** The snippets of one page, in their order. */
const snippetsOf = (page: string, text: string): readonly Snippet[] =>
  [...text.matchAll(fence)].map((match) => ({
    page,
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[1] ?? '',
    isRun: match[2] === 'run',
    text: match[3] ?? '',
  }))

/** Every snippet of every page in the folder. */
export const readSnippets = (folder: string): readonly Snippet[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .flatMap((name) => snippetsOf(name, readFileSync(join(folder, name), 'utf8')))
