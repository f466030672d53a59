/** One migration as it runs: share, evidence against limits, what has met the candidate, and the hand on the brake. */

import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useRead } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFormat, useWord, useWords } from '#parts/language.tsx'
import { Badge, Card, Meter, PageHead, Stat, Stats } from '#parts/layout.tsx'
import { useSaid } from '#parts/said/use-said.ts'
import { Loaded } from '#parts/states.tsx'
import type { Verb } from './brake.tsx'
import { Brake } from './brake.tsx'
import { Arms, Decisions, Evidence } from './evidence.tsx'
import type { Migration } from './migration-view.ts'
import { toneOf } from './migrations.tsx'
import { More } from './more.tsx'
import { phaseWord, texts } from './texts.ts'

const everyMs = 2_000
const ended = /complete|rolled|abort/

const Figures = ({ migration }: { readonly migration: Migration }) => {
  const say = useWords(texts)
  const format = useFormat()
  const { candidate } = migration.arms
  return (
    <Stats>
      <Stat
        name={say('now')}
        value={format.percent(migration.weight / 100)}
        beside={say('stepOf', { step: migration.step + 1, steps: migration.steps.length })}
      />
      <Stat name={say('blast')} value={format.number(candidate.conversations)} beside={say('blastWhy')} />
      <Stat
        name={say('failed')}
        value={format.number(candidate.failed_turns)}
        beside={format.percent(candidate.turns === 0 ? null : candidate.failed_turns / candidate.turns, 2)}
      />
      <Stat
        name={say('providerCost')}
        value={format.amount(candidate.cost_usd, 'USD')}
        beside={migration.candidate_route}
      />
    </Stats>
  )
}

const hourMs = 3_600_000

/** How much of the step's time is over. */
const goneOf = ({ step_since: since }: Migration, hours: number, nowMs: number): number =>
  Math.min(1, (nowMs - Date.parse(since)) / (hours * hourMs))

const Ramp = ({ migration }: { readonly migration: Migration }) => {
  const say = useWords(texts)
  const tell = useSaid()
  const format = useFormat()
  const nowMs = Date.now()
  return (
    <Card title={say('steps')} beside={<span className="soft">{tell(migration.next_said, migration.next)}</span>}>
      <ol className="inside ramp">
        {migration.steps.map((step, index) => (
          <li
            key={step.weight}
            aria-current={index === migration.step ? 'step' : undefined}
            className={index === migration.step ? 'now' : index < migration.step ? 'past' : ''}
          >
            <strong className="tabular">{format.percent(step.weight / 100)}</strong>
            <span className="soft">{say('hours', { hours: step.hours })}</span>
            <Meter
              share={index < migration.step ? 1 : index === migration.step ? goneOf(migration, step.hours, nowMs) : 0}
            />
          </li>
        ))}
      </ol>
    </Card>
  )
}

const Body = ({ migration }: { readonly migration: Migration }) => {
  const tell = useSaid()
  return (
    <>
      <div
        className={`note ${toneOf(migration.state) === 'bad' ? 'bad' : toneOf(migration.state) === 'warn' ? 'warn' : ''}`}
      >
        <p>{tell(migration.sentence_said, migration.sentence, migration.names)}</p>
      </div>
      <Figures migration={migration} />
      <Ramp migration={migration} />
      <Evidence migration={migration} />
      <Arms migration={migration} />
      <Decisions migration={migration} />
    </>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const word = useWord()
  const may = rights(useSession())
  const { name = '' } = useParams({ strict: false }) as { readonly name?: string }
  const query = useRead('migrate status', { name }, { everyMs })
  const [verb, setVerb] = useState<Verb | null>(null)
  const state = query.data?.state ?? ''
  const isPaused = /pause/.test(state)
  const actions =
    may.changesAll && query.data !== undefined ? (
      <>
        <Badge tone={toneOf(state)}>{word(phaseWord(state))}</Badge>
        {ended.test(state) ? null : (
          <>
            <Button onClick={() => setVerb(isPaused ? 'resume' : 'pause')}>{say(isPaused ? 'resume' : 'pause')}</Button>
            <Button onClick={() => setVerb('promote')}>{say('promote')}</Button>
          </>
        )}
        {ended.test(state) ? null : (
          <Button kind="danger" onClick={() => setVerb('rollback')}>
            {say('rollback')}
          </Button>
        )}
        <More migration={query.data} isOver={ended.test(state)} abort={() => setVerb('abort')} />
      </>
    ) : null
  return (
    <>
      <PageHead title={name} actions={actions}>
        {query.data === undefined ? null : `${query.data.baseline_route} → ${query.data.candidate_route}`}
      </PageHead>
      <Loaded query={query}>
        {(migration) => (
          <>
            <Body migration={migration} />
            {verb === null ? null : <Brake verb={verb} migration={migration} onClose={() => setVerb(null)} />}
          </>
        )}
      </Loaded>
    </>
  )
}
