/** The door: by password and second factor, by passkey, by an issuer of OpenID Connect, or by an admin key. */

import { useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useState } from 'react'
import { ApiProblem, call } from '#actions/api.ts'
import { goToIssuer } from '#actions/issuer.ts'
import { hasPasskeys, passkeyAnswer } from '#actions/passkey.ts'
import { useRead } from '#actions/queries.ts'
import type { Credentials } from '#actions/session.ts'
import { changeSession, sessionOf, signIn } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { DoorFrame } from './frame.tsx'
import { SecondFactor } from './second-factor.tsx'
import { signInTexts } from './texts.ts'

const asksForCode = (error: Error | null): boolean =>
  error instanceof ApiProblem && (error.param === 'totp' || error.param === 'recovery_code')

/** That a code is wanted is no fault of the person's: the field says it. */
const isFault = (error: Error | null): error is Error =>
  error !== null && !(error instanceof ApiProblem && error.code === 'second_factor_required')

type Doing = 'form' | 'passkey' | `issuer ${string}` | null
type FormProps = {
  readonly busy: boolean
  readonly error: Error | null
  readonly enter: (credentials: Credentials) => void
}

const PasswordForm = ({ busy, error, enter }: FormProps) => {
  const say = useWords(signInTexts)
  const [isAsked, setAsked] = useState(false)
  if (asksForCode(error) && !isAsked) setAsked(true)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const { email = '', password = '', ...second } = textsOf(event.currentTarget)
    enter({ email, password, ...second })
  }
  return (
    <form className="stack" onSubmit={submit}>
      <TextField label={say('email')} name="email" type="email" autoComplete="username" required />
      <TextField label={say('password')} name="password" type="password" autoComplete="current-password" required />
      {isAsked ? <SecondFactor /> : null}
      {isFault(error) ? <ProblemNote error={error} /> : null}
      <Button type="submit" kind="first" busy={busy}>
        {say('enter')}
      </Button>
    </form>
  )
}

const KeyForm = ({ busy, error, enter }: FormProps) => {
  const say = useWords(signInTexts)
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

/** One thing at a time: what is under way, and what was refused last. */
const useDoing = () => {
  const [doing, setDoing] = useState<Doing>(null)
  const [error, setError] = useState<Error | null>(null)
  const run = (what: Doing, act: () => Promise<void>): void => {
    if (doing !== null) return
    setDoing(what)
    act()
      .then(
        () => setError(null),
        (fault: unknown) => setError(fault instanceof Error ? fault : new Error(String(fault))),
      )
      .finally(() => setDoing(null))
  }
  return { doing, error, setError, run }
}

/** The page for whoever is not signed in. */
export const SignIn = () => {
  const say = useWords(signInTexts)
  const client = useQueryClient()
  const [tab, setTab] = useState('password')
  const [beside, setBeside] = useState(false)
  const { doing, error, setError, run } = useDoing()
  const offer = useRead('sign-up show', {}).data
  const form: FormProps = {
    busy: doing === 'form',
    error: beside ? null : error,
    enter: (credentials) => {
      setBeside(false)
      run('form', async () => changeSession(client, await signIn(credentials)))
    },
  }
  const byPasskey = (): void => {
    setBeside(true)
    run('passkey', async () => changeSession(client, sessionOf(await call('session passkey', await passkeyAnswer()))))
  }
  const byIssuer = (id: string): void => {
    setBeside(true)
    run(`issuer ${id}`, () => goToIssuer(id, 'sign-in'))
  }
  return (
    <DoorFrame title={say('title')}>
      <Tabs
        label={say('ways')}
        chosen={tab}
        onChoose={(id) => {
          setTab(id)
          setError(null)
        }}
        tabs={[
          { id: 'password', label: say('password'), content: () => <PasswordForm {...form} /> },
          { id: 'key', label: say('adminKey'), content: () => <KeyForm {...form} /> },
        ]}
      />
      {tab === 'password' && (hasPasskeys() || (offer?.issuers.length ?? 0) > 0) ? (
        <div className="stack tight">
          <p className="or">{say('or')}</p>
          {hasPasskeys() ? (
            <Button icon="keys" busy={doing === 'passkey'} onClick={byPasskey}>
              {say('passkey')}
            </Button>
          ) : null}
          {offer?.issuers.map(({ id, title }) => (
            <Button key={id} busy={doing === `issuer ${id}`} onClick={() => byIssuer(id)}>
              {say('issuer', { title })}
            </Button>
          ))}
          {beside && error !== null ? <ProblemNote error={error} /> : null}
        </div>
      ) : null}
      {offer?.open === true || offer?.reset === true ? (
        <div className="row spread">
          {offer.open ? <a href="/sign-up">{say('account')}</a> : null}
          {offer.reset ? <a href="/forgotten">{say('forgotten')}</a> : null}
        </div>
      ) : null}
    </DoorFrame>
  )
}
