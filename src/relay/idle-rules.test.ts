import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleKey } from '#policy/sample-key.ts'
import { idleRules, idleRulesOf } from './idle-rules.ts'
import type { Snapshot } from './snapshot.ts'

const everybody = { keys: null, projects: null, accounts: null, plans: null, models: null }
const table = (...names: string[]) => ({
  byName: new Map(names.map((name) => [name, { id: name }])),
  providers: new Set(['up']),
  directRow: (_provider: string, model: string) => (model === 'there' ? { id: 'up/there' } : null),
})

const snapshotWith = (limits: readonly object[], plans: readonly string[] = ['free']): Snapshot => {
  const account = { id: 'acc_1', billing: 'prepaid', state: 'open', plan: 'free' }
  const held = {
    keys: new Map([['d', sampleKey({ id: 'key_1', name: 'ci', project: 'prj_1' })]]),
    accounts: new Map([
      ['acc_1', account],
      ['acc_2', { ...account, id: 'acc_2' }],
      ['acc_3', { ...account, id: 'acc_3', state: 'closed', plan: 'older' }],
    ]),
    customers: { plans: new Map(plans.map((name) => [name, {}])) },
    live: table('kimi-k2'),
    test: table('kimi-k2', 'gpt-4.1'),
    limits,
    guards: [],
  }
  return held as unknown as Snapshot
}

test('a rule that names what there is not says so, each name by itself', () => {
  const found = idleRules(
    snapshotWith([
      { name: 'all', scope: everybody },
      {
        name: 'sound',
        scope: { ...everybody, models: ['kimi-k2', 'gpt-4.1', 'up/there'], keys: ['ci', 'key_1'], plans: ['free'] },
      },
      {
        name: 'typo',
        scope: {
          ...everybody,
          models: ['kimi-k2', 'kimi-*', 'up/not'],
          accounts: ['acme', 'acc_1'],
          projects: ['prj_1'],
        },
      },
    ]),
  )
  assert.deepEqual(
    found.map(({ text }) => /^(\S+) is for (\w+) '([^']+)'/.exec(text)?.slice(1)),
    [
      ['limits.typo', 'accounts', 'acme'],
      ['limits.typo', 'models', 'kimi-*'],
      ['limits.typo', 'models', 'up/not'],
    ],
  )
  assert.match(found[0]?.text ?? '', /they go by id/)
})

test('a plan that was taken away while accounts have it is told, with how many; a closed account has nothing of it', () => {
  const [only, ...others] = idleRules(snapshotWith([], ['pro']))
  assert.deepEqual([only?.given, others], [{ plan: 'free', accounts: 2 }, []])
})

test('it is looked for once in a snapshot, and again in the next', () => {
  let current = snapshotWith([])
  const look = idleRulesOf(() => current)
  assert.equal(look(), look())
  current = snapshotWith([], [])
  assert.equal(look().length, 1)
})
