/** Guardrails: which hold for a call, what they find in a text, and what a text becomes by them. */

import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { FindKind } from './guard-find.ts'
import { findAll, plainText, seenText } from './guard-find.ts'
import type { NamedKey } from './key-facts.ts'
import { keyNamesOf } from './key-facts.ts'
import { isNamedIn } from './scope.ts'

export type GuardAction = 'redact' | 'block' | 'note'
export type GuardSide = 'request' | 'reply'

/** A service that is asked about each request. */
export type GuardHook = {
  readonly url: string
  readonly secret: Secret
  readonly timeoutMs: number
  /** What holds when it does not answer. */
  readonly onFailure: 'block' | 'pass'
  readonly allowPrivate: boolean
}

export type GuardFacts = {
  readonly name: string
  readonly sides: readonly GuardSide[]
  readonly action: GuardAction
  readonly finds: readonly FindKind[]
  /** Sources of regular expressions. */
  readonly patterns: readonly string[]
  readonly promptBytesMax: number | null
  readonly modelsAllowed: readonly string[] | null
  readonly parametersAllowed: readonly string[] | null
  readonly parametersDenied: readonly string[]
  readonly hook: GuardHook | null
  /** Whose calls it holds for; `null` = everybody's. Keys go by id or name. */
  readonly scope: {
    readonly keys: readonly string[] | null
    readonly projects: readonly string[] | null
    readonly plans: readonly string[] | null
    readonly models: readonly string[] | null
  }
}

export type Guard = GuardFacts & { readonly expressions: readonly RegExp[] }

/** One place where a guardrail has found something. */
export type Find = { readonly start: number; readonly end: number; readonly label: string; readonly guard: Guard }

/** Of a pattern that repeats without end no more than this is taken for one match. */
const matchLengthMax = 10_000

/** A guardrail with its patterns made ready. */
export const makeGuard = (facts: GuardFacts): Guard => ({
  ...facts,
  expressions: facts.patterns.map((source) => new RegExp(source, 'gu')),
})

export type GuardedCall = {
  readonly key: NamedKey & { readonly project: string | null }
  readonly plan: string | null
  readonly models: readonly string[]
}

/** Those that hold for a call, in the order of the file. */
export const guardsFor = (guards: readonly Guard[], { key, plan, models }: GuardedCall): readonly Guard[] =>
  guards.filter(
    ({ scope }) =>
      isNamedIn(scope.keys, keyNamesOf(key)) &&
      isNamedIn(scope.projects, [key.project]) &&
      isNamedIn(scope.plans, [plan]) &&
      isNamedIn(scope.models, models),
  )

/** Whether a guardrail looks at texts. */
export const looksAtText = ({ finds, expressions }: Guard): boolean => finds.length > 0 || expressions.length > 0

const matchesOf = (guard: Guard, text: string): readonly Find[] =>
  guard.expressions.flatMap((expression) =>
    [...text.matchAll(expression)].flatMap(({ 0: match, index }) =>
      match === ''
        ? []
        : [{ start: index, end: index + Math.min(match.length, matchLengthMax), label: 'pattern', guard }],
    ),
  )

/** In a text as a reader sees it, and as forms of data know that. */
const findsOf = (guard: Guard, seen: string, plain: string): readonly Find[] => [
  ...guard.finds.flatMap((kind) => findAll(kind, plain).map((place) => ({ ...place, label: kind, guard }))),
  ...matchesOf(guard, seen),
]

/** What takes more away goes first; of the same place, what forbids goes before what redacts. */
const weights: Readonly<Record<GuardAction, number>> = { block: 0, redact: 1, note: 2 }

/** Takes places as long as nothing of them was taken before: each character is looked at a bounded number of times, however much is found. */
const takenPlaces = (length: number) => {
  const taken = new Uint8Array(length)
  return ({ start, end }: Pick<Find, 'start' | 'end'>): boolean => {
    for (let at = start; at < end; at += 1) if (taken[at] === 1) return false
    taken.fill(1, start, end)
    return true
  }
}

/** Everything found, in order and without overlaps among what is redacted. */
export const findIn = (guards: readonly Guard[], text: string): readonly Find[] => {
  const seen = seenText(text)
  const plain = guards.some(({ finds }) => finds.length > 0) ? plainText(seen.text) : seen.text
  const all = guards.flatMap((guard) => [
    ...findsOf(guard, seen.text, plain).map((find) => ({
      ...find,
      start: seen.at(find.start),
      end: seen.behind(find.end),
    })),
    // A pattern may be for what nobody sees.
    ...(seen.text === text ? [] : matchesOf(guard, text)),
  ])
  if (all.length < 2) return all
  const sorted = all.sort(
    (a, b) =>
      weights[a.guard.action] - weights[b.guard.action] || b.end - b.start - (a.end - a.start) || a.start - b.start,
  )
  return sorted.filter(takenPlaces(text.length)).sort((a, b) => a.start - b.start)
}

