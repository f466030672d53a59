/** The menu: pages by section. Where there are many, sections fold; the one of the page that is open is never folded away. */

import { Link, useLocation } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useSession } from '#actions/session.ts'
import { Icon } from '#parts/icon.tsx'
import { keep, kept } from '#parts/kept.ts'
import { useWord, useWords } from '#parts/language.tsx'
import { words } from '#parts/words.ts'
import { pages } from './index.ts'
import type { Page } from './page.ts'
import { groups } from './page.ts'

const texts = words({ pages: ['Pages', '页面'] })

/** So many fit on a small screen as they are. */
const unfoldedMax = 15
/** What is open before anybody has chosen. */
const openAtFirst: readonly string[] = ['use']

/** `/migrations/x` belongs to `/migrations`. */
const isAt = (pathname: string, path: string): boolean =>
  path === '/' ? pathname === '/' : pathname === path || pathname.startsWith(`${path}/`)

const useOpenSections = () => {
  const [open, setOpen] = useState<ReadonlySet<string>>(() => new Set(kept('sections')?.split(',') ?? openAtFirst))
  const toggle = (group: string): void => {
    const next = new Set(open)
    if (!next.delete(group)) next.add(group)
    keep('sections', [...next].join(','))
    setOpen(next)
  }
  return [open, toggle] as const
}

type SectionProps = {
  readonly title: string
  readonly pages: readonly Page[]
  readonly isOpen: boolean
  /** `null` = it does not fold. */
  readonly fold: (() => void) | null
  readonly onChoose: (() => void) | undefined
}

const Section = ({ title, pages: own, isOpen, fold, onChoose }: SectionProps) => {
  const word = useWord()
  const listId = useId()
  return (
    <div className="nav-group">
      <h2>
        {fold === null ? (
          title
        ) : (
          <button type="button" className="nav-fold" aria-expanded={isOpen} aria-controls={listId} onClick={fold}>
            <span className="grow">{title}</span>
            <Icon name="forward" />
          </button>
        )}
      </h2>
      <ul id={listId} hidden={!isOpen}>
        {own.map((page) => (
          <li key={page.path}>
            <Link
              to={page.path}
              className="nav-link"
              activeOptions={{ exact: page.path === '/', includeSearch: false }}
              {...(onChoose === undefined ? {} : { onClick: onChoose })}
            >
              <Icon name={page.icon} />
              {word(page.title)}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

export const Navigation = ({ onChoose }: { readonly onChoose?: () => void }) => {
  const say = useWords(texts)
  const word = useWord()
  const session = useSession()
  const { pathname } = useLocation()
  const [open, toggle] = useOpenSections()
  const shown = pages.filter((page) => page.inMenu !== false && page.isFor?.(session) !== false)
  const folds = shown.length > unfoldedMax
  return (
    <nav aria-label={say('pages')}>
      {Object.entries(groups).map(([group, title]) => {
        const own = shown.filter((page) => page.group === group)
        if (own.length === 0) return null
        const isHere = own.some(({ path }) => isAt(pathname, path))
        return (
          <Section
            key={group}
            title={word(title)}
            pages={own}
            isOpen={!folds || isHere || open.has(group)}
            fold={folds && !isHere ? () => toggle(group) : null}
            onChoose={onChoose}
          />
        )
      })}
    </nav>
  )
}
