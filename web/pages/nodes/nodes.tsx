/** Readiness of this server, and the nodes that share its store. */

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { send } from '#actions/api.ts'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Badge, Card, mono, PageHead } from '#parts/layout.tsx'
import type { Said } from '#parts/said/tell.ts'
import { useSaid } from '#parts/said/use-said.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { healthChecks, texts } from './texts.ts'

type Node = Output<'nodes list'>['data'][number]
type Check = {
  readonly name: string
  readonly ok: boolean
  readonly detail?: string | null
  readonly detail_said?: Said | null
}
type Readiness = { readonly checks?: readonly Check[]; readonly warnings_said?: readonly Said[] }

const everyMs = 5_000

const Health = () => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const checkName = (name: string): string => {
    const known = healthChecks[name]
    return known === undefined ? name : word(known)
  }
  const query = useQuery({
    queryKey: ['readiness'],
    queryFn: async () => (await (await send('/health/readiness', { method: 'GET' })).json()) as Readiness,
    refetchInterval: everyMs,
  })
  const columns: readonly Column<Check>[] = [
    { id: 'name', title: say('check'), cell: ({ name }) => checkName(name) },
    {
      id: 'state',
      title: say('state'),
      cell: ({ ok }) => <Badge tone={ok ? 'good' : 'bad'}>{say(ok ? 'good' : 'bad')}</Badge>,
    },
    { id: 'detail', title: say('detail'), wrap: true, cell: ({ detail, detail_said: said }) => tell(said, detail) },
  ]
  const checks = query.data?.checks ?? []
  const isReady = checks.every(({ ok }) => ok)
  return (
    <Card
      title={say('health')}
      beside={
        query.data === undefined ? null : (
          <Badge tone={isReady ? 'good' : 'bad'}>{say(isReady ? 'ready' : 'notReady')}</Badge>
        )
      }
    >
      <Loaded query={query} lines={3}>
        {({ warnings_said: warnings = [] }) => (
          <>
            <DataTable name={say('health')} columns={columns} rows={checks} keyOf={({ name }) => name} />
            {warnings.length === 0 ? null : (
              <div className="inside stack tight">
                <h3>{say('warnings')}</h3>
                {warnings.map((warning) => (
                  <p key={warning.text}>{tell(warning, warning.text)}</p>
                ))}
              </div>
            )}
          </>
        )}
      </Loaded>
    </Card>
  )
}

const Forget = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const toast = useToast()
  const forget = useChange('nodes forget', ['nodes list'])
  const confirm = (): void =>
    forget.mutate(
      { id },
      {
        onSuccess: () => {
          toast(say('forgotten', { id }))
          onClose()
        },
      },
    )
  return (
    <Confirm
      title={say('forgetTitle', { id })}
      action={say('forgetDo')}
      typed={id}
      busy={forget.isPending}
      error={forget.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>{say('forgetWhy')}</p>
    </Confirm>
  )
}

const Nodes = ({ nodes, forget }: { readonly nodes: readonly Node[]; readonly forget: (id: string) => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const may = rights(useSession())
  const digests = new Set(nodes.filter(({ state }) => state === 'alive').map((node) => node.config_digest))
  const columns: readonly Column<Node>[] = [
    { id: 'id', title: say('node'), cell: ({ id }) => mono(id), sort: ({ id }) => id },
    {
      id: 'state',
      title: say('state'),
      cell: ({ state }) => <Badge tone={state === 'alive' ? 'good' : 'bad'}>{say(state)}</Badge>,
      sort: ({ state }) => state,
    },
    { id: 'url', title: say('url'), from: 'middle', cell: ({ url }) => url ?? '–' },
    { id: 'version', title: say('version'), from: 'middle', cell: ({ version }) => version },
    {
      id: 'digest',
      title: say('file'),
      from: 'broad',
      cell: (node) => (
        <>
          {mono((node.config_digest ?? '–').slice(0, 12))}{' '}
          {digests.size > 1 ? <Badge tone="warn">{say('differs')}</Badge> : null}
        </>
      ),
    },
    { id: 'started', title: say('started'), from: 'broad', cell: ({ started }) => format.moment(started) },
    { id: 'heard', title: say('heard'), cell: ({ heard }) => format.time(heard) },
    {
      id: 'forget',
      title: '',
      align: 'number',
      cell: ({ id, state }) =>
        state === 'gone' && may.changesAll ? (
          <Button small kind="danger" onClick={() => forget(id)}>
            {say('forget')}
          </Button>
        ) : null,
    },
  ]
  return <DataTable name={say('nodes')} columns={columns} rows={nodes} keyOf={({ id }) => id} />
}

export const Page = () => {
  const say = useWords(texts)
  const [forgetting, setForgetting] = useState<string | null>(null)
  const query = useRead('nodes list', {}, { everyMs })
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Health />
      <Card title={say('nodes')}>
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title={say('alone')} command="drover store move">
                {say('aloneWhy')}
              </Empty>
            ) : (
              <Nodes nodes={data} forget={setForgetting} />
            )
          }
        </Loaded>
      </Card>
      {forgetting === null ? null : <Forget id={forgetting} onClose={() => setForgetting(null)} />}
    </>
  )
}
