/** Words of the console in each language, side by side, so that none can be forgotten: the types ask for both. */

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

/** English and Simplified Chinese. `{name}` is filled in; `one key|{count} keys` has a form for each plural of English. */
export type Word = readonly [english: string, chinese: string]
export type Words = Readonly<Record<string, Word>>

type NamesIn<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never
type Filling<W extends Word> = { readonly [Name in NamesIn<W[0]>]: string | number }

/** What must be given with a word: nothing, or a value for each of its names. */
export type Given<W extends Word> = NamesIn<W[0]> extends never ? [] : [filling: Filling<W>]

export type Say<W extends Words> = <K extends keyof W>(name: K, ...given: Given<W[K]>) => string

/** Binds words together and keeps their texts as types. */
export const words = <const W extends Words>(given: W): W => given

/** Made once for each way of writing: making one takes longer than a row of a table. */
const numberFormats = new Map<string, Intl.NumberFormat>()

/** How a language writes numbers of a kind; the same one for the same question. */
export const numberFormat = (language: Language, how: Intl.NumberFormatOptions = {}): Intl.NumberFormat => {
  const name = `${language} ${JSON.stringify(how)}`
  const known = numberFormats.get(name)
  if (known !== undefined) return known
  const made = new Intl.NumberFormat(language, how)
  numberFormats.set(name, made)
  return made
}

const formOf = (text: string, language: Language, count: unknown): string => {
  const forms = text.split('|')
  if (forms.length === 1) return text
  const plural = new Intl.PluralRules(language).select(Number(count ?? 0))
  return (plural === 'one' ? forms[0] : forms.at(-1)) ?? text
}

/** One word in a language; numbers are written as that language writes them. */
export const sayWord = (
  [english, chinese]: Word,
  language: Language,
  filling: Readonly<Record<string, string | number>> = {},
): string => {
  const text = formOf(language === 'en' ? english : chinese, language, filling['count'])
  return text.replace(/\{(\w+)\}/g, (_whole, name: string) => {
    const value = filling[name]
    return typeof value === 'number' ? numberFormat(language).format(value) : (value ?? '')
  })
}
