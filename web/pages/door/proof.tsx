/** Asks again who it is, before what would hurt most in other hands; then what was begun goes on by itself. */

import { useMutation } from '@tanstack/react-query'
import type { StepUpRequest } from '#actions/api.ts'
import { call } from '#actions/api.ts'
import type { Input } from '#actions/contract.ts'
import { hasPasskeys, passkeyAnswer } from '#actions/passkey.ts'
import { useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { DoorForm } from './frame.tsx'
import { SecondFactor } from './second-factor.tsx'
import { texts } from './texts.ts'

type Proven = Omit<Input<'session step-up'>, 'action'>

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
      {person.totp ? <SecondFactor /> : null}
    </>
  )
}

type ProofProps = { readonly request: StepUpRequest; readonly close: () => void }

/** The dialog over the page. */
export const Proof = ({ request, close }: ProofProps) => {
  const say = useWords(texts)
  const { person } = useSession()
  const action = request.action as Input<'session step-up'>['action']
  const prove = useMutation({
    mutationFn: async (proof: () => Promise<Proven>) => call('session step-up', { ...(await proof()), action }),
    onSuccess: () => {
      request.proven()
      close()
    },
  })
  const hasForm = person === null || person.password || person.totp
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
        {hasForm ? (
          <DoorForm
            action={say('go')}
            busy={prove.isPending}
            error={prove.error}
            submit={(form) => prove.mutate(async () => textsOf(form))}
          >
            <Fields />
          </DoorForm>
        ) : null}
        {person !== null && hasPasskeys() ? (
          <Button
            icon="keys"
            busy={prove.isPending}
            onClick={() => prove.mutate(async () => ({ passkey: await passkeyAnswer() }))}
          >
            {say('usePasskey')}
          </Button>
        ) : null}
      </div>
    </Dialog>
  )
}
