/** Who belongs to the organisation, and who is asked to. Two calls. */

import { useMemo, useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountChoice, useAccount } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Card, PageHead } from '#parts/layout.tsx'
import { Menu } from '#parts/menu.tsx'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Member } from './forms.tsx'
import { ChangeRole, Invite, nameOf, RemoveMember } from './forms.tsx'
import { texts } from './texts.ts'

type Invitation = Output<'members invitations'>['data'][number]
type Over = { readonly what: 'invite' } | { readonly what: 'role' | 'remove'; readonly member: Member }

const useColumns = (open: (over: Over) => void): readonly Column<Member>[] => {
  const say = useWords(texts)
  const format = useFormat()
  const session = useSession()
  const may = rights(session)
  return useMemo(
    () => [
      {
        id: 'mail',
        title: say('email'),
        cell: (member) => (
          <>
            {nameOf(member)}
            {member.mail === session.person?.email ? <span className="soft"> · {say('you')}</span> : null}
          </>
        ),
        sort: nameOf,
      },
      { id: 'role', title: say('role'), cell: ({ role }) => say(role), sort: ({ role }) => role },
      {
        id: 'state',
        title: say('state'),
        from: 'middle',
        cell: ({ signs_in: signsIn }) =>
          signsIn ? <Badge tone="good">{say('yes')}</Badge> : <Badge>{say('no')}</Badge>,
      },
      {
        id: 'since',
        title: say('since'),
        from: 'middle',
        cell: ({ created }) => format.day(created),
        sort: ({ created }) => created,
      },
      {
        id: 'more',
        title: '',
        align: 'number',
        cell: (member) =>
          may.changesMembers ? (
            <Menu
              entries={[
                { label: say('change'), act: () => open({ what: 'role', member }) },
                { label: say('remove'), danger: true, act: () => open({ what: 'remove', member }) },
              ]}
            >
              <Button small kind="plain" icon="more" aria-label={say('actions', { name: nameOf(member) })} />
            </Menu>
          ) : null,
      },
    ],
    [say, format, session, may, open],
  )
}

const Invitations = ({ account, rows }: { readonly account: string; readonly rows: readonly Invitation[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const refusal = useRefusal()
  const may = rights(useSession())
  const withdraw = useChange('members uninvite', ['members invitations'])
  const end = ({ id, email }: Invitation): void =>
    withdraw.mutate(
      { account, invitation: id },
      { onSuccess: () => toast(say('withdrawn', { email })), onError: (error) => void refusal(error).then(toast) },
    )
  const columns: readonly Column<Invitation>[] = [
    {
      id: 'email',
      title: say('email'),
      cell: ({ email }) => <span className="break">{email}</span>,
      sort: ({ email }) => email,
    },
    { id: 'role', title: say('role'), cell: ({ role }) => say(role), sort: ({ role }) => role },
    {
      id: 'ends',
      title: say('ends'),
      from: 'middle',
      cell: ({ expires }) => format.moment(expires),
      sort: ({ expires }) => expires,
    },
    {
      id: 'end',
      title: '',
      align: 'number',
      cell: (row) =>
        may.changesMembers ? (
          <Button small aria-label={say('withdrawOf', { email: row.email })} onClick={() => end(row)}>
            {say('withdraw')}
          </Button>
        ) : null,
    },
  ]
  return <DataTable name={say('invitations')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

export const Page = () => {
  const say = useWords(texts)
  const account = useAccount()
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const members = useRead('members list', { account, limit: 1000 })
  const invitations = useRead('members invitations', { account })
  const columns = useColumns(setOver)
  const close = (): void => setOver(null)
  const invite = (
    <Button kind="first" icon="plus" onClick={() => setOver({ what: 'invite' })}>
      {say('invite')}
    </Button>
  )
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <>
            <AccountChoice />
            {may.changesMembers ? invite : null}
          </>
        }
      >
        {say('lead')}
      </PageHead>
      <section className="card">
        <Loaded query={members}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={say('empty')} command="drover members add --mail ana@example.com --role developer">
                {say('emptyWhy')}
              </Empty>
            ) : (
              <DataTable name={say('title')} columns={columns} rows={data} keyOf={({ id }) => id} />
            )
          }
        </Loaded>
      </section>
      <Card title={say('invitations')}>
        <Loaded query={invitations} lines={2}>
          {({ data }) =>
            data.length === 0 ? (
              <p className="inside soft">{say('noInvitations')}</p>
            ) : (
              <Invitations account={account} rows={data} />
            )
          }
        </Loaded>
      </Card>
      {over?.what === 'invite' ? <Invite account={account} onClose={close} /> : null}
      {over?.what === 'role' ? <ChangeRole account={account} member={over.member} onClose={close} /> : null}
      {over?.what === 'remove' ? <RemoveMember account={account} member={over.member} onClose={close} /> : null}
    </>
  )
}
