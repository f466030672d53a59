/** What must hold in every cell, written once for all clients. A check throws where it does not, and may say what a reader of the table should know. */

import { strict as assert } from 'node:assert'
import type { Driver, Feature, Figures, Session, Told, Wish } from './driver.ts'
import { features } from './driver.ts'
import { brokenStreams, brokenWholes, object, prompt, said, systemText, thought, usage, weatherOf } from './script.ts'
import type { Behind, MatrixStage } from './stage.ts'
import { behind, modelFor, upstreamModel } from './stage.ts'
import { cutsOf } from './upstream/serve.ts'

export type Cell = {
  readonly driver: Driver
  readonly to: Behind
  readonly feature: Feature
}

/** `note` = it holds, and this should be known; `lost` = it is lost, and that must have been said by the relay. */
export type Outcome = { readonly note?: string; readonly lost?: string }

export type At = {
  readonly stage: MatrixStage
  readonly session: Session
  readonly driver: Driver
  readonly to: Behind
  readonly model: (scenario: string) => string
}

const resultsFor = ({ calls }: Told): readonly string[] => calls.map(({ city }) => weatherOf[city] ?? '?')

/** Asks, and sends results back until nothing more is called. */
const converse = async (session: Session, wish: Wish): Promise<readonly [Told, Told]> => {
  const first = await session.ask(wish)
  if (first.next === undefined) return [first, first]
  assert.ok(first.calls.length > 0, `no tool was called: ${JSON.stringify(first.text)}`)
  return [first, await first.next(resultsFor(first))]
}

type Turns = { readonly scenario: string; readonly stream: boolean; readonly cities: readonly string[] }

const toolTurns = async ({ session, model }: At, { scenario, stream, cities }: Turns): Promise<void> => {
  const [first, last] = await converse(session, { model: model(scenario), prompt, stream, tool: true })
  assert.deepEqual(
    first.calls,
    cities.map((city) => ({ name: 'weather', city })),
  )
  for (const city of cities) assert.ok(last.text.includes(`${city}: ${weatherOf[city]}`), last.text)
}

const thinkingTurns = async ({ session, model }: At, stream: boolean): Promise<Outcome> => {
  const [first, last] = await converse(session, { model: model('thinking'), prompt, stream, tool: true, think: true })
  assert.ok(last.text.startsWith('kept') || last.text === 'lost', last.text)
  const untold = first.thought.includes(thought) ? [] : [`told as ${JSON.stringify(first.thought)}`]
  const lost = last.text === 'lost' ? ['not kept over turns'] : []
  const all = [...untold, ...lost]
  return all.length === 0 ? {} : { lost: all.join(', ') }
}

const faultOf = async ({ driver }: At, pending: Promise<unknown>) => {
  const thrown: unknown = await pending.then(
    (answer) => assert.fail(`it did not raise: ${JSON.stringify(answer).slice(0, 300)}`),
    (raised: unknown) => raised,
  )
  return driver.faultOf(thrown)
}

type Refusal = {
  readonly status: number
  readonly key: 'live' | 'wrong' | 'poor' | 'test'
  readonly asked: string
  readonly words: RegExp
}

/** What is refused with which status, and how often it is asked when the client may repeat it once. */
const refusals: readonly Refusal[] = [
  { status: 400, key: 'live', asked: 'refuse400', words: /As the script says/ },
  { status: 401, key: 'wrong', asked: 'text', words: /Incorrect API key/ },
  { status: 402, key: 'poor', asked: 'sold', words: /credit|balance/i },
  { status: 404, key: 'live', asked: 'refuse404', words: /As the script says/ },
  { status: 429, key: 'test', asked: 'sandbox:status=429,retry-after=1', words: /./ },
  { status: 502, key: 'live', asked: 'refuse500', words: /./ },
  { status: 503, key: 'test', asked: 'sandbox:status=503,retry-after=1', words: /./ },
]

const repeated: ReadonlySet<number> = new Set([429, 502, 503])

const errors = async (at: At): Promise<Outcome> => {
  const { driver, stage } = at
  const one = async ({ status, key, asked, words }: Refusal): Promise<void> => {
    const session = driver.open({ url: stage.url, key: stage.keys[key], retriesMax: 1 })
    const model = asked === 'sold' ? 'sold' : at.model(asked.startsWith('sandbox:') ? `sandbox${status}` : asked)
    const wish: Wish = { model, prompt: asked.startsWith('sandbox:') ? asked : prompt }
    const fault = await faultOf(at, session.ask(wish))
    const wanted = driver.kinds[status] ?? driver.kinds[0]
    if (wanted !== undefined) assert.equal(fault.kind, wanted, `${status}: ${fault.kind}: ${fault.message}`)
    if (fault.status !== null) assert.equal(fault.status, status, fault.message)
    assert.match(fault.message, words)
    if (asked === 'sold' || key === 'wrong') return
    const tries = await stage.callsOf(model)
    assert.equal(tries, driver.retries && repeated.has(status) ? 2 : 1, `${status} was asked ${tries} times`)
  }
  await Promise.all(refusals.map(one))
  return {}
}

