import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeBody, preferenceOf, verdictIn } from './shadow-judge.ts'

test('only who is better in either place is better: a place that is preferred is a tie, and so is better once', () => {
  assert.equal(preferenceOf('first', 'second'), 'one')
  assert.equal(preferenceOf('second', 'first'), 'other')
  assert.equal(preferenceOf('first', 'first'), 'swapped')
  assert.equal(preferenceOf('second', 'second'), 'swapped')
  assert.equal(preferenceOf('first', 'tie'), 'tie')
  assert.equal(preferenceOf('tie', 'tie'), 'tie')
  assert.equal(preferenceOf('first', null), null)
})

test('the last verdict counts, however it is set; what is none is none', () => {
  assert.equal(verdictIn('The first says VERDICT: SECOND itself.\nVERDICT: FIRST'), 'first')
  assert.equal(verdictIn('**Verdict:** tie.'), 'tie')
  assert.equal(verdictIn('VERDICT second'), 'second')
  assert.equal(verdictIn('I like both.'), null)
  assert.equal(verdictIn('VERDICT: FIRSTLY'), null)
})

test('what it is shown is cut at a bound, and delimited by a mark that the material cannot know', () => {
  const body = judgeBody({ question: 'q'.repeat(100_000), first: 'a', second: 'b'.repeat(50_000) }, 'x7')
  const text = JSON.stringify(body)
  assert.ok(text.length < 40_000)
  assert.ok(text.includes('</request x7>') && text.includes('<second-answer x7>'))
})
