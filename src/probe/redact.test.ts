import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import type { Exchange } from './exchange.ts'
import { evidenceOf, withoutSecrets } from './redact.ts'

const exchange = (text: string): Exchange => ({
  ask: {
    method: 'POST',
    path: 'chat/completions',
    body: { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(9_000) }] },
  },
  url: 'https://api.test/v1/chat/completions?key=AIzaNobodyShouldSeeThis0123456789',
  requestHeaders: { authorization: 'REDACTED' },
  requestBytes: 0,
  status: 401,
  headers: { 'content-type': 'application/json', 'set-cookie': 'session=abc', 'x-request-id': 'r1' },
  pieces: [],
  body: Buffer.from(text),
  end: 'complete',
  fault: null,
  headMs: 1,
  endMs: 12.4,
  continued: false,
})

test('no credential is shown, whether it is known or only looks like one', () => {
  const text =
    '{"error":{"message":"Incorrect key my-own-secret, sk-proj-abcdefghijklmnop and hs-live-0123456789abcdef"}}'
  const shown = JSON.stringify(evidenceOf(exchange(text), ['my-own-secret']))
  for (const secret of ['my-own-secret', 'sk-proj', 'hs-live-', 'AIza', 'session=abc'])
    assert.ok(!shown.includes(secret), shown)
  assert.match(shown, /x-request-id: r1/)
})

test('words that only begin like a key stay', () => {
  assert.equal(withoutSecrets('a task-force of or-gates', []), 'a task-force of or-gates')
})

test('long bodies keep their two ends', () => {
  const { request, elapsed_ms: elapsedMs } = evidenceOf(exchange('{}'), [])
  assert.ok(request.length < 2_000)
  assert.match(request, /… \d+ characters …/)
  assert.match(request, /\}\]\}$/)
  assert.equal(elapsedMs, 12)
})
