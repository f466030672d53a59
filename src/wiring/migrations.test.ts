/** Migrations of a server whose start fails after they were opened. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { asSaid } from '#base/sentence.ts'
import { compile, fileDigest } from '#migration/compiled.ts'
import { decisionFor } from '#migration/conduct.ts'
import { draftState } from '#migration/itinerary.ts'
import type { Membership } from './cluster.ts'
import type { Machine } from './machine.ts'
import { openMigrations } from './migrations.ts'
import { openDesk } from './test-desk.ts'

const file = 'migration: move\nmatch: { models: [m] }\nbaseline: { route: alpha/m }\ncandidate: { route: beta/n }\n'

test('a start that fails ends at once, although a migration is due that waits for rooms which never come', async (context) => {
  const { store, clock } = await openDesk(context)
  const facts = { p99Ms: {} }
  const nowMs = clock.nowMs()
  const base = { id: 'mig_1', name: 'move', file, digest: fileDigest(file), salt: 's', createdMs: nowMs, facts }
  const row = { ...base, state: draftState, version: 0, checkedMs: nowMs }
  const change = { kind: 'schedule', startStep: 0, atMs: nowMs, withoutPreflight: null } as const
  const compiled = compile(row)
  const decision = decisionFor({ row, compiled, change, why: asSaid('a test'), actor: 'local', evidence: [], nowMs })
  await store.createMigration({ ...row, version: 1, state: decision.after }, { decision, trail: null })
  const warned: unknown[] = []
  const unused = (): never => assert.fail('nothing is asked here')
  const closing = new AsyncDisposableStack()
  const machine = {
    clock,
    ids: systemIds(clock),
    version: '0',
    stopping: AbortSignal.abort(),
  } as Partial<Machine> as Machine
  const member = { owner: 'node_1', leads: () => true, books: store, onMigration: () => {} } as unknown as Membership
  await openMigrations(
    machine,
    {
      store,
      member,
      nodes: null,
      snapshot: unused,
      credit: unused,
      askRecipient: unused,
      countTokens: unused,
      emit: () => {},
      log: { ...silentLog, warn: (_message, fields) => void warned.push(fields) },
    },
    closing,
  )
  clock.advance(0)
  await closing.disposeAsync()
  assert.deepEqual(warned, [{ migration: 'move', problem: 'This server ends.' }])
})
