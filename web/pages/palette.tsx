/** The command palette: every page, and what is done often, by a few letters. */

import { useNavigate } from '@tanstack/react-router'
import type { KeyboardEvent } from 'react'
import { useId, useMemo, useState } from 'react'
import { useSession } from '#actions/session.ts'
import { Dialog } from '#parts/dialog.tsx'
import { Icon } from '#parts/icon.tsx'
import { usePreferences, useWord, useWords } from '#parts/language.tsx'
import { pages } from './index.ts'
import { groups } from './page.ts'
import { paletteTexts } from './texts.ts'

type Entry = {
  readonly id: string
  readonly label: string
  readonly beside: string
  readonly find: string
  readonly act: () => void
}

const callIdForm = /^[a-z0-9_-]{16,}$/i

const useEntries = (text: string): readonly Entry[] => {
  const say = useWords(paletteTexts)
  const word = useWord()
  const navigate = useNavigate()
  const session = useSession()
  const { language, setLanguage, setTheme } = usePreferences()
  return useMemo(() => {
    const places = pages
      .filter((page) => page.inMenu !== false && page.isFor?.(session) !== false)
      .map((page) => ({
        id: page.path,
        label: word(page.title),
        beside: word(groups[page.group]),
        find: `${page.title.join(' ')} ${page.also ?? ''} ${page.path}`.toLowerCase(),
        act: () => void navigate({ to: page.path }),
      }))
    const beside = say('command')
    const commands = [
      { id: 'light', label: say('light'), beside, find: 'light theme 浅色', act: () => setTheme('light') },
      { id: 'dark', label: say('dark'), beside, find: 'dark theme 深色', act: () => setTheme('dark') },
      {
        id: 'language',
        label: say('other'),
        beside,
        find: 'language chinese english 语言 中文',
        act: () => setLanguage(language === 'en' ? 'zh-CN' : 'en'),
      },
    ]
    const wanted = text.trim().toLowerCase()
    const found = [...places, ...commands].filter(({ find }) =>
      wanted.split(/\s+/).every((piece) => find.includes(piece)),
    )
    if (!callIdForm.test(text.trim())) return found
    const id = text.trim()
    const open = () => void navigate({ to: '/requests', search: { call: id } as never })
    return [{ id: 'call', label: say('request', { id }), beside, find: id, act: open }, ...found]
  }, [text, session, language, say, word, navigate, setLanguage, setTheme])
}

/** Opened by Ctrl K. */
export const Palette = ({ onClose }: { readonly onClose: () => void }) => {
  const say = useWords(paletteTexts)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const listId = useId()
  const entries = useEntries(text)
  const run = (entry: Entry | undefined): void => {
    if (entry === undefined) return
    onClose()
    entry.act()
  }
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && entries.length > 0) {
      event.preventDefault()
      setAt((at + step + entries.length) % entries.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      run(entries[at])
    }
  }
  return (
    <Dialog title={say('title')} look="palette" bare onClose={onClose}>
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={entries[at] === undefined ? undefined : `${listId}-${at}`}
        aria-label={say('search')}
        placeholder={say('search')}
        autoComplete="off"
        value={text}
        onKeyDown={onKey}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
        }}
      />
      <div className="palette-list" role="listbox" id={listId} aria-label={say('title')}>
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the field above.
          <div
            key={entry.id}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            className="menu-item"
            onClick={() => run(entry)}
          >
            <Icon name="forward" />
            {entry.label}
            <span className="beside">{entry.beside}</span>
          </div>
        ))}
      </div>
      {entries.length === 0 ? <p className="empty">{say('none')}</p> : null}
    </Dialog>
  )
}
