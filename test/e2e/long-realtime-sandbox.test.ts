/** Realtime sessions of the sandbox: whatever a client can meet, without a provider and without money. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Json } from '../fake/realtime.ts'
import { eventually, startRelay, testKey } from './harness.ts'
import { connectRealtime } from './realtime-client.ts'

const startWithinMs = 120_000

test('says again what it is told, in sound, in text, and in the form of the beta; nothing of it costs', async () => {
  const said = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'three small words' }] }
  await using relay = await startRelay({ startWithinMs })
  const client = await connectRealtime(relay.url, { key: testKey, path: '/v1/realtime?model=gpt-realtime' })
  await client.hear('session.created')
  client.say({ type: 'conversation.item.create', item: said }, { type: 'response.create' })
  const first = (await client.hear('response.done'))['response'] as Json
  assert.equal(first['status'], 'completed')
  assert.equal(client.heard.filter(({ type }) => type === 'response.output_audio.delta').length, 3)
  client.say({ type: 'response.create', response: { output_modalities: ['text'] } })
  const second = (await client.hear('response.done'))['response'] as { output: { content: Json[] }[] }
  assert.deepEqual(second.output[0]?.content, [{ type: 'output_text', text: 'three small words' }])
  client.leave()
  const headers = { 'openai-beta': 'realtime=v1' }
  const old = await connectRealtime(relay.url, { key: testKey, headers, path: '/v1/realtime?model=gpt-realtime' })
  await old.hear('session.created')
  old.say({ type: 'conversation.item.create', item: said }, { type: 'response.create' })
  await old.hear('response.done')
  assert.ok(old.heard.some(({ type }) => type === 'response.audio_transcript.delta'))
  old.leave()
  const record = await eventually('the record', async () =>
    (await relay.logs(20)).find((one) => one['session'] === client.headers['x-request-id']),
  )
  assert.deepEqual([record?.['test'], record?.['cost_nano_usd'], record?.['provider']], [true, '0', 'sandbox'])
})

test('hears the end of speech, answers unasked, and breaks off when it is asked to', async () => {
  await using relay = await startRelay({ startWithinMs })
  const client = await connectRealtime(relay.url, { key: testKey, path: '/v1/realtime?model=gpt-realtime' })
  await client.hear('session.created')
  const loud = Buffer.alloc(24_000)
  for (let at = 0; at < loud.length; at += 2) loud.writeInt16LE(at % 4 === 0 ? 9_000 : -9_000, at)
  const append = (sound: Buffer): Json => ({ type: 'input_audio_buffer.append', audio: sound.toString('base64') })
  client.say(append(loud), append(Buffer.alloc(24_000)))
  const response = (await client.hear('response.done'))['response'] as { output: { content: Json[] }[] }
  assert.match(String(response.output[0]?.content[0]?.['transcript']), /milliseconds of sound/)
  const said = {
    type: 'message',
    role: 'user',
    content: [{ type: 'input_text', text: 'sandbox:cut-after=1 one two' }],
  }
  client.say({ type: 'conversation.item.create', item: said }, { type: 'response.create' })
  assert.equal(((await client.hear('error'))['error'] as Json)['code'], 'upstream_error')
  assert.equal((await client.closed).code, 1011)
})
