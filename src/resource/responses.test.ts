/** Responses that are kept: their holder's alone, waited for while they are on their way, sealed, bounded, swept. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '#base/log.ts'
import type { Responses } from './responses.ts'
import { makeResponses, responseBytesMax } from './responses.ts'
import { testResponseStore, testSeal } from './test-response-store.ts'

const dayMs = 86_400_000

const open = () => {
  const store = testResponseStore()
  let nowMs = 0
  const timers: (() => void)[] = []
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (_delayMs: number, callback: () => void) => {
      timers.push(callback)
      return () => {}
    },
  }
  const responses = makeResponses({ store, seal: testSeal, clock, log: silentLog })
  const passTo = (ms: number): void => {
    nowMs = ms
  }
  return { responses, store, passTo, timers }
}

const mine = { id: 'resp_1', holder: 'account-1' }
const said = { input: [{ role: 'user', content: 'Hello' }], document: { id: 'resp_1', output: [] } }

const keep = (responses: Responses): Promise<string | null> => responses.begin({ ...mine, call: 'call_1' })(said)

test('what is kept comes back to its holder, sealed in between, and to nobody else', async () => {
  const { responses, store } = open()
  assert.equal(await keep(responses), null)
  assert.deepEqual(await responses.find(mine), { kind: 'kept', response: said })
  assert.equal(await responses.find({ ...mine, holder: 'account-2' }), null)
  assert.match(Buffer.from([...store.rows.values()][0]?.body ?? []).toString(), /^response\/account-1\/resp_1\n/)
  assert.equal(await responses.drop({ ...mine, holder: 'account-2' }), false)
  assert.equal(await responses.drop(mine), true)
  assert.equal(await responses.find(mine), null)
})

test('who asks for one that is on its way waits for it; one that failed is not there', async () => {
  const { responses } = open()
  const end = responses.begin({ ...mine, call: 'call_1' })
  let found: unknown = 'not yet'
  const asking = responses.find(mine).then((one) => {
    found = one
  })
  await Promise.resolve()
  assert.equal(found, 'not yet')
  assert.equal(await end(said), null)
  await asking
  assert.deepEqual(found, { kind: 'kept', response: said })
  const other = { id: 'resp_2', holder: 'account-1' }
  const failed = responses.begin({ ...other, call: 'call_2' })
  const asked = responses.find(other)
  assert.equal(await failed(null), null)
  assert.equal(await asked, null)
})

test('a provider keeps its own: only whose it is stands here', async () => {
  const { responses, store } = open()
  await responses.bind({ ...mine, call: 'call_1', provider: 'openai', credential: 'd1' })
  assert.deepEqual(await responses.find(mine), { kind: 'provider', provider: 'openai', credential: 'd1' })
  const other = { ...mine, id: 'resp_2' }
  await responses.bind({ ...other, call: 'call_2', provider: 'openai', credential: null })
  assert.deepEqual(await responses.find(other), { kind: 'provider', provider: 'openai', credential: null })
  assert.deepEqual(
    [...store.rows.values()].map(({ body }) => body === null),
    [false, true],
  )
})

test('one that is too large is not kept, and it is said', async () => {
  const { responses } = open()
  const large = { ...said, document: { output: 'x'.repeat(responseBytesMax) } }
  assert.match((await responses.begin({ ...mine, call: 'call_1' })(large)) ?? '', /larger than 8388608 bytes/)
  assert.equal(await responses.find(mine), null)
})

test('after 30 days it is gone, and swept', async () => {
  const { responses, store, passTo, timers } = open()
  await keep(responses)
  passTo(30 * dayMs - 1)
  assert.notEqual(await responses.find(mine), null)
  passTo(30 * dayMs)
  assert.equal(await responses.find(mine), null)
  assert.equal(store.rows.size, 1)
  timers[0]?.()
  await responses.close()
  assert.equal(store.rows.size, 0)
})
