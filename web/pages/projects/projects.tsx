/** What keys, budgets and records belong to. One call. */

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { AccountChoice, useAccount } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, PageHead } from '#parts/layout.tsx'
import { Menu } from '#parts/menu.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Project } from './forms.tsx'
import { ArchiveProject, CreateProject, RenameProject } from './forms.tsx'
import { texts } from './texts.ts'

type Over = { readonly what: 'create' } | { readonly what: 'rename' | 'archive'; readonly project: Project }

const Projects = ({ rows, open }: { readonly rows: readonly Project[]; readonly open: (over: Over) => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const columns: readonly Column<Project>[] = [
    { id: 'name', title: say('name'), cell: ({ name }) => name, sort: ({ name }) => name },
    {
      id: 'state',
      title: say('state'),
      cell: ({ state }) => <Badge tone={state === 'open' ? 'good' : undefined}>{say(state)}</Badge>,
      sort: ({ state }) => state,
    },
    {
      id: 'regions',
      title: say('regions'),
      from: 'middle',
      wrap: true,
      cell: ({ regions }) => regions?.join(', ') ?? <span className="soft">{say('anywhere')}</span>,
    },
    {
      id: 'created',
      title: say('created'),
      from: 'middle',
      cell: ({ created }) => format.day(created),
      sort: ({ created }) => created,
    },
    {
      id: 'usage',
      title: '',
      cell: ({ id, name }) => (
        <Link to="/usage" search={{ project: id } as never} aria-label={`${say('usage')}: ${name}`}>
          {say('usage')}
        </Link>
      ),
    },
    {
      id: 'more',
      title: '',
      align: 'number',
      cell: (project) =>
        may.changesKeys && project.state === 'open' ? (
          <Menu
            entries={[
              { label: say('rename'), act: () => open({ what: 'rename', project }) },
              { label: say('archive'), danger: true, act: () => open({ what: 'archive', project }) },
            ]}
          >
            <Button small kind="plain" icon="more" aria-label={say('actions', { name: project.name })} />
          </Menu>
        ) : null,
    },
  ]
  return <DataTable name={say('title')} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

export const Page = () => {
  const say = useWords(texts)
  const account = useAccount()
  const may = rights(useSession())
  const [filters, change] = useFilters()
  const [over, setOver] = useState<Over | null>(null)
  const query = useRead('projects list', { account, limit: 1000 })
  const close = (): void => setOver(null)
  const create = (
    <Button kind="first" icon="plus" onClick={() => setOver({ what: 'create' })}>
      {say('create')}
    </Button>
  )
  return (
    <>
      <PageHead title={say('title')} actions={may.changesKeys ? create : null}>
        {say('lead')}
      </PageHead>
      <div className="filters">
        <AccountChoice />
        <select
          className="select"
          aria-label={say('shown')}
          value={filters['all'] ?? ''}
          onChange={(event) => change({ all: event.target.value })}
        >
          <option value="">{say('current')}</option>
          <option value="1">{say('every')}</option>
        </select>
      </div>
      <section className="card">
        <Loaded query={query}>
          {({ data }) => {
            const rows = data.filter(({ state }) => filters['all'] === '1' || state === 'open')
            return rows.length === 0 ? (
              <Empty title={say('empty')} command="drover projects create --name my-team">
                {say('emptyWhy')}
              </Empty>
            ) : (
              <Projects rows={rows} open={setOver} />
            )
          }}
        </Loaded>
      </section>
      {over?.what === 'create' ? <CreateProject account={account} onClose={close} /> : null}
      {over?.what === 'rename' ? <RenameProject account={account} project={over.project} onClose={close} /> : null}
      {over?.what === 'archive' ? <ArchiveProject account={account} project={over.project} onClose={close} /> : null}
    </>
  )
}
