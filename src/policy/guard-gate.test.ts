import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Problem } from '#base/problem.ts'
import type { GuardFacts } from './guard.ts'
import { guardsFor, guardText, makeDecisions, makeGuard } from './guard.ts'
import { findKinds } from './guard-find.ts'
import type { GatedPiece } from './guard-gate.ts'
import { textGate } from './guard-gate.ts'

const sample = (changes: Partial<GuardFacts> = {}) =>
  makeGuard({
    name: 'pii',
    sides: ['request', 'reply'],
    action: 'redact',
    finds: findKinds,
    patterns: [],
    promptBytesMax: null,
    modelsAllowed: null,
    parametersAllowed: null,
    parametersDenied: [],
    hook: null,
    scope: { keys: null, projects: null, plans: null, models: null },
    ...changes,
  })

const gateOf = (changes: Partial<GuardFacts> = {}, isJson = false) => {
  const decisions = makeDecisions()
  return { decisions, gate: textGate({ guards: [sample(changes)], side: 'reply', decisions, isJson }) }
}

const joined = (pieces: readonly GatedPiece[]): string => pieces.map(({ out }) => out).join('')

const fragments = [
  'mail ada@example.org now',
  ' 4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  '+49 170 1234567',
  'sk-proj-abcdefghijklmnopqrstuvwxyz',
  '你好，世界。',
  ' a plain sentence, with 12 words. ',
  '\n',
  '😀',
  'so\u200bme b\u00adodd@ex\u2060ample.org',
  '4111\u200b 1111\ufeff 1111 11\u200d11',
  '\u200b',
]

test('however a text is cut, it becomes what it becomes as a whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fragments), { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
      (parts, sizes) => {
        const text = parts.join(' ')
        const { gate } = gateOf()
        const pieces: GatedPiece[] = []
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1
          pieces.push(gate.add(text.slice(at, at + size)))
          at += size
        }
        gate.end()
        const whole = guardText(text, { guards: [sample()], side: 'reply', decisions: makeDecisions() }) ?? text
        assert.equal(joined(pieces), whole)
        assert.ok(pieces.every(({ left }) => left === 0))
      },
    ),
  )
})

test('prose passes word by word, and what may become a find waits', () => {
  const { gate } = gateOf()
  assert.deepEqual(gate.add('Hello there, '), { out: 'Hello there, ', left: 0 })
  const first = gate.add('write to ada')
  assert.deepEqual(first, { out: 'write to ', left: 3 })
  const second = gate.add('@example.org today')
  assert.deepEqual([first, second.out], [{ out: 'write to [redacted:mail]', left: 0 }, ' '])
  gate.end()
  assert.equal(second.out, ' today')
})

test('what nobody sees between letters hides nothing, of the finds or of the patterns; what is not found stays as it was', () => {
  const redacted = (text: string, changes: Partial<GuardFacts> = {}) =>
    guardText(text, { guards: [sample(changes)], side: 'request', decisions: makeDecisions() })
  assert.equal(redacted('pay 41\u200b11 1111\u2060 1111 1111\u200b now'), 'pay [redacted:card]\u200b now')
  assert.equal(redacted('a\u200bnd so\u00ad on'), null)
  const words = { name: 'words', finds: [], patterns: ['Zeus'] }
  assert.equal(redacted('Project Z\u200de\ufe0fus', words), 'Project [redacted:words]')
  assert.equal(redacted('a\u200bb', { ...words, patterns: ['\u200b'] }), 'a[redacted:words]b')
})

test('what is held back has a bound, with what nobody sees in it', () => {
  const unseen = gateOf().gate
  const waiting = Array.from({ length: 300 }, () => unseen.add(`x${'\u200b'.repeat(99)}`))
  assert.ok(waiting.reduce((sum, { left }) => sum + left, 0) <= 18_100)
})

test('what is held back has a bound', () => {
  const { gate } = gateOf()
  const pieces = Array.from({ length: 100 }, () => gate.add('x'.repeat(100)))
  assert.ok(pieces.reduce((sum, { left }) => sum + left, 0) <= 9_100)
})

test('a forbidden text is told of by its kind and never repeated; what stood before it has passed', () => {
  const { gate, decisions } = gateOf({ action: 'block' })
  const clean = gate.add('So: ')
  gate.add('4111 1111 1111 ')
  assert.throws(
    () => {
      gate.add('1111.')
      gate.end()
    },
    (thrown) => thrown instanceof Problem && thrown.code === 'content_blocked' && !thrown.message.includes('4111'),
  )
  assert.equal(clean.left, 0)
  assert.deepEqual(decisions.warnings(), ['guardrail.pii:blocked 1 card in the reply'])
})

test('JSON stays JSON: what stands outside of a string gets quotes', () => {
  const { gate } = gateOf({}, true)
  const pieces = ['{"card": 41111111', '11111111, "to": "a@b', '.io"}'].map((text) => gate.add(text))
  gate.end()
  assert.deepEqual(JSON.parse(joined(pieces)), { card: '[redacted:card]', to: '[redacted:mail]' })
})

test("the operator's own patterns work across pieces, and say their guardrail's name", () => {
  const { gate } = gateOf({ name: 'projects', finds: [], patterns: ['Project \\w+'] })
  const pieces = ['About Pro', 'ject Zeus', ' we say nothing'].map((text) => gate.add(text))
  gate.end()
  assert.equal(joined(pieces), 'About [redacted:projects] we say nothing')
})

test('a guardrail holds for those whom each of its lists names', () => {
  const guards = [sample({ scope: { keys: ['ci'], projects: null, plans: ['free'], models: null } }), sample()]
  const count = (name: string, plan: string | null): number =>
    guardsFor(guards, { key: { id: 'key_1', name, project: null }, plan, models: ['m'] }).length
  assert.deepEqual([count('ci', 'free'), count('ci', 'pro'), count('web', 'free'), count('ci', null)], [2, 1, 1, 1])
})
