import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptDraft, draftOf } from './draft.ts'
import { droverHeaders, replyHeaders } from './head.ts'

const draft = (warnings: readonly string[] = []) => {
  const asked = {
    id: 'call_1',
    origin: '',
    method: 'POST',
    path: '/v1/chat/completions',
    query: new URLSearchParams(),
    headers: {},
    remoteAddress: '192.0.2.1',
    fromLoopback: false,
    arrivedMs: 0,
    signal: new AbortController().signal,
    body: { kind: 'none' },
  } as const
  return { ...draftOf(asked, 'openai-chat', 0), warnings }
}

const warningsOf = (warnings: readonly string[]): string | undefined =>
  droverHeaders(draft(warnings), { elapsedMs: 1, limits: {} })['x-drover-warnings']

test('a refusal before any attempt has an id, a time and its limits, and names no target', () => {
  const headers = droverHeaders(draft(), { elapsedMs: 12.345, limits: { 'x-ratelimit-limit-requests': '60' } })
  assert.deepEqual(headers, {
    'x-request-id': 'call_1',
    'x-drover-attempts': '0',
    'x-drover-overhead-ms': '12.35',
    'openai-processing-ms': '12',
    'x-ratelimit-limit-requests': '60',
  })
})

test("overhead is the time that is not an upstream's; the last attempt is the one that is named", () => {
  const one = { ...attemptDraft('alpha', 'alpha-1', 2), endMs: 52 }
  const two = { ...attemptDraft('beta', 'größe/β', 60), firstPartMs: 90, upstreamRequestId: 'up-7' }
  const headers = droverHeaders({ ...draft(), model: 'm', attempts: [one, two] }, { elapsedMs: 100, limits: {} })
  assert.equal(headers['x-drover-overhead-ms'], '20.00')
  assert.equal(headers['x-drover-attempts'], '2')
  assert.equal(headers['x-drover-provider'], 'beta')
  assert.equal(headers['x-drover-upstream-request-id'], 'up-7')
  assert.equal(headers['x-drover-model'], 'gr??e/?')
})

test('warnings are whole entries of visible ASCII, a comma only between them', () => {
  assert.equal(warningsOf([]), undefined)
  assert.equal(
    warningsOf(['temperature:fixed at 1', 'stop:only 4, not 5']),
    'temperature:fixed at 1,stop:only 4; not 5',
  )
  assert.equal(warningsOf(['größe:\r\nx-evil: 1']), 'gr??e:??x-evil: 1')
})

test('warnings end at 1 KiB with the last entry that fits', () => {
  const entry = (index: number): string => `field-${index}:${'x'.repeat(90)}`
  const header = warningsOf(Array.from({ length: 40 }, (_, index) => entry(index))) ?? ''
  assert.ok(header.length <= 1_024 && header.length > 900, `${header.length} bytes`)
  assert.ok(header.endsWith('x'.repeat(90)))
  assert.equal(warningsOf(['y'.repeat(1_024)])?.length, 1_024)
  assert.equal(warningsOf(['y'.repeat(1_025)]), undefined)
})

test('of the upstream only what is meant for callers is passed on', () => {
  const head = {
    status: 200,
    headers: { 'content-type': 'application/json', 'openai-version': ['a', 'b'], 'set-cookie': 'a=b', server: 'x' },
  }
  assert.deepEqual(replyHeaders(head, { stream: false, lengthBytes: 12, costNanoUsd: 1_500_000_000n }), {
    'content-type': 'application/json',
    'openai-version': 'a, b',
    'content-length': '12',
    'x-drover-cost': '1.50',
  })
})

test('a stream is one even before its upstream has said so, and no proxy may gather it', () => {
  assert.deepEqual(replyHeaders(null, { stream: true, lengthBytes: null, costNanoUsd: null }), {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
})
