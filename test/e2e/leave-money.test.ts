import { strict as assert } from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { stallAfter, stream } from '../fake/answer.ts'
import { makeGate } from '../fake/gate.ts'
import { completionEvents } from '../fake/openai.ts'
import type { Script } from '../fake/upstream.ts'
import { startUpstream } from '../fake/upstream.ts'
import type { Bench } from './bench.ts'
import { assertProblem, call, openCall } from './call.ts'
import { balanceOf, holdOf, openAccount, outputNano, provenOk, settled, sizeOf, sold } from './customer.ts'
import { fakeKey, startRelay, within } from './harness.ts'

/** A vendor that stops its bill when it is left, and one that makes and bills the whole answer anyway. */
const policies = [
  { policy: 'cancel', vendor: 'openai-compatible' },
  { policy: 'drain', vendor: 'mistral' },
] as const

const credit = 1_000_000_000n
/** Seven tokens in and three out, as the provider reports them. */
const reportedNano = 13_000n
const words = ['one ', 'two ', 'three ']
const events = completionEvents(words, { usage: true })
const body = sold({ stream: true })

for (const { policy, vendor } of policies)
  describe(`callers who leave a provider whose policy is ${policy}`, () => {
    let bench: Bench
    before(async () => {
      const upstream = await startUpstream()
      const config = `providers:
  other: { vendor: ${vendor}, base_url: "${upstream.baseUrl}", allow_private: true, api_key: "env:FAKE_KEY" }
models:
  sold: { targets: [{ provider: other, model: any }], price: { input: "1.00", output: "2.00" } }
`
      const relay = await startRelay({ config, env: { FAKE_KEY: fakeKey } })
      const close = async (): Promise<void> => {
        await upstream.close()
        await relay[Symbol.asyncDispose]()
      }
      bench = { relay, upstream, key: '', close }
    })
    after(() => bench.close())

    /** A streamed call left after this text; what it was charged, from what evidence, and whether the provider was left. */
    const leave = async (script: Script, text: string | null, leftAlone: () => void = () => undefined) => {
      const account = await openAccount(bench, credit)
      bench.upstream.forget()
      bench.upstream.answerOnce(script)
      const leaving = new AbortController()
      const opening = openCall(bench.relay.url, { key: account.key, body, signal: leaving.signal })
      const seen = await bench.upstream.arrival(0)
      let id: string | undefined
      if (text === null) {
        leaving.abort()
        await assert.rejects(opening)
      } else {
        const open = await opening
        await open.until(text)
        open.leave()
        id = open.headers['x-request-id']
      }
      // Answered after the relay has seen that the caller of before is gone.
      await call(bench.relay.url, { path: '/health/liveness' })
      leftAlone()
      const charged = credit - (await settled(bench, account.id))
      const path = `/v1/generation?id=${id}`
      const rule = id === undefined ? null : (await call(bench.relay.url, { key: account.key, path })).at('data.rule')
      await provenOk(bench)
      return { charged, rule, seen }
    }

    test('before the first part: nothing is charged, and the provider is left at once', async () => {
      const { charged, seen } = await leave(stallAfter(events.slice(0, 1)), null)
      assert.equal(charged, 0n)
      await within(seen.left, 2_000, () => 'the provider still works for nobody')
    })

    test('in the middle', async () => {
      const gate = makeGate()
      const paced = stream(events, { before: (index) => (index === 3 ? gate.passed : Promise.resolve()) })
      const { charged, rule, seen } = await leave(paced, 'two ', policy === 'drain' ? gate.open : undefined)
      if (policy === 'drain') {
        assert.equal(rule, "the caller left (drain): the provider's own count")
        assert.equal(charged, reportedNano)
        assert.equal(seen.hasLeft(), false)
        return
      }
      assert.equal(rule, 'the caller left (cancel): counted by Drover from what was delivered: the answer was cut')
      assert.ok(charged >= 2n * outputNano && charged < holdOf(body, 100n), `${charged}`)
      await within(seen.left, 2_000, () => 'the provider still streams to nobody')
    })

    test("after the last part: the provider's own count is charged, as if the caller had stayed", async () => {
      const { charged, rule } = await leave(stream(events), '[DONE]')
      assert.equal(charged, reportedNano)
      assert.match(String(rule), /the provider's own count$/)
    })

    test('a stream that reports more than was held is a shortfall, and the next call is refused', async () => {
      const account = await openAccount(bench, holdOf(body, 100n))
      const usage = { prompt_tokens: Number(sizeOf(body)), completion_tokens: 170 }
      const last = `data: ${JSON.stringify({ id: 'x', choices: [], usage: { ...usage, total_tokens: 0 } })}\n\n`
      bench.upstream.answerOnce(stream([...events.slice(0, -2), last, 'data: [DONE]\n\n']))
      await (await openCall(bench.relay.url, { key: account.key, body })).rest()
      assert.equal(await settled(bench, account.id), -70n * outputNano)
      assertProblem(await call(bench.relay.url, { key: account.key, body }), 402, 'credit_exhausted')
      assert.deepEqual(await balanceOf(bench, account.id), { balance: -70n * outputNano, held: 0n })
      await provenOk(bench)
    })
  })
