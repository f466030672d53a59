/** Usage and cost by any dimension, beside the time before, as chart, table and CSV. Two calls. */

import { useMemo } from 'react'
import { addressOf } from '#actions/api.ts'
import type { Input, Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { AccountChoice } from '#parts/account-choice.tsx'
import { Button } from '#parts/button.tsx'
import { Chart } from '#parts/chart.tsx'
import { useDownload } from '#parts/download.ts'
import type { Filters } from '#parts/filters.ts'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { Card, PageHead, Stat, Stats } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import { Groups } from './groups.tsx'
import { texts } from './texts.ts'

type Days = Output<'usage list'>

const dayMs = 86_400_000
const spans = [1, 7, 30, 90] as const
const dimensions = ['model', 'key', 'project', 'member', 'day'] as const
const operatorDimensions = ['account', 'provider', 'upstream_model'] as const

/** Whole days of UTC, as the figures are kept. */
const boundsOf = (filters: Filters, nowMs: number) => {
  const days = spans.find((one) => String(one) === filters['days']) ?? 30
  const endMs = (Math.floor(nowMs / dayMs) + 1) * dayMs
  const text = (ms: number): string => new Date(ms).toISOString()
  return { days, from: text(endMs - days * dayMs), before: text(endMs - 2 * days * dayMs), to: text(endMs), endMs }
}

const useSums = (days: Days, from: string) =>
  useMemo(() => {
    const half = (isNow: boolean) => {
      const rows = days.data.filter(({ day = '' }) => day >= from.slice(0, 10) === isNow)
      const sum = (read: (row: Days['data'][number]) => bigint) => rows.reduce((total, row) => total + read(row), 0n)
      return {
        charge: sum((row) => BigInt(row.charge_nano_usd)),
        cost: sum((row) => BigInt(row.upstream_cost_nano_usd)),
        calls: Number(sum((row) => BigInt(row.calls))),
        errors: Number(sum((row) => BigInt(row.errors))),
        tokens: Number(sum((row) => BigInt(row.input + row.output))),
      }
    }
    return { now: half(true), last: half(false) }
  }, [days, from])

type Bounds = ReturnType<typeof boundsOf>

const Figures = ({ days, bounds }: { readonly days: Days; readonly bounds: Bounds }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { operator } = useSession()
  const { now, last } = useSums(days, bounds.from)
  const share = (one: number, other: number): string | undefined =>
    other === 0 ? undefined : say('change', { share: `${one >= other ? '+' : ''}${format.percent(one / other - 1)}` })
  const pace = (now.charge * 30n) / BigInt(bounds.days)
  return (
    <Stats>
      <Stat
        name={say('spend')}
        value={format.money(String(now.charge))}
        beside={say('before', { amount: format.money(String(last.charge)) })}
      />
      <Stat name={say('forecast')} value={format.money(String(pace))} beside={say('forecastWhy')} />
      {operator ? (
        <Stat
          name={say('margin')}
          value={format.money(String(now.charge - now.cost))}
          beside={`${say('cost')} ${format.money(String(now.cost))}`}
        />
      ) : null}
      <Stat name={say('calls')} value={format.number(now.calls)} beside={share(now.calls, last.calls)} to="/requests" />
      <Stat name={say('tokens')} value={format.compact(now.tokens)} beside={share(now.tokens, last.tokens)} />
      <Stat
        name={say('errors')}
        value={format.number(now.errors)}
        beside={now.calls === 0 ? undefined : say('share', { share: format.percent(now.errors / now.calls, 2) })}
      />
    </Stats>
  )
}

const ByDay = ({ days, bounds }: { readonly days: Days; readonly bounds: Bounds }) => {
  const say = useWords(texts)
  const format = useFormat()
  const byDay = useMemo(
    () => new Map(days.data.map((row) => [row.day ?? '', Number(row.charge_nano_usd) / 1e9])),
    [days],
  )
  const moments = Array.from({ length: bounds.days }, (_, index) => bounds.endMs - (bounds.days - index) * dayMs)
  const at = (ms: number): number => byDay.get(new Date(ms).toISOString().slice(0, 10)) ?? 0
  const dayFormat = new Intl.DateTimeFormat(format.language, { month: 'short', day: '2-digit', timeZone: 'UTC' })
  return (
    <Chart
      title={say('perDay')}
      moments={moments.map((ms) => ms / 1_000)}
      series={[
        { name: say('thisTime'), values: moments.map(at), colour: 1, look: 'bars' },
        { name: say('lastTime'), values: moments.map((ms) => at(ms - bounds.days * dayMs)), colour: 6, look: 'line' },
      ]}
      write={(value) => format.amount(value === null ? null : value.toFixed(2), 'USD')}
      writeMoment={(seconds) => dayFormat.format(seconds * 1_000)}
    />
  )
}

/** The table as the relay writes it in CSV. */
const fileOf = (input: Input<'usage list'>) => ({
  address: addressOf('usage list', input),
  accept: 'text/csv',
  name: `drover-usage-${new Date().toISOString().slice(0, 10)}.csv`,
})

const Choices = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const { operator } = useSession()
  const shown = [...dimensions, ...(operator ? operatorDimensions : [])]
  return (
    <div className="filters">
      <select
        className="select"
        aria-label={say('span')}
        value={filters['days'] ?? '30'}
        onChange={(event) => change({ days: event.target.value })}
      >
        {spans.map((count) => (
          <option value={count} key={count}>
            {say('days', { count })}
          </option>
        ))}
      </select>
      <select
        className="select"
        aria-label={say('by')}
        value={filters['by'] ?? 'model'}
        onChange={(event) => change({ by: event.target.value })}
      >
        {shown.map((name) => (
          <option value={name} key={name}>
            {`${say('by')}: ${say(name)}`}
          </option>
        ))}
        <option value="tag">{`${say('by')}: ${say('tag')}`}</option>
      </select>
      {filters['by'] === 'tag' ? (
        <input
          className="input"
          aria-label={say('tagName')}
          placeholder={say('tagName')}
          defaultValue={filters['tag'] ?? ''}
          onBlur={(event) => change({ tag: event.target.value.trim() })}
        />
      ) : null}
      <AccountChoice withEvery />
    </div>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters] = useFilters()
  const download = useDownload()
  const bounds = useMemo(() => boundsOf(filters, Date.now()), [filters])
  const by = filters['by'] ?? 'model'
  const dimension = by === 'tag' ? `tag:${filters['tag'] ?? 'team'}` : by
  const only = { account: filters['account'], project: filters['project'] }
  const asked = { by: [dimension], from: bounds.from, to: bounds.to, ...only }
  const days = useRead('usage list', { by: ['day'], from: bounds.before, to: bounds.to, ...only }, { keepsOld: true })
  const groups = useRead('usage list', asked, { keepsOld: true })
  return (
    <>
      <PageHead
        title={say('title')}
        actions={
          <Button icon="download" onClick={() => void download(fileOf(asked))}>
            {say('csv')}
          </Button>
        }
      >
        {say('lead')}
      </PageHead>
      <Choices />
      <Loaded query={days}>
        {(data) => (
          <>
            <Figures days={data} bounds={bounds} />
            {bounds.days === 1 ? null : <ByDay days={data} bounds={bounds} />}
          </>
        )}
      </Loaded>
      <Card>
        <Loaded query={groups}>
          {(data) =>
            data.data.length === 0 ? (
              <Empty title={say('empty')} command="drover usage list --by model">
                {say('emptyWhy')}
              </Empty>
            ) : (
              <Groups usage={data} by={by} />
            )
          }
        </Loaded>
      </Card>
    </>
  )
}
