import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeRecoveryCodes, plainCode, totpCode, totpStepOf, totpText } from './totp.ts'

const secret = Buffer.from('12345678901234567890')

/** RFC 6238, appendix B, the last six digits. */
const vectors: readonly (readonly [number, string])[] = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
]

test('codes are those of RFC 6238, and the secret is written in base 32', () => {
  for (const [seconds, code] of vectors) assert.equal(totpCode(secret, Math.floor(seconds / 30)), code)
  assert.equal(totpText(secret), 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
  assert.equal(totpText(Buffer.from('f')), 'MY')
})

test('a code is good a step before and after its own, and not once it or a later one was taken', () => {
  const check = (code: string, lastStep: number | null, step: number) =>
    totpStepOf({ secret, code, lastStep, nowMs: step * 30_000 + 1 })
  const code = totpCode(secret, 100)
  assert.deepEqual(
    [98, 99, 100, 101, 102].map((step) => check(code, null, step)),
    [null, 100, 100, 100, null],
  )
  assert.equal(check(code, 99, 100), 100)
  for (const taken of [100, 101]) assert.equal(check(code, taken, 100), null)
  for (const wrong of ['', '28708', '2870820', 'abcdef']) assert.equal(check(wrong, null, 100), null)
})

test('recovery codes are read however they are typed', () => {
  let count = 0
  const codes = makeRecoveryCodes({
    bytes: (size) => {
      count += 1
      return new Uint8Array(size).fill(count)
    },
  })
  assert.equal(new Set(codes).size, 10)
  for (const code of codes) {
    assert.match(code, /^[a-z2-7]{5}-[a-z2-7]{5}$/)
    assert.equal(plainCode(` ${code.toUpperCase().replace('-', ' ')} `), plainCode(code))
  }
})
