/** Migrations, and the form that plans and starts one. */

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Meter, PageHead } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { PlanMigration } from './plan-migration.tsx'
import { phaseWord, texts } from './texts.ts'
import { VerifyReport } from './verify-report.tsx'

type Row = Output<'migrate list'>['data'][number]

const everyMs = 5_000

/** How a state looks: what has gone back is bad, what waits for somebody is a warning. */
export const toneOf = (state: string): Tone | undefined => {
  if (/roll|abort|fail/.test(state)) return 'bad'
  if (/pause/.test(state)) return 'warn'
  return /complete|done/.test(state) ? 'good' : 'info'
}

const exampleFile = `migration: gpt-to-kimi
match: { models: [gpt-4.1-mini] }
baseline:  { route: openai/gpt-4.1-mini }
candidate: { route: moonshot/kimi-k2.6, param_policy: shim }
`

const useColumns = (): readonly Column<Row>[] => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  return [
    {
      id: 'name',
      title: say('name'),
      cell: ({ name }) => (
        <Link to="/migrations/$name" params={{ name } as never}>
          {name}
        </Link>
      ),
      sort: ({ name }) => name,
    },
    {
      id: 'state',
      title: say('state'),
      cell: ({ state }) => <Badge tone={toneOf(state)}>{word(phaseWord(state))}</Badge>,
      sort: ({ state }) => state,
    },
    {
      id: 'share',
      title: say('share'),
      align: 'number',
      cell: ({ weight }) => format.percent(weight / 100),
      sort: ({ weight }) => weight,
    },
    {
      id: 'bar',
      title: '',
      from: 'middle',
      cell: ({ weight }) => (
        <span className="bar-cell">
          <Meter share={weight / 100} />
        </span>
      ),
    },
    { id: 'step', title: say('step'), align: 'number', from: 'middle', cell: ({ step }) => step + 1 },
    {
      id: 'since',
      title: say('since'),
      from: 'middle',
      cell: ({ since }) => format.moment(since),
      sort: ({ since }) => since,
    },
    { id: 'paused', title: say('paused'), from: 'broad', cell: (row) => row.pause_reason ?? '' },
  ]
}

export const Page = () => {
  const say = useWords(texts)
  const may = rights(useSession())
  const [planning, setPlanning] = useState(false)
  const [verifying, setVerifying] = useState(false)
  const query = useRead('migrate list', {}, { everyMs })
  const columns = useColumns()
  const start = (
    <Button kind="first" icon="plus" onClick={() => setPlanning(true)}>
      {say('start')}
    </Button>
  )
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <>
            <Button onClick={() => setVerifying(true)}>{say('verify')}</Button>
            {may.changesAll ? start : null}
          </>
        }
      >
        {say('lead')}
      </PageHead>
      <section className="card">
        <Loaded query={query}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty
                title={say('empty')}
                command={`cat > gpt-to-kimi.yaml <<EOF\n${exampleFile}EOF\ndrover migrate plan gpt-to-kimi.yaml`}
              >
                {say('emptyWhy')}
              </Empty>
            ) : (
              <DataTable name={say('title')} columns={columns} rows={data} keyOf={({ name }) => name} />
            )
          }
        </Loaded>
      </section>
      {verifying ? <VerifyReport onClose={() => setVerifying(false)} /> : null}
      {planning ? <PlanMigration example={exampleFile} onClose={() => setPlanning(false)} /> : null}
    </>
  )
}
