/** The door: by password and one-time code, or by an admin key. */

import { useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useState } from 'react'
import { ApiProblem } from '#actions/api.ts'
import type { Credentials } from '#actions/session.ts'
import { changeSession, signIn } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { usePreferences, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { words } from '#parts/words.ts'

const texts = words({
  title: ['Sign in to Drover', '登录 Drover'],
  ways: ['Ways to sign in', '登录方式'],
  password: ['Password', '密码'],
  adminKey: ['Admin key', '管理密钥'],
  email: ['Mail address', '邮箱'],
  code: ['One-time code', '一次性验证码'],
  codeHelp: ['Six digits from your authenticator.', '来自身份验证器的六位数字。'],
  keyHelp: [
    'Printed once when the server started for the first time; it begins with drover-admin-.',
    '服务器首次启动时打印一次，以 drover-admin- 开头。',
  ],
  enter: ['Sign in', '登录'],
  other: ['中文', 'English'],
  light: ['Light', '浅色'],
  dark: ['Dark', '深色'],
})

const asksForCode = (error: Error | null): boolean => error instanceof ApiProblem && error.param === 'totp'

type FormProps = {
  readonly busy: boolean
  readonly error: Error | null
  readonly enter: (credentials: Credentials) => void
}

const PasswordForm = ({ busy, error, enter }: FormProps) => {
  const say = useWords(texts)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const { email = '', password = '', totp } = textsOf(event.currentTarget)
    enter({ email, password, ...(totp === undefined ? {} : { totp }) })
  }
  return (
    <form className="stack" onSubmit={submit}>
      <TextField label={say('email')} name="email" type="email" autoComplete="username" required />
      <TextField label={say('password')} name="password" type="password" autoComplete="current-password" required />
      {asksForCode(error) ? (
        <TextField
          label={say('code')}
          help={say('codeHelp')}
          name="totp"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,9}"
          required
        />
      ) : null}
      {error === null ? null : <ProblemNote error={error} />}
      <Button type="submit" kind="first" busy={busy}>
        {say('enter')}
      </Button>
    </form>
  )
}

const KeyForm = ({ busy, error, enter }: FormProps) => {
  const say = useWords(texts)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    enter({ admin_key: textsOf(event.currentTarget)['admin_key'] ?? '' })
  }
  return (
    <form className="stack" onSubmit={submit}>
      <TextField
        label={say('adminKey')}
        help={say('keyHelp')}
        name="admin_key"
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
      />
      {error === null ? null : <ProblemNote error={error} />}
      <Button type="submit" kind="first" busy={busy}>
        {say('enter')}
      </Button>
    </form>
  )
}

/** Language and theme, before anybody is known. */
const DoorFoot = () => {
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

/** The page for whoever is not signed in. */
export const SignIn = () => {
  const say = useWords(texts)
  const client = useQueryClient()
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<Error | null>(null)
  const enter = (credentials: Credentials): void => {
    setBusy(true)
    signIn(credentials)
      .then(
        (session) => changeSession(client, session),
        (fault: unknown) => setError(fault instanceof Error ? fault : new Error(String(fault))),
      )
      .finally(() => setBusy(false))
  }
  const form = { busy, error, enter }
  return (
    <main className="door">
      <div className="door-card">
        <div className="card door-inside stack">
          <div className="row">
            <img src="/favicon.svg" alt="" width="32" height="32" />
            <h1>{say('title')}</h1>
          </div>
          <Tabs
            label={say('ways')}
            onChoose={() => setError(null)}
            tabs={[
              { id: 'password', label: say('password'), content: () => <PasswordForm {...form} /> },
              { id: 'key', label: say('adminKey'), content: () => <KeyForm {...form} /> },
            ]}
          />
        </div>
        <DoorFoot />
      </div>
    </main>
  )
}
