/** Staged migration as a whole: files in, calls through, decisions out. Steps of a fraction of a second stand for hours. */

import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import type { Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay } from './harness.ts'

type Status = {
  readonly state: string
  readonly weight: number
  readonly step: number
  readonly sentence: string
  readonly arms: Readonly<Record<'baseline' | 'candidate', { readonly turns: number; readonly conversations: number }>>
  readonly evidence: readonly { readonly metric: string; readonly crossed: boolean }[]
  readonly log: readonly { readonly change: string; readonly by: string; readonly why: string }[]
}

const fileOf = (name: string, model: string): string => `migration: ${name}
match: { models: [${model}] }
baseline: { route: old/${model} }
candidate: { route: new/${model}-next }
steps:
  - { set_weight: 20, pause: { duration: 200ms }, min_sample: 3 }
  - { set_weight: 50, pause: { duration: 200ms }, min_sample: 6 }
  - { set_weight: 100, bake: { duration: 200ms } }
analysis: { interval: 100ms, initial_delay: 1ms, metrics: [{ name: error-rate, threshold_range: { max: 0.01 }, relative: { max_ratio: 1.5 } }] }
inconclusive: { action: extend, max_extensions: 20 }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
`

describe('staged migration', () => {
  let relay: Relay
  let old: FakeUpstream
  let next: FakeUpstream
  let key: string
  let sent = 0
  before(async () => {
    old = await startUpstream()
    next = await startUpstream()
    old.answer(whole(completion({ content: 'from the old one' })))
    next.answer(whole(completion({ content: 'from the new one' })))
    const provider = (at: FakeUpstream): string =>
      `{ vendor: openai-compatible, base_url: "${at.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }`
    relay = await startRelay({
      config: `providers:\n  old: ${provider(old)}\n  new: ${provider(next)}\n  kimi: ${provider(next).replace('openai-compatible', 'moonshot')}\nmodels:\n${['good', 'bad', 'third'].map((name) => `  ${name}: { targets: [{ provider: old, model: ${name} }] }\n`).join('')}`,
      env: { FAKE_KEY: fakeKey },
    })
    key = (await relay.createKey()).key
  })
  after(async () => {
    await Promise.all([old.close(), next.close()])
    await relay[Symbol.asyncDispose]()
  })

  const status = async (name: string): Promise<Status> => {
    const answer = await call(relay.url, { path: `/api/v1/migrations/${name}`, key: adminKey })
    assert.equal(answer.status, 200, answer.text)
    return JSON.parse(answer.text) as Status
  }
  const ask = (model: string): Promise<Answer> => {
    sent += 1
    return call(relay.url, {
      key,
      headers: { 'x-session-id': `s-${sent}` },
      body: chat('hi', { model, max_tokens: 5 }),
    })
  }
  /** Calls go on, each a conversation of its own, until the migration has come to one of these states. */
  const callUntil = async (name: string, states: readonly string[]): Promise<Status> =>
    eventually(
      `migration ${name} ${states.join(' or ')}`,
      async () => {
        const answers = await Promise.all(Array.from({ length: 8 }, () => ask(name)))
        assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200], 'no call is lost')
        const found = await status(name)
        return states.includes(found.state) ? found : undefined
      },
      20_000,
    )
  const start = async (name: string): Promise<void> => {
    const file = join(relay.folder, `${name}.yaml`)
    await writeFile(file, fileOf(name, name))
    const started = (await relay.command('migrate', 'start', file, '--skip-preflight', 'fakes')) as Status
    assert.deepEqual([started.state, started.weight, started.step], ['ramping', 20, 0])
  }

  test('a sound candidate goes up step by step to all of the traffic, and the decisions follow from the sums that were kept', async () => {
    await start('good')
    const done = await callUntil('good', ['completed', 'rolled_back', 'paused'])
    assert.equal(done.state, 'completed', done.sentence)
    assert.equal(done.weight, 100)
    assert.deepEqual(
      done.log.map(({ change }) => change).filter((change) => change !== 'extend'),
      ['start', 'promote', 'promote', 'complete'],
    )
    assert.ok(done.arms.candidate.turns >= 6 && done.arms.baseline.turns > 0)
    assert.equal((await ask('good')).at('choices.0.message.content'), 'from the new one')
    const { ok } = (await relay.command('migrate', 'replay', 'good')) as { ok: boolean }
    assert.ok(ok)
    const record = await relay.recordOf(await ask('good'))
    assert.deepEqual([record['provider'], record['model']], ['new', 'good'])
    const story = await call(relay.url, { path: `/api/v1/calls/${String(record['id'])}/explain`, key: adminKey })
    assert.deepEqual([story.at('call.migration'), story.at('call.arm')], ['good', 'candidate'])
    assert.equal(story.at('call.attempts.0.reason'), 'migration')
  })

  test('a candidate that fails is moved back by itself, and no caller has noticed', async () => {
    next.answer(whole({ error: { message: 'It broke.' } }, { status: 500 }))
    await start('bad')
    const done = await callUntil('bad', ['completed', 'rolled_back', 'paused'])
    assert.equal(done.state, 'rolled_back', done.sentence)
    assert.equal(done.weight, 0)
    assert.deepEqual(
      done.log.filter(({ change }) => change !== 'extend').map(({ change, by }) => [change, by === 'drover']),
      [
        ['start', false],
        ['rollback', true],
        ['settle', true],
      ],
    )
    next.forget()
    assert.equal((await ask('bad')).at('choices.0.message.content'), 'from the old one')
    assert.equal(next.seen.length, 0)
    const again = await call(relay.url, { path: '/api/v1/migrations/bad/promote', key: adminKey, body: {} })
    assert.equal(again.status, 409, again.text)
  })

  test('callers who split their traffic themselves report both sides, by a key that the file names, and are judged alike', async () => {
    const named = await relay.createKey()
    const file = fileOf('edge', 'third').replace('models: [third]', `models: [third], keys: [${named.id}]`)
    const begun = await call(relay.url, {
      path: '/api/v1/migrations',
      key: adminKey,
      body: { file: `${file}split: client\n`, skip_preflight: 'fakes' },
    })
    assert.equal(begun.status, 200, begun.text)
    const nowMs = Date.now() - 120_000
    const told = (arm: string, count: number, outcome: string): object[] =>
      Array.from({ length: count }, (_unused, index) => ({
        id: `${arm}-${index}`,
        arm,
        unit: `${arm}-${index}`,
        percent: 20,
        start_ms: nowMs + index,
        duration_ms: 10,
        outcome,
      }))
    const body = { observations: [...told('baseline', 80, 'ok'), ...told('candidate', 20, 'timeout')] }
    const report = (by: string): Promise<Answer> =>
      call(relay.url, { path: '/api/v1/migrations/edge/observations', key: by, body })
    assert.equal((await report(key)).status, 403, 'a key that the file does not name')
    assert.deepEqual((await report(named.key)).at('accepted'), 100)
    assert.deepEqual((await report(adminKey)).at('accepted'), 0, 'told twice')
    const done = await eventually('the verdict', async () => {
      const found = await status('edge')
      return found.state === 'rolled_back' ? found : undefined
    })
    assert.deepEqual([done.arms.baseline.conversations, done.arms.candidate.conversations], [80, 20])
    assert.match(done.log.at(-2)?.why ?? '', /20 of 20 conversations/)
  })

  test('a plan refuses a route that is not there and a limit that the baseline breaks; a page tells the story', async () => {
    const text = fileOf('other', 'good')
      .replace('new/good-next', 'nowhere/m')
      .replace('error_share: 0.001', 'error_share: 0.05')
    const plan = await call(relay.url, { path: '/api/v1/migrations/plan', key: adminKey, body: { file: text } })
    const refusals = plan.at('refusals') as readonly string[]
    assert.match(
      refusals.join(' '),
      /no provider "nowhere".*"good" \(completed\) moves "good" already.*baseline itself breaks the limit, with 5.00 %/,
    )
    const begun = await call(relay.url, { path: '/api/v1/migrations', key: adminKey, body: { file: text } })
    assert.equal(begun.status, 409)
    const copies = 'shadow: { consent: all, route: nowhere/m, judge: { route: kimi/kimi-k2, consent: all } }\n'
    const alias = `${fileOf('alias', 'third').replace('new/third-next', 'kimi/kimi-k2')}${copies}`
    const named = await call(relay.url, { path: '/api/v1/migrations/plan', key: adminKey, body: { file: alias } })
    assert.deepEqual(named.at('refusals'), [
      'candidate.route: "kimi-k2" is another name of "kimi-k2.6" there. Write "kimi/kimi-k2.6".',
      'shadow.route: there is no provider "nowhere" in drover.yaml.',
      'shadow.judge.route: "kimi-k2" is another name of "kimi-k2.6" there. Write "kimi/kimi-k2.6".',
    ])
    const page = await call(relay.url, { path: '/api/v1/migrations/bad/report', key: adminKey })
    assert.match(page.headers['content-type'] ?? '', /text\/html/)
    assert.match(page.text, /rolled_back/)
    const drill = await call(relay.url, { path: '/api/v1/migrations/good/drill', key: adminKey, body: {} })
    assert.ok(Number(drill.at('in_force_ms')) < 1_000 && drill.at('ok') === true, drill.text)
  })
})
