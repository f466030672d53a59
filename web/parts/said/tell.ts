/**
 * The relay's own sentences in the language of the person: it gives a code and what is filled in beside its English text. `{name}` is filled in, `{name:kind}` as a kind of value is
 * written; `[name? …]` stands where there is such a thing, `[!name? …]` where there is none. What has no code here is shown as the relay worded it.
 */

import type { Sentences } from '#admin/contract.ts'
import type { Format } from '#parts/format.ts'
import type { Word } from '#parts/words.ts'
import { sayWord } from '#parts/words.ts'
import { actorNames, names } from './names.ts'

/** As the API gives it. */
export type Said = {
  readonly code: string
  readonly given: Readonly<Record<string, unknown>>
  readonly text: string
}

type Stripped<S extends string> = S extends ` ${string}`
  ? never
  : S extends `!${infer Name}`
    ? Name
    : S extends `${infer Name}:${string}`
      ? Name
      : S
type Filled<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Stripped<Name> | Filled<Rest>
  : never
type Asked<S extends string> = S extends `${string}[${infer Name}?${infer Rest}` ? Stripped<Name> | Asked<Rest> : never
type NamesIn<W extends Word> = Filled<W[0] | W[1]> | Asked<W[0] | W[1]>
type GivenOf<F> = F extends (given: infer G) => string ? (unknown extends G ? never : Extract<keyof G, string>) : never
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false

/** Words for every sentence of a room: none is left out, and each says all that is given and nothing else. */
export type SaidWords<T extends Sentences, W> = {
  readonly [C in keyof T]: C extends keyof W
    ? W[C] extends Word
      ? Same<NamesIn<W[C]>, GivenOf<T[C]>> extends true
        ? Word
        : readonly ['says', NamesIn<W[C]>, 'and is given', GivenOf<T[C]>]
      : Word
    : Word
}

export type Telling = {
  readonly format: Format
  /** What ids are called. */
  readonly names?: Readonly<Record<string, string>> | undefined
}

type Table = Readonly<Record<string, Word>>

const isSaid = (value: unknown): value is Said => typeof value === 'object' && value !== null && 'code' in value

const isThere = (value: unknown): boolean =>
  !(value === undefined || value === null || value === false || value === '' || value === 0) &&
  !(Array.isArray(value) && value.length === 0)

type Kinds = Readonly<Record<string, (value: never, telling: Telling) => string>>

/** How values are written, by the kind that a word names. Shares are in [0, 1], durations in milliseconds. */
const kinds: Kinds = {
  percent: (share: number | null, { format }) => format.percent(share, 2),
  weight: (percent: number, { format }) => format.percent(percent / 100, 2),
  duration: (ms: number | null, { format }) => format.duration(ms),
  moment: (at: string | number, { format }) => format.moment(typeof at === 'number' ? new Date(at).toISOString() : at),
  day: (at: string, { format }) => format.day(at),
  usd: (decimal: string, { format }) => format.amount(decimal, 'USD'),
  whole: (value: number, { format }) => format.number(Math.round(value)),
  times: (value: number) => value.toFixed(2),
  who: (id: string, { names: known, format }) => {
    const actor = actorNames[id]
    return actor !== undefined
      ? sayWord(actor, format.language)
      : (known?.[id] ?? known?.[id.split(':').at(-1) ?? ''] ?? id)
  },
}

const nameIn = (table: string, value: string, telling: Telling): string => {
  const word = (names as Readonly<Record<string, Table>>)[table]?.[value]
  return word === undefined ? value.replaceAll('_', ' ') : sayWord(word, telling.format.language)
}

/** Tells by a dictionary; it may have kinds of its own. */
export const teller = (dictionary: Table, own: Kinds = {}) => {
  const write = (value: unknown, kind: string | undefined, telling: Telling): string => {
    const between = telling.format.language === 'en' ? [', ', '; '] : ['、', '；']
    if (Array.isArray(value))
      return value.map((one) => write(one, kind, telling)).join(value.some(isSaid) ? between[1] : between[0])
    if (isSaid(value)) return tell(value, telling)
    const how = kind === undefined ? undefined : (own[kind] ?? kinds[kind])
    if (how !== undefined) return how(value as never, telling)
    if (typeof value === 'string') return kind === undefined ? value : nameIn(kind, value, telling)
    return typeof value === 'number' ? telling.format.number(value) : ''
  }
  const fill = (text: string, said: Said, telling: Telling): string => {
    const chosen = text.replace(/\[(!?)(\w+)\?([^\]]*)\]/g, (_whole, ...[not, name, inner]: readonly string[]) =>
      isThere(said.given[name ?? '']) === (not === '') ? (inner ?? '') : '',
    )
    return chosen.replace(/\{(\w+)(?::(\w+))?\}/g, (_whole, name: string, kind: string | undefined) =>
      write(said.given[name], kind, telling),
    )
  }
  const tell = (said: Said, telling: Telling): string => {
    if (said.code === 'joined') return write(said.given['parts'], undefined, telling)
    const word = dictionary[said.code]
    if (word === undefined) return said.text
    return fill(telling.format.language === 'en' ? word[0] : word[1], said, telling)
  }
  return tell
}
