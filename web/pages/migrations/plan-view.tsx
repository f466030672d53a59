/** A plan before anything is started: how long, what it costs, what it can show, what may go wrong; and what was seen on a look at both sides. */

import type { Output } from '#actions/contract.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Fact, Tone } from '#parts/layout.tsx'
import { Badge, Facts } from '#parts/layout.tsx'
import { checkNames, riskNames } from '#parts/said/names.ts'
import { mitigationsInChinese } from '#parts/said/plan-words.ts'
import type { Said } from '#parts/said/tell.ts'
import { useSaid } from '#parts/said/use-said.ts'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Plan = Output<'migrate plan'>
type Step = Plan['steps'][number]
type Risk = Plan['risks'][number]
type Check = Output<'migrate preflight'>['checks'][number]

const hourMs = 3_600_000
const likelihoods = { low: 'low', medium: 'medium', high: 'high', unknown: 'notKnown' } as const
const likelihoodTones: Readonly<Record<Risk['likelihood'], Tone | undefined>> = {
  low: 'good',
  medium: 'warn',
  high: 'bad',
  unknown: undefined,
}
const outcomes = { passed: 'okPassed', failed: 'okFailed', warned: 'okWarned', skipped: 'okSkipped' } as const
const outcomeTones: Readonly<Record<Check['outcome'], Tone | undefined>> = {
  passed: 'good',
  failed: 'bad',
  warned: 'warn',
  skipped: undefined,
}

const Steps = ({ plan }: { readonly plan: Plan }) => {
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
      from: 'middle',
      cell: ({ conversations }) => format.number(Math.round(conversations)),
    },
    {
      id: 'finds',
      title: say('finds'),
      align: 'number',
      from: 'middle',
      cell: (row) => format.percent(row.smallest_share, 2),
    },
  ]
  return (
    <div className="card">
      <DataTable name={say('plan')} columns={columns} rows={plan.steps} keyOf={({ step }) => String(step)} />
    </div>
  )
}

const Risks = ({ risks }: { readonly risks: readonly Risk[] }) => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const { language } = useFormat()
  const columns: readonly Column<Risk>[] = [
    { id: 'risk', title: say('risk'), cell: ({ risk }) => word(riskNames[risk]) },
    {
      id: 'likelihood',
      title: say('likelihood'),
      cell: ({ likelihood }) => <Badge tone={likelihoodTones[likelihood]}>{say(likelihoods[likelihood])}</Badge>,
    },
    {
      id: 'because',
      title: say('because'),
      wrap: true,
      from: 'middle',
      cell: ({ because, because_said: said }) => tell(said, because),
    },
    {
      id: 'mitigation',
      title: say('mitigation'),
      wrap: true,
      from: 'broad',
      cell: ({ risk, mitigation }) => (language === 'en' ? mitigation : (mitigationsInChinese[risk] ?? mitigation)),
    },
  ]
  if (risks.length === 0) return null
  return (
    <>
      <h3>{say('risks')}</h3>
      <div className="card">
        <DataTable name={say('risks')} columns={columns} rows={risks} keyOf={({ risk }) => risk} />
      </div>
    </>
  )
}

const SmallTraffic = ({ small }: { readonly small: NonNullable<Plan['small_traffic']> }) => {
  const say = useWords(texts)
  const tell = useSaid()
  const list = (lines: readonly Said[]) => (
    <ul>
      {lines.map((line) => (
        <li key={line.text}>{tell(line, line.text)}</li>
      ))}
    </ul>
  )
  return (
    <div className="note warn">
      <div className="stack tight">
        <p className="note-title">{say('small')}</p>
        <Facts
          facts={[
            small.shows.length === 0 ? null : [say('shows'), list(small.shows_said)],
            small.cannot_show.length === 0 ? null : [say('cannotShow'), list(small.cannot_show_said)],
            small.offers.length === 0 ? null : [say('offers'), list(small.offers.map(({ says_said: said }) => said))],
          ]}
        />
      </div>
    </div>
  )
}

export const PlanView = ({ plan }: { readonly plan: Plan }) => {
  const say = useWords(texts)
  const tell = useSaid()
  const format = useFormat()
  const { chances } = plan
  const facts: readonly (Fact | null)[] = [
    [say('takes'), format.duration(plan.hours * hourMs)],
    [say('perDay'), format.number(Math.round(plan.conversations_per_day))],
    [say('exposed'), format.number(Math.round(plan.conversations_exposed))],
    plan.exposed_cost_usd === null ? null : [say('cost'), format.amount(plan.exposed_cost_usd, 'USD')],
    chances === null ? null : [say('falseRollback'), format.percent(chances.false_rollback, 2)],
    chances === null ? null : [say('missedHarm'), format.percent(chances.missed_harm, 2)],
  ]
  return (
    <div className="stack">
      {plan.refusals_said.map((why) => (
        <div className="note bad" key={why.text}>
          <p className="break">{say('refused', { why: tell(why, why.text) })}</p>
        </div>
      ))}
      <Facts facts={facts} />
      <Steps plan={plan} />
      {plan.small_traffic === null ? null : <SmallTraffic small={plan.small_traffic} />}
      <Risks risks={plan.risks} />
      {plan.notes_said.map((note) => (
        <p className="soft" key={note.text}>
          {tell(note, note.text)}
        </p>
      ))}
    </div>
  )
}

export const Checks = ({ checks }: { readonly checks: readonly Check[] }) => {
  const say = useWords(texts)
  const word = useWord()
  const tell = useSaid()
  const columns: readonly Column<Check>[] = [
    {
      id: 'check',
      title: say('check'),
      cell: ({ check, arm }) => (
        <>
          {word(checkNames[check])} {arm === null ? null : <span className="soft">{say(arm)}</span>}
        </>
      ),
    },
    {
      id: 'outcome',
      title: say('outcome'),
      cell: ({ outcome }) => <Badge tone={outcomeTones[outcome]}>{say(outcomes[outcome])}</Badge>,
    },
    {
      id: 'says',
      title: say('says'),
      wrap: true,
      cell: ({ says, mend, says_said: said, mend_said: mending }) => (
        <>
          {tell(said, says)} {mend === null ? null : <strong>{tell(mending, mend)}</strong>}
        </>
      ),
    },
  ]
  return (
    <div className="card">
      <DataTable
        name={say('preflight')}
        columns={columns}
        rows={checks}
        keyOf={({ check, arm }) => `${check} ${arm}`}
      />
    </div>
  )
}
