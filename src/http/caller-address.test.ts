import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bareAddress, callerAddress, trustedProxies } from './caller-address.ts'

const trusted = trustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

const addressOf = (peer: string, forwarded?: string): string =>
  callerAddress(peer, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, trusted).remoteAddress

test('without a trusted proxy the peer is the caller', () => {
  assert.equal(addressOf('203.0.113.9'), '203.0.113.9')
  assert.equal(addressOf('203.0.113.9', '198.51.100.1'), '203.0.113.9')
})

test('a trusted proxy is believed, as far as the chain is trusted', () => {
  assert.equal(addressOf('10.1.2.3', '198.51.100.1'), '198.51.100.1')
  assert.equal(addressOf('10.1.2.3', '1.1.1.1, 198.51.100.1, 10.9.9.9'), '198.51.100.1')
  assert.equal(addressOf('10.1.2.3', '10.9.9.9'), '10.9.9.9')
  assert.equal(addressOf('fd00::1', '2001:db8::5'), '2001:db8::5')
  assert.equal(addressOf('::ffff:10.1.2.3', '198.51.100.1'), '198.51.100.1')
  assert.equal(addressOf('192.0.2.7', '198.51.100.1:4711'), '198.51.100.1')
  assert.equal(addressOf('192.0.2.7', '[2001:db8::5]:4711'), '2001:db8::5')
})

test('what is no address ends the reading', () => {
  assert.equal(addressOf('10.1.2.3', 'unknown'), '10.1.2.3')
  assert.equal(addressOf('10.1.2.3', '198.51.100.1, <script>'), '10.1.2.3')
  assert.equal(addressOf('10.1.2.3', ''), '10.1.2.3')
  assert.equal(addressOf('10.1.2.3', Array.from({ length: 5000 }, () => '10.1.1.1').join(',')), '10.1.1.1')
})

test('loopback is the machine itself, and not one for whom a proxy speaks', () => {
  const loopback = (peer: string, headers: Record<string, string> = {}) =>
    callerAddress(peer, headers, trusted).fromLoopback
  assert.ok(loopback('127.0.0.1'))
  assert.ok(loopback('::1'))
  assert.ok(loopback('::ffff:127.0.0.1'))
  assert.ok(!loopback('10.0.0.1'))
  for (const name of ['x-forwarded-for', 'forwarded', 'x-real-ip'])
    assert.ok(!loopback('127.0.0.1', { [name]: '127.0.0.1' }))
  assert.ok(!loopback('10.0.0.1', { 'x-forwarded-for': '127.0.0.1' }))
})

test('addresses are taken out of their clothing', () => {
  assert.equal(bareAddress(' 1.2.3.4 '), '1.2.3.4')
  assert.equal(bareAddress('fe80::1%eth0'), 'fe80::1')
  assert.equal(bareAddress('1.2.3'), null)
  assert.equal(bareAddress('1.2.3.4.5:80'), null)
})

test('a list with something else in it is refused', () => {
  assert.throws(() => trustedProxies(['proxy.internal']), RangeError)
})
