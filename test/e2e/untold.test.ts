/** Pictures and recordings at a provider that tells no usage: held for, charged and told as what can be known of them. */

import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { whole } from '../fake/answer.ts'
import type { OwnBench } from './bench.ts'
import { startBench } from './bench.ts'
import { call } from './call.ts'
import { openAccount, provenOk, settled } from './customer.ts'
import { upload } from './upload.ts'

const models = `models:
  painter: { targets: [{ provider: fake, model: p }], price: { items: { images: "0.04" } } }
  by-token: { targets: [{ provider: fake, model: p }], price: { input: "5", image_output: "30" } }
  ear: { targets: [{ provider: fake, model: e }], price: { items: { seconds: "0.001" } } }
  plain: { targets: [{ provider: fake, model: c }], price: { input: "1", output: "2" } }
`
const unit = 1_000_000_000n

const usual = (bench: OwnBench, body: object): void => bench.upstream.answer(whole(body))

/** 1,024 samples a second, a byte each. */
const waveOf = (seconds: number): Buffer => {
  const bytes = Buffer.alloc(44 + Math.round(seconds * 1_024))
  bytes.write('RIFF....WAVEfmt ', 0, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt32LE(1_024, 24)
  bytes.writeUInt16LE(1, 32)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(bytes.length - 44, 40)
  return bytes
}

test('pictures cost their pieces, and those that only tokens would price are warned of', async () => {
  await using bench = await startBench({ config: models })
  const { id, key } = await openAccount(bench, unit)
  usual(bench, { created: 1, data: [{ b64_json: 'AA' }, { b64_json: 'AA' }] })
  const draw = (model: string) =>
    call(bench.relay.url, { key, path: '/v1/images/generations', body: { model, prompt: 'a fox', n: 2 } })
  const drawn = await draw('painter')
  assert.deepEqual([drawn.status, drawn.headers['x-drover-cost']], [200, '0.08'])
  assert.equal(await settled(bench, id), unit - 80_000_000n)
  const receipt = await call(bench.relay.url, { key, path: `/v1/generation?id=${drawn.headers['x-request-id']}` })
  assert.match(String(receipt.at('data.rule')), /^counted by Drover from the pictures that were delivered/)
  const untold = await draw('by-token')
  assert.match(untold.headers['x-drover-warnings'] ?? '', /^usage:the provider told too little/)
  assert.equal(untold.headers['x-drover-cost'], undefined)
  assert.equal(await settled(bench, id), unit - 80_000_000n)
  await provenOk(bench)
})

test('a recording is held for and charged by the seconds that its file plays, and one that the credit does not cover is refused', async () => {
  await using bench = await startBench({ config: models })
  const { id, key } = await openAccount(bench, unit / 100n)
  usual(bench, { text: 'hello' })
  const hear = (seconds: number) =>
    upload(bench.relay, { key, path: '/v1/audio/transcriptions', bytes: waveOf(seconds) }, { model: 'ear' })
  const heard = await hear(2.5)
  assert.deepEqual([heard.status, heard.headers['x-drover-cost']], [200, '0.003'])
  assert.equal(await settled(bench, id), unit / 100n - 3_000_000n)
  const long = await hear(7.5)
  assert.deepEqual([long.status, long.at('error.code')], [402, 'credit_exhausted'])
  assert.equal(bench.upstream.seen.length, 1, 'nothing went to the provider')
  await provenOk(bench)
})

test('a whole answer tells its cost in its head also where Drover counted it', async () => {
  await using bench = await startBench({ config: models })
  const { id, key } = await openAccount(bench, unit)
  const message = { role: 'assistant', content: 'Hello there' }
  usual(bench, { id: 'c', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] })
  const body = { model: 'plain', messages: [{ role: 'user', content: 'hi' }], max_tokens: 300 }
  const answer = await call(bench.relay.url, { key, body })
  const cost = BigInt(Math.round(Number(answer.headers['x-drover-cost']) * 1e9))
  assert.ok(cost > 0n)
  assert.equal(await settled(bench, id), unit - cost)
})
