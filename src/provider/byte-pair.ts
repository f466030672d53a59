/**
 * Counts tokens in o200k, as tiktoken does (https://github.com/openai/tiktoken, `o200k_base`, read 2026-11-29): a text is split into
 * pieces by a pattern, and in each piece neighbours are joined, the pair of the lowest rank first, until none is in the vocabulary.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { brotliDecompressSync } from 'node:zlib'

/** The rank of each token, by its bytes as Latin-1. */
export type Vocabulary = ReadonlyMap<string, number>

const contraction = "(?:'(?:[sS]|[dD]|[mM]|[tT]|[lL][lL]|[vV][eE]|[rR][eE]))?"
const pieces = new RegExp(
  [
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+${contraction}`,
    String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*${contraction}`,
    String.raw`\p{N}{1,3}`,
    String.raw` ?[^\s\p{L}\p{N}]+[\r\n/]*`,
    String.raw`\s*[\r\n]+`,
    String.raw`\s+(?!\S)`,
    String.raw`\s+`,
  ].join('|'),
  'gu',
)

/** A vocabulary as `assets/tokens/` keeps it: for each token, in the order of rank, a byte that says its length, and its bytes; in Brotli. */
export function readVocabulary(compressed: Uint8Array): Vocabulary {
  const bytes = brotliDecompressSync(compressed).toString('latin1')
  const ranks = new Map<string, number>()
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + bytes.charCodeAt(at)
    ranks.set(bytes.slice(at + 1, end), ranks.size)
    at = end
  }
  assert.ok(ranks.size > 256, 'a vocabulary has at least a token for each byte')
  return ranks
}

const unjoined = Number.POSITIVE_INFINITY

/** In time that grows with the square of the piece's length. */
const joined = (vocabulary: Vocabulary, piece: string): number => {
  // Where each part begins, and the end of the last one.
  const starts = Array.from({ length: piece.length + 1 }, (_none, at) => at)
  /** The rank of a part joined with the one behind it. */
  const rankAt = (part: number): number => {
    const end = starts[part + 2]
    return end === undefined ? unjoined : (vocabulary.get(piece.slice(starts[part], end)) ?? unjoined)
  }
  const ranks = Array.from({ length: piece.length }, (_none, part) => rankAt(part))
  for (;;) {
    let lowest = 0
    for (let part = 1; part < ranks.length; part += 1)
      if ((ranks[part] ?? unjoined) < (ranks[lowest] ?? unjoined)) lowest = part
    if ((ranks[lowest] ?? unjoined) === unjoined) return ranks.length
    starts.splice(lowest + 1, 1)
    ranks.splice(lowest + 1, 1)
    ranks[lowest] = rankAt(lowest)
    if (lowest > 0) ranks[lowest - 1] = rankAt(lowest - 1)
  }
}

/** Tokens of a text; what looks like a special token is text like any other. */
export function countTokens(vocabulary: Vocabulary, text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(pieces)) {
    const bytes = Buffer.from(piece, 'utf8').toString('latin1')
    tokens += vocabulary.has(bytes) ? 1 : joined(vocabulary, bytes)
  }
  return tokens
}
