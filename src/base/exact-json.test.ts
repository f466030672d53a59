import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isLongNumber, parseExactly, toNumber } from './exact-json.ts'
import { isObject } from './json-type.ts'

const again = (text: string): string => JSON.stringify(parseExactly(text))

test('a whole number keeps its digits, wherever it stands and however many it has', () => {
  for (const digits of ['9007199254740993', '1234567890123456789', '-18446744073709551615', '1'.repeat(400)])
    for (const before of ['', ' '.repeat(7), '"text":"', 'x'.repeat(15)]) {
      const padded = JSON.stringify(before)
      assert.equal(again(`[${padded},${digits},{"id":${digits}}]`), `[${padded},${digits},{"id":${digits}}]`)
      assert.equal(again(digits), digits)
    }
})

test('all else is as JSON.parse reads it: numbers are numbers, and digits in texts are texts', () => {
  const cases = [
    '9007199254740991',
    '9007199254740992',
    '1.10',
    '0.12345678901234567890',
    '1e30',
    '-0',
    '12345678901234567890e5',
  ]
  for (const text of [...cases, '"1234567890123456789"', '{"1234567890123456789":1}'])
    assert.deepEqual(parseExactly(text), JSON.parse(text), text)
  assert.throws(() => parseExactly('{"id":1234567890123456789'), SyntaxError)
})

test('what kept its digits is no object, and can be calculated with', () => {
  const { id, n } = parseExactly('{"id":1234567890123456789,"n":5}') as Record<string, unknown>
  assert.deepEqual(
    [isObject(id), isLongNumber(id), isLongNumber(n), isLongNumber({}), isLongNumber(null)],
    [false, true, false, false, false],
  )
  assert.deepEqual([toNumber(id), toNumber(n), toNumber('x')], [1234567890123456800, 5, 'x'])
})
