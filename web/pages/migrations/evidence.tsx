/** Evidence against limits, both sides beside one another, and what was decided and why. */

import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Badge, Card } from '#parts/layout.tsx'
import { Named } from '#parts/named.tsx'
import { useSaid } from '#parts/said/use-said.ts'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import type { Migration } from './migration-view.ts'
import { phaseWord, testWords, texts } from './texts.ts'

type Props = { readonly migration: Migration }
type Finding = Migration['evidence'][number]
type Arm = Migration['arms']['baseline'] & { readonly name: 'baseline' | 'candidate' }
type Decision = Migration['log'][number]

const Verdict = ({ finding }: { readonly finding: Finding }) => {
  const say = useWords(texts)
  if (finding.crossed) return <Badge tone="bad">{say('crossed')}</Badge>
  return finding.passed ? <Badge tone="good">{say('passed')}</Badge> : <Badge>{say('open')}</Badge>
}

export const Evidence = ({ migration }: Props) => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const format = useFormat()
  const limitText = ({ test, limit }: Finding): string =>
    test === 'absolute' ? format.percent(limit, 2) : `× ${format.number(limit)}`
  const nameOf = ({ metric, above_ms: above }: Finding): string =>
    above === null ? metric : `${metric} > ${format.number(Math.round(above))} ms`
  const columns: readonly Column<Finding>[] = [
    { id: 'metric', title: say('metric'), cell: nameOf, sort: ({ metric }) => metric },
    { id: 'test', title: say('test'), from: 'middle', cell: ({ test }) => word(testWords[test]) },
    { id: 'verdict', title: say('state'), cell: (finding) => <Verdict finding={finding} /> },
    { id: 'limit', title: say('limit'), align: 'number', cell: limitText },
    {
      id: 'seen',
      title: say('seen'),
      align: 'number',
      cell: ({ candidate, ratio }) =>
        candidate === null
          ? ratio === null
            ? '–'
            : `× ${ratio.value.toFixed(2)}`
          : format.percent(candidate.share, 2),
    },
    {
      id: 'range',
      title: say('range'),
      align: 'number',
      from: 'broad',
      cell: ({ candidate, ratio }) => {
        if (candidate !== null) return `${format.percent(candidate.low, 2)} – ${format.percent(candidate.high, 2)}`
        return ratio === null ? '–' : `× ${ratio.low.toFixed(2)} – ${ratio.high.toFixed(2)}`
      },
    },
    {
      id: 'against',
      title: say('against'),
      align: 'number',
      from: 'middle',
      cell: (finding) => format.percent(Math.max(0, (finding.log10_e ?? 0) / finding.log10_needed), 0),
    },
    { id: 'fails', title: say('fails'), from: 'broad', cell: (finding) => say(finding.on_fail) },
  ]
  return (
    <Card title={say('evidence')}>
      <DataTable
        name={say('evidence')}
        columns={columns}
        rows={migration.evidence}
        keyOf={({ metric, test }) => `${metric} ${test}`}
      />
      {migration.not_tested.length === 0 ? null : (
        <div className="table-foot">
          {say('notTested', {
            names: tell({ code: 'joined', given: { parts: migration.not_tested_said }, text: '' }, ''),
          })}
        </div>
      )}
    </Card>
  )
}

export const Arms = ({ migration }: Props) => {
  const say = useWords(texts)
  const format = useFormat()
  const rows: readonly Arm[] = [
    { ...migration.arms.baseline, name: 'baseline' },
    { ...migration.arms.candidate, name: 'candidate' },
  ]
  const columns: readonly Column<Arm>[] = [
    { id: 'name', title: say('arm'), cell: ({ name }) => <strong>{say(name)}</strong> },
    {
      id: 'conversations',
      title: say('conversations'),
      align: 'number',
      cell: ({ conversations }) => format.number(conversations),
    },
    { id: 'turns', title: say('turns'), align: 'number', from: 'middle', cell: ({ turns }) => format.number(turns) },
    { id: 'failed', title: say('failed'), align: 'number', cell: (arm) => format.number(arm.failed_turns) },
    {
      id: 'p50',
      title: say('first50'),
      align: 'number',
      from: 'middle',
      cell: (arm) => format.duration(arm.ttft_p50_ms),
    },
    {
      id: 'p99',
      title: say('first99'),
      align: 'number',
      from: 'middle',
      cell: (arm) => format.duration(arm.ttft_p99_ms),
    },
    {
      id: 'tokens',
      title: say('tokens'),
      align: 'number',
      from: 'broad',
      cell: (arm) => `${format.compact(Number(arm.input_tokens))} / ${format.compact(Number(arm.output_tokens))}`,
    },
    {
      id: 'cost',
      title: say('providerCost'),
      align: 'number',
      from: 'broad',
      cell: (arm) => format.amount(arm.cost_usd, 'USD'),
    },
  ]
  return (
    <Card title={say('arms')}>
      <DataTable name={say('arms')} columns={columns} rows={rows} keyOf={({ name }) => name} />
    </Card>
  )
}

export const Decisions = ({ migration }: Props) => {
  const say = useWords(texts)
  const tell = useSaid()
  const word = useWord()
  const format = useFormat()
  const columns: readonly Column<Decision>[] = [
    { id: 'time', title: say('time'), cell: ({ time }) => format.time(time), sort: ({ time }) => time },
    { id: 'what', title: say('what'), cell: ({ change }) => word(phaseWord(change)) },
    {
      id: 'share',
      title: say('share'),
      align: 'number',
      from: 'middle',
      cell: ({ weight }) => format.percent(weight / 100),
    },
    { id: 'by', title: say('by'), from: 'broad', cell: ({ by }) => <Named id={by} names={migration.names} /> },
    { id: 'why', title: say('why'), wrap: true, cell: ({ why, why_said: said }) => tell(said, why, migration.names) },
  ]
  return (
    <Card title={say('log')} beside={<span className="soft">{say('decisions', { count: migration.log.length })}</span>}>
      <DataTable
        name={say('log')}
        columns={columns}
        rows={migration.log}
        keyOf={({ number }) => String(number)}
        first={{ id: 'time', desc: true }}
      />
    </Card>
  )
}
