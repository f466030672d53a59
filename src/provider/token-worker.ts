/** The thread that counts tokens: loading the vocabulary and counting a large text would stop the event loop. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { countTokens, readVocabulary } from './byte-pair.ts'

/** What the thread is started with: the file of its vocabulary. */
export type TokenWorkerSettings = { readonly vocabularyFile: string }

export type TokenJob = { readonly id: number; readonly text: string }
export type TokenAnswer = { readonly id: number; readonly tokens: number }

/** Merging is quadratic in the length of a run without a break (2 s for 20,000 Chinese letters), so runs are cut. */
const runCharactersMax = 512
const longRun = /[\p{L}\p{M}]{513,}|[^\s\p{L}\p{N}]{513,}|\s{513,}/gu

const { vocabularyFile } = workerData as TokenWorkerSettings
const vocabulary = readVocabulary(readFileSync(vocabularyFile))

/** Exact but for runs of more than 512 characters, where each cut may add a token. */
const count = (text: string): number => {
  let tokens = 0
  let counted = 0
  for (const match of text.matchAll(longRun)) {
    tokens += countTokens(vocabulary, text.slice(counted, match.index))
    counted = match.index + match[0].length
    for (let at = match.index; at < counted; at += runCharactersMax)
      tokens += countTokens(vocabulary, text.slice(at, Math.min(at + runCharactersMax, counted)))
  }
  return tokens + countTokens(vocabulary, text.slice(counted))
}

const port = parentPort
assert.ok(port !== null, 'this file is the body of a worker thread')
port.on('message', ({ id, text }: TokenJob) => port.postMessage({ id, tokens: count(text) } satisfies TokenAnswer))
