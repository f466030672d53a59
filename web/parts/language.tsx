/** Language and theme of this browser, kept in it. */

import type { ReactNode } from 'react'
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { Format } from './format.ts'
import { formatOf } from './format.ts'
import { keep, kept } from './kept.ts'
import type { Language, Say, Word, Words } from './words.ts'
import { languages, sayWord } from './words.ts'

export type Theme = 'system' | 'light' | 'dark'

type Preferences = {
  readonly language: Language
  readonly theme: Theme
  readonly setLanguage: (language: Language) => void
  readonly setTheme: (theme: Theme) => void
  readonly format: Format
}

const PreferencesContext = createContext<Preferences | null>(null)

const firstLanguage = (): Language => {
  const known = languages.find((one) => one === kept('language'))
  if (known !== undefined) return known
  return navigator.languages.some((one) => /^zh\b/i.test(one)) && !/^en\b/i.test(navigator.language) ? 'zh-CN' : 'en'
}

const firstTheme = (): Theme => {
  const theme = kept('theme')
  return theme === 'light' || theme === 'dark' ? theme : 'system'
}

const darkQuery = '(prefers-color-scheme: dark)'

/** Puts the theme on the page, and follows the system where that is asked for. */
const useTheme = (theme: Theme): void => {
  useEffect(() => {
    const media = window.matchMedia(darkQuery)
    const apply = (): void => {
      document.documentElement.dataset['theme'] = theme === 'system' ? (media.matches ? 'dark' : 'light') : theme
    }
    apply()
    media.addEventListener('change', apply)
    return () => media.removeEventListener('change', apply)
  }, [theme])
}

/** Around everything. */
export const PreferencesProvider = ({ children }: { readonly children: ReactNode }) => {
  const [language, putLanguage] = useState(firstLanguage)
  const [theme, putTheme] = useState(firstTheme)
  useTheme(theme)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const value = useMemo(
    () => ({
      language,
      theme,
      setLanguage: (next: Language) => {
        keep('language', next)
        putLanguage(next)
      },
      setTheme: (next: Theme) => {
        keep('theme', next)
        putTheme(next)
      },
      format: formatOf(language, Intl.DateTimeFormat().resolvedOptions().timeZone),
    }),
    [language, theme],
  )
  return <PreferencesContext.Provider value={value}>{children}</PreferencesContext.Provider>
}

/** Language, theme, and how to change them. */
export const usePreferences = (): Preferences => {
  const preferences = useContext(PreferencesContext)
  if (preferences === null) throw new Error('there are no preferences outside of their provider')
  return preferences
}

/** How numbers, money and times are written. */
export const useFormat = (): Format => usePreferences().format

/** A page's words in the language of the person. */
export const useWords = <W extends Words>(words: W): Say<W> => {
  const { language } = usePreferences()
  return useCallback(
    (name, ...given) => sayWord(words[name] as Word, language, given[0] as Record<string, string | number> | undefined),
    [words, language],
  )
}

/** One word that is given as data. */
export const useWord = (): ((word: Word) => string) => {
  const { language } = usePreferences()
  return useCallback((word) => sayWord(word, language), [language])
}
