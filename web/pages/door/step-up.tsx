/** Asks again who it is, before what would hurt most in other hands; then what was begun goes on by itself. */

import { useEffect, useState } from 'react'
import type { StepUpRequest } from '#actions/api.ts'
import { stepUpEvent } from '#actions/api.ts'
import type { Input } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { Dialog } from '#parts/dialog.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { DoorForm } from './frame.tsx'
import { texts } from './texts.ts'

const Fields = () => {
  const say = useWords(texts)
  const { person } = useSession()
  if (person === null)
    return (
      <TextField
        label={say('adminKey')}
        name="admin_key"
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
      />
    )
  return (
    <>
      {person.password ? (
        <TextField label={say('password')} name="password" type="password" autoComplete="current-password" required />
      ) : null}
      {person.totp ? (
        <TextField
          label={say('code')}
          name="totp"
          inputMode="numeric"
          pattern="[0-9]{6}"
          autoComplete="one-time-code"
          required
        />
      ) : null}
    </>
  )
}

/** Waits in the shell until an operation wants a proof. */
export const StepUp = () => {
  const say = useWords(texts)
  const [request, setRequest] = useState<StepUpRequest | null>(null)
  const prove = useChange('session step-up')
  useEffect(() => {
    const listen = (event: Event): void => setRequest((event as CustomEvent<StepUpRequest>).detail)
    window.addEventListener(stepUpEvent, listen)
    return () => window.removeEventListener(stepUpEvent, listen)
  }, [])
  if (request === null) return null
  const close = (): void => {
    prove.reset()
    setRequest(null)
  }
  const submit = (form: HTMLFormElement): void => {
    const action = request.action as Input<'session step-up'>['action']
    prove.mutate(
      { ...textsOf(form), action },
      {
        onSuccess: () => {
          request.proven()
          close()
        },
      },
    )
  }
  return (
    <Dialog
      title={say('proof')}
      onClose={() => {
        request.refused()
        close()
      }}
    >
      <div className="stack">
        <p>{say('proofWhy')}</p>
        <DoorForm action={say('go')} busy={prove.isPending} error={prove.error} submit={submit}>
          <Fields />
        </DoorForm>
      </div>
    </Dialog>
  )
}
