import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { carrierFormats, openCarrier, sealCarrier } from './carrier.ts'

const { anthropic, gemini } = carrierFormats

test('a carrier of its own format passes as it is', () => {
  assert.equal(sealCarrier({ format: gemini, value: 'c2ln' }, gemini), 'c2ln')
  assert.deepEqual(openCarrier('c2ln', gemini), { format: gemini, value: 'c2ln' })
})

test('an envelope is base64, and is opened in either alphabet, with padding or without', () => {
  const carrier = { format: anthropic, value: 'Eq\u00ffQB??>>~~/+é' }
  const sealed = sealCarrier(carrier, gemini)
  assert.equal(Buffer.from(sealed, 'base64').toString('base64'), sealed)
  const bytes = Buffer.from(sealed, 'base64')
  for (const text of [sealed, bytes.toString('base64url'), sealed.replace(/=+$/, '')])
    assert.deepEqual(openCarrier(text, gemini), carrier)
})

test('what only looks like an envelope is what its format says', () => {
  for (const inside of ['drover1.', 'drover1.[1,2]', 'drover1.{"a":'])
    assert.equal(openCarrier(Buffer.from(inside).toString('base64'), gemini).format, gemini)
})
