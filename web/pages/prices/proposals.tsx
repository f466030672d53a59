/** What public tables say that is otherwise than the book, rate by rate, before anything is taken. */

import { useState } from 'react'
import { ApiProblem } from '#actions/api.ts'
import type { Output } from '#actions/contract.ts'
import { useChange, useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { Confirm } from '#parts/dialog.tsx'
import { useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Card, Facts } from '#parts/layout.tsx'
import { nameOf, rateNames } from '#parts/said/names.ts'
import { useSaid } from '#parts/said/use-said.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { useToast } from '#parts/toast.tsx'
import { texts } from './texts.ts'

type Proposal = Output<'prices diff'>['data'][number]
type Rate = Proposal['rates'][number]
type Row = { readonly proposal: Proposal; readonly rate: Rate; readonly isFirst: boolean }

const tones: Readonly<Record<Rate['verdict'], Tone | undefined>> = {
  same: undefined,
  apply: 'good',
  ask: 'warn',
  refuse: 'bad',
}

type TakeProps = {
  readonly proposal: Proposal
  /** What tables agree on is taken with any other proposal. */
  readonly along: readonly string[]
  readonly onClose: () => void
}

const TakeProposal = ({ proposal, along, onClose }: TakeProps) => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const toast = useToast()
  const { vendor, model, rates, why, why_said: said } = proposal
  const take = useChange('prices apply', ['prices diff', 'prices list', 'prices history'])
  return (
    <Confirm
      title={say('takeTitle', { model })}
      action={say('takeDo')}
      look="first"
      busy={take.isPending}
      error={take.error}
      onClose={onClose}
      onConfirm={() =>
        take.mutate(
          { models: [`${vendor}/${model}`], yes: true },
          {
            onSuccess: () => {
              toast(say('taken', { model }))
              onClose()
            },
          },
        )
      }
    >
      <p>{say('takeWhy')}</p>
      <Facts
        facts={rates
          .filter(({ verdict }) => verdict !== 'same')
          .map(({ rate, current, proposed }) => [
            word(nameOf(rateNames, rate)),
            `${current ?? '–'} → ${proposed ?? '–'}`,
          ])}
      />
      <p className="soft">{tell(said, why)}</p>
      {along.length === 0 ? null : <p>{say('takeAlong', { models: along.join(', ') })}</p>}
    </Confirm>
  )
}

export const Proposals = () => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const may = rights(useSession())
  const [taken, setTaken] = useState<Proposal | null>(null)
  const query = useRead('prices diff', {})
  // Nothing was read in yet: the relay says so as a refusal, which here is the usual case.
  const isUntold = query.error instanceof ApiProblem && query.error.code === 'conflict'
  const none = (
    <Empty title={say('noDiff')} command="drover prices import --file prices.json">
      {say('noDiffWhy')}
    </Empty>
  )
  const columns: readonly Column<Row>[] = [
    {
      id: 'model',
      title: say('model'),
      cell: ({ proposal, isFirst }) => (isFirst ? <strong>{proposal.model}</strong> : null),
    },
    { id: 'rate', title: say('rate'), from: 'middle', cell: ({ rate }) => word(nameOf(rateNames, rate.rate)) },
    { id: 'now', title: say('now'), align: 'number', cell: ({ rate }) => rate.current ?? '–' },
    { id: 'proposed', title: say('proposed'), align: 'number', cell: ({ rate }) => rate.proposed ?? '–' },
    {
      id: 'verdict',
      title: say('verdict'),
      cell: ({ rate }) => <Badge tone={tones[rate.verdict]}>{say(rate.verdict)}</Badge>,
    },
    { id: 'why', title: say('why'), from: 'broad', wrap: true, cell: ({ rate }) => tell(rate.why_said, rate.why) },
    {
      id: 'take',
      title: '',
      align: 'number',
      cell: ({ proposal, isFirst }) =>
        may.changesAll && isFirst && (proposal.verdict === 'apply' || proposal.verdict === 'ask') ? (
          <Button small aria-label={say('takeTitle', { model: proposal.model })} onClick={() => setTaken(proposal)}>
            {say('take')}
          </Button>
        ) : null,
    },
  ]
  return (
    <Card title={say('diff')} beside={<span className="soft not-phone">{say('diffLead')}</span>}>
      {isUntold ? (
        none
      ) : (
        <Loaded query={query} lines={3}>
          {({ data }) => {
            const rows = data.flatMap((proposal) =>
              proposal.rates
                .filter(({ verdict }) => verdict !== 'same')
                .map((rate, index): Row => ({ proposal, rate, isFirst: index === 0 })),
            )
            return rows.length === 0 ? (
              none
            ) : (
              <DataTable
                name={say('diff')}
                columns={columns}
                rows={rows}
                keyOf={({ proposal, rate }) =>
                  `${proposal.vendor} ${proposal.model} ${proposal.service_tier} ${proposal.context_over_tokens} ${rate.rate}`
                }
              />
            )
          }}
        </Loaded>
      )}
      {taken === null ? null : (
        <TakeProposal
          proposal={taken}
          along={(query.data?.data ?? []).flatMap((one) =>
            one.verdict === 'apply' && one.model !== taken.model ? [one.model] : [],
          )}
          onClose={() => setTaken(null)}
        />
      )}
    </Card>
  )
}
