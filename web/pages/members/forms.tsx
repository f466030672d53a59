/** What changes members: an invitation, another role, the end. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import type { Role } from '#admin/contract.ts'
import { Button } from '#parts/button.tsx'
import { SecretText } from '#parts/code.tsx'
import { Confirm, Dialog } from '#parts/dialog.tsx'
import { CheckField, ChoiceField, TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

export type Member = Output<'members list'>['data'][number]
type Closing = { readonly onClose: () => void }
type OfMember = Closing & { readonly account: string; readonly member: Member }

const roles = ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'] as const satisfies readonly Role[]

/** How somebody is called. */
export const nameOf = ({ mail, id }: Member): string => mail ?? id

/** A role, and below it what it may do. */
const RoleField = ({ first }: { readonly first: Role }) => {
  const say = useWords(texts)
  const [role, setRole] = useState<Role>(first)
  return (
    <ChoiceField
      label={say('role')}
      name="role"
      value={role}
      help={say(`${role}Help`)}
      onChange={(event) => setRole(event.target.value as Role)}
    >
      {roles.map((one) => (
        <option key={one} value={one}>
          {say(one)}
        </option>
      ))}
    </ChoiceField>
  )
}

export const Invite = ({ account, onClose }: Closing & { readonly account: string }) => {
  const say = useWords(texts)
  const toast = useToast()
  const invite = useChange('members invite', ['members invitations'])
  const link = invite.data?.link ?? null
  const submit = ({ email = '', role = 'developer' }: Readonly<Record<string, string>>): void =>
    invite.mutate(
      { account, email, role: role as Role },
      {
        onSuccess: (made) => {
          if (made.link !== null) return
          toast(say('sent', { email }))
          onClose()
        },
      },
    )
  if (link !== null)
    return (
      <Dialog title={say('inviteTitle')} onClose={onClose}>
        <div className="stack">
          <p>{say('link')}</p>
          <SecretText text={link} />
          <div className="actions">
            <Button kind="first" onClick={onClose}>
              {say('done')}
            </Button>
          </div>
        </div>
      </Dialog>
    )
  return (
    <FormDialog
      title={say('inviteTitle')}
      action={say('invite')}
      busy={invite.isPending}
      error={invite.error}
      submit={submit}
      onClose={onClose}
    >
      <TextField label={say('email')} name="email" type="email" autoComplete="off" required />
      <RoleField first="developer" />
    </FormDialog>
  )
}

export const ChangeRole = ({ account, member, onClose }: OfMember) => {
  const say = useWords(texts)
  const toast = useToast()
  const change = useChange('members role', ['members list'])
  const name = nameOf(member)
  return (
    <FormDialog
      title={say('roleOf', { name })}
      action={say('changeDo')}
      busy={change.isPending}
      error={change.error}
      onClose={onClose}
      submit={(given) => {
        const role = given['role'] as Role
        change.mutate(
          { account, member: member.id, role },
          {
            onSuccess: () => {
              toast(say('changed', { name, role: say(role) }))
              onClose()
            },
          },
        )
      }}
    >
      <RoleField first={member.role} />
    </FormDialog>
  )
}

export const RemoveMember = ({ account, member, onClose }: OfMember) => {
  const say = useWords(texts)
  const toast = useToast()
  const [keepsKeys, setKeepsKeys] = useState(false)
  const remove = useChange('members remove', ['members list', 'keys list'])
  const name = nameOf(member)
  return (
    <Confirm
      title={say('removeTitle', { name })}
      action={say('removeDo')}
      typed={name}
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(
          { account, member: member.id, keep_keys: keepsKeys },
          {
            onSuccess: ({ revoked_keys: ended }) => {
              toast(say('removed', { name, count: ended.length }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('removeWhy')}</p>
      <CheckField
        label={say('keepKeys')}
        help={say('keepKeysHelp')}
        checked={keepsKeys}
        onChange={(event) => setKeepsKeys(event.target.checked)}
      />
    </Confirm>
  )
}
