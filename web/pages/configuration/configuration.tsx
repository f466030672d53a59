/** How the server is set up: drover.yaml as a form, and what the store holds as a file: changed, compared, applied. One call of the part that is seen. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { SecretText } from '#parts/code.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { LongField } from '#parts/field.tsx'
import { useFilters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { Badge, Card, PageHead } from '#parts/layout.tsx'
import { Loaded, ProblemNote } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { Tabs } from '#parts/tabs.tsx'
import { useToast } from '#parts/toast.tsx'
import { SettingsForm } from './settings-form.tsx'
import { texts } from './texts.ts'

type Applied = Output<'apply run'>
type Change = Applied['changes'][number]
type Seen = { readonly file: string; readonly answer: Applied }

const Changes = ({ answer }: { readonly answer: Applied }) => {
  const say = useWords(texts)
  const columns: readonly Column<Change>[] = [
    {
      id: 'sign',
      title: say('change'),
      cell: ({ sign }) => <Badge tone={sign === '+' ? 'good' : 'warn'}>{say(sign === '+' ? 'made' : 'changed')}</Badge>,
    },
    { id: 'what', title: say('what'), cell: ({ what }) => <strong>{what}</strong> },
    {
      id: 'detail',
      title: say('detail'),
      wrap: true,
      cell: ({ detail }) => <span className="mono break">{detail.join(', ')}</span>,
    },
  ]
  if (answer.changes.length === 0) return <p className="inside soft">{say('none')}</p>
  return (
    <DataTable
      name={say('difference')}
      columns={columns}
      rows={answer.changes}
      keyOf={({ sign, what }) => sign + what}
    />
  )
}

const Editor = ({ first, readAgain }: { readonly first: string; readonly readAgain: () => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const [file, setFile] = useState(first)
  const [seen, setSeen] = useState<Seen | null>(null)
  const [isAsking, setAsking] = useState(false)
  const look = useChange('apply run')
  const apply = useChange('apply run', [
    ...(['providers list', 'routes list', 'models list', 'plans list'] as const),
    ...(['accounts list', 'keys list', 'projects list', 'budgets list'] as const),
  ])
  const isFresh = seen !== null && seen.file === file
  const count = seen?.answer.changes.length ?? 0
  const preview = (): void => look.mutate({ file, dry_run: true }, { onSuccess: (answer) => setSeen({ file, answer }) })
  const confirm = (): void =>
    apply.mutate(
      { file },
      {
        onSuccess: (answer) => {
          toast(say('applied', { count: answer.changes.length }))
          setAsking(false)
          setSeen(null)
          if (answer.keys.length === 0) readAgain()
        },
      },
    )
  const keys = apply.data?.keys ?? []
  return (
    <>
      <Card
        title={say('file')}
        beside={
          <Button small icon="refresh" onClick={readAgain}>
            {say('again')}
          </Button>
        }
      >
        <div className="inside stack">
          <LongField
            label={say('file')}
            help={say('fileHelp')}
            className="textarea yaml"
            spellCheck={false}
            rows={22}
            value={file}
            onChange={(event) => setFile(event.target.value)}
          />
          {look.error === null ? null : <ProblemNote error={look.error} />}
          <div className="row end">
            <Button kind="first" busy={look.isPending} onClick={preview}>
              {say('preview')}
            </Button>
          </div>
        </div>
      </Card>
      {seen === null ? null : (
        <Card
          title={say('difference')}
          beside={
            count === 0 ? null : (
              <Button kind="first" small disabled={!isFresh} onClick={() => setAsking(true)}>
                {say('apply')}
              </Button>
            )
          }
        >
          <Changes answer={seen.answer} />
          {seen.answer.kept.map(({ why, ...kept }) => (
            <p className="inside soft" key={kept.account}>
              {say(why === 'chosen' ? 'keptChosen' : 'keptPaid', kept)}
            </p>
          ))}
          <p className="table-foot" role="status">
            {isFresh ? say('same', { count: seen.answer.unchanged }) : say('stale')}
          </p>
        </Card>
      )}
      {keys.length === 0 ? null : (
        <Card title={say('keys')}>
          <div className="inside stack">
            {keys.map(({ id, name, key }) => (
              <div className="stack tight" key={id}>
                <strong>{name}</strong>
                <SecretText text={key} />
              </div>
            ))}
          </div>
        </Card>
      )}
      {isAsking ? (
        <Confirm
          title={say('applyTitle', { count })}
          action={say('applyDo')}
          busy={apply.isPending}
          error={apply.error}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        >
          <p>{say('applyWhy')}</p>
        </Confirm>
      ) : null}
    </>
  )
}

const StoreAsFile = () => {
  const say = useWords(texts)
  const query = useRead('export list', {})
  return (
    <div className="stack">
      <p className="soft">{say('storeLead')}</p>
      <Loaded query={query}>
        {({ file }) => <Editor key={file} first={file} readAgain={() => void query.refetch()} />}
      </Loaded>
    </div>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Tabs
        label={say('title')}
        chosen={filters['tab'] === 'store' ? 'store' : 'settings'}
        onChoose={(tab) => change({ tab: tab === 'store' ? tab : undefined, find: undefined })}
        tabs={[
          { id: 'settings', label: say('settings'), content: () => <SettingsForm /> },
          { id: 'store', label: say('file'), content: () => <StoreAsFile /> },
        ]}
      />
    </>
  )
}
