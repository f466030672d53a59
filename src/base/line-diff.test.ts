import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineDiff } from './line-diff.ts'

const told = (before: string, after: string): readonly string[] =>
  lineDiff(before.replaceAll(' ', '\n'), after.replaceAll(' ', '\n')).map(({ sign, text }) => `${sign}${text}`)

test('what changed stands with two lines around it, and nothing else', () => {
  assert.deepEqual(told('a b c d e f g', 'a b c X e f g'), [' b', ' c', '-d', '+X', ' e', ' f'])
  assert.deepEqual(told('a b c', 'a b c'), [])
  assert.deepEqual(told('a b', 'a b c'), [' a', ' b', '+c'])
  assert.deepEqual(told('a b c d e f g h i', 'X b c d e f g h Y'), ['-a', '+X', ' b', ' c', ' g', ' h', '-i', '+Y'])
})

test('before and after come out of the lines of a difference again, also of texts that are too long to be aligned', () => {
  const [one, two] = [
    Array.from({ length: 2_100 }, (_unused, line) => `one ${line}`).join('\n'),
    Array.from({ length: 2_100 }, (_unused, line) => `two ${line}`).join('\n'),
  ]
  for (const [before, after] of [
    [one, two],
    ['a\nb\nc\nd', 'b\na\nd\nc'],
  ] as const) {
    const lines = lineDiff(before, after)
    const side = (sign: string): string =>
      lines.flatMap((line) => (line.sign === ' ' || line.sign === sign ? [line.text] : [])).join('\n')
    assert.deepEqual([side('-'), side('+')], [before, after])
  }
})
