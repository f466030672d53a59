/** A text that comes in pieces, let through as soon as nothing in it can still become what a guardrail looks for. */

import type { Guard, GuardedText, TextChange } from './guard.ts'
import { changedPart, changesFor, findIn, jsonPlace } from './guard.ts'
import { plainText, seenText } from './guard-find.ts'

/** Characters without a blank that are kept back at most: an address, a key, a token. */
const wordLengthMax = 2_048
/** Digits and capitals with separators: a number of a card or an account. */
const numberLengthMax = 64
/** What is kept back for the operator's own patterns, whose length nobody knows. */
const patternLengthMax = 256
/** What is kept back at most, with what nobody sees between its letters. */
const pendingLengthMax = 18_000
/** A key of several lines, and whatever a find that is not over yet may still become. */
const findLengthMax = 9_000

const isWord = (code: number): boolean => code > 0x20 && code < 0x7f
const isNumber = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || ' ()+-./'.includes(String.fromCharCode(code))

const runStart = (text: string, holds: (code: number) => boolean, lengthMax: number): number => {
  const least = Math.max(0, text.length - lengthMax)
  let at = text.length
  while (at > least && holds(text.charCodeAt(at - 1))) at -= 1
  return at
}

/** Nothing that is looked for begins with a separator. */
const numberStart = (text: string): number => {
  let at = runStart(text, isNumber, numberLengthMax)
  while (at < text.length && ' )-./'.includes(text[at] as string)) at += 1
  return at
}

const openKeyAt = (text: string): number => {
  const at = text.lastIndexOf('-----BEGIN ')
  const isOpen = at !== -1 && text.length - at < findLengthMax && !text.includes('-----END ', at)
  return isOpen && !/-----END [A-Z ]{0,30}$/.test(text.slice(at)) ? at : text.length
}

/** From where on the text may still be the beginning of something. */
const undecidedFrom = (pending: string, guards: readonly Guard[]): number => {
  const seen = seenText(pending)
  const text = plainText(seen.text)
  const starts = guards.map(({ finds, expressions }) =>
    Math.min(
      finds.length === 0 ? text.length : runStart(text, isWord, wordLengthMax),
      finds.length === 0 ? text.length : numberStart(text),
      finds.includes('secret') ? openKeyAt(text) : text.length,
      expressions.length === 0 ? text.length : Math.max(0, text.length - patternLengthMax),
    ),
  )
  return Math.max(seen.at(Math.min(text.length, ...starts)), pending.length - pendingLengthMax)
}

/** A piece on its way: what of it has been decided so far, and how many of its characters have not. */
export type GatedPiece = { out: string; left: number }

export type TextGate = {
  /** @throws Problem `content_blocked` for what must not pass. */
  readonly add: (text: string) => GatedPiece
  /** The text is over: everything is decided. @throws Problem `content_blocked`. */
  readonly end: () => void
}

/** `isJson`: the text is JSON, and stays it. */
export const textGate = (guarded: GuardedText & { readonly isJson: boolean }): TextGate => {
  const { guards, isJson } = guarded
  const place = isJson ? jsonPlace() : null
  let queue: GatedPiece[] = []
  let pending = ''
  /** The last character that has passed: words begin and end by what stands beside them. */
  let before = ''

  const settle = (limit: number, changes: readonly TextChange[]): void => {
    let at = 0
    for (const piece of queue) {
      const end = Math.min(limit, at + piece.left)
      piece.out += changedPart(pending, { start: at, end }, changes)
      piece.left -= end - at
      at = end
    }
    queue = queue.filter(({ left }) => left > 0)
    place?.see(pending.slice(changes.at(-1)?.start ?? 0, limit))
    before = pending[limit - 1] ?? before
    pending = pending.slice(limit)
  }

  const decide = (wanted: number): void => {
    const isEnd = wanted === pending.length
    const finds = findIn(guards, before + pending)
      .map((find) => ({ ...find, start: Math.max(0, find.start - before.length), end: find.end - before.length }))
      .filter(({ end }) => end > 0)
    let limit = wanted
    for (const { start, end } of finds)
      if (!isEnd && start < limit && end > limit && pending.length - start < findLengthMax) limit = start
    const over = finds.filter(({ start }) => start < limit)
    const last = Math.max(limit, ...over.map(({ end }) => end))
    settle(last, changesFor(over, pending, { ...guarded, place }))
  }

  return {
    add: (text) => {
      const piece = { out: '', left: text.length }
      if (text === '') return piece
      queue.push(piece)
      pending += text
      const limit = undecidedFrom(pending, guards)
      if (limit > 0) decide(limit)
      return piece
    },
    end: () => {
      if (pending !== '') decide(pending.length)
    },
  }
}
