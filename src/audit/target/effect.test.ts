import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { CallSite } from '#audit/finding.ts'
import { loadCatalog } from '#catalog/load.ts'
import { effectsOf, lifeOf } from './effect.ts'
import type { Target } from './target.ts'
import { findTarget } from './target.ts'

const catalog = await loadCatalog(pathToFileURL(`${process.cwd()}/catalog/`))
const atMs = Date.UTC(2026, 10, 22)

const target = (name: string): Target => {
  const answer = findTarget(catalog, name, atMs)
  assert.ok(answer.ok, name)
  return answer.target
}

const site = (rest: Partial<CallSite>): CallSite => ({
  path: 'a.py',
  line: 1,
  end_line: 1,
  language: 'python',
  kind: 'call',
  sdk: 'openai',
  provider: 'openai',
  endpoint: 'chat',
  base_url: null,
  model: null,
  auth: null,
  parameters: {},
  symbol: null,
  bucket: 'caller',
  fingerprint: 'f',
  effects: [],
  ...rest,
})

const told = (rest: Partial<CallSite>, name = 'kimi-k2'): readonly string[] =>
  effectsOf(site(rest), target(name)).map(({ level, rule, about }) => `${level} ${rule} ${about}`)

describe('what changes on the target', () => {
  test('values that a model does not take break', () => {
    assert.deepEqual(told({ parameters: { temperature: 0.7, n: 2, top_p: 0.95 } }), [
      'error parameter-fixed temperature',
      'error parameter-fixed n',
    ])
    assert.deepEqual(told({ parameters: { temperature: 1 } }), [])
    assert.deepEqual(told({ parameters: { temperature: null } }), ['warning parameter-fixed temperature'])
  })

  test('rules that depend on another parameter are held against it', () => {
    assert.deepEqual(told({ parameters: { temperature: 0.6, thinking: { type: 'disabled' } } }), [])
    assert.deepEqual(told({ parameters: { tool_choice: 'required' } }), ['error parameter-choice tool_choice'])
    assert.deepEqual(told({ parameters: { tool_choice: 'required', thinking: { type: 'disabled' } } }), [])
  })

  test('old forms, endpoints, retries and addresses are told', () => {
    assert.deepEqual(told({ parameters: { functions: null, logit_bias: {} } }), [
      'error parameter-foreign functions',
      'warning parameter-foreign logit_bias',
    ])
    assert.deepEqual(told({ endpoint: 'assistants' }), ['error endpoint assistants'])
    assert.deepEqual(told({ endpoint: 'embeddings' }), ['warning endpoint embeddings'])
    assert.deepEqual(told({ kind: 'client', endpoint: null, parameters: { max_retries: 5 } }), [
      'note double-retry max_retries',
    ])
    assert.deepEqual(told({ kind: 'base-url', endpoint: null, base_url: 'https://api.openai.com/v1' }), [
      'warning base-url openai',
    ])
    assert.deepEqual(told({ kind: 'header', endpoint: null, provider: 'anthropic' }), ['warning header anthropic'])
  })

  test('a model that has ended is told with and without a target', () => {
    assert.deepEqual(told({ model: 'kimi-k2' }), [])
    assert.deepEqual(told({ model: 'kimi-k2-0905-preview' }).slice(0, 1), ['error model-retired kimi-k2-0905-preview'])
    const alone = lifeOf(site({ model: 'kimi-k2-0905-preview' }), { catalog, atMs })
    assert.equal(alone[0]?.rule, 'model-retired')
    assert.match(alone[0]?.mend ?? '', /kimi-k2\.6/)
    assert.deepEqual(lifeOf(site({ model: 'no-such-model' }), { catalog, atMs }), [])
    for (const prefix of ['moonshot/', 'moonshot:', 'openrouter/moonshotai/'])
      assert.equal(
        lifeOf(site({ model: `${prefix}kimi-k2-0905-preview` }), { catalog, atMs })[0]?.rule,
        'model-retired',
      )
  })

  test('an unknown target is answered with the nearest', () => {
    const answer = findTarget(catalog, 'kimi-k2.66', atMs)
    assert.ok(!answer.ok)
    assert.ok(answer.nearest.includes('kimi-k2.6'))
    assert.equal(target('moonshot/kimi-k2.6').model.id, 'kimi-k2.6')
  })
})
