import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ids } from '#base/id.ts'
import { digestKey, givenKeyFault, keyForm, makeKey, maskKey, sha256Digest, sha256DigestOf } from './key.ts'

const idsFrom = (secret: Uint8Array): Ids => ({
  next: (prefix) => `${prefix}_01jdcrkq5e0123456789abcdef`,
  bytes: (size) => secret.subarray(0, size),
  chance: () => 0,
})
const zeros = new Uint8Array(32)
const ones = new Uint8Array(32).fill(255)

test('a new key says what it is for, carries its row id, and is sound', () => {
  const cases = [
    ['model', false, 'hs-live-'],
    ['model', true, 'hs-test-'],
    ['admin', false, 'drover-admin-'],
    ['admin', true, 'drover-admin-'],
  ] as const
  for (const [purpose, isTest, prefix] of cases) {
    const { id, key, ending } = makeKey(purpose, isTest, idsFrom(ones))
    assert.ok(key.startsWith(`${prefix}${id.slice(4)}`), key)
    assert.equal(key.length, prefix.length + 26 + 43 + 6)
    assert.equal(ending, key.slice(-4))
    assert.equal(keyForm(key), 'sound')
    assert.equal(givenKeyFault(key), null)
  }
})

test('all 32 random bytes are in the key: 43 characters, whatever the bytes', () => {
  assert.equal(makeKey('model', false, idsFrom(zeros)).key.slice(34, 77), '0'.repeat(43))
  const secretOf = (secret: Uint8Array): string => makeKey('model', false, idsFrom(secret)).key.slice(34, 77)
  const lastIs = (value: number): string =>
    secretOf(Uint8Array.from({ length: 32 }, (_none, at) => (at === 31 ? value : 0)))
  assert.deepEqual([lastIs(61).slice(-2), lastIs(62).slice(-2), lastIs(255).slice(-2)], ['0z', '10', '47'])
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(31), (secret, place) => {
      const other = Uint8Array.from(secret)
      other[place] = (secret[place] ?? 0) ^ 1
      assert.match(secretOf(secret), /^[0-9A-Za-z]{43}$/)
      assert.notEqual(secretOf(secret), secretOf(other))
    }),
  )
})

test('a key of another length, or with another character in its id, is malformed also where its checksum is right', () => {
  const of = (id: string) => keyForm(makeKey('model', false, { ...idsFrom(ones), next: () => id }).key)
  assert.equal(of('key_01jdcrkq5e0123456789abcdef'), 'sound')
  assert.equal(of('key_01jdcrkq5e0123456789abcde'), 'malformed')
  assert.equal(of('key_01jdcrkq5e0123456789abcdefg'), 'malformed')
  assert.equal(of('key_01jdcrkq5e0123456789abcde-'), 'malformed')
})

test('one wrong, missing, doubled or swapped character makes a key malformed', () => {
  const { key } = makeKey('model', false, idsFrom(ones))
  fc.assert(
    fc.property(fc.integer({ min: 8, max: key.length - 1 }), fc.constantFrom(...'07AZaz'), (place, wrong) => {
      fc.pre(key[place] !== wrong)
      assert.equal(keyForm(key.slice(0, place) + wrong + key.slice(place + 1)), 'malformed')
      assert.equal(keyForm(key.slice(0, place) + key.slice(place + 1)), 'malformed')
      assert.equal(keyForm(key.slice(0, place) + wrong + key.slice(place)), 'malformed')
      const [left, right] = [key[place - 1] ?? '', key[place] ?? '']
      fc.pre(left !== right && place > 8)
      assert.equal(keyForm(key.slice(0, place - 1) + right + left + key.slice(place + 1)), 'malformed')
    }),
  )
})

test('other texts are told apart by their form', () => {
  const cases: readonly [string, string][] = [
    ['sk-proj-abcdef', 'imported'],
    ['hs-live-', 'malformed'],
    ['hs-test-given-by-the-operator-without-checksum', 'malformed'],
    ['drover-admin-short', 'malformed'],
    ['hs-other-x', 'foreign'],
    ['AIzaSomething', 'foreign'],
    ['', 'foreign'],
  ]
  for (const [text, form] of cases) assert.equal(keyForm(text), form, text)
})

test('a given key has one of three prefixes, 32 characters or more, and no blanks', () => {
  const long = 'x'.repeat(40)
  for (const good of [
    `hs-test-${long}`,
    `hs-${long}`,
    `sk-${long}`,
    `drover-admin-${long}`,
    `sk-${'y'.repeat(29)}`,
    `sk-${'y'.repeat(509)}`,
  ])
    assert.equal(givenKeyFault(good), null, good)
  const cases: readonly [string, RegExp][] = [
    [long, /does not begin/],
    [`sk-${'y'.repeat(28)}`, /31 characters, and 32 are the least/],
    [`sk-${'y'.repeat(510)}`, /513 characters, and 512 are the most/],
    [`sk-${long} ${long}`, /blanks/],
    [`sk-${long},${long}`, /commas/],
    [`sk-${long}é`, /ASCII/],
  ]
  for (const [text, fault] of cases) assert.match(givenKeyFault(text) ?? 'none', fault)
})

test('a digest depends on the whole key and on the pepper', () => {
  const digest = digestKey('hs-live-a', zeros)
  assert.match(digest, /^[0-9a-f]{64}$/)
  assert.equal(digest, digestKey('hs-live-a', zeros))
  assert.notEqual(digest, digestKey('hs-live-b', zeros))
  assert.notEqual(digest, digestKey('hs-live-a', ones))
})

test('a mask shows at most 8 first and 4 last characters, and never more than half', () => {
  assert.equal(maskKey('hs-live-0123456789abcdefgh'), 'hs-live-…efgh')
  assert.equal(maskKey('hs-live-0123456789abcdef'), 'hs-live-…cdef')
  assert.equal(maskKey('hs-live-0123456789abcde'), 'hs-…')
  assert.equal(maskKey('sk-abc'), 'sk-…')
  assert.equal(maskKey('sk-abcdefghij'), 'sk-…', 'of a short one no more than what it is for')
  assert.equal(maskKey(''), '…')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const masked = maskKey(text)
      assert.match(masked, /^[!-~]{0,8}…[!-~]{0,4}$/)
      assert.ok(masked.length - 1 <= Math.max(text.length / 2, 0), masked)
    }),
  )
})

test('a key that was taken over is known by its SHA-256, which is no digest of ours', () => {
  // SHA-256 of "abc", FIPS 180-2 appendix B.1.
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  assert.equal(sha256Digest('abc'), `sha256:${abc}`)
  assert.equal(sha256DigestOf(abc), `sha256:${abc}`)
})
