import assert from 'node:assert/strict'
import { test } from 'node:test'
import { details, listText, table } from './render.ts'

test('columns are as wide as their widest cell', () => {
  assert.equal(
    table(
      ['A', 'BB'],
      [
        ['x', 1],
        ['long', null],
      ],
    ),
    'A     BB\nx     1\nlong  -\n',
  )
  assert.equal(table(null, []), '')
  assert.equal(table(['A'], []), 'A\n')
})

test('what is stored does not move the cursor', () => {
  assert.equal(table(null, [['a\u001b[31mb\n']]), 'a?[31mb?\n')
  assert.equal(details({ name: 'a\rb', other: null, list: [1] }), 'name   a?b\nother  -\nlist   [1]\n')
})

test('long lists and cells are cut', () => {
  assert.equal(listText(['a', 'b', 'c', 'd']), 'a, b, c +1')
  assert.equal(listText([]), null)
  assert.equal(table(null, [['x'.repeat(100)]]).trimEnd().length, 60)
})
