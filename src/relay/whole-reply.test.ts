import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { faultProblem } from '#http/upstream-problem.ts'
import { protocols } from '#protocol/index.ts'
import { openStage, sampleModel } from './test-stage.ts'
import { completion } from './test-upstream.ts'

const json = { 'content-type': 'application/json' }
const mebibyte = 1_048_576
const two = { models: [sampleModel([{}, { provider: 'beta' }])] }
const speech = { protocol: protocols['openai-speech'], path: 'audio/speech', body: { input: 'Hello' } }

test('an answer of up to 8 MiB is held whole: length and cost are known in its head', async () => {
  const stage = openStage()
  const caller = await stage.call()
  const text = JSON.stringify(completion('x'.repeat(4 * mebibyte)))
  const alpha = stage.arrival('alpha')
  alpha.head(200, json)
  alpha.write(text.slice(0, 3 * mebibyte))
  await stage.settle()
  assert.equal(caller.status(), 0)
  alpha.write(text.slice(3 * mebibyte))
  alpha.end()
  await stage.settle()
  assert.ok(caller.text() === text)
  assert.equal(caller.header('content-length'), String(text.length))
  assert.equal(caller.header('x-drover-cost'), '0.00002')
  assert.equal(caller.record().responseBytes, text.length)
})

test('a larger answer goes through as it comes, and its usage is read along', async () => {
  const stage = openStage(two)
  const caller = await stage.call()
  const text = JSON.stringify(completion('x'.repeat(9 * mebibyte)))
  const alpha = stage.arrival('alpha')
  alpha.head(200, json)
  alpha.write(text.slice(0, 8 * mebibyte + 1))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.equal(caller.text().length, 8 * mebibyte + 1)
  assert.deepEqual([caller.header('content-length'), caller.header('x-drover-cost')], [undefined, undefined])
  alpha.write(text.slice(8 * mebibyte + 1))
  alpha.end()
  await stage.settle()
  assert.ok(caller.text() === text)
  const { end, usage, costNanoUsd } = caller.record()
  assert.deepEqual([end, usage?.input, usage?.output, costNanoUsd], ['complete', 10, 5, 20_000n])
  assert.equal(stage.timers(), 0)
})

test('a larger answer that breaks off is cut, without an event in it', async () => {
  const stage = openStage(two)
  const caller = await stage.call()
  const alpha = stage.arrival('alpha')
  const begun = JSON.stringify(completion('x'.repeat(9 * mebibyte))).slice(0, 8 * mebibyte + 10)
  alpha.head(200, json)
  alpha.write(begun)
  alpha.end()
  await stage.settle()
  assert.ok(caller.text() === begun)
  assert.equal(caller.ending(), 'cut')
  assert.equal(stage.arrivals('beta'), 0)
  assert.deepEqual([caller.record().end, caller.record().error], ['cut', 'upstream_error'])
})

test('sound goes through as it comes', async () => {
  const stage = openStage(two)
  const caller = await stage.call(speech)
  const alpha = stage.arrival('alpha')
  alpha.head(200, { 'content-type': 'audio/mpeg', 'content-disposition': 'attachment', 'set-cookie': 'a=b' })
  await stage.settle()
  assert.equal(caller.status(), 0)
  alpha.write(Buffer.from([0xff, 0xfb, 0x90]))
  await stage.settle()
  assert.equal(caller.status(), 200)
  assert.deepEqual(caller.bytes(), Buffer.from([0xff, 0xfb, 0x90]))
  assert.deepEqual(['content-type', 'content-disposition', 'set-cookie', 'content-length'].map(caller.header), [
    'audio/mpeg',
    'attachment',
    undefined,
    undefined,
  ])
  await stage.advance(120_000)
  alpha.write(Buffer.from([0x00, 0x01]))
  alpha.end()
  await stage.settle()
  assert.deepEqual(caller.bytes(), Buffer.from([0xff, 0xfb, 0x90, 0x00, 0x01]))
  assert.deepEqual([caller.ending(), caller.record().end], ['complete', 'complete'])
})

test('sound that never begins is asked of another; sound that breaks off is cut', async () => {
  const stage = openStage(two)
  const caller = await stage.call(speech)
  const reset = faultProblem('reset', new Error('ECONNRESET'))
  stage.arrival('alpha').head(200, { 'content-type': 'audio/mpeg' })
  await stage.settle()
  stage.arrival('alpha').fail(reset)
  await stage.settle()
  const beta = stage.arrival('beta')
  beta.head(200, { 'content-type': 'audio/mpeg' })
  beta.write(Buffer.from([1]))
  await stage.settle()
  beta.fail(reset)
  await stage.settle()
  assert.deepEqual([caller.bytes(), caller.ending()], [Buffer.from([1]), 'cut'])
  assert.equal(caller.record().end, 'cut')
})

test('a whole answer may take as long as the route allows: only the total deadline counts', async () => {
  const stage = openStage()
  const caller = await stage.call()
  const { request } = stage.arrival('alpha')
  assert.deepEqual([request.connectTimeoutMs, request.headersTimeoutMs], [5_000, Number.POSITIVE_INFINITY])
  await stage.advance(300_000)
  assert.equal(caller.status(), 0)
  stage.arrival('alpha').head(200, json)
  await stage.advance(200_000)
  stage.arrival('alpha').write(JSON.stringify(completion('slow')))
  stage.arrival('alpha').end()
  await stage.settle()
  assert.equal(caller.status(), 200)
  const { durationMs, overheadMs, attempts } = caller.record()
  assert.deepEqual([durationMs, overheadMs, attempts[0]?.headersMs], [500_000, 0, 500_000])
})

test('bodies are kept on the record only where the operator has turned that on', async () => {
  for (const keepBodies of [true, false]) {
    const stage = openStage({ keepBodies })
    const caller = await stage.call()
    stage.arrival('alpha').answer(200, completion('Hi'))
    await stage.settle()
    const { requestBody, responseBody } = caller.record()
    assert.equal(requestBody?.includes('"Hello"') ?? null, keepBodies ? true : null)
    assert.equal(responseBody, keepBodies ? caller.text() : null)
  }
})
