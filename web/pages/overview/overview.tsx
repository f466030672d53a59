/** How it goes: spend, balance, errors, times, and which providers are away. One call of the API. */

import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { Output } from '#actions/contract.ts'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Chart } from '#parts/chart.tsx'
import { useFilters } from '#parts/filters.ts'
import { useFormat, useWords } from '#parts/language.tsx'
import { PageHead, Stat, Stats } from '#parts/layout.tsx'
import { Empty, Loaded } from '#parts/states.tsx'
import { Models, Providers } from './tables.tsx'
import { texts } from './texts.ts'

type Overview = Output<'overview show'>
type Hour = Overview['hours'][number]

const hourMs = 3_600_000
const hoursShown = 48
const everyMs = 15_000

const sumOf = (hours: readonly Hour[]) => ({
  charge: hours.reduce((sum, hour) => sum + BigInt(hour.charge_nano_usd), 0n).toString(),
  calls: hours.reduce((sum, hour) => sum + hour.calls, 0),
  errors: hours.reduce((sum, hour) => sum + hour.errors, 0),
})

/** Hours since midnight here, and those of the same time yesterday. */
const daysOf = (hours: readonly Hour[], nowMs: number) => {
  const midnight = new Date(nowMs)
  midnight.setHours(0, 0, 0, 0)
  const startMs = midnight.getTime()
  const within = (fromMs: number, toMs: number) =>
    hours.filter(({ hour }) => Date.parse(hour) >= fromMs && Date.parse(hour) < toMs)
  return { today: within(startMs, nowMs + hourMs), before: within(startMs - 24 * hourMs, nowMs - 24 * hourMs) }
}

const Figures = ({ overview, test }: { readonly overview: Overview; readonly test: boolean }) => {
  const say = useWords(texts)
  const format = useFormat()
  const session = useSession()
  const { today, before } = daysOf(overview.hours, Date.now())
  const now = sumOf(today)
  const then = sumOf(before)
  const { balance, last_hour: last } = overview
  const linked = rights(session).readsCalls
  return (
    <Stats>
      <Stat
        name={say('spend')}
        value={format.money(now.charge)}
        beside={say('yesterday', { amount: format.money(then.charge) })}
        to="/usage"
      />
      {balance === null ? null : (
        <Stat
          name={say('balance')}
          value={balance.billing === 'unlimited' ? say('unlimited') : format.money(balance.balance_nano_usd)}
          beside={say('held', { amount: format.money(balance.held_nano_usd) })}
          to="/billing"
        />
      )}
      <Stat
        name={say('calls')}
        value={format.number(now.calls)}
        beside={say('yesterday', { amount: format.number(then.calls) })}
        {...(linked ? { to: '/requests' } : {})}
      />
      <Stat
        name={say('errors')}
        value={format.number(now.errors)}
        beside={now.calls === 0 ? undefined : say('share', { share: format.percent(now.errors / now.calls, 2) })}
        {...(linked ? { to: '/requests', search: { status: '5xx' } } : {})}
      />
      {test || last === null ? null : (
        <Stat
          name={say('first')}
          value={format.duration(last.first_part_p95_ms)}
          beside={say('own', { time: format.duration(last.overhead_p95_ms) })}
        />
      )}
    </Stats>
  )
}

const useHourFormat = (): ((seconds: number) => string) => {
  const { language, timeZone } = useFormat()
  return useMemo(() => {
    const how = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone } as const
    const format = new Intl.DateTimeFormat(language, how)
    return (seconds: number) => format.format(seconds * 1_000)
  }, [language, timeZone])
}

const Charts = ({ hours }: { readonly hours: readonly Hour[] }) => {
  const say = useWords(texts)
  const format = useFormat()
  const writeMoment = useHourFormat()
  const { moments, byHour } = useMemo(() => {
    const last = Math.floor(Date.now() / hourMs)
    const all = Array.from({ length: hoursShown }, (_, index) => (last - hoursShown + 1 + index) * 3_600)
    return { moments: all, byHour: new Map(hours.map((hour) => [Date.parse(hour.hour) / 1_000, hour])) }
  }, [hours])
  const of = (read: (hour: Hour) => number) =>
    moments.map((at) => {
      const hour = byHour.get(at)
      return hour === undefined ? 0 : read(hour)
    })
  const spend = of((hour) => Number(hour.charge_nano_usd) / 1e9)
  return (
    <div className="cards two">
      <Chart
        title={say('spendByHour')}
        moments={moments}
        series={[{ name: say('spend'), values: spend, colour: 1, look: 'bars' }]}
        write={(value) => format.amount(value === null ? null : value.toFixed(2), 'USD')}
        writeMoment={writeMoment}
      />
      <Chart
        title={say('callsByHour')}
        moments={moments}
        series={[
          { name: say('callsOf'), values: of((hour) => hour.calls), colour: 2, look: 'bars' },
          { name: say('errorsOf'), values: of((hour) => hour.errors), colour: 5, look: 'bars' },
        ]}
        write={(value) => format.compact(value)}
        writeMoment={writeMoment}
      />
    </div>
  )
}

const firstCall = (origin: string): string =>
  `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer $DROVER_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"model":"kimi-k2","messages":[{"role":"user","content":"ping"}]}'`

const NoCalls = () => {
  const say = useWords(texts)
  return (
    <section className="card">
      <Empty
        title={say('noCalls')}
        command={firstCall(window.location.origin)}
        action={<Link to="/quickstart">{say('start')}</Link>}
      >
        {say('noCallsWhy')}
      </Empty>
    </section>
  )
}

const Body = ({ overview, test }: { readonly overview: Overview; readonly test: boolean }) => {
  const session = useSession()
  return (
    <>
      <Figures overview={overview} test={test} />
      {overview.hours.length === 0 ? <NoCalls /> : <Charts hours={overview.hours} />}
      <div className="cards two">
        {overview.models.length === 0 ? null : <Models models={overview.models} />}
        {session.operator ? <Providers providers={overview.providers} /> : null}
      </div>
    </>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [filters, change] = useFilters()
  const test = filters['test'] === '1'
  const query = useRead('overview show', { test }, { everyMs, keepsOld: true })
  const which = (
    <select
      className="select"
      aria-label={say('which')}
      value={test ? '1' : ''}
      onChange={(event) => change({ test: event.target.value })}
    >
      <option value="">{say('live')}</option>
      <option value="1">{say('sandbox')}</option>
    </select>
  )
  return (
    <>
      <PageHead title={say('title')} actions={which}>
        {say('lead')}
      </PageHead>
      <Loaded query={query}>{(overview) => <Body overview={overview} test={test} />}</Loaded>
    </>
  )
}
