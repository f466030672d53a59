import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasEnded, outcomeOf, resultFiles } from './batch-document.ts'

test('a batch has ended in every word that the two forms have for it', () => {
  for (const status of ['completed', 'failed', 'expired', 'cancelled']) assert.equal(hasEnded({ status }), true)
  for (const status of ['validating', 'in_progress', 'finalizing', 'cancelling'])
    assert.equal(hasEnded({ status }), false)
  assert.equal(hasEnded({ processing_status: 'ended' }), true)
  assert.equal(hasEnded({ processing_status: 'canceling' }), false)
  assert.deepEqual(resultFiles({ output_file_id: 'a', error_file_id: null }), ['a'])
})

test('a line is an answer, or says why there is none', () => {
  const openai = (line: object) => outcomeOf({ custom_id: 'a', ...line }, 'openai')
  const good = openai({ response: { status_code: 200, request_id: 'r', body: { usage: {} } }, error: null })
  assert.deepEqual(good, { customId: 'a', status: 200, body: { usage: {} }, requestId: 'r', failure: null })
  const bad = openai({ response: { status_code: 400, body: { error: { message: 'No.' } } }, error: null })
  assert.deepEqual([bad?.status, bad?.body, bad?.failure], [400, null, 'No.'])
  const late = openai({ response: null, error: { code: 'batch_expired', message: 'Too late.' } })
  assert.deepEqual([late?.body, late?.failure], [null, 'Too late.'])
  assert.equal(outcomeOf({ response: {} }, 'openai'), null)
  const anthropic = (result: object) => outcomeOf({ custom_id: 'a', result } as never, 'anthropic')
  assert.deepEqual(anthropic({ type: 'succeeded', message: { id: 'm' } })?.body, { id: 'm' })
  for (const type of ['canceled', 'expired']) assert.equal(anthropic({ type })?.failure, type)
  const refused = { type: 'errored', error: { type: 'error', error: { type: 'x', message: 'No.' } } }
  assert.equal(anthropic(refused)?.failure, 'No.')
})
