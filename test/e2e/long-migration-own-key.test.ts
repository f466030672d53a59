/** A migration whose baseline is the credential that an account has brought itself: its calls, its way back, its preflight. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { failure, whole } from '../fake/answer.ts'
import { completion } from '../fake/openai.ts'
import type { FakeUpstream } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import { chat } from './bench.ts'
import type { Answer } from './call.ts'
import { call } from './call.ts'
import type { MadeKey, Relay } from './harness.ts'
import { adminKey, eventually, fakeKey, startRelay } from './harness.ts'

const ownKey = 'sk-that-the-customer-has-brought-QRST'
const answered = completion({ content: 'Good morning.', promptTokens: 7, completionTokens: 3 })

const fileOf = (key: MadeKey): string => `migration: theirs
match: { models: [talk], keys: [${key.id}] }
baseline: { route: old/talk }
candidate: { route: new/talk }
preflight: { conformance: off, health_check: { interval: 1ms, success_threshold: 1 } }
steps: [{ set_weight: 50, pause: { duration: 1h }, min_sample: 1000 }]
analysis: { interval: 100ms, initial_delay: 1ms, metrics: [{ name: error-rate, threshold_range: { max: 0.9 } }] }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
`

describe("a migration from an account's own credential", () => {
  let relay: Relay
  let old: FakeUpstream
  let next: FakeUpstream
  let account: string
  let key: MadeKey
  const admin = async (path: string, body?: object): Promise<Answer> => {
    const answer = await call(relay.url, { path: `/api/v1${path}`, key: adminKey, ...(body && { body }) })
    assert.equal(answer.status, 200, answer.text)
    return answer
  }
  before(async () => {
    old = await startUpstream(whole(answered))
    next = await startUpstream(whole(answered))
    const provider = (at: FakeUpstream): string =>
      `{ vendor: openai-compatible, base_url: "${at.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }`
    const cost = 'cost: { input: "1.00", output: "2.00" }'
    relay = await startRelay({
      config: `providers:\n  old: ${provider(old)}\n  new: ${provider(next)}\nmodels:\n  talk: { targets: [{ provider: old, model: talk, ${cost} }, { provider: new, model: talk, tier: 2, ${cost} }], price: { input: "3.00", output: "6.00" } }\n`,
      env: { FAKE_KEY: fakeKey },
    })
    account = String((await admin('/accounts', { name: 'acme', billing: 'unlimited' })).at('id'))
    await admin('/credentials', { account, provider: 'old', key: ownKey })
    key = await relay.createKey({ account })
  })
  after(async () => {
    await Promise.all([old.close(), next.close()])
    await relay[Symbol.asyncDispose]()
  })

  const bearers = (upstream: FakeUpstream): readonly string[] => [
    ...new Set(
      upstream.seen.filter(({ method }) => method === 'POST').map(({ headers }) => String(headers.authorization)),
    ),
  ]
  const ask = (session: string, arm?: string): Promise<Answer> =>
    call(relay.url, {
      key: key.key,
      headers: { 'x-session-id': session, ...(arm !== undefined && { 'x-drover-arm': arm }) },
      body: chat('hi', { model: 'talk' }),
    })

  test('the baseline is asked with it, by the preflight as by calls; the candidate with the operator’s, which alone costs the operator', async () => {
    const started = await admin('/migrations', { file: fileOf(key) })
    assert.equal(started.at('state'), 'ramping')
    assert.deepEqual([bearers(old), bearers(next)], [[`Bearer ${ownKey}`], [`Bearer ${fakeKey}`]])
    old.forget()
    next.forget()
    const answers = await Promise.all(Array.from({ length: 24 }, (_one, index) => ask(`s-${index}`)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.deepEqual([bearers(old), bearers(next)], [[`Bearer ${ownKey}`], [`Bearer ${fakeKey}`]])
    const counted = await eventually(
      'the evidence of both arms',
      async () => {
        const found = await call(relay.url, { path: '/api/v1/migrations/theirs', key: adminKey })
        const turns = (arm: string): number => Number(found.at(`arms.${arm}.turns`))
        return turns('baseline') + turns('candidate') === 24 ? found : undefined
      },
      30_000,
    )
    assert.equal(counted.at('arms.baseline.cost_usd'), '0.00')
    // 7 x 1,000 + 3 x 2,000 nano-USD a call: what the model says of the candidate as its target.
    const calls = Number(counted.at('arms.candidate.turns'))
    assert.ok(calls > 0 && Number(counted.at('arms.candidate.cost_usd')) === (calls * 13_000) / 1e9, counted.text)
  })

  test('where the candidate fails the baseline answers with it', async () => {
    next.answer(failure(503, { message: 'busy' }))
    old.forget()
    const answer = await ask('tester', 'candidate')
    assert.deepEqual([answer.status, answer.headers['x-drover-provider']], [200, 'old'])
    assert.deepEqual(bearers(old), [`Bearer ${ownKey}`])
    next.answer(whole(answered))
  })
})
