/** How long a session lasts, by a clock that is moved by hand. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestSession } from './test-session.ts'

const minuteMs = 60_000

/** Minutes of talk in which nothing is asked for. */
const talk = async ({ stage, caller }: ReturnType<typeof openTestSession>, minutes: number): Promise<void> => {
  for (let left = minutes; left > 0; left -= 10) {
    await caller.say({ type: 'input_audio_buffer.clear' })
    await stage.advance(Math.min(left, 10) * minuteMs)
  }
}

test('a session in which nobody speaks ends after 15 minutes; a word of either side begins them anew', async () => {
  const session = openTestSession()
  const { stage, caller, provider, running } = session
  await stage.advance(14 * minuteMs)
  await provider.say({ type: 'rate_limits.updated', rate_limits: [] })
  await stage.advance(15 * minuteMs)
  assert.equal(caller.code(), null)
  await stage.advance(5_000)
  await running
  assert.match(String(caller.error()?.['message']), /for 15 minutes/)
  assert.deepEqual([caller.code(), provider.code(), stage.timers()], [1001, 1000, 0])
})

test('after 60 minutes a session ends, however much is said in it', async () => {
  const session = openTestSession()
  const { stage, caller, provider, running } = session
  await talk(session, 59)
  await stage.advance(55_000)
  assert.deepEqual([caller.code(), caller.error()], [null, null])
  await stage.advance(5_000)
  await running
  assert.equal(caller.error()?.['code'], 'session_expired')
  assert.match(String(caller.error()?.['message']), /60 minutes/)
  assert.deepEqual([caller.code(), provider.code(), stage.timers()], [1001, 1000, 0])
})

const usage = { total_tokens: 15, input_tokens: 10, output_tokens: 5 }

for (const answers of [true, false])
  test(`a response under way then is stopped, and charged ${answers ? 'as its provider says' : 'by what was delivered, ten seconds later'}`, async () => {
    const session = openTestSession()
    const { stage, caller, provider, running } = session
    await talk(session, 59)
    await caller.say({ type: 'response.create' })
    await stage.advance(30_000)
    assert.equal(provider.types().at(-1), 'response.create')
    await provider.say({ type: 'response.created', response: { id: 'resp_1', status: 'in_progress' } })
    await provider.say({ type: 'response.output_text.delta', response_id: 'resp_1', delta: 'Grüße' })
    await stage.advance(30_000)
    assert.equal(provider.types().at(-1), 'response.cancel')
    assert.deepEqual([caller.code(), stage.settled.length], [null, 0])
    if (answers) await provider.say({ type: 'response.done', response: { id: 'resp_1', status: 'cancelled', usage } })
    await stage.settle()
    if (!answers) {
      await stage.advance(9_900)
      assert.equal(caller.code(), null)
    }
    await stage.advance(100)
    await running
    assert.equal(caller.code(), 1001)
    assert.equal(stage.settled.length, 1)
    if (answers) assert.equal(stage.settled[0]?.chargeNanoUsd, 20_000n)
    else assert.ok((stage.settled[0]?.chargeNanoUsd ?? 0n) > 0n)
    assert.equal(stage.timers(), 0)
  })
