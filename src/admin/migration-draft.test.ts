import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { catalogOf } from '#catalog/load.ts'
import { readMigrationFile } from '#migration/compiled.ts'
import { draftsOf } from './migration-draft.ts'
import type { OperationContext } from './operation.ts'

const end = { lifecycle_source: 'page', source: 'page' }
const acme = {
  vendor: 'acme',
  name: 'Acme',
  docs: 'https://acme.example',
  sources: { page: { url: 'https://acme.example/ends', read: '2026-11-01' } },
  models: [
    { id: 'anvil-1', retires: '2026-12-20', successor: 'anvil-2', ...end },
    { id: 'anvil-2', source: 'page' },
    { id: 'hammer', retires: '2027-12-01', ...end },
  ],
}
const catalog = catalogOf([{ name: 'acme.json', text: JSON.stringify(acme) }])

const context = (models: readonly (readonly [id: string, model: string])[]): OperationContext =>
  ({
    clock: handClock(Date.parse('2026-11-30T00:00:00Z')),
    ports: {
      models: () => models.map(([id, model]) => ({ id, targets: [{ provider: 'mine', model }] })),
      routing: { providers: () => [{ upstream: { provider: { name: 'mine' }, vendor: { name: 'acme' } } }] },
      prices: { catalog },
    },
  }) as unknown as OperationContext

test('a model in use whose end is announced becomes the file of a migration to the one that follows, with the day to begin', () => {
  const [first, second] = draftsOf(
    context([
      ['Talk/1', 'anvil-1'],
      ['new', 'anvil-2'],
      ['tool', 'hammer'],
    ]),
    400,
  )
  assert.deepEqual(
    [first?.model, first?.from, first?.to, first?.days_left, first?.start_by],
    ['Talk/1', 'mine/anvil-1', 'mine/anvil-2', 20, '2026-12-10'],
  )
  const file = readMigrationFile(first?.file ?? '')
  assert.deepEqual(
    [file.migration, file.match.models, file.baseline.route, file.candidate.route],
    ['retire-talk-1', ['Talk/1'], 'mine/anvil-1', 'mine/anvil-2'],
  )
  assert.equal(second?.model, 'tool')
  assert.match(second?.file ?? '', /names no model that follows/)
  assert.equal(draftsOf(context([['tool', 'hammer']]), 30).length, 0, 'too far ahead')
})
