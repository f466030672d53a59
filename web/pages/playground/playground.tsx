/** Up to four models side by side: one message, streamed answers, cost before and after. */

import { useRef, useState } from 'react'
import { call } from '#actions/api.ts'
import { useRead } from '#actions/queries.ts'
import { useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { useFilters } from '#parts/filters.ts'
import { useWords } from '#parts/language.tsx'
import { Card, PageHead } from '#parts/layout.tsx'
import { Loaded } from '#parts/states.tsx'
import type { Ask } from './ask.ts'
import { Lane } from './lane.tsx'
import type { LaneState } from './lane-state.ts'
import { wishOfBody } from './replay.ts'
import { nothingYet, runChat } from './run.ts'
import { texts } from './texts.ts'
import type { Wish } from './wish.tsx'
import { askOf, nothingAsked, noWish, WishForm } from './wish.tsx'

const lanesMax = 4
const still: LaneState = { outcome: nothingYet, error: null, isRunning: false }

/** A key of its own for each kind, made when it is first needed, in memory only. */
const useOwnKeys = () => {
  const { account } = useSession()
  const keys = useRef(new Map<boolean, Promise<string>>())
  return (test: boolean): Promise<string> => {
    const known = keys.current.get(test)
    if (known !== undefined) return known
    const made = call('keys create', {
      name: `playground-${Date.now().toString(36)}`,
      test,
      expires: '1h',
      ...(account === null ? {} : { account }),
    }).then(({ key }) => key)
    keys.current.set(test, made)
    made.catch(() => keys.current.delete(test))
    return made
  }
}

/** The same model may stand in two places. */
const laneOf = (place: number, model: string): string => `${place} ${model}`

type Lanes = Readonly<Record<string, LaneState>>

const useLanes = (models: readonly string[]) => {
  const [states, setStates] = useState<Lanes>({})
  const runs = useRef(new Map<string, AbortController>())
  const keyFor = useOwnKeys()
  const send = async (ask: Ask, isTest: boolean): Promise<void> => {
    const lanes = models.map((model, place) => ({ model, lane: laneOf(place, model) }))
    setStates(Object.fromEntries(lanes.map(({ lane }) => [lane, { ...still, isRunning: true }])))
    await Promise.all(
      lanes.map(async ({ model, lane }) => {
        const run = new AbortController()
        runs.current.set(lane, run)
        // A run whose lane was taken away, or that another one followed, says nothing more.
        const put = (change: Partial<LaneState>): void => {
          if (runs.current.get(lane) === run)
            setStates((before) => ({ ...before, [lane]: { ...(before[lane] ?? still), ...change } }))
        }
        try {
          const key = await keyFor(isTest)
          await runChat({ ask, model, key }, run.signal, (outcome) => put({ outcome }))
        } catch (fault) {
          if (!run.signal.aborted) put({ error: fault instanceof Error ? fault : new Error(String(fault)) })
        } finally {
          put({ isRunning: false })
        }
      }),
    )
  }
  /** Ends what is under way in lanes that are no more, and forgets their answers. */
  const keepOnly = (kept: readonly string[]): void => {
    const lanes = new Set(kept.map((model, place) => laneOf(place, model)))
    for (const [lane, run] of runs.current) {
      if (lanes.has(lane)) continue
      run.abort()
      runs.current.delete(lane)
    }
    setStates((before) => Object.fromEntries(Object.entries(before).filter(([lane]) => lanes.has(lane))))
  }
  const stop = (): void => {
    for (const run of runs.current.values()) run.abort()
  }
  const isRunning = Object.values(states).some((state) => state.isRunning)
  return { states, isRunning, send, keepOnly, stop }
}

const useModels = () => {
  const [filters, change] = useFilters()
  const all = useRead('models list', {}).data?.data ?? []
  const chosen = (
    filters['models'] ??
    all
      .slice(0, 2)
      .map(({ id }) => id)
      .join(',')
  )
    .split(',')
    .filter((id) => id !== '')
  const choose = (models: readonly string[]): void => change({ models: models.join(',') })
  return { all, chosen, choose }
}

const Playground = ({ first }: { readonly first: Wish }) => {
  const { all, chosen, choose: chooseModels } = useModels()
  const { states, isRunning, send, keepOnly, stop } = useLanes(chosen)
  const choose = (models: readonly string[]): void => {
    keepOnly(models)
    chooseModels(models)
  }
  const say = useWords(texts)
  const [wish, setWish] = useState(first)
  const ask = askOf(wish)
  const lanes = chosen.map((id, place) => ({ id, place }))
  const canSend = wish.message.trim() !== '' && chosen.length > 0 && !isRunning && ask !== null
  const start = (): void => {
    if (canSend) void send(ask, wish.isTest)
  }
  return (
    <>
      <Card>
        <div className="inside stack">
          <WishForm wish={wish} change={(patch) => setWish({ ...wish, ...patch })} start={start} />
          <div className="row end">
            {chosen.length < lanesMax && all.length > 0 ? (
              <Button
                icon="plus"
                onClick={() => choose([...chosen, all.find(({ id }) => !chosen.includes(id))?.id ?? all[0]?.id ?? ''])}
              >
                {say('addModel')}
              </Button>
            ) : null}
            {isRunning ? (
              <Button icon="pause" onClick={stop}>
                {say('stop')}
              </Button>
            ) : null}
            <Button kind="first" icon="play" disabled={!canSend} onClick={start}>
              {say('send')}
            </Button>
          </div>
        </div>
      </Card>
      <div className="lanes">
        {lanes.map(({ id, place }) => (
          <Lane
            key={laneOf(place, id)}
            number={place + 1}
            id={id}
            models={all}
            ask={ask ?? nothingAsked}
            isTest={wish.isTest}
            state={states[laneOf(place, id)] ?? still}
            choose={(model) => choose(chosen.with(place, model))}
            remove={chosen.length > 1 ? () => choose(chosen.toSpliced(place, 1)) : null}
          />
        ))}
      </div>
    </>
  )
}

/** What a call asked is asked again, of whichever models, in the sandbox unless somebody wants it otherwise. */
const Replay = ({ id }: { readonly id: string }) => {
  const say = useWords(texts)
  const query = useRead('calls show', { id })
  return (
    <Loaded query={query}>
      {(made) => (
        <>
          <p className={made.request_body === null ? 'note warn' : 'soft'}>
            {say(made.request_body === null ? 'replayNoBody' : 'replayOf', { id })}
          </p>
          <Playground first={{ ...noWish, ...wishOfBody(made.request_body) }} />
        </>
      )}
    </Loaded>
  )
}

export const Page = () => {
  const say = useWords(texts)
  const [{ from }] = useFilters()
  return (
    <>
      <PageHead title={say('title')}>{say('lead')}</PageHead>
      {from === undefined ? <Playground first={noWish} /> : <Replay key={from} id={from} />}
    </>
  )
}
