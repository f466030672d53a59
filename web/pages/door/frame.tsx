/** The frame of pages before the door: a card in the middle, language and theme below. */

import type { FormEvent, ReactNode } from 'react'
import { useEffect } from 'react'
import { Button } from '#parts/button.tsx'
import { usePreferences, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { words } from '#parts/words.ts'

const texts = words({ other: ['中文', 'English'], light: ['Light', '浅色'], dark: ['Dark', '深色'] })

/** Language and theme, before anybody is known. */
const Foot = () => {
  const say = useWords(texts)
  const { language, setLanguage, setTheme } = usePreferences()
  return (
    <div className="door-foot">
      <Button small kind="plain" icon="language" onClick={() => setLanguage(language === 'en' ? 'zh-CN' : 'en')}>
        {say('other')}
      </Button>
      <Button small kind="plain" onClick={() => setTheme('light')}>
        {say('light')}
      </Button>
      <Button small kind="plain" onClick={() => setTheme('dark')}>
        {say('dark')}
      </Button>
    </div>
  )
}

export const DoorFrame = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => {
  useEffect(() => {
    document.title = `${title} – Drover`
  }, [title])
  return (
    <main className="door">
      <div className="door-card">
        <div className="card door-inside stack">
          <div className="row">
            <img src="/favicon.svg" alt="" width="32" height="32" />
            <h1>{title}</h1>
          </div>
          {children}
        </div>
        <Foot />
      </div>
    </main>
  )
}

type FormProps = {
  readonly action: string
  readonly busy: boolean
  readonly error: Error | null
  readonly submit: (form: HTMLFormElement) => void
  readonly children?: ReactNode
}

/** A form with one button, and what was refused above it. */
export const DoorForm = ({ action, busy, error, submit, children }: FormProps) => (
  <form
    className="stack"
    onSubmit={(event: FormEvent<HTMLFormElement>) => {
      event.preventDefault()
      submit(event.currentTarget)
    }}
  >
    {children}
    {error === null ? null : <ProblemNote error={error} />}
    <Button type="submit" kind="first" busy={busy}>
      {action}
    </Button>
  </form>
)
