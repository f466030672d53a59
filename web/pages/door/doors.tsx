/** Pages that links lead to before anybody is signed in: set-up, sign-up, proof of an address, a new password, an invitation. */

import { useCallback, useEffect, useRef, useState } from 'react'
import { ApiProblem } from '#actions/api.ts'
import type { Kept, SecondCode } from '#actions/issuer.ts'
import { comeBack, takeErrand } from '#actions/issuer.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { TextField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { roles } from '#parts/roles.ts'
import { Loaded, ProblemNote, Skeleton } from '#parts/states.tsx'
import { DoorForm, DoorFrame } from './frame.tsx'
import { SecondFactor } from './second-factor.tsx'
import { texts } from './texts.ts'

/**
 * What stood behind `#`, read once when a link is followed: it never reaches a server's log, and stays in neither the address bar nor
 * the history, where the next person at this machine would find it.
 */
const inAddress = (): string => /^#([\w-]{43})$/.exec(window.location.hash)?.[1] ?? ''
const token = inAddress()
if (token !== '') window.history.replaceState(null, '', window.location.pathname)
// Another link to the page that is open changes only what stands behind `#`.
window.addEventListener('hashchange', () => (inAddress() === '' ? undefined : window.location.reload()))
const tokenOf = (): string => token

/** Everything is read anew by the session that begins. */
const enter = (): void => window.location.assign('/')

const useSay = () => useWords(texts)

const PasswordField = ({ label }: { readonly label?: string }) => {
  const say = useSay()
  return (
    <TextField
      label={label ?? say('password')}
      help={say('passwordHelp')}
      name="password"
      type="password"
      autoComplete="new-password"
      required
    />
  )
}

const SetUp = () => {
  const say = useSay()
  const create = useChange('set-up create')
  const submit = (form: HTMLFormElement): void => {
    const { email = '', password = '', name } = textsOf(form)
    create.mutate({ token: tokenOf(), email, password, name }, { onSuccess: enter })
  }
  return (
    <DoorFrame title={say('setUp')}>
      <p className="soft">{say('setUpWhy')}</p>
      <DoorForm action={say('setUp')} busy={create.isPending} error={create.error} submit={submit}>
        <TextField label={say('name')} name="name" autoComplete="name" />
        <TextField label={say('email')} name="email" type="email" autoComplete="username" required />
        <PasswordField />
      </DoorForm>
    </DoorFrame>
  )
}

const SignUp = () => {
  const say = useSay()
  const format = useFormat()
  const offer = useRead('sign-up show', {})
  const create = useChange('sign-up create')
  const submit = (form: HTMLFormElement): void => {
    const { email = '', password = '', organisation = '', name } = textsOf(form)
    create.mutate(
      { email, password, organisation, name },
      { onSuccess: ({ state }) => (state === 'signed_in' ? enter() : undefined) },
    )
  }
  return (
    <DoorFrame title={say('signUp')}>
      <Loaded query={offer} lines={3}>
        {({ open, credit_usd: credit }) => {
          if (!open) return <p>{say('closed')}</p>
          if (create.data?.state === 'mail_sent') return <p role="status">{say('mailSent')}</p>
          return (
            <>
              <p className="soft">
                {credit === null ? say('signUpWhy') : say('credit', { amount: format.amount(credit, 'USD') })}
              </p>
              <DoorForm action={say('signUp')} busy={create.isPending} error={create.error} submit={submit}>
                <TextField label={say('organisation')} name="organisation" autoComplete="organization" required />
                <TextField label={say('name')} name="name" autoComplete="name" />
                <TextField label={say('email')} name="email" type="email" autoComplete="username" required />
                <PasswordField />
              </DoorForm>
            </>
          )
        }}
      </Loaded>
      <a href="/">{say('signIn')}</a>
    </DoorFrame>
  )
}

const Verify = () => {
  const say = useSay()
  const verify = useChange('sign-up verify')
  return (
    <DoorFrame title={say('verify')}>
      <DoorForm
        action={say('verifyDo')}
        busy={verify.isPending}
        error={verify.error}
        submit={() => verify.mutate({ token: tokenOf() }, { onSuccess: enter })}
      />
    </DoorFrame>
  )
}

const Reset = () => {
  const say = useSay()
  const reset = useChange('password reset')
  const submit = (form: HTMLFormElement): void =>
    reset.mutate({ token: tokenOf(), password: textsOf(form)['password'] ?? '' })
  return (
    <DoorFrame title={say('reset')}>
      {reset.data === undefined ? (
        <DoorForm action={say('resetDo')} busy={reset.isPending} error={reset.error} submit={submit}>
          <PasswordField label={say('newPassword')} />
        </DoorForm>
      ) : (
        <p role="status">{say('resetDone', { email: reset.data.email })}</p>
      )}
      <a href="/">{say('signIn')}</a>
    </DoorFrame>
  )
}