/** What stands in the place of something that was taken out. */
export const placeholderOf = ({ label, guard }: Find): string =>
  `[redacted:${label === 'pattern' ? guard.name : label}]`

/** The refusal of a call by a guardrail; what was found is never repeated. */
export const blocked = (guard: Pick<Guard, 'name'>, why: string): Problem =>
  new Problem('content_blocked', {
    message: `Guardrail "${guard.name}" refused this call: ${why}.`,
    headers: { 'x-should-retry': 'false' },
    facts: { fault: 'guardrail', guardrail: guard.name },
  })

/** Follows whether a text of JSON stands inside a string: what is put outside of one needs quotes. */
export const jsonPlace = () => {
  let isInside = false
  let isEscaped = false
  return {
    see: (text: string): void => {
      for (const character of text) {
        if (isEscaped) isEscaped = false
        else if (isInside && character === '\\') isEscaped = true
        else if (character === '"') isInside = !isInside
      }
    },
    isInside: () => isInside,
  }
}

const asPlaced = (find: Find, place: ReturnType<typeof jsonPlace> | null): string => {
  const text = placeholderOf(find)
  return place === null || place.isInside() ? text : JSON.stringify(text)
}

/** What was decided, counted: shown as warnings of the call. */
export const makeDecisions = () => {
  const counts = new Map<string, { readonly text: (count: number) => string; count: number }>()
  const words: Readonly<Record<GuardAction, string>> = { redact: 'redacted', block: 'blocked', note: 'noted' }
  return {
    note: ({ guard, label }: Pick<Find, 'guard' | 'label'>, side: GuardSide): void => {
      const key = JSON.stringify([guard.name, label, side])
      const text = (count: number): string =>
        `guardrail.${guard.name}:${words[guard.action]} ${count} ${label} in the ${side}`
      const known = counts.get(key) ?? { text, count: 0 }
      known.count += 1
      counts.set(key, known)
    },
    warnings: (): readonly string[] => [...counts.values()].map(({ text, count }) => text(count)),
  }
}

export type Decisions = ReturnType<typeof makeDecisions>

export type GuardedText = { readonly guards: readonly Guard[]; readonly side: GuardSide; readonly decisions: Decisions }

/** A change of a text: what stands from `start` to `end` becomes `put`. */
export type TextChange = { readonly start: number; readonly end: number; readonly put: string }

/**
 * The changes for what was found. `place` follows the JSON that the text is part of; `null` = it is none.
 * @throws Problem `content_blocked` for what must not pass.
 */
export const changesFor = (
  finds: readonly Find[],
  text: string,
  { side, decisions, place }: Omit<GuardedText, 'guards'> & { readonly place: ReturnType<typeof jsonPlace> | null },
): readonly TextChange[] => {
  let seen = 0
  return finds.flatMap((find) => {
    const { start, end, guard, label } = find
    decisions.note(find, side)
    if (guard.action === 'block')
      throw blocked(guard, `it found ${label === 'pattern' ? 'one of its patterns' : label} in the ${side}`)
    if (guard.action === 'note') return []
    place?.see(text.slice(seen, start))
    seen = start
    return [{ start, end, put: asPlaced(find, place) }]
  })
}

/** A part of a text with these changes: one that began before the part has put what it puts already. */
export const changedPart = (
  text: string,
  { start: from, end: to }: { readonly start: number; readonly end: number },
  changes: readonly TextChange[],
): string => {
  let out = ''
  let at = from
  for (const { start, end, put } of changes) {
    if (end <= from || start >= to) continue
    if (start >= from) out += text.slice(at, start) + put
    at = Math.min(end, to)
  }
  return out + text.slice(at, to)
}

const isJson = (text: string): boolean => {
  if (!/^\s*[[{]/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    // Words in brackets: then nothing needs quotes.
    return false
  }
}

/** A whole text as it may pass; `null` = as it is. @throws Problem `content_blocked`. */
export const guardText = (text: string, { guards, side, decisions }: GuardedText): string | null => {
  const finds = findIn(guards, text)
  if (finds.length === 0) return null
  const place = isJson(text) ? jsonPlace() : null
  const changes = changesFor(finds, text, { side, decisions, place })
  return changes.length === 0 ? null : changedPart(text, { start: 0, end: text.length }, changes)
}
