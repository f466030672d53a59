/** Rotates a key with an overlap, or ends it at once. */

import type { FormEvent } from 'react'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Confirm, Dialog } from '#parts/dialog.tsx'
import { ChoiceField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { ProblemNote } from '#parts/states.tsx'
import { useToast } from '#parts/toast.tsx'
import { MadeKey } from './create-key.tsx'
import type { Key } from './key.ts'
import { texts } from './texts.ts'

type Props = { readonly item: Key; readonly onClose: () => void }

export const RotateKey = ({ item, onClose }: Props) => {
  const say = useWords(texts)
  const format = useFormat()
  const rotate = useChange('keys rotate', ['keys list'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    rotate.mutate({ id: item.id, overlap: textsOf(event.currentTarget)['overlap'] ?? '24h' })
  }
  const made = rotate.data
  return (
    <Dialog title={say('rotateTitle', { name: item.name })} onClose={onClose}>
      {made === undefined ? (
        <form className="stack" onSubmit={submit}>
          <p>{say('rotateWhy')}</p>
          <ChoiceField label={say('overlap')} name="overlap" defaultValue="24h">
            <option value="1h">{say('hour')}</option>
            <option value="24h">{say('days', { count: 1 })}</option>
            <option value="7d">{say('days', { count: 7 })}</option>
            <option value="30d">{say('days', { count: 30 })}</option>
          </ChoiceField>
          {rotate.error === null ? null : <ProblemNote error={rotate.error} />}
          <div className="actions">
            <Button type="submit" kind="first" busy={rotate.isPending}>
              {say('rotateDo')}
            </Button>
          </div>
        </form>
      ) : (
        <MadeKey made={made} note={say('until', { time: format.moment(made.replaced_until) })} onClose={onClose} />
      )}
    </Dialog>
  )
}

export const RevokeKey = ({ item, onClose }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const revoke = useChange('keys revoke', ['keys list'])
  const confirm = (): void =>
    revoke.mutate(
      { id: item.id },
      {
        onSuccess: () => {
          toast(say('revokedNow', { name: item.name }))
          onClose()
        },
      },
    )
  return (
    <Confirm
      title={say('revokeTitle', { name: item.name })}
      action={say('revokeDo')}
      typed={item.name}
      busy={revoke.isPending}
      error={revoke.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{say('revokeWhy')}</p>
    </Confirm>
  )
}
