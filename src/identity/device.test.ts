import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { deviceMs, deviceOf, makeDevice } from './device.ts'

const digest = (text: string): string => createHmac('sha256', 'pepper').update(text).digest('hex')
const ids = { bytes: (size: number) => new Uint8Array(size).fill(7) }
const at = (mail: string, nowMs: number) => ({ mail, nowMs, digest })

test('a browser is known for one person, for its time, and by nothing that was not made here', () => {
  const token = makeDevice(at('ana@example.com', 1000), ids)
  const nonce = deviceOf(token, at('ana@example.com', 1000))
  assert.equal(nonce, Buffer.from(ids.bytes(16)).toString('base64url'))
  assert.equal(deviceOf(token, at('ana@example.com', 999 + deviceMs)), nonce)
  assert.equal(deviceOf(token, at('ana@example.com', 1000 + deviceMs)), null)
  assert.equal(deviceOf(token, at('ana@example.com', 999)), null, 'from a time that is not yet')
  assert.equal(deviceOf(token, at('bo@example.com', 1000)), null)
  const other = (text: string): string => createHmac('sha256', 'another pepper').update(text).digest('hex')
  assert.equal(deviceOf(token, { ...at('ana@example.com', 1000), digest: other }), null)
  const [time, chance, seal = ''] = token.split('.')
  for (const forged of [
    null,
    '',
    'x',
    `${time}.${chance}`,
    `zz.${chance}.${seal}`,
    `${time}.${'A'.repeat(22)}.${seal}`,
    `${time}.${chance}.${seal.slice(1)}`,
    `${time}.${chance}.${'0'.repeat(64)}`,
  ])
    assert.equal(deviceOf(forged, at('ana@example.com', 1000)), null, String(forged))
})
