import assert from 'node:assert/strict'
import { test } from 'node:test'
import { replaceLeaves } from './json-leaves.ts'

const source = ' {"a" : "x\\"y", "list":["x", {"b":12, "c":"\\u0078"}],"x":null, "o":{"k": "x"} } '

test('a text is replaced where it lies, and every other byte stays', () => {
  const seen: unknown[] = []
  const changed = replaceLeaves(source, ({ key, kind, text }) => {
    seen.push([key, kind, text])
    return kind === 'text' && text === 'x' ? 'it"s' : null
  })
  assert.equal(changed, ' {"a" : "x\\"y", "list":["it\\"s", {"b":12, "c":"it\\"s"}],"x":null, "o":{"k": "it\\"s"} } ')
  assert.deepEqual(seen, [
    ['a', 'text', 'x"y'],
    ['list', 'text', 'x'],
    ['b', 'number', '12'],
    ['c', 'text', 'x'],
    ['list', 'object', '{"b":12, "c":"\\u0078"}'],
    ['k', 'text', 'x'],
    ['o', 'object', '{"k": "x"}'],
  ])
})

test('a number becomes a text, and an object that is replaced takes what is in it along', () => {
  assert.equal(
    replaceLeaves(source, ({ kind, text }) => (kind === 'number' ? 'n' : text === 'x"y' ? '' : null)),
    ' {"a" : "", "list":["x", {"b":"n", "c":"\\u0078"}],"x":null, "o":{"k": "x"} } ',
  )
  const whole = replaceLeaves(source, ({ key, text }) => (key === 'o' ? '{}' : text === 'x' ? 'gone' : null))
  assert.match(whole, /"o":\{\} \} $/)
})

test('a document in which nothing changes is the same document', () => {
  assert.equal(
    replaceLeaves(source, () => null),
    source,
  )
})
