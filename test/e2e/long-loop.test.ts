/** Two relays that name each other as provider: a call goes round a bounded number of times, and its caller is told why it failed. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { startUpstream } from '../fake/upstream.ts'
import { call } from './call.ts'
import { freePort } from './free-port.ts'
import { adminKey, configFor, eventually, fakeKey, makeFolder, removeFolder, startRelay } from './harness.ts'
import { refusedRealtime } from './realtime-client.ts'

const models = `models:
  round: { targets: [{ provider: fake, model: round }], price: { input: "1.00", output: "2.00" } }
`
const configTo = (port: number): string => configFor({ baseUrl: `http://127.0.0.1:${port}/v1` }, models)
const messages = [{ role: 'user', content: 'round and round' }]

test('a call between two relays that send to each other ends at the fourth, in its protocol, and costs nothing', async () => {
  const folder = await makeFolder()
  const [onePort, otherPort] = [await freePort(), await freePort()]
  const flags = ['--port', String(onePort)]
  // The key of each is the credential of the other, and there is none before a relay has run.
  await using early = await startRelay({ folder, flags, config: configTo(otherPort), env: { FAKE_KEY: fakeKey } })
  const { key } = await early.createKey()
  await early.kill()
  await using other = await startRelay({
    flags: ['--port', String(otherPort)],
    config: configTo(onePort),
    env: { FAKE_KEY: key },
  })
  const { key: back } = await other.createKey()
  await using one = await startRelay({ folder, flags, config: configTo(otherPort), env: { FAKE_KEY: back } })

  const answer = await call(one.url, { key, body: { model: 'round', messages } })
  assert.equal(answer.status, 508, answer.text)
  assert.equal(answer.at('error.code'), 'loop_detected')
  assert.match(String(answer.at('error.message')), /come through 4 relays/)
  assert.equal(answer.headers['x-drover-attempts'], '1', 'nobody was asked again')
  for (const relay of [one, other]) {
    const records = await eventually('both rounds', async () => {
      const found = await relay.logs(10)
      return found.length === 2 ? found : undefined
    })
    assert.deepEqual(
      records.map((record) => [record['status'], record['cost_nano_usd'] ?? '0']),
      [
        [508, '0'],
        [508, '0'],
      ],
    )
    const verdict = await call(relay.url, { path: '/api/v1/ledger/verify', key: adminKey })
    assert.deepEqual([verdict.at('ok'), verdict.at('open_holds')], [true, 0])
  }

  const streamed = await call(one.url, { key, body: { model: 'round', messages, stream: true } })
  assert.deepEqual([streamed.status, streamed.at('error.code')], [508, 'loop_detected'])
  const anthropic = await call(one.url, {
    key: null,
    path: '/v1/messages',
    headers: { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
    body: { model: 'round', max_tokens: 10, messages },
  })
  assert.equal(anthropic.status, 508, anthropic.text)
  assert.equal(anthropic.at('type'), 'error')
  assert.match(String(anthropic.at('error.message')), /come through 4 relays/)
  await removeFolder(folder)
})

test('each relay counts itself; what comes through too many, or says nonsense, is refused on every road before it is looked at', async () => {
  await using upstream = await startUpstream()
  await using relay = await startRelay({ config: configFor(upstream, models), env: { FAKE_KEY: fakeKey } })
  const { key } = await relay.createKey()
  const told = async (hops: string | null) => {
    const headers = hops === null ? {} : { 'x-drover-hops': hops }
    const answer = await call(relay.url, { key, headers, body: { model: 'round', messages } })
    return answer.at('error.code') === 'loop_detected' ? 'refused' : upstream.seen.at(-1)?.headers['x-drover-hops']
  }
  assert.equal(await told(null), '1')
  assert.equal(await told('0'), '1')
  assert.equal(await told('3'), '4')
  const before = upstream.seen.length
  for (const hops of ['4', '9', '-1', '10', '0x0', '1, 1', 'many', '']) assert.equal(await told(hops), 'refused', hops)
  assert.equal(upstream.seen.length, before)
  const headers = { 'x-drover-hops': '4' }
  for (const path of ['/v1/models', '/v1/files', '/v1beta/models/round:generateContent', '/api/v1/keys'])
    assert.equal((await call(relay.url, { path, key, headers })).status, 508, path)
  const refused = await refusedRealtime(relay.url, { key, headers, path: '/v1/realtime?model=round' })
  assert.equal(refused.status, 508)
})
