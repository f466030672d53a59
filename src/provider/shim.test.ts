import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spliceTopLevel } from '#base/json.ts'
import type { ParameterRule, ParameterRules } from '#base/parameter-rule.ts'
import { Problem } from '#base/problem.ts'
import { shimCall } from './shim.ts'
import { callOf } from './test-call.ts'
import type { Adjustment } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** One rule stands for a list of one. */
type Rules = Readonly<Record<string, ParameterRule | readonly ParameterRule[]>>

const listed = (rules: Rules): ParameterRules =>
  Object.fromEntries(Object.entries(rules).map(([name, one]) => [name, [one].flat()]))

const shim = (
  text: string,
  rules: Rules,
): { readonly body: string; readonly said: string[]; readonly shims: readonly string[] } => {
  const call = callOf(text)
  const result = shimCall({ call, rules: listed(rules), mode: 'shim', model: 'kimi' })
  if (result instanceof Problem || call.payload.kind !== 'json') return assert.fail()
  return {
    body: spliceTopLevel(call.payload.top, result.edits).toString(),
    said: result.warnings.map(({ field, reason }) => `${field}:${reason}`),
    shims: result.shims,
  }
}

const strict = (text: string, rules: Rules): Adjustment | Problem =>
  shimCall({ call: callOf(text), rules: listed(rules), mode: 'strict', model: 'kimi' })

test('a fixed parameter is set, said, and everything else keeps its bytes', () => {
  assert.deepEqual(shim('{ "temperature" : 0.7 ,"top_p":1}', { temperature: { fixed: '1' } }), {
    body: '{ "temperature" : 1 ,"top_p":1}',
    said: ['temperature:fixed at 1'],
    shims: ['temperature:fixed'],
  })
})

test('what is equal, absent or not a JSON body needs nothing', () => {
  const rules = { temperature: { fixed: '1' }, n: { min: 1, max: 5 }, tool_choice: { choices: ['"auto"', '"none"'] } }
  for (const text of ['{"temperature":1.0,"n":5,"tool_choice":"none"}', '{}', '{"top_p":0.1}'])
    assert.equal(
      shimCall({ call: callOf(text), rules: listed(rules), mode: 'shim', model: 'kimi' }),
      noAdjustment,
      text,
    )
  const form = callOf('{"temperature":0.7}', {
    payload: { kind: 'form', form: { parts: [], sizeBytes: 0, dispose: async () => undefined } },
  })
  assert.equal(shimCall({ call: form, rules: listed(rules), mode: 'strict', model: 'kimi' }), noAdjustment)
})

test('a number is clamped, anything else in its place is left for the model to refuse', () => {
  const rules = { temperature: { min: 0, max: 1 } }
  assert.deepEqual(shim('{"temperature":1.5}', rules).said, ['temperature:clamped to 1'])
  assert.equal(shim('{"temperature":-0.5}', rules).body, '{"temperature":0}')
  assert.equal(shim('{"temperature":"warm"}', rules).body, '{"temperature":"warm"}')
})

test('what is unsupported goes with a warning, a null without', () => {
  const rules = { stop: { unsupported: true as const }, temperature: { fixed: '1' } }
  assert.deepEqual(shim('{"stop":["x"],"model":"m"}', rules), {
    body: '{"model":"m"}',
    said: ['stop:unsupported'],
    shims: ['stop:cut'],
  })
  assert.deepEqual(shim('{"stop":null,"temperature":null}', rules), {
    body: '{}',
    said: [],
    shims: ['stop:cut', 'temperature:cut'],
  })
})

test('a renamed parameter keeps its value; where both names are given, the one that the model knows wins', () => {
  const rules = { max_tokens: { rename: 'max_completion_tokens', max: 100 } }
  assert.deepEqual(shim('{"max_tokens": 7}', rules), {
    body: '{"max_completion_tokens": 7}',
    said: [],
    shims: ['max_tokens:renamed'],
  })
  assert.equal(shim('{"max_tokens":700}', rules).body, '{"max_completion_tokens":100}')
  assert.deepEqual(shim('{"max_tokens":7,"max_completion_tokens":9}', rules), {
    body: '{"max_completion_tokens":9}',
    said: ['max_tokens:max_completion_tokens was given too'],
    shims: ['max_tokens:renamed'],
  })
  assert.deepEqual(shim('{"max_tokens":9,"max_completion_tokens":9}', rules).said, [])
})

test('of several rules the first whose condition holds counts; null in a condition is also an absent field', () => {
  const rules: Rules = {
    temperature: [{ when: { 'thinking.type': ['"disabled"'] }, fixed: '0.6' }, { fixed: '1' }],
    top_p: [{ when: { reasoning_effort: ['"none"', 'null'] }, free: true }, { unsupported: true as const }],
  }
  assert.equal(shim('{"temperature":0.7}', rules).body, '{"temperature":1}')
  assert.equal(
    shim('{"temperature":0.7,"thinking":{"type":"disabled"}}', rules).body,
    '{"temperature":0.6,"thinking":{"type":"disabled"}}',
  )
  assert.equal(shim('{"top_p":0.7}', rules).body, '{"top_p":0.7}')
  assert.equal(shim('{"top_p":0.7,"reasoning_effort":"high"}', rules).body, '{"reasoning_effort":"high"}')
})

test('a value outside of the choices becomes the one that is given instead, or goes', () => {
  const rules = { tool_choice: { choices: ['"auto"', '"none"'], instead: '"auto"' } }
  assert.deepEqual(shim('{"tool_choice":"required"}', rules), {
    body: '{"tool_choice":"auto"}',
    said: ['tool_choice:changed to "auto"'],
    shims: ['tool_choice:changed'],
  })
  assert.equal(shim('{"tool_choice":{"type":"function"}}', { tool_choice: { choices: ['"auto"'] } }).body, '{}')
})

test('what the model ignores is sent as it is, and said', () => {
  const rules = { temperature: { ignored: true as const } }
  assert.deepEqual(shim('{"temperature":0}', rules), {
    body: '{"temperature":0}',
    said: ['temperature:ignored by the model'],
    shims: ['temperature:ignored'],
  })
  assert.ok(!(strict('{"temperature":0}', rules) instanceof Problem))
})

test('strict refuses what shim would change, naming the field and what is allowed', () => {
  const cases: ReadonlyArray<readonly [string, Rules, string]> = [
    ['{"temperature":0.7}', { temperature: { fixed: '1' } }, 'only 1'],
    ['{"temperature":2}', { temperature: { min: 0, max: 1 } }, '0 to 1'],
    ['{"n":9}', { n: { max: 5 } }, 'at most 5'],
    ['{"n":0}', { n: { min: 1 } }, 'at least 1'],
    ['{"stop":"x"}', { stop: { unsupported: true as const } }, 'nothing'],
    ['{"max_tokens":1}', { max_tokens: { rename: 'max_completion_tokens' } }, '"max_completion_tokens" instead'],
  ]
  for (const [text, rules, allowed] of cases) {
    const result = strict(text, rules)
    assert.ok(result instanceof Problem, text)
    assert.equal(result.code, 'unsupported_parameter')
    assert.equal(result.status, 400)
    assert.equal(result.detail.param, Object.keys(rules)[0])
    assert.equal(result.detail.facts?.['allowed'], allowed)
    assert.ok(result.message.includes(allowed))
  }
  assert.equal(strict('{"temperature":1}', { temperature: { fixed: '1' } }), noAdjustment)
})
