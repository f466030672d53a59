import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { KeyUse } from './check-key.ts'
import { addressAllowed, checkKey } from './check-key.ts'
import { makeKey } from './key.ts'
import type { KeyFacts } from './key-facts.ts'
import { sampleKey } from './sample-key.ts'

const ids = {
  next: () => 'key_01jdcrkq5e0123456789abcdef',
  bytes: (size: number) => new Uint8Array(size).fill(7),
  chance: () => 0,
}
const presented = makeKey('model', false, ids).key
const use = (changes: Partial<KeyUse> = {}): KeyUse => ({
  presented,
  nowMs: 1000,
  environment: 'production',
  address: '192.0.2.1',
  purpose: 'model',
  ...changes,
})
const refusal = (facts: KeyFacts | null, changes: Partial<KeyUse> = {}): Problem => {
  const answer = checkKey(facts, use(changes))
  assert.ok(answer instanceof Problem)
  return answer
}

test('a good key gives its facts back', () => {
  const good: readonly [Partial<KeyFacts>, Partial<KeyUse>][] = [
    [{}, {}],
    [{ expiresMs: 1001, revokedMs: 1001 }, {}],
    [{ environment: 'production' }, {}],
    [{ purpose: 'admin' }, { purpose: 'admin' }],
    [{ addresses: ['192.0.2.0/24'] }, {}],
  ]
  for (const [facts, changes] of good) {
    const key = sampleKey(facts)
    assert.equal(checkKey(key, use(changes)), key)
  }
})

test('a key without checksum is good when the snapshot knows it', () => {
  const key = sampleKey()
  assert.equal(checkKey(key, use({ presented: 'hs-test-given-by-the-operator-0123456789' })), key)
})

test('an unknown key is told why it may be unknown', () => {
  const cases: readonly [string, RegExp][] = [
    [presented, /No such key is known here/],
    [presented.slice(0, -1), /malformed/],
    ['hs-live-typo', /malformed/],
    ['sk-proj-0123456789abcdefghijklmnopqrst', /provider's own "sk-" key/],
    ['garbage', /not a key of this server/],
  ]
  for (const [text, why] of cases) {
    const problem = refusal(null, { presented: text })
    assert.equal(problem.code, 'invalid_api_key')
    assert.equal(problem.status, 401)
    assert.match(problem.message, /^Incorrect API key provided: /)
    assert.match(problem.message, why)
    assert.equal(problem.detail.headers?.['x-should-retry'], 'false')
  }
})

test('a known key is refused for what is wrong with it', () => {
  const cases: readonly [string, Partial<KeyFacts>, Partial<KeyUse>, string, RegExp][] = [
    ['revoked', { revokedMs: 1000 }, {}, 'invalid_api_key', /revoked at 1970-01-01T00:00:01\.000Z/],
    ['expired', { expiresMs: 1000 }, {}, 'invalid_api_key', /expired at 1970-01-01T00:00:01\.000Z/],
    ['elsewhere', { environment: 'staging' }, {}, 'invalid_api_key', /"staging".*"production"/],
    ['an admin key calls', { purpose: 'admin' }, {}, 'permission_denied', /admin keys cannot call models/],
    ['a model key manages', {}, { purpose: 'admin' }, 'permission_denied', /model keys cannot manage/],
    ['wrong address', { addresses: ['198.51.100.0/24'] }, {}, 'ip_not_allowed', /not be used from 192\.0\.2\.1/],
  ]
  for (const [name, facts, changes, code, message] of cases) {
    const problem = refusal(sampleKey(facts), changes)
    assert.equal(problem.code, code, name)
    assert.match(problem.message, message, name)
  }
})

test('no message holds more of a key than its first 8 and last 4 characters', () => {
  for (const facts of [null, sampleKey({ revokedMs: 1 }), sampleKey({ environment: 'x' })]) {
    const { message } = refusal(facts)
    assert.ok(message.includes(`hs-live-…${presented.slice(-4)}`), message)
    for (let start = 0; start + 9 <= presented.length; start += 1)
      assert.ok(!message.includes(presented.slice(start, start + 9)), message)
  }
})

test('addresses and networks of both families', () => {
  const cases: readonly [readonly string[], string, boolean][] = [
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '::ffff:192.0.2.1', true],
    [['192.0.2.0/24'], '192.0.3.1', false],
    [['2001:db8::/32'], '2001:db8:1::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['2001:db8::1', '10.0.0.0/8'], '10.255.0.1', true],
    [['0.0.0.0/0'], '203.0.113.9', true],
    [[], '192.0.2.1', false],
    [['nonsense', '10.0.0.0/99'], '10.0.0.1', false],
    [['192.0.2.1'], 'unknown', false],
  ]
  for (const [allowed, address, expected] of cases)
    assert.equal(addressAllowed(allowed, address), expected, `${allowed.join(' ')} ${address}`)
})
