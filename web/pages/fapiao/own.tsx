/** Fapiao of one account: what may be invoiced, the book of titles, requests. One call. */

import { useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { Badge, Facts, mono } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Book } from './book.ts'
import { AddTitle, AskFapiao } from './own-forms.tsx'
import { FapiaoRequests } from './requests.tsx'
import { texts } from './texts.ts'

type Title = Book['titles'][number]

type TitlesProps = {
  readonly account: string
  readonly titles: readonly Title[]
  readonly remove: (title: Title) => void
}

const Titles = ({ account, titles, remove }: TitlesProps) => {
  const say = useWords(texts)
  const may = rights(useSession())
  const columns: readonly Column<Title>[] = [
    { id: 'name', title: say('name'), wrap: true, cell: ({ name }) => name, sort: ({ name }) => name },
    { id: 'whose', title: say('whose'), from: 'middle', cell: ({ form }) => say(form) },
    {
      id: 'tax',
      title: say('taxId'),
      from: 'middle',
      cell: ({ tax_id: taxId }) => (taxId === null ? '' : mono(taxId)),
    },
    { id: 'mail', title: say('mail'), from: 'broad', cell: ({ mail }) => mail ?? '' },
    {
      id: 'actions',
      title: '',
      align: 'number',
      cell: (title) =>
        may.changesMoney ? (
          <Button small kind="plain" aria-label={`${say('remove')} ${title.name}`} onClick={() => remove(title)}>
            {say('remove')}
          </Button>
        ) : null,
    },
  ]
  if (titles.length === 0)
    return (
      <Empty title={say('noTitles')} command={`drover fapiao add-title --account ${account} --name NAME --tax-id ID`}>
        {say('noTitlesWhy')}
      </Empty>
    )
  return <DataTable name={say('titles')} columns={columns} rows={titles} keyOf={({ id }) => id} />
}

const RemoveTitle = ({ title, onClose }: { readonly title: Title; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const remove = useChange('fapiao remove-title', ['fapiao show'])
  return (
    <Confirm
      title={say('removeTitle', { name: title.name })}
      action={say('removeDo')}
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ account: title.account, title: title.id }, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>{say('removeWhy')}</p>
    </Confirm>
  )
}

type Over = { readonly what: 'ask' | 'add' } | { readonly what: 'remove'; readonly title: Title }

const Inside = ({ book }: { readonly book: Book }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const [over, setOver] = useState<Over | null>(null)
  const close = (): void => setOver(null)
  const { balance, titles, requests } = book
  const isDue = balance.available.startsWith('-')
  return (
    <div className="stack">
      <div className="row spread">
        <p className="soft grow">{say('lead')}</p>
        {may.changesMoney ? (
          <div className="row">
            <Button onClick={() => setOver({ what: 'add' })}>{say('addTitle')}</Button>
            <Button
              kind="first"
              disabled={titles.length === 0}
              title={titles.length === 0 ? say('needsTitle') : undefined}
              onClick={() => setOver({ what: 'ask' })}
            >
              {say('ask')}
            </Button>
          </div>
        ) : null}
      </div>
      <Facts
        facts={[
          [
            say('available'),
            <span key="available" className="row">
              <strong className="tabular">{format.amount(balance.available, 'CNY')}</strong>
              {isDue ? <Badge tone="bad">{say('redDue')}</Badge> : null}
            </span>,
          ],
          [say('consumed'), format.amount(balance.consumed, 'CNY')],
          [say('taken'), format.amount(balance.taken, 'CNY')],
        ]}
      />
      <h2>{say('titles')}</h2>
      <Titles account={book.account} titles={titles} remove={(title) => setOver({ what: 'remove', title })} />
      <h2>{say('requests')}</h2>
      {requests.length === 0 ? (
        <Empty title={say('noneAsked')} command={`drover fapiao request --account ${book.account} --title NAME`} />
      ) : (
        <FapiaoRequests rows={requests} />
      )}
      {over?.what === 'ask' ? <AskFapiao book={book} onClose={close} /> : null}
      {over?.what === 'add' ? <AddTitle account={book.account} onClose={close} /> : null}
      {over?.what === 'remove' ? <RemoveTitle title={over.title} onClose={close} /> : null}
    </div>
  )
}

export const OwnFapiao = ({ account }: { readonly account: string }) => {
  const query = useRead('fapiao show', { account })
  return <Loaded query={query}>{(book) => <Inside book={book} />}</Loaded>
}
