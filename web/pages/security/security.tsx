/** Who somebody is here, how they sign in, where they are signed in, and what they have done. Two calls. */

import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Badge, Card, mono, PageHead } from '#parts/layout.tsx'
import { Named } from '#parts/named.tsx'
import { Pager } from '#parts/pager.tsx'
import { trailWord } from '#parts/said/trail-words.ts'
import { useRefusal } from '#parts/said/use-refusal.ts'
import { Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Me } from './me.ts'
import type { Over } from './over.tsx'
import { OverPage } from './over.tsx'
import { texts } from './texts.ts'
import { Ways } from './ways.tsx'

type Session = Me['sessions'][number]
type Row = Output<'me trail'>['data'][number]

const trailRows = 50
const methods = {
  password: 'byPassword',
  passkey: 'byPasskey',
  oidc: 'byOidc',
  link: 'byLink',
  key: 'byKey',
} as const

const browsers = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
] as const
const systems = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'macOS'],
  [/Linux/, 'Linux'],
] as const

const nameIn = (agent: string, names: readonly (readonly [RegExp, string])[]): string | undefined =>
  names.find(([form]) => form.test(agent))?.[1]

/** `Chrome, Linux`; what says neither is shown as it is. */
const deviceOf = (agent: string): string =>
  [nameIn(agent, browsers), nameIn(agent, systems)].filter((one) => one !== undefined).join(', ') ||
  agent.slice(0, 40) ||
  '–'

const Sessions = ({ rows }: { readonly rows: readonly Session[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const refusal = useRefusal()
  const end = useChange('sessions end', ['me show', 'me trail'])
  const columns: readonly Column<Session>[] = [
    {
      id: 'device',
      title: say('device'),
      cell: ({ agent, current }) => (
        <span className="row">
          <span title={agent}>{deviceOf(agent)}</span>
          {current ? <Badge tone="good">{say('here')}</Badge> : null}
        </span>
      ),
    },
    { id: 'address', title: say('address'), from: 'middle', cell: ({ address }) => mono(address) },
    { id: 'method', title: say('method'), from: 'broad', cell: ({ method }) => say(methods[method]) },
    { id: 'since', title: say('since'), from: 'broad', cell: ({ created }) => format.moment(created) },
    {
      id: 'seen',
      title: say('seen'),
      from: 'middle',
      cell: ({ seen }) => format.moment(seen),
      sort: ({ seen }) => seen,
    },
    {
      id: 'end',
      title: '',
      align: 'number',
      cell: ({ id, current, agent }) =>
        current ? null : (
          <Button
            small
            aria-label={say('endOf', { device: deviceOf(agent) })}
            onClick={() =>
              end.mutate(
                { id },
                { onSuccess: () => toast(say('ended')), onError: (error) => void refusal(error).then(toast) },
              )
            }
          >
            {say('end')}
          </Button>
        ),
    },
  ]
  return (
    <DataTable
      name={say('sessions')}
      columns={columns}
      rows={rows}
      keyOf={({ id }) => id}
      first={{ id: 'seen', desc: true }}
    />
  )
}

const OwnTrail = () => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  const [filters] = useFilters()
  const query = useRead('me trail', { limit: trailRows, before: filters['before'] }, { keepsOld: true })
  const names = query.data?.names ?? {}
  const columns: readonly Column<Row>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time) },
    { id: 'operation', title: say('operation'), cell: ({ operation }) => word(trailWord(operation)) },
    {
      id: 'object',
      title: say('object'),
      from: 'middle',
      cell: ({ object }) => <Named id={object} names={names} isPlain />,
    },
  ]
  return (
    <Loaded query={query}>
      {({ data, next }) => (
        <>
          {data.length === 0 ? (
            <p className="inside soft">{say('noTrail')}</p>
          ) : (
            <DataTable name={say('trail')} columns={columns} rows={data} keyOf={({ id }) => id} />
          )}
          <Pager at="before" next={next} />
        </>
      )}
    </Loaded>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const { person } = useSession()
  const [over, setOver] = useState<Over | null>(null)
  const query = useRead('me show', {})
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Card title={say('ways')}>
        <Loaded query={query}>{(me) => <Ways me={me} open={setOver} />}</Loaded>
      </Card>
      <Card title={say('sessions')}>
        <Loaded query={query} lines={3}>
          {({ sessions }) => <Sessions rows={sessions} />}
        </Loaded>
      </Card>
      <Card title={say('trail')}>
        <OwnTrail />
      </Card>
      <section className="card">
        <div className="inside row spread">
          <div className="grow">
            <h2>{say('close')}</h2>
            <p className="soft">{say('closeLead')}</p>
          </div>
          <Button kind="danger" onClick={() => setOver({ what: 'close' })}>
            {say('closeDo')}
          </Button>
        </div>
      </section>
      {query.data === undefined || person === null ? null : (
        <OverPage over={over} me={query.data} onClose={() => setOver(null)} />
      )}
    </>
  )
}
