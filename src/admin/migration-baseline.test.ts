import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttemptRecord } from '#base/call-record.ts'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { readMigrationFile } from '#migration/compiled.ts'
import { isOfBaseline } from './migration-baseline.ts'

const file = readMigrationFile(
  'migration: move\nmatch: { models: [m] }\nbaseline: { route: old/m }\ncandidate: { route: new/n }\n',
)

const met = (attempts: readonly Partial<AttemptRecord>[], arm: string | null = null): boolean =>
  isOfBaseline(file, sampleRecord({ model: 'm', arm, attempts: attempts.map((one) => sampleAttempt(one)) }))

test('what a candidate has answered, or failed to, says nothing of the baseline', () => {
  assert.ok(met([{ provider: 'old', model: 'm' }]))
  assert.ok(met([{ provider: 'third', model: 'm' }]), 'the baseline has targets beside its route')
  assert.ok(met([{ provider: 'old', model: 'm' }], 'candidate'), 'the candidate of a migration that was completed')
  assert.ok(!met([{ provider: 'new', model: 'n' }]))
  assert.ok(
    !met(
      [
        { provider: 'new', model: 'n', status: 500 },
        { provider: 'old', model: 'm' },
      ],
      'candidate',
    ),
  )
  assert.ok(!met([{ provider: 'third', model: 'x' }], 'candidate'), 'of a migration that was given up')
  assert.ok(!met([]))
})

test('calls of the log are in scope by the id or the name of their key', () => {
  const named = readMigrationFile(
    'migration: move\nmatch: { models: [m], keys: [prod-*] }\nbaseline: { route: old/m }\ncandidate: { route: new/n }\n',
  )
  const call = sampleRecord({ model: 'm', key: 'key_1', attempts: [sampleAttempt({ provider: 'old', model: 'm' })] })
  assert.ok(isOfBaseline(named, call, new Map([['key_1', 'prod-web']])))
  assert.ok(!isOfBaseline(named, call, new Map([['key_1', 'dev-web']])))
  assert.ok(!isOfBaseline(named, call))
})
