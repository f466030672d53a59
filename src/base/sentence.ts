/**
 * Sentences that people read, as data: a code and what is filled in, beside the English text. Whoever shows them in another language words the code; commands, logs,
 * webhooks and rows of earlier versions have the text.
 */

export type SentenceValue = string | number | boolean | null | readonly string[] | Sentence | readonly Sentence[]

/** What is filled in, by name. Plain data: it is kept as JSON. */
export type Given = Readonly<Record<string, SentenceValue>>

export type Sentence = { readonly code: string; readonly given: Given; readonly text: string }

/** English of a room, by code: a function of what is filled in. */
export type Sentences = Readonly<Record<string, (given: never) => string>>

/** What a sentence takes beside its code: nothing, or what is filled in. */
export type Filling<F> = F extends (given: infer G) => string ? (unknown extends G ? [] : [given: G]) : never

/** Says a sentence of a room: with the code there is always the text. */
export type Say<T extends Sentences> = <C extends keyof T & string>(code: C, ...given: Filling<T[C]>) => Sentence

/** Makes the one who says a room's sentences. */
export const sayer =
  <const T extends Sentences>(table: T): Say<T> =>
  (code, ...given) => {
    const [filling] = given as readonly (Given | undefined)[]
    const english = table[code] as (given: Given) => string
    return { code, given: filling ?? {}, text: english(filling ?? {}) }
  }

/** What somebody else has said, in whichever language: shown as it is. */
export const asSaid = (text: string): Sentence => ({ code: 'as_said', given: {}, text })

/** Several as one; `between` is of the English text alone. */
export const joined = (parts: readonly Sentence[], between = '; '): Sentence => ({
  code: 'joined',
  given: { parts },
  text: parts.map(({ text }) => text).join(between),
})

/** The English of each. */
export const textsOf = (sentences: readonly Sentence[]): readonly string[] => sentences.map(({ text }) => text)
