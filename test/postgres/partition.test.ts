import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { chat } from '../e2e/bench.ts'
import { assertProblem, call } from '../e2e/call.ts'
import { balanceOf, models, openAccount, provenOk, sold } from '../e2e/customer.ts'
import type { Relay } from '../e2e/harness.ts'
import { adminKey, eventually } from '../e2e/harness.ts'
import { whole } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completion } from '../fake/openai.ts'
import type { Fleet } from './fleet.ts'
import { startFleet } from './fleet.ts'
import type { Line, Way } from './line.ts'
import { startLine } from './line.ts'
import { startPostgres } from './server.ts'

const credit = 1_000_000_000n
const costNano = 13_000n
const answered = whole(completion({ promptTokens: 7, completionTokens: 3 }))
const withinMs = 20_000

/** Nodes do not speak to each other: the way to the store is the only one that can be cut. */
describe('a node that is cut off from the store, which another node reaches', () => {
  let fleet: Fleet
  let line: Line
  let near: Relay
  let far: Relay
  const opened = new AsyncDisposableStack()
  before(async () => {
    const server = opened.use(await startPostgres())
    line = opened.use(await startLine(server.port))
    const url = await server.database()
    fleet = opened.use(await startFleet({ url, size: 0, config: `${models}cluster: { stale_max: 4s }\n` }))
    const byLine = url.replace(`:${server.port}/`, `:${line.port}/`)
    ;[near, far] = await Promise.all([fleet.add(), fleet.add({ storeUrl: byLine })])
    fleet.upstream.answer(answered)
  })
  after(() => opened.disposeAsync())
  const bench = () => ({ relay: near, upstream: fleet.upstream, key: '', close: async () => {} })
  const readiness = async (relay: Relay) => (await call(relay.url, { path: '/health/readiness' })).status
  const isReady = (relay: Relay, status: number) =>
    eventually(`readiness ${status}`, async () => ((await readiness(relay)) === status ? true : undefined), withinMs)

  for (const ways of [['there'], ['back']] as readonly (readonly Way[])[])
    test(`where what goes ${ways.join()} is lost it serves what it was lent, then refuses, and comes back whole`, async (context) => {
      context.after(() => line.heal())
      const account = await openAccount(bench(), credit)
      const doomed = await near.createKey({ name: 'doomed' })
      let served = 0n
      const ask = async (relay: Relay, maxTokens: number) => {
        const answer = await call(relay.url, { key: account.key, body: sold({ max_tokens: maxTokens }) })
        if (answer.status === 200) served += 1n
        return answer
      }
      await eventually('the account', async () => ((await ask(far, 10)).status === 200 ? true : undefined), withinMs)

      // A call under way keeps the lease with the node, and one that has ended leaves room in it.
      const gate = makeGate()
      fleet.upstream.forget()
      fleet.upstream.answerOnce(async (exchange) => {
        await gate.passed
        await answered(exchange)
      })
      const underWay = ask(far, 10)
      await fleet.upstream.arrival(0)
      // Its record is there when it has been settled, and what it held is the lease's again.
      await far.recordOf(await ask(far, 2000))
      line.hold(...ways)
      const lent = await ask(far, 100)
      assert.equal(lent.status, 200, `out of what it was lent: ${lent.text}`)
      const other = await ask(near, 100)
      assert.equal(other.status, 200, `the other node goes on: ${other.text}`)
      gate.open()
      assert.equal((await underWay).status, 200)
      await isReady(far, 503)
      // A node that is cut in the middle of a message keeps its locks until its statement has had its time: who is refused meanwhile asks again.
      await eventually(
        'the revocation',
        async () => {
          const revoked = await call(near.url, { method: 'DELETE', path: `/api/v1/keys/${doomed.id}`, key: adminKey })
          assert.ok([200, 503].includes(revoked.status), revoked.text)
          return revoked.status === 200 ? true : undefined
        },
        3 * withinMs,
      )
      const refused = await eventually(
        'the refusal',
        async () => {
          const answer = await ask(far, 100)
          return answer.status === 200 ? undefined : answer
        },
        withinMs,
      )
      assertProblem(refused, 503, 'store_unavailable')

      line.heal()
      await isReady(far, 200)
      const after = await call(far.url, { key: doomed.key, body: chat('hi') })
      assertProblem(after, 401, 'invalid_api_key')
      assert.equal((await ask(far, 100)).status, 200)
      // What is held is as the nodes last said: one that was cut off has yet to bring in what its calls came to.
      const due = credit - served * costNano
      await eventually(
        'every call that was answered, once, in the books',
        async () => {
          const { balance, held } = await balanceOf(bench(), account.id)
          assert.ok(balance >= due, `${balance} of ${due}`)
          return held === 0n && balance === due ? true : undefined
        },
        withinMs,
      )
      await provenOk(bench())
    })
})
