/** What opens over the page about security. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { goToIssuer } from '#actions/issuer.ts'
import { addPasskey } from '#actions/passkey.ts'
import { useChange } from '#actions/queries.ts'
import { changeSession } from '#actions/session.ts'
import { Confirm } from '#parts/dialog.tsx'
import { TextField } from '#parts/field.tsx'
import { FormDialog } from '#parts/form-dialog.tsx'
import { useWords } from '#parts/language.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Me } from './me.ts'
import { texts } from './texts.ts'
import { AddTotp, RemoveTotp, RenewCodes } from './totp.tsx'

export type Over =
  | { readonly what: 'name' | 'email' | 'password' | 'totp' | 'totp-off' | 'codes' | 'passkey' | 'close' }
  | { readonly what: 'passkey-off'; readonly passkey: Me['passkeys'][number] }
  | { readonly what: 'link' | 'unlink'; readonly issuer: string; readonly title: string }

type Closing = { readonly onClose: () => void }
type OfMe = Closing & { readonly me: Me }

const ChangeName = ({ me, onClose }: OfMe) => {
  const say = useWords(texts)
  const rename = useChange('me rename', ['me show', 'me trail'])
  const client = useQueryClient()
  return (
    <FormDialog
      title={say('nameTitle')}
      action={say('save')}
      busy={rename.isPending}
      error={rename.error}
      onClose={onClose}
      submit={({ name }) =>
        rename.mutate(
          { name: name ?? null },
          {
            onSuccess: () => {
              void client.invalidateQueries({ queryKey: ['session'] })
              onClose()
            },
          },
        )
      }
    >
      <TextField
        label={say('name')}
        help={say('nameHelp')}
        name="name"
        defaultValue={me.name ?? ''}
        maxLength={100}
        autoComplete="name"
      />
    </FormDialog>
  )
}

const ChangeEmail = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const toast = useToast()
  const send = useChange('me change-email')
  return (
    <FormDialog
      title={say('emailTitle')}
      action={say('emailSend')}
      busy={send.isPending}
      error={send.error}
      onClose={onClose}
      submit={({ email = '' }) =>
        send.mutate(
          { email },
          {
            onSuccess: () => {
              toast(say('emailSent', { email }))
              onClose()
            },
          },
        )
      }
    >
      <TextField
        label={say('emailNew')}
        help={say('emailHelp')}
        name="email"
        type="email"
        autoComplete="off"
        required
      />
    </FormDialog>
  )
}

const ChangePassword = ({ me, onClose }: OfMe) => {
  const say = useWords(texts)
  const toast = useToast()
  const change = useChange('password change', ['me show', 'me trail'])
  return (
    <FormDialog
      title={say('passwordTitle')}
      action={say('save')}
      busy={change.isPending}
      error={change.error}
      onClose={onClose}
      submit={({ current = '', password = '' }) =>
        change.mutate(
          { current, password },
          {
            onSuccess: () => {
              toast(say('passwordDone'))
              onClose()
            },
          },
        )
      }
    >
      <input type="hidden" name="username" autoComplete="username" value={me.email} readOnly />
      <TextField label={say('passwordOld')} name="current" type="password" autoComplete="current-password" required />
      <TextField
        label={say('passwordNew')}
        help={say('passwordHelp')}
        name="password"
        type="password"
        autoComplete="new-password"
        required
      />
    </FormDialog>
  )
}

const AddPasskey = ({ onClose }: Closing) => {
  const say = useWords(texts)
  const toast = useToast()
  const client = useQueryClient()
  const add = useMutation({
    mutationFn: addPasskey,
    onSuccess: ({ name }) => {
      for (const stale of ['me show', 'me trail']) void client.invalidateQueries({ queryKey: [stale] })
      toast(say('passkeyAdded', { name }))
      onClose()
    },
  })
  return (
    <FormDialog
      title={say('passkeyTitle')}
      action={say('passkeyDo')}
      busy={add.isPending}
      error={add.error}
      onClose={onClose}
      submit={({ name }) => add.mutate(name)}
    >
      <p>{say('passkeyWhy')}</p>
      <TextField
        label={say('passkeyName')}
        help={say('passkeyNameHelp')}
        name="name"
        maxLength={100}
        autoComplete="off"
        required
      />
    </FormDialog>
  )
}

const RemovePasskey = ({ passkey, onClose }: Closing & { readonly passkey: Me['passkeys'][number] }) => {
  const say = useWords(texts)
  const remove = useChange('passkeys remove', ['me show', 'me trail'])
  return (
    <Confirm
      title={say('passkeyOffTitle', { name: passkey.name })}
      action={say('removeDo')}
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate({ id: passkey.id }, { onSuccess: onClose })}
    >
      <p>{say('passkeyOffWhy')}</p>
    </Confirm>
  )
}

type OfIssuer = Closing & { readonly issuer: string; readonly title: string }

const LinkIssuer = ({ issuer, title, onClose }: OfIssuer) => {
  const say = useWords(texts)
  const go = useMutation({ mutationFn: () => goToIssuer(issuer, 'link') })
  return (
    <FormDialog
      title={title}
      action={say('issuerLink')}
      busy={go.isPending}
      error={go.error}
      onClose={onClose}
      submit={() => go.mutate()}
    >
      <p>{say('issuerLinkWhy', { title })}</p>
    </FormDialog>
  )
}

const UnlinkIssuer = ({ issuer, title, onClose }: OfIssuer) => {
  const say = useWords(texts)
  const unlink = useChange('issuers unlink', ['me show', 'me trail'])
  return (
    <Confirm
      title={say('issuerTitle', { title })}
      action={say('removeDo')}
      busy={unlink.isPending}
      error={unlink.error}
      onClose={onClose}
      onConfirm={() => unlink.mutate({ issuer }, { onSuccess: onClose })}
    >
      <p>{say('issuerWhy')}</p>
    </Confirm>
  )
}

const CloseSignIn = ({ me, onClose }: OfMe) => {
  const say = useWords(texts)
  const client = useQueryClient()
  const close = useChange('me close')
  return (
    <Confirm
      title={say('closeTitle')}
      action={say('closeNow')}
      typed={me.email}
      busy={close.isPending}
      error={close.error}
      onClose={onClose}
      onConfirm={() => close.mutate({ email: me.email }, { onSuccess: () => changeSession(client, null) })}
    >
      <p>{say('closeLead')}</p>
      <p>{say('closeWhy')}</p>
    </Confirm>
  )
}

type OverProps = OfMe & { readonly over: Over | null }

export const OverPage = ({ over, me, onClose }: OverProps) => {
  switch (over?.what) {
    case undefined:
      return null
    case 'name':
      return <ChangeName me={me} onClose={onClose} />
    case 'email':
      return <ChangeEmail onClose={onClose} />
    case 'password':
      return <ChangePassword me={me} onClose={onClose} />
    case 'totp':
      return <AddTotp onClose={onClose} />
    case 'totp-off':
      return <RemoveTotp onClose={onClose} />
    case 'codes':
      return <RenewCodes onClose={onClose} />
    case 'passkey':
      return <AddPasskey onClose={onClose} />
    case 'passkey-off':
      return <RemovePasskey passkey={over.passkey} onClose={onClose} />
    case 'link':
      return <LinkIssuer issuer={over.issuer} title={over.title} onClose={onClose} />
    case 'unlink':
      return <UnlinkIssuer issuer={over.issuer} title={over.title} onClose={onClose} />
    case 'close':
      return <CloseSignIn me={me} onClose={onClose} />
  }
}
