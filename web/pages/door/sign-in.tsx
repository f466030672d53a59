/** The door: by password and one-time code, or by an admin key. */

import { useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useState } from 'react'
import { ApiProblem } from '#actions/api.ts'
import { useRead } from '#actions/queries.ts'
import type { Credentials } from '#actions/session.ts'
import { changeSession, signIn } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { words } from '#parts/words.ts'
import { DoorFrame } from './frame.tsx'

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
  account: ['Create an account', '创建账户'],
  forgotten: ['Forgot the password?', '忘记密码？'],
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
  const offer = useRead('sign-up show', {}).data
  return (
    <DoorFrame title={say('title')}>
      <Tabs
        label={say('ways')}
        onChoose={() => setError(null)}
        tabs={[
          { id: 'password', label: say('password'), content: () => <PasswordForm {...form} /> },
          { id: 'key', label: say('adminKey'), content: () => <KeyForm {...form} /> },
        ]}
      />
      <div className="row spread">
        {offer?.open === true ? <a href="/sign-up">{say('account')}</a> : null}
        {offer?.reset === true ? <a href="/forgotten">{say('forgotten')}</a> : null}
      </div>
    </DoorFrame>
  )
}
