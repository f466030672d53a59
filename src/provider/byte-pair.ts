/**
 * Counts tokens in o200k, as tiktoken does (https://github.com/openai/tiktoken, `o200k_base`, read 2026-11-29): a text is split into
 * pieces by a pattern, and in each piece neighbours are joined, the pair of the lowest rank first, until none is in the vocabulary.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { brotliDecompressSync } from 'node:zlib'

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

const slotsCount = 524_288

/** FNV-1a over a part of `bytes`, as a place in the table (http://www.isthe.com/chongo/tech/comp/fnv/, read 2026-12-01). */
const slotOf = (bytes: Uint8Array, from: number, to: number): number => {
  let hash = 0x811c9dc5
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193)
  return (hash ^ (hash >>> 15)) & (slotsCount - 1)
}

const unjoined = Number.POSITIVE_INFINITY

/** A table of 200,000 tokens in four megabytes: as strings in a map they take seven times as much. */
export class Vocabulary {
  /** All tokens in the order of their rank, each behind the byte that says its length. */
  readonly #bytes: Uint8Array
  /** Where in them the token of a rank begins. */
  readonly #starts: Uint32Array
  /** One more than the rank of the token that a hash leads to, or to the places after it; 0 = none. */
  readonly #slots = new Uint32Array(slotsCount)

  constructor(bytes: Uint8Array) {
    let count = 0
    for (let at = 0; at < bytes.length; at += 1 + (bytes[at] ?? 0)) count += 1
    assert.ok(count > 256 && count < slotsCount / 2, 'a vocabulary has a token for each byte, and fits')
    this.#bytes = bytes
    this.#starts = new Uint32Array(count)
    for (let rank = 0, at = 0; rank < count; rank += 1, at += 1 + (bytes[at] ?? 0)) {
      this.#starts[rank] = at + 1
      let slot = slotOf(bytes, at + 1, at + 1 + (bytes[at] ?? 0))
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slotsCount - 1)
      this.#slots[slot] = rank + 1
    }
  }

  /** The rank of a part of `piece`; infinite = it is no token. */
  rankOf(piece: Uint8Array, from: number, to: number): number {
    const bytes = this.#bytes
    for (let slot = slotOf(piece, from, to); ; slot = (slot + 1) & (slotsCount - 1)) {
      const rank = (this.#slots[slot] ?? 0) - 1
      if (rank < 0) return unjoined
      const start = this.#starts[rank] ?? 0
      if (bytes[start - 1] !== to - from) continue
      let at = from
      while (at < to && bytes[start + at - from] === piece[at]) at += 1
      if (at === to) return rank
    }
  }
}

/** A vocabulary as `assets/tokens/` keeps it: for each token, in the order of rank, a byte that says its length, and its bytes; in Brotli. */
export const readVocabulary = (compressed: Uint8Array): Vocabulary => new Vocabulary(brotliDecompressSync(compressed))

/** In time that grows with the square of the piece's length. */
const joined = (vocabulary: Vocabulary, piece: Uint8Array): number => {
  // Where each part begins, and the end of the last one.
  const starts = Array.from({ length: piece.length + 1 }, (_none, at) => at)
  /** The rank of a part joined with the one behind it. */
  const rankAt = (part: number): number => {
    const [start, end] = [starts[part], starts[part + 2]]
    return start === undefined || end === undefined ? unjoined : vocabulary.rankOf(piece, start, end)
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
    const bytes = Buffer.from(piece, 'utf8')
    tokens += vocabulary.rankOf(bytes, 0, bytes.length) === unjoined ? joined(vocabulary, bytes) : 1
  }
  return tokens
}
