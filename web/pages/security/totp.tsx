/** The authenticator app: added by a picture and a code of it, with recovery codes that are shown once. */

import { useQueryClient } from '@tanstack/react-query'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { CopyButton, SecretText } from '#parts/code.tsx'
import { Confirm, Dialog } from '#parts/dialog.tsx'
import { TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { QrCode } from '#parts/qr.tsx'
import { texts } from './texts.ts'

type Closing = { readonly onClose: () => void }

/** The session says whether a code is asked for: it is read anew where that has changed. */
const useSessionAgain = () => {
  const client = useQueryClient()
  return () => void client.invalidateQueries({ queryKey: ['session'] })
}

const Codes = ({ codes, onClose }: Closing & { readonly codes: readonly string[] }) => {
  const say = useWords(texts)
  return (
    <Dialog title={say('codesTitle')} onClose={onClose}>
      <div className="stack">
        <p>{say('codesWhy')}</p>
        <ul className="codes">
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className="actions">
          <CopyButton text={codes.join('\n')} />
          <Button kind="first" onClick={onClose}>
            {say('done')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

export const AddTotp = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const readAgain = useSessionAgain()
  const begin = useChange('totp begin')
  const confirm = useChange('totp confirm', ['me show', 'me trail'])
  if (confirm.data !== undefined) return <Codes codes={confirm.data.recovery_codes} onClose={onClose} />
  if (begin.data === undefined)
    return (
      <FormDialog
        title={say('totpTitle')}
        action={say('totpBegin')}
        busy={begin.isPending}
        error={begin.error}
        onClose={onClose}
        submit={() => begin.mutate({})}
      >
        <p>{say('totpFirst')}</p>
      </FormDialog>
    )
  return (
    <FormDialog
      title={say('totpTitle')}
      action={say('totpConfirm')}
      busy={confirm.isPending}
      error={confirm.error}
      onClose={onClose}
      submit={({ totp = '' }) => confirm.mutate({ totp }, { onSuccess: readAgain })}
    >
      <p>{say('totpWhy')}</p>
      <QrCode content={begin.data.uri} label={say('totpPicture')} />
      <div className="stack tight">
        <p className="soft">{say('totpSecret')}</p>
        <SecretText text={begin.data.secret} />
      </div>
      <TextField
        label={say('totpCode')}
        name="totp"
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="[0-9]{6}"
        maxLength={6}
        required
      />
    </FormDialog>
  )
}

export const RemoveTotp = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const readAgain = useSessionAgain()
  const remove = useChange('totp remove', ['me show', 'me trail'])
  return (
    <Confirm
      title={say('totpOffTitle')}
      action={say('removeDo')}
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(
          {},
          {
            onSuccess: () => {
              readAgain()
              onClose()
            },
          },
        )
      }
    >
      <p>{say('totpOffWhy')}</p>
    </Confirm>
  )
}

export const RenewCodes = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const renew = useChange('totp renew-codes', ['me show', 'me trail'])
  if (renew.data !== undefined) return <Codes codes={renew.data.recovery_codes} onClose={onClose} />
  return (
    <Confirm
      title={say('renewTitle')}
      action={say('renewDo')}
      busy={renew.isPending}
      error={renew.error}
      onClose={onClose}
      onConfirm={() => renew.mutate({})}
    >
      <p>{say('renewWhy')}</p>
    </Confirm>
  )
}
