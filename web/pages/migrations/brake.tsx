/** Promote, pause, resume, roll back: what happens stands above the button; what moves traffic asks for the name. */

import { useState } from 'react'
import { useChange } from '#actions/queries.ts'
import { Confirm } from '#parts/dialog.tsx'
import { TextField } from '#parts/field.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Migration } from './migration-view.ts'
import { phaseWord, texts } from './texts.ts'

export type Verb = 'promote' | 'pause' | 'resume' | 'rollback' | 'abort'

type Props = { readonly verb: Verb; readonly migration: Migration; readonly onClose: () => void }

export const Brake = ({ verb, migration, onClose }: Props) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const toast = useToast()
  const [reason, setReason] = useState('')
  const change = useChange(`migrate ${verb}`, ['migrate status', 'migrate list'])
  const { name, step, steps, weight } = migration
  const share = format.percent((steps[step + 1]?.weight ?? 100) / 100)
  const confirm = (): void =>
    change.mutate(
      // What stands above the button is what is asked for, also where another person was faster.
      { name, reason: reason === '' ? undefined : reason, ...(verb === 'promote' ? { from_weight: weight } : {}) },
      {
        onSuccess: ({ state }) => {
          toast(say('done', { name, state: word(phaseWord(state)) }))
          onClose()
        },
      },
    )
  const movesTraffic = verb === 'promote' || verb === 'rollback' || verb === 'abort'
  return (
    <Confirm
      title={say(`${verb}Title`, { name })}
      action={say(verb)}
      {...(movesTraffic ? { typed: name } : {})}
      busy={change.isPending}
      error={change.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{verb === 'promote' ? say('promoteWhy', { share }) : say(`${verb}Why`)}</p>
      <TextField
        label={say('reason')}
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
    </Confirm>
  )
}
