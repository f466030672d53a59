import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf, subscriberOf } from './network.ts'

test('addresses of one /64 are one subscriber and one network, however they are shortened', () => {
  const same = ['2001:db8::1', '2001:db8::2:3:4:5', '2001:0db8:0:0:ffff::', '2001:DB8:0:0:1:2:3:4']
  for (const address of same)
    assert.deepEqual([subscriberOf(address), networkOf(address)], ['2001:db8:0:0', '2001:db8:0:0'], address)
  assert.equal(networkOf('2001:db8:0:1::1'), '2001:db8:0:1')
  assert.equal(networkOf('::1'), '0:0:0:0')
  assert.equal(networkOf('64:ff9b::192.0.2.1'), '64:ff9b:0:0')
})

test('an IPv4 address is one subscriber, in a network of 24 bits', () => {
  assert.deepEqual([subscriberOf('192.0.2.1'), networkOf('192.0.2.1')], ['192.0.2.1', '192.0.2'])
})
