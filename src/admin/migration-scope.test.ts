import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMigrationFile } from '#migration/compiled.ts'
import type { Looking } from './migration-baseline.ts'
import { lostScopeOf } from './migration-scope.ts'

const nowMs = 1_000

const key = (id: string, changes: object = {}) => ({
  id,
  name: `${id}-name`,
  ...{ purpose: 'model', test: false, revokedMs: null, expiresMs: null, ...changes },
})

const lostIn = (match: string): Promise<readonly string[]> => {
  const keys = [
    key('prod'),
    key('trial', { test: true }),
    key('desk', { purpose: 'admin' }),
    key('gone', { revokedMs: nowMs }),
    key('late', { expiresMs: nowMs + 1 }),
  ]
  const store = { keys: async () => keys }
  const customers = { projects: async () => [{ id: 'prj_1' }] }
  const looking = { ports: { store, customers }, clock: { nowMs: () => nowMs } } as unknown as Looking
  const arms = 'baseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'
  const file = readMigrationFile(`migration: move\nmatch: { models: [m], ${match} }\n${arms}`)
  return lostScopeOf(file, looking).then((found) => found.map(({ text }) => text))
}

test('a pattern that fits no key whose calls could move is told of, and so is a project that is not there', async () => {
  assert.deepEqual(await lostIn('keys: ["prod*", late-name], projects: [prj_1]'), [])
  const lost = await lostIn('keys: ["staging-*", "tri*", desk, gone-name], projects: [prj_2]')
  assert.deepEqual(
    lost.map((text) => text.split(':', 1)[0]),
    ['match.keys', 'match.keys', 'match.keys', 'match.keys', 'match.projects'],
  )
  assert.match(lost[0] ?? '', /"staging-\*" fits the id or name of no key that calls models/)
})