const Forgotten = () => {
  const say = useSay()
  const send = useChange('password forgotten')
  const submit = (form: HTMLFormElement): void => send.mutate({ email: textsOf(form)['email'] ?? '' })
  return (
    <DoorFrame title={say('forgottenTitle')}>
      {send.data === undefined ? (
        <DoorForm action={say('send')} busy={send.isPending} error={send.error} submit={submit}>
          <TextField label={say('email')} name="email" type="email" autoComplete="username" required />
        </DoorForm>
      ) : (
        <p role="status">{say('mailSent')}</p>
      )}
      <a href="/">{say('signIn')}</a>
    </DoorFrame>
  )
}

const Invitation = () => {
  const say = useSay()
  const sayRole = useWords(roles)
  const look = useChange('invitation show')
  const accept = useChange('invitation accept')
  const { mutate } = look
  useEffect(() => mutate({ token: tokenOf() }), [mutate])
  const submit = (form: HTMLFormElement): void => {
    const { password, name } = textsOf(form)
    accept.mutate({ token: tokenOf(), password, name }, { onSuccess: enter })
  }
  const invited = look.data
  return (
    <DoorFrame title={say('invitation', { organisation: invited?.organisation ?? '…' })}>
      {invited === undefined ? null : <p>{say('invited', { email: invited.email, role: sayRole(invited.role) })}</p>}
      {invited?.known === true ? <p className="soft">{say('known')}</p> : null}
      <DoorForm action={say('join')} busy={accept.isPending} error={accept.error ?? look.error} submit={submit}>
        {invited === undefined || invited.known ? null : (
          <>
            <TextField label={say('name')} name="name" autoComplete="name" />
            <PasswordField />
          </>
        )}
      </DoorForm>
    </DoorFrame>
  )
}

const ConfirmMail = () => {
  const say = useSay()
  const confirm = useChange('me confirm-email')
  return (
    <DoorFrame title={say('confirmMail')}>
      {confirm.data === undefined ? (
        <DoorForm
          action={say('verifyDo')}
          busy={confirm.isPending}
          error={confirm.error}
          submit={() => confirm.mutate({ token: tokenOf() })}
        />
      ) : (
        <p role="status">{say('mailChanged', { email: confirm.data.email })}</p>
      )}
      <a href="/">{say('home')}</a>
    </DoorFrame>
  )
}

const asksForCode = (fault: string | Error | null): boolean =>
  fault instanceof ApiProblem && (fault.param === 'totp' || fault.param === 'recovery_code')

/** Back from an issuer of OpenID Connect: what this tab went for is finished, and the console opens. */
const CameBack = () => {
  const say = useSay()
  const isBegun = useRef(false)
  const [errand, setErrand] = useState<Kept | null>(null)
  const [fault, setFault] = useState<string | Error | null>(null)
  const [isBusy, setBusy] = useState(false)
  const finish = useCallback((kept: Kept, code: SecondCode = {}): void => {
    setBusy(true)
    comeBack(kept, window.location.search.slice(1), code)
      .then(
        () => window.location.assign(kept.errand === 'link' ? '/security' : '/'),
        (refusal: unknown) => setFault(refusal instanceof Error ? refusal : new Error(String(refusal))),
      )
      .finally(() => setBusy(false))
  }, [])
  useEffect(() => {
    if (isBegun.current) return
    isBegun.current = true
    const why = new URLSearchParams(window.location.search).get('error')
    const kept = takeErrand()
    if (why !== null) return setFault(say('oidcRefused', { why }))
    if (kept === null) return setFault(say('oidcGone'))
    setErrand(kept)
    finish(kept)
  }, [say, finish])
  if (errand !== null && fault instanceof ApiProblem && asksForCode(fault)) {
    const told = fault.code === 'second_factor_required' ? null : fault
    const submit = (form: HTMLFormElement): void => finish(errand, textsOf(form))
    return (
      <DoorFrame title={say('oidc')}>
        <DoorForm action={say('signIn')} busy={isBusy} error={told} submit={submit}>
          <SecondFactor />
        </DoorForm>
      </DoorFrame>
    )
  }
  return (
    <DoorFrame title={say('oidc')}>
      {fault === null ? (
        <Skeleton lines={2} />
      ) : (
        <>
          {typeof fault === 'string' ? <p role="alert">{fault}</p> : <ProblemNote error={fault} />}
          <a href="/">{say('again')}</a>
        </>
      )}
    </DoorFrame>
  )
}

const doors = {
  '/set-up': SetUp,
  '/sign-up': SignUp,
  '/verify': Verify,
  '/reset': Reset,
  '/forgotten': Forgotten,
  '/invitation': Invitation,
  '/confirm-mail': ConfirmMail,
  '/oidc/callback': CameBack,
} as const

/** The page that a link leads to. */
export const Door = ({ path }: { readonly path: string }) => {
  const Page = doors[path as keyof typeof doors] ?? SignUp
  return <Page />
}
