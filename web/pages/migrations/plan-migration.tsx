/** What a migration can show with the traffic that there is, before anything is started. */

import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Output } from '#actions/contract.ts'
import { useChange } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { LongField } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import type { Fact } from '#parts/layout.tsx'
import { Facts } from '#parts/layout.tsx'
import { ProblemNote } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Plan = Output<'migrate plan'>
type Step = Plan['steps'][number]

const hourMs = 3_600_000

const PlanView = ({ plan }: { readonly plan: Plan }) => {
  const say = useWords(texts)
  const format = useFormat()
  const columns: readonly Column<Step>[] = [
    { id: 'step', title: say('step'), align: 'number', cell: ({ step }) => step + 1 },
    { id: 'weight', title: say('weight'), align: 'number', cell: ({ weight }) => format.percent(weight / 100) },
    { id: 'lasts', title: say('lasts'), align: 'number', cell: ({ hours }) => format.duration(hours * hourMs) },
    {
      id: 'conversations',
      title: say('conversations'),
      align: 'number',
      cell: ({ conversations }) => format.number(Math.round(conversations)),
    },
    { id: 'finds', title: say('finds'), align: 'number', cell: (row) => format.percent(row.smallest_share, 2) },
  ]
  const facts: readonly (Fact | null)[] = [
    [say('takes'), format.duration(plan.hours * hourMs)],
    [say('perDay'), format.number(Math.round(plan.conversations_per_day))],
    [say('exposed'), format.number(Math.round(plan.conversations_exposed))],
    plan.exposed_cost_usd === null ? null : [say('cost'), format.amount(plan.exposed_cost_usd, 'USD')],
  ]
  return (
    <div className="stack">
      <Facts facts={facts} />
      <div className="card">
        <DataTable name={say('plan')} columns={columns} rows={plan.steps} keyOf={({ step }) => String(step)} />
      </div>
      {plan.refusals.map((why) => (
        <div className="note bad" key={why}>
          <p className="break">{say('refused', { why })}</p>
        </div>
      ))}
      {plan.notes.map((noteText) => (
        <p className="soft" key={noteText}>
          {noteText}
        </p>
      ))}
    </div>
  )
}

export const PlanMigration = ({ example, onClose }: { readonly example: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const navigate = useNavigate()
  const [file, setFile] = useState(example)
  const plan = useChange('migrate plan')
  const start = useChange('migrate start', ['migrate list'])
  const begin = (): void =>
    start.mutate(
      { file },
      {
        onSuccess: ({ name }) => {
          onClose()
          void navigate({ to: '/migrations/$name', params: { name } as never })
        },
      },
    )
  const error = start.error ?? plan.error
  return (
    <Dialog title={say('startTitle')} look="broad" onClose={onClose}>
      <div className="stack">
        <LongField
          label={say('file')}
          help={say('fileHelp')}
          className="textarea mono"
          rows={7}
          spellCheck={false}
          value={file}
          onChange={(event) => {
            setFile(event.target.value)
            plan.reset()
          }}
        />
        {error === null ? null : <ProblemNote error={error} />}
        {plan.data === undefined ? null : <PlanView plan={plan.data} />}
        <div className="actions">
          <Button busy={plan.isPending} onClick={() => plan.mutate({ file })}>
            {say('plan')}
          </Button>
          <Button
            kind="first"
            busy={start.isPending}
            disabled={plan.data === undefined || plan.data.refusals.length > 0}
            onClick={begin}
          >
            {say('startDo')}
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