const cancel = async ({ stage, session, to, model, driver }: At): Promise<Outcome> => {
  const { left } = stage.providers.arrivals(to, upstreamModel(to, 'hang', `${driver.name}-${to}`))
  const control = new AbortController()
  const ended = session
    .ask({ model: model('hang'), prompt, stream: true, signal: control.signal, onPiece: () => control.abort() })
    .then(
      ({ text }) => assert.notEqual(text, said, 'an answer that was left is given as whole'),
      () => undefined,
    )
  await ended
  if (to === 'google') return { note: 'read to its end: Google bills it whole' }
  await left
  return {}
}

/** Every way of breaking off, and every way of failing in the middle: it raises, and never gives an answer as whole. */
const broken = async (at: At): Promise<Outcome> => {
  const { session, model, to } = at
  const cuts = Array.from({ length: cutsOf(to) }, (_, index) => `cut${index + 1}`)
  const asked = [
    ...[...cuts, ...brokenStreams].map((scenario) => ({ scenario, stream: true })),
    ...brokenWholes.map((scenario) => ({ scenario, stream: false })),
  ]
  const raised = await Promise.all(
    asked.map(async ({ scenario, stream }) => {
      const thrown = await session.ask({ model: model(scenario), prompt, stream }).then(
        ({ text }) => `${scenario} was given as whole: ${JSON.stringify(text)}`,
        () => null,
      )
      return thrown
    }),
  )
  const silent = raised.filter((one) => one !== null)
  assert.deepEqual(silent, [])
  return { note: `${asked.length} of ${asked.length} raise` }
}

const kept = (figure: number | null, wanted: number, what: string): void =>
  assert.ok(figure === null || figure === wanted, `${what}: ${figure}, not ${wanted}`)

const usageHolds = (told: Told): void => {
  assert.ok(told.usage.input !== null && told.usage.output !== null, 'no usage came')
  kept(told.usage.input, usage.input, 'input')
  kept(told.usage.cached, usage.cached, 'cached')
  kept(told.usage.output, usage.output, 'output')
  kept(told.usage.reasoning, usage.reasoning, 'reasoning')
}

const figuresOf = ({ usage: { input, cached, output } }: { readonly usage: Figures }): string =>
  JSON.stringify([input, cached, output])

const checks: Readonly<Record<Feature, (at: At) => Promise<unknown>>> = {
  text: async ({ session, model, driver }) => {
    const told = await session.ask({ model: model('text'), prompt })
    assert.equal(told.text, said)
    assert.equal(told.finish, driver.words.stop)
  },
  stream: async ({ session, model, driver }) => {
    const told = await session.ask({ model: model('text'), prompt, stream: true })
    assert.equal(told.text, said)
    assert.ok(told.pieces >= 3, `it came in ${told.pieces} pieces`)
    assert.equal(told.finish, driver.words.stop)
  },
  system: async ({ session, model }) => {
    assert.equal((await session.ask({ model: model('system'), prompt, system: systemText })).text, 'aye')
  },
  image: async ({ session, model }) => {
    assert.equal((await session.ask({ model: model('image'), prompt, image: true })).text, 'a pixel')
  },
  tool: (at) => toolTurns(at, { scenario: 'tool', stream: false, cities: ['Oslo'] }),
  'tool, streaming': (at) => toolTurns(at, { scenario: 'tool', stream: true, cities: ['Oslo'] }),
  'parallel tools': (at) => toolTurns(at, { scenario: 'parallel', stream: true, cities: ['Oslo', 'Lima'] }),
  'structured output': async ({ session, model }) => {
    assert.deepEqual((await session.ask({ model: model('schema'), prompt, schema: true })).parsed, object)
  },
  'thinking over turns': (at) => thinkingTurns(at, false),
  'thinking, streaming': (at) => thinkingTurns(at, true),
  'stop reason': async ({ session, model, driver }) => {
    for (const stream of [false, true]) {
      const told = await session.ask({ model: model('length'), prompt, stream })
      assert.equal(told.finish, driver.words.length)
      assert.equal(told.text, 'Half of it')
    }
  },
  usage: async ({ session, model, driver }) => {
    usageHolds(await session.ask({ model: model('text'), prompt }))
    const streamed = await session.ask({ model: model('text'), prompt, stream: true })
    if (driver.loses?.usage === undefined) return usageHolds(streamed)
    return figuresOf(streamed) === figuresOf({ usage }) ? {} : { lost: 'of a stream' }
  },
  errors,
  cancel,
  'broken answers': broken,
  'tool runner': async ({ session, model }) => {
    assert.ok(session.runTools !== undefined, 'the driver has no loop')
    const { text, cities } = await session.runTools({ model: model('parallel'), prompt, tool: true })
    assert.deepEqual(cities.toSorted(), ['Lima', 'Oslo'])
    assert.ok(text.includes(`Oslo: ${weatherOf['Oslo']}`), text)
  },
}

/** Every cell of a client. */
export const cellsOf = (driver: Driver): readonly Cell[] =>
  behind.flatMap((to) => features.map((feature) => ({ driver, to, feature })))

/** Plays one cell. */
export const play = async (stage: MatrixStage, { driver, to, feature }: Cell): Promise<Outcome> => {
  const session = driver.open({ url: stage.url, key: stage.keys.live, retriesMax: 0 })
  // Each feature has models of its own, so that the relay's warnings are known for it.
  const cell = `${driver.name}-${to}${feature === 'cancel' ? '' : `-${feature.replace(/\W+/g, '')}`}`
  const at: At = { stage, session, driver, to, model: (scenario) => modelFor(to, scenario, cell) }
  return ((await checks[feature](at)) ?? {}) as Outcome
}
