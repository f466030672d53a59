import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Caller, Stage } from './test-stage.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { completion, done, faults, opening, says, stops, uses } from './test-upstream.ts'

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')
const exact = { 'x-drover-exact': 'true' }
const stream = { stream: true }

const answer = async (stage: Stage, pieces: readonly string[], end: 'whole' | 'broken' = 'whole'): Promise<void> => {
  const arrival = stage.arrival('alpha')
  arrival.head()
  for (const piece of pieces) {
    arrival.write(piece)
    await stage.settle()
  }
  if (end === 'whole') arrival.end()
  else arrival.fail(new Error('reset'))
  await stage.settle()
}

const digestsOf = (caller: Caller): readonly (string | null)[] => {
  const { upstreamDigest, deliveredDigest } = caller.record()
  return [upstreamDigest, deliveredDigest]
}

test('a record has the digest of what the provider sent, and of what the caller was sent', async () => {
  const stage = openStage()
  const caller = await stage.call({ body: stream })
  const sent = [opening, says('Hi'), stops, uses(10, 5), done]
  await answer(stage, sent)
  assert.notEqual(caller.text(), sent.join(''), 'the usage was not asked for')
  assert.deepEqual(digestsOf(caller), [sha256(sent.join('')), sha256(caller.bytes())])
  const whole = await stage.call()
  const text = JSON.stringify(completion('Hi'))
  const arrival = stage.arrival('alpha', 1)
  arrival.head(200, { 'content-type': 'application/json' })
  arrival.write(text.slice(0, 9))
  arrival.write(text.slice(9))
  arrival.end()
  await stage.settle()
  assert.deepEqual(digestsOf(whole), [sha256(text), sha256(text)])
})

test('of a refusal there is what the caller was told, and where digests are off there is nothing', async () => {
  const stage = openStage()
  const caller = await stage.call({ body: { model: 'nothing' } })
  assert.deepEqual(digestsOf(caller), [null, sha256(caller.bytes())])
  const off = openStage({ keepDigests: false })
  const silent = await off.call({ body: stream })
  await answer(off, [says('Hi'), stops, done])
  assert.deepEqual(digestsOf(silent), [null, null])
})

test('exact: usage that was not asked for, comments and blanks come through, whatever pieces they came in', async () => {
  const stage = openStage()
  const caller = await stage.call({ body: stream, headers: exact })
  const text = `: hello\n\n${opening}${says('Ü')}: ping\r\n\r\n${stops}${uses(10, 5)}${done}`
  await answer(stage, text.match(/[\s\S]{1,7}/gu) ?? [])
  assert.equal(caller.text(), text)
  assert.deepEqual(digestsOf(caller), [sha256(text), sha256(text)])
  assert.equal(caller.record().usage?.source, 'reported')
})

test('exact: neither a heartbeat nor an error event is added, and the cost is not written in', async () => {
  const stage = openStage({ key: { usageCost: true } })
  const caller = await stage.call({ body: stream, headers: exact })
  const arrival = stage.arrival('alpha')
  arrival.head()
  arrival.write(opening, says('Hi'))
  await stage.advance(31_000)
  arrival.write(uses(10, 5))
  arrival.fail(new Error('reset'))
  await stage.settle()
  assert.equal(caller.text(), opening + says('Hi') + uses(10, 5))
  assert.equal(caller.ending(), 'cut')
  const { upstreamDigest, deliveredDigest } = caller.record()
  assert.equal(upstreamDigest, deliveredDigest)
  const told = openStage()
  const faulty = await told.call({ body: stream, headers: exact })
  await answer(told, [says('Hi'), faults('no more')])
  assert.equal(faulty.text(), says('Hi') + faults('no more'))
})

test('exact: a provider of another format is not asked, and where there is no other the call is refused', async () => {
  const claude = { vendors: { alpha: { protocols: ['anthropic-messages'] } } } as const
  const stage = openStage({ ...claude, models: [sampleModel([{}, { provider: 'beta' }])] })
  const caller = await stage.call({ headers: exact })
  assert.equal(stage.arrivals('alpha'), 0)
  stage.arrival('beta').answer(200, completion('Hi'))
  await stage.settle()
  assert.equal(caller.status(), 200)
  const only = openStage(claude)
  const refused = await only.call({ headers: exact })
  assert.equal(refused.status(), 400)
  assert.match(refused.text(), /byte for byte/)
  assert.equal(only.arrivals('alpha'), 0)
})

test('exact: what is translated for this very model, or streams in an envelope, is refused', async () => {
  const protocols = ['anthropic-messages', 'openai-chat'] as const
  const other = openStage({ vendors: { alpha: { protocols, serves: (name) => name === 'anthropic-messages' } } })
  assert.equal((await other.call({ headers: exact })).status(), 400)
  assert.equal(other.arrivals('alpha'), 0)
  const wrapped = openStage({ vendors: { alpha: { unpack: (reply) => reply } } })
  assert.equal((await wrapped.call({ body: stream, headers: exact })).status(), 400)
  assert.equal(wrapped.arrivals('alpha'), 0)
  const whole = await wrapped.call({ headers: exact })
  wrapped.arrival('alpha').answer(200, completion('Hi'))
  await wrapped.settle()
  assert.equal(whole.status(), 200)
})
