/** The ways to sign in, a line each: what it is, how it stands, what can be done about it. */

import type { ReactNode } from 'react'
import { hasPasskeys } from '#actions/passkey.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge } from '#parts/layout.tsx'
import type { Me } from './me.ts'
import type { Over } from './over.tsx'
import { texts } from './texts.ts'

type Open = (over: Over) => void
type LineProps = { readonly name: string; readonly children: ReactNode; readonly actions?: ReactNode }

const Line = ({ name, children, actions }: LineProps) => (
  <li className="way">
    <strong>{name}</strong>
    <div className="way-state">{children}</div>
    <div className="row end">{actions}</div>
  </li>
)

const Totp = ({ me, open }: { readonly me: Me; readonly open: Open }) => {
  const say = useWords(texts)
  const { confirmed, recovery_codes_left: left } = me.totp
  if (!confirmed)
    return (
      <Line
        name={say('totp')}
        actions={
          <Button small onClick={() => open({ what: 'totp' })}>
            {say('add')}
          </Button>
        }
      >
        <Badge>{say('off')}</Badge>
      </Line>
    )
  return (
    <Line
      name={say('totp')}
      actions={
        <>
          <Button small onClick={() => open({ what: 'codes' })}>
            {say('renew')}
          </Button>
          <Button small onClick={() => open({ what: 'totp-off' })}>
            {say('remove')}
          </Button>
        </>
      }
    >
      <Badge tone="good">{say('on')}</Badge> <span className="soft">{say('codesLeft', { count: left })}</span>
    </Line>
  )
}

const Passkeys = ({ me, open }: { readonly me: Me; readonly open: Open }) => {
  const say = useWords(texts)
  const format = useFormat()
  const known = hasPasskeys()
  return (
    <>
      {me.passkeys.map((passkey) => (
        <Line
          key={passkey.id}
          name={passkey.name}
          actions={
            <Button
              small
              aria-label={say('passkeyOffTitle', { name: passkey.name })}
              onClick={() => open({ what: 'passkey-off', passkey })}
            >
              {say('remove')}
            </Button>
          }
        >
          <Badge tone="good">{say('byPasskey')}</Badge>{' '}
          <span className="soft">
            {say('used')}: {passkey.used === null ? say('never') : format.moment(passkey.used)}
          </span>
        </Line>
      ))}
      <Line
        name={say('passkeys')}
        actions={
          known ? (
            <Button small onClick={() => open({ what: 'passkey' })}>
              {say('passkeyAdd')}
            </Button>
          ) : null
        }
      >
        <span className="soft">
          {say(!known ? 'noPasskeysHere' : me.passkeys.length === 0 ? 'noPasskeys' : 'passkeyWhy')}
        </span>
      </Line>
    </>
  )
}

const Issuers = ({ me, open }: { readonly me: Me; readonly open: Open }) => {
  const say = useWords(texts)
  const format = useFormat()
  return me.issuers.map(({ id, title }) => {
    const link = me.links.find(({ issuer }) => issuer === id)
    return (
      <Line
        key={id}
        name={title}
        actions={
          <Button small onClick={() => open({ what: link === undefined ? 'link' : 'unlink', issuer: id, title })}>
            {say(link === undefined ? 'issuerLink' : 'issuerUnlink')}
          </Button>
        }
      >
        {link === undefined ? (
          <Badge>{say('issuerOff')}</Badge>
        ) : (
          <Badge tone="good">{say('issuerLinked', { day: format.day(link.created) })}</Badge>
        )}
      </Line>
    )
  })
}

export const Ways = ({ me, open }: { readonly me: Me; readonly open: Open }) => {
  const say = useWords(texts)
  return (
    <ul className="ways">
      <Line
        name={say('name')}
        actions={
          <Button small aria-label={say('nameTitle')} onClick={() => open({ what: 'name' })}>
            {say('change')}
          </Button>
        }
      >
        {me.name ?? <span className="soft">{say('none')}</span>}
      </Line>
      <Line
        name={say('email')}
        actions={
          me.mails ? (
            <Button small aria-label={say('emailTitle')} onClick={() => open({ what: 'email' })}>
              {say('change')}
            </Button>
          ) : null
        }
      >
        <span className="break">{me.email}</span> {me.mails ? null : <span className="soft">{say('noMail')}</span>}
      </Line>
      <Line
        name={say('password')}
        actions={
          me.password ? (
            <Button small aria-label={say('passwordTitle')} onClick={() => open({ what: 'password' })}>
              {say('change')}
            </Button>
          ) : null
        }
      >
        {me.password ? <Badge tone="good">{say('set')}</Badge> : <span className="soft">{say('passwordNone')}</span>}
      </Line>
      <Totp me={me} open={open} />
      <Passkeys me={me} open={open} />
      <Issuers me={me} open={open} />
    </ul>
  )
}
