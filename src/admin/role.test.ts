import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Role } from '#identity/role.ts'
import { roles } from '#identity/role.ts'
import { firstStart } from './first-start.ts'
import { operations } from './operations.ts'
import { checkAdminKey, mayRun } from './role.ts'
import { runOperation } from './run.ts'
import { testContext } from './test-store.ts'

const named = (command: string) => {
  const found = operations.find(({ noun, verb }) => `${noun} ${verb}` === command)
  assert.ok(found !== undefined, command)
  return found
}

/** What each role may run of a few commands that matter. */
const expected: Readonly<Record<string, readonly Role[]>> = {
  'keys list': ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'],
  'keys create': ['owner', 'admin', 'developer'],
  'payments confirm': ['owner', 'admin', 'billing'],
  'credits grant': ['owner', 'admin', 'billing'],
  'invoices issue': ['owner', 'admin', 'billing'],
  'prices set': ['owner', 'admin'],
  'members role': ['owner', 'admin'],
  'credentials add': ['owner', 'admin'],
  'apply run': ['owner', 'admin'],
  'trail list': ['owner', 'admin', 'auditor'],
  'calls show': ['owner', 'admin', 'developer'],
  'trail export': ['owner', 'admin', 'auditor'],
  'receipt show': ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'],
  'receipt rotate': ['owner', 'admin'],
  'ledger verify': ['owner', 'admin', 'billing', 'developer', 'viewer', 'auditor'],
}

describe('roles of admin keys', () => {
  for (const [command, may] of Object.entries(expected))
    test(command, () =>
      assert.deepEqual(
        roles.filter((role) => mayRun(role, named(command))),
        may,
      ),
    )

  test('who only reads changes nothing, whatever there is', () => {
    for (const role of ['viewer', 'auditor'] as const)
      assert.deepEqual(
        operations.filter((one) => one.scope !== 'read' && mayRun(role, one)).map(({ noun }) => noun),
        [],
      )
  })

  test('nobody makes, follows up or ends a key that may do more than theirs', async () => {
    const { context, ports, clock, ids } = testContext()
    await firstStart({ ports, clock, ids, given: { admin: null, test: null } })
    const actor = (role: Role) => ({ name: 'key:key_x', scopes: ['read', 'write', 'secrets'] as const, role })
    for (const role of ['billing', 'developer', 'viewer', 'auditor'] as const)
      assert.throws(() => checkAdminKey(actor(role), 'viewer'), { code: 'permission_denied' })
    assert.throws(() => checkAdminKey(actor('admin'), 'owner'), { code: 'permission_denied' })
    checkAdminKey(actor('admin'), 'admin')
    const create = named('keys create')
    const made = (await runOperation(
      create,
      { name: 'boss', admin: true },
      { ...context, actor: { ...context.actor, role: 'owner' } },
    )) as { id: string; role: string }
    assert.equal(made.role, 'owner')
    const developer = { ...context, actor: actor('developer') }
    await assert.rejects(runOperation(create, { name: 'x', admin: true, role: 'viewer' }, developer), {
      code: 'permission_denied',
    })
    for (const command of ['keys rotate', 'keys revoke'])
      await assert.rejects(runOperation(named(command), { id: made.id }, developer), { code: 'permission_denied' })
    await assert.rejects(runOperation(create, { name: 'x', role: 'viewer' }, developer), /admin keys/)
    await assert.rejects(
      runOperation(named('prices list'), {}, { ...context, actor: { ...actor('viewer'), scopes: [] } }),
      /scope/,
    )
  })
})
