/** Limits and guardrails as they are in force. One call. */

import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import type { Tone } from '#parts/layout.tsx'
import { Badge, Card, PageHead } from '#parts/layout.tsx'
import { findNames, nameOf } from '#parts/said/names.ts'
import { Empty, Loaded } from '#parts/states.tsx'
import type { Column } from '#parts/table.tsx'
import { DataTable } from '#parts/table.tsx'
import { texts } from './texts.ts'

type Rules = Output<'rules list'>
type Limit = Rules['limits'][number]
type Guard = Rules['guardrails'][number]
type Scope = Partial<Limit['scope']>

const limitExample = `limits:
  kimi: { per: account, rpm: 600, for: { models: [kimi-k2] } }`
const guardExample = `guardrails:
  no-secrets: { when: request, find: [secret, card], action: block }`

const actionTones: Readonly<Record<Guard['action'], Tone>> = { redact: 'warn', block: 'bad', note: 'info' }
const kinds = ['keys', 'projects', 'accounts', 'plans', 'models'] as const

const useScopeText = (): ((scope: Scope) => string) => {
  const say = useWords(texts)
  return (scope) =>
    kinds
      .flatMap((kind) => {
        const names = scope[kind]
        return names == null ? [] : [`${say(kind)} ${names.join(', ')}`]
      })
      .join('; ') || say('everybody')
}

const Limits = ({ rows }: { readonly rows: readonly Limit[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const scopeText = useScopeText()
  const columns: readonly Column<Limit>[] = [
    { id: 'name', title: say('name'), cell: ({ name }) => <strong>{name}</strong>, sort: ({ name }) => name },
    { id: 'per', title: say('per'), from: 'middle', cell: ({ per }) => say(per) },
    { id: 'rpm', title: say('rpm'), align: 'number', cell: ({ rpm }) => format.number(rpm) },
    { id: 'tpm', title: say('tpm'), align: 'number', cell: ({ tpm }) => format.compact(tpm) },
    {
      id: 'day',
      title: say('day'),
      align: 'number',
      from: 'broad',
      cell: ({ rpd, tpd }) => (rpd === null && tpd === null ? '–' : `${format.number(rpd)}, ${format.compact(tpd)}`),
    },
    {
      id: 'concurrency',
      title: say('concurrency'),
      align: 'number',
      from: 'middle',
      cell: ({ concurrency }) => format.number(concurrency),
    },
    { id: 'whom', title: say('whom'), from: 'middle', wrap: true, cell: ({ scope }) => scopeText(scope) },
  ]
  return <DataTable name={say('limits')} columns={columns} rows={rows} keyOf={({ name }) => name} />
}

const useFindsText = (): ((guard: Guard) => string) => {
  const say = useWords(texts)
  const word = useWord()
  const format = useFormat()
  return (guard) =>
    [
      ...guard.finds.map((find) => word(nameOf(findNames, find))),
      guard.patterns === 0 ? '' : say('patterns', { count: guard.patterns }),
      guard.prompt_bytes_max === null ? '' : say('prompts', { size: format.bytes(guard.prompt_bytes_max) }),
      guard.models_allowed === null ? '' : say('only', { names: guard.models_allowed.join(', ') }),
      guard.parameters_denied.length === 0 ? '' : say('parameters', { names: guard.parameters_denied.join(', ') }),
      guard.asks === null ? '' : say('asks', { host: guard.asks.host }),
    ]
      .filter(Boolean)
      .join(', ')
}

const Guards = ({ rows }: { readonly rows: readonly Guard[] }) => {
  const say = useWords(texts)
  const scopeText = useScopeText()
  const findsText = useFindsText()
  const columns: readonly Column<Guard>[] = [
    { id: 'name', title: say('name'), cell: ({ name }) => <strong>{name}</strong>, sort: ({ name }) => name },
    {
      id: 'action',
      title: say('action'),
      cell: ({ action }) => <Badge tone={actionTones[action]}>{say(action)}</Badge>,
    },
    {
      id: 'sides',
      title: say('sides'),
      from: 'middle',
      cell: ({ sides }) => sides.map((side) => say(side)).join(', '),
    },
    { id: 'finds', title: say('finds'), wrap: true, cell: findsText },
    { id: 'whom', title: say('whom'), from: 'middle', wrap: true, cell: ({ scope }) => scopeText(scope) },
  ]
  return <DataTable name={say('guardrails')} columns={columns} rows={rows} keyOf={({ name }) => name} />
}

export const Page = () => {
  const say = useWords(texts)
  const query = useRead('rules list', {})
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      <Card title={say('limits')}>
        <Loaded query={query} lines={3}>
          {({ limits }) =>
            limits.length === 0 ? (
              <Empty title={say('noLimits')} command={limitExample}>
                {say('noLimitsWhy')}
              </Empty>
            ) : (
              <Limits rows={limits} />
            )
          }
        </Loaded>
      </Card>
      <Card title={say('guardrails')}>
        <Loaded query={query} lines={3}>
          {({ guardrails }) =>
            guardrails.length === 0 ? (
              <Empty title={say('noGuards')} command={guardExample}>
                {say('noGuardsWhy')}
              </Empty>
            ) : (
              <Guards rows={guardrails} />
            )
          }
        </Loaded>
      </Card>
    </>
  )
}
