/** A migration on three nodes: one arm for a conversation wherever it comes in, one sum, one decider after another, one way back. */

import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { chat } from '../e2e/bench.ts'
import { call } from '../e2e/call.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { completion } from '../fake/openai.ts'
import type { Fleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import { startPostgres } from './server.ts'

const file = `migration: move
match: { models: [m] }
baseline: { route: fake/one }
candidate: { route: fake/two }
steps:
  - { set_weight: 50, pause: { duration: 1h }, min_sample: 1000000 }
  - { set_weight: 100, bake: { duration: 1h } }
analysis: { interval: 200ms, initial_delay: 1ms, metrics: [{ name: error-rate, threshold_range: { max: 0.01 } }] }
traffic: { error_share: 0.001, conversations_per_day: 100000 }
`

type Status = {
  readonly state: string
  readonly arms: Readonly<Record<'baseline' | 'candidate', { readonly turns: number; readonly conversations: number }>>
}

describe('a migration on three nodes', () => {
  let fleet: Fleet
  const opened = new AsyncDisposableStack()
  let key: string
  before(async () => {
    const server = opened.use(await startPostgres())
    const config = 'models:\n  m: { targets: [{ provider: fake, model: one }] }\n'
    fleet = opened.use(await startFleet({ url: await server.database(), size: 3, config }))
    fleet.upstream.answer(({ seen, response }) => {
      const { model } = JSON.parse(seen.body.toString('utf8')) as { model: string }
      const bytes = Buffer.from(JSON.stringify(completion({ content: model })))
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length })
      response.end(bytes)
    })
    key = (await node(0).createKey()).key
  })
  after(() => opened.disposeAsync())

  const node = (index: number): Relay => {
    const found = fleet.relays[index]
    assert.ok(found)
    return found
  }
  const admin = (index: number, path: string, body?: object) =>
    call(node(index).url, { path: `/api/v1/migrations${path}`, key: adminKey, ...(body === undefined ? {} : { body }) })
  const status = async (index: number): Promise<Status> => JSON.parse((await admin(index, '/move')).text) as Status
  /** Which model answered. */
  const ask = async (index: number, session: string): Promise<unknown> => {
    const answer = await call(node(index).url, {
      key,
      headers: { 'x-session-id': session },
      body: chat('hi', { model: 'm', max_tokens: 5 }),
    })
    assert.equal(answer.status, 200, answer.text)
    return answer.at('choices.0.message.content')
  }
  const sessions = Array.from({ length: 40 }, (_unused, index) => `s-${index}`)

  test('a conversation has one arm on every node, counts once, and comes to one sum', async () => {
    const known = async (): Promise<true | undefined> => {
      const answers = await Promise.all([1, 2].map((index) => call(node(index).url, { path: '/v1/models', key })))
      return answers.every(({ status: code }) => code === 200) ? true : undefined
    }
    await eventually('the key on every node', known)
    const begun = await admin(0, '', { file, skip_preflight: 'fakes' })
    assert.equal(begun.status, 200, begun.text)
    await eventually('the migration on every node', async () => {
      const answers = await Promise.all(
        [1, 2].map(async (index) => Promise.all(sessions.map((one) => ask(index, one)))),
      )
      return answers.every((models) => models.includes('two')) ? true : undefined
    })
    const arms = await Promise.all([0, 1, 2].map((index) => Promise.all(sessions.map((one) => ask(index, one)))))
    assert.deepEqual(arms[1], arms[0])
    assert.deepEqual(arms[2], arms[0])
    const found = await eventually('all of them in the sums', async () => {
      const { arms: sums } = await status(1)
      return sums.baseline.conversations + sums.candidate.conversations >= sessions.length ? sums : undefined
    })
    assert.equal(found.baseline.conversations + found.candidate.conversations, sessions.length)
    assert.ok(found.candidate.conversations > 4 && found.baseline.conversations > 4)
  })

  test('what one node takes back is back on every node within two seconds, whoever else has died', async () => {
    await node(0).kill()
    assert.equal((await admin(1, '/move/rollback', { reason: 'test' })).status, 200)
    const decidedMs = performance.now()
    assert.ok(!(await Promise.all(sessions.map((one) => ask(1, one)))).includes('two'), 'at once where it was decided')
    await eventually('the other node', async () => {
      const sinceMs = performance.now() - decidedMs
      if (!(await Promise.all(sessions.map((one) => ask(2, one)))).includes('two')) return true
      assert.ok(sinceMs < 2_000, `a call that began ${sinceMs} ms later was moved`)
      return undefined
    })
    // Another node has the mandate by then, and brings the migration to its end.
    await eventually('its end', async () => ((await status(2)).state === 'rolled_back' ? true : undefined), 20_000)
  })
})
