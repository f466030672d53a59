import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationMs, retryAfterMs } from './retry-after.ts'

const wait = (headers: Record<string, string>, message: string | null = null): number | null =>
  retryAfterMs({ status: 429, headers, body: new Uint8Array() }, message)

test('durations are read as OpenAI writes them', () => {
  assert.equal(durationMs('6m0s'), 360_000)
  assert.equal(durationMs('1.5s'), 1500)
  assert.equal(durationMs('20ms'), 20)
  assert.equal(durationMs('1h2m3s4ms'), 3_723_004)
  assert.equal(durationMs('7'), 7000)
  for (const text of ['', 's', '1d', '-1s', '1 s', '1s!']) assert.equal(durationMs(text), null, text)
})

test('retry-after is seconds, or a date against the answer’s own', () => {
  assert.equal(wait({ 'retry-after': '3' }), 3000)
  assert.equal(wait({ 'retry-after': '0.4' }), 400)
  assert.equal(wait({ 'retry-after-ms': '350', 'retry-after': '1' }), 350)
  const date = { date: 'Sun, 22 Nov 2026 16:00:00 GMT' }
  assert.equal(wait({ ...date, 'retry-after': 'Sun, 22 Nov 2026 16:00:09 GMT' }), 9000)
  assert.equal(wait({ ...date, 'retry-after': 'Sun, 22 Nov 2026 15:00:00 GMT' }), 0)
  assert.equal(wait({ 'retry-after': 'Sun, 22 Nov 2026 16:00:09 GMT' }), null)
  assert.equal(wait({ 'retry-after': 'soon' }), null)
})

test('nobody waits for more than a day', () => {
  assert.equal(wait({ 'retry-after': '99999999' }), 86_400_000)
})

test('else the message tells it, else the limit that is used up, else the soonest reset', () => {
  assert.equal(wait({}, 'Please try again in 1.2s. Visit us.'), 1200)
  assert.equal(wait({}, 'try again after 1 seconds'), 1000)
  assert.equal(wait({}, 'Retry in 250 ms'), 250)
  assert.equal(wait({}, 'try again in 2 minutes'), 120_000)
  assert.equal(wait({}, 'try again later'), null)
  const resets = { 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '6m0s' }
  assert.equal(wait(resets), 1000)
  assert.equal(wait({ ...resets, 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-remaining-requests': '9' }), 360_000)
  assert.equal(wait({ 'x-ratelimit-reset-requests': '2026-11-22' }), null)
  assert.equal(wait({}), null)
})
