/** Keys: made, shown once, limited, rotated, ended. */

import { Link } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, PageHead } from '#parts/layout.tsx'
import { Menu } from '#parts/menu.tsx'
import { roles } from '#parts/roles.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { CreateKey } from './create-key.tsx'
import { RevokeKey, RotateKey } from './end-key.tsx'
import type { Key } from './key.ts'
import { texts } from './texts.ts'

type Open = { readonly what: 'create' } | { readonly what: 'rotate' | 'revoke'; readonly key: Key }

const tones: Readonly<Record<Key['state'], Tone | undefined>> = {
  active: 'good',
  ending: 'warn',
  expired: undefined,
  revoked: undefined,
}

const limitText = (key: Key): string =>
  [
    key.rpm === null ? '' : `${key.rpm}/min`,
    key.tpm === null ? '' : `${key.tpm} tok/min`,
    key.budget_usd === null ? '' : `$${key.budget_usd}/${key.budget_period}`,
  ]
    .filter(Boolean)
    .join(', ')

const useColumns = (open: (open: Open) => void): readonly Column<Key>[] => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const may = rights(useSession())
  return useMemo(
    () => [
      {
        id: 'name',
        title: say('name'),
        cell: (key) =>
          may.readsCalls && key.purpose === 'model' ? (
            <Link to="/requests" search={{ key: key.id } as never} title={say('calls')}>
              {key.name}
            </Link>
          ) : (
            key.name
          ),
        sort: ({ name }) => name,
      },
      {
        id: 'kind',
        title: say('kind'),
        from: 'middle',
        cell: (key) =>
          key.purpose === 'admin'
            ? `${say('adminShort')} · ${key.role === null ? '' : word(roles[key.role])}`
            : key.test
              ? say('testShort')
              : say('live'),
        sort: (key) => `${key.purpose}${key.test}`,
      },
      { id: 'ending', title: '', cell: ({ ending }) => <span className="mono soft ending">…{ending}</span> },
      {
        id: 'state',
        title: say('state'),
        cell: ({ state }) => <Badge tone={tones[state]}>{say(state)}</Badge>,
        sort: ({ state }) => state,
      },
      {
        id: 'limit',
        title: say('limit'),
        from: 'broad',
        cell: (key) => limitText(key) || <span className="soft">{say('unlimited')}</span>,
      },
      {
        id: 'models',
        title: say('models'),
        from: 'broad',
        wrap: true,
        cell: ({ models, purpose }) =>
          models === null ? (
            <span className="soft">{purpose === 'admin' ? '' : say('everyModel')}</span>
          ) : (
            models.join(', ')
          ),
      },
      {
        id: 'created',
        title: say('created'),
        from: 'broad',
        cell: ({ created }) => format.day(created),
        sort: ({ created }) => created,
      },
      {
        id: 'ends',
        title: say('ends'),
        from: 'middle',
        cell: ({ expires, revoked }) => format.day(revoked ?? expires),
        sort: ({ expires, revoked }) => revoked ?? expires,
      },
      {
        id: 'more',
        title: '',
        align: 'number',
        cell: (key) =>
          may.changesKeys && (key.state === 'active' || key.state === 'ending') ? (
            <Menu
              entries={[
                { label: say('rotate'), act: () => open({ what: 'rotate', key }) },
                { label: say('revoke'), danger: true, act: () => open({ what: 'revoke', key }) },
              ]}
            >
              <Button small kind="plain" icon="more" aria-label={say('actions', { name: key.name })} />
            </Menu>
          ) : null,
      },
    ],
    [say, format, may, open, word],
  )
}

const isCurrent = ({ state }: Key): boolean => state === 'active' || state === 'ending'

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const [open, setOpen] = useState<Open | null>(null)
  const query = useRead('keys list', { limit: 1000 })
  const columns = useColumns(setOpen)
  const may = rights(useSession())
  const all = filters['all'] === '1'
  const create = (
    <Button kind="first" icon="plus" onClick={() => setOpen({ what: 'create' })}>
      {say('create')}
    </Button>
  )
  return (
    <>
      <PageHead title={say('title')} actions={may.changesKeys ? create : null}>
        {say('lead')}
      </PageHead>
      <div className="filters">
        <select
          className="select"
          aria-label={say('shown')}
          value={all ? '1' : ''}
          onChange={(event) => change({ all: event.target.value })}
        >
          <option value="">{say('current')}</option>
          <option value="1">{say('every')}</option>
        </select>
      </div>
      <section className="card">
        <Loaded query={query}>
          {({ data }) => {
            const rows = data.filter((key) => all || isCurrent(key))
            if (rows.length === 0)
              return (
                <Empty
                  title={say('empty')}
                  command="drover keys create --name my-app"
                  action={may.changesKeys ? create : null}
                >
                  {say('emptyWhy')}
                </Empty>
              )
            return (
              <DataTable
                name={say('title')}
                columns={columns}
                rows={rows}
                keyOf={({ id }) => id}
                first={{ id: 'created', desc: true }}
              />
            )
          }}
        </Loaded>
      </section>
      {open?.what === 'create' ? <CreateKey onClose={() => setOpen(null)} /> : null}
      {open?.what === 'rotate' ? <RotateKey item={open.key} onClose={() => setOpen(null)} /> : null}
      {open?.what === 'revoke' ? <RevokeKey item={open.key} onClose={() => setOpen(null)} /> : null}
    </>
  )
}
