/** The frame around every page: menu by role, palette, preferences, and who is signed in. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { call } from '#actions/api.ts'
import { changeSession, sessionOf, signOut, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { Icon } from '#parts/icon.tsx'
import { useFormat, usePreferences, useWords } from '#parts/language.tsx'
import type { MenuEntry } from '#parts/menu.tsx'
import { Menu } from '#parts/menu.tsx'
import { StepUp } from './door/step-up.tsx'
import { Navigation } from './navigation.tsx'
import { Palette } from './palette.tsx'
import { shellTexts } from './texts.ts'

const Brand = () => (
  <Link to="/" className="brand">
    <img src="/favicon.svg" alt="" />
    Drover
  </Link>
)

const Preferences = () => {
  const say = useWords(shellTexts)
  const { language, setLanguage, theme, setTheme } = usePreferences()
  const entries: readonly MenuEntry[] = [
    { heading: say('language') },
    { label: 'English', checked: language === 'en', act: () => setLanguage('en') },
    { label: '简体中文', checked: language === 'zh-CN', act: () => setLanguage('zh-CN') },
    'line',
    { heading: say('theme') },
    { label: say('system'), checked: theme === 'system', act: () => setTheme('system') },
    { label: say('light'), checked: theme === 'light', act: () => setTheme('light') },
    { label: say('dark'), checked: theme === 'dark', act: () => setTheme('dark') },
  ]
  return (
    <Menu entries={entries}>
      <Button kind="plain" icon="sun" aria-label={say('preferences')} title={say('preferences')} />
    </Menu>
  )
}

const Account = () => {
  const say = useWords(shellTexts)
  const session = useSession()
  const client = useQueryClient()
  const navigate = useNavigate()
  const name = session.person?.name ?? session.person?.email ?? say('adminKey')
  const leave = (): void => {
    void signOut().finally(() => changeSession(client, null))
  }
  const moving = useMutation({
    mutationFn: (organisation: string) => call('session move', { organisation }),
    onSuccess: (session) => changeSession(client, sessionOf(session)),
  })
  const organisations = session.organisations.map((one) => ({
    label: `${one.name} · ${one.role}`,
    checked: one.id === session.organisation,
    act: () => moving.mutate(one.id),
  }))
  const places: readonly MenuEntry[] = [
    ...(session.account === null
      ? []
      : [{ label: say('settings'), act: () => void navigate({ to: '/settings' as never }) }]),
    ...(session.person === null
      ? []
      : [{ label: say('security'), act: () => void navigate({ to: '/security' as never }) }]),
  ]
  const entries: readonly MenuEntry[] = [
    { heading: name },
    ...organisations,
    'line',
    ...places,
    { label: say('out'), act: leave },
  ]
  return (
    <Menu entries={entries}>
      <Button kind="plain" icon="person" aria-label={`${say('account')}: ${name}`} title={name} />
    </Menu>
  )
}

/** Ctrl K, Command K and `/` open the palette from anywhere. */
const usePaletteKeys = (open: () => void): void => {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof Element && event.target.closest('input, textarea, select') !== null
      const isKey = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey)
      if (!isKey && (event.key !== '/' || isTyping)) return
      event.preventDefault()
      open()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [open])
}

/** Whoever came by a link is at the top of the new page, and a screen reader hears its content. */
const useFreshMain = () => {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const before = useRef(pathname)
  useEffect(() => {
    if (before.current === pathname) return
    before.current = pathname
    window.scrollTo(0, 0)
    main.current?.focus({ preventScroll: true })
  }, [pathname])
  return main
}

/** The frame with the page in it. */
export const Shell = () => {
  const say = useWords(shellTexts)
  const { timeZone } = useFormat()
  const [over, setOver] = useState<'palette' | 'drawer' | null>(null)
  const main = useFreshMain()
  const [openPalette] = useState(() => () => setOver('palette'))
  usePaletteKeys(openPalette)
  return (
    <div className="shell">
      <a className="button skip" href="#main">
        {say('skip')}
      </a>
      <aside className="side">
        <Brand />
        <Navigation />
        <div className="side-foot">
          <p>{say('zone', { zone: timeZone })}</p>
          <p>{say('currency')}</p>
        </div>
      </aside>
      <div className="main">
        <header className="top-bar">
          <span className="menu-button">
            <Button kind="plain" icon="menu" aria-label={say('menu')} onClick={() => setOver('drawer')} />
          </span>
          <button type="button" className="button search-button" onClick={openPalette}>
            <Icon name="search" />
            <span className="words grow">{say('search')}</span>
            <kbd>Ctrl K</kbd>
          </button>
          <span className="spacer" />
          <Preferences />
          <Account />
        </header>
        <main id="main" ref={main} tabIndex={-1} className="page">
          <Outlet />
        </main>
      </div>
      <StepUp />
      {over === 'palette' ? <Palette onClose={() => setOver(null)} /> : null}
      {over === 'drawer' ? (
        <Dialog title="Drover" look="drawer" onClose={() => setOver(null)}>
          <Navigation onChoose={() => setOver(null)} />
        </Dialog>
      ) : null}
    </div>
  )
}
