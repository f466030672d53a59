import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '#base/problem.ts'
import type { Role } from '#identity/role.ts'
import { roles } from '#identity/role.ts'
import type { Actor, Operation } from './operation.ts'
import { operations } from './operations.ts'
import { named, reachOf, rowsOf } from './reach.ts'
import { mayRun } from './role.ts'
import { checkScope } from './run.ts'

const command = ({ noun, verb }: Operation): string => `${noun} ${verb}`
const scopes = ['read', 'write', 'secrets'] as const
const tenant = { organisation: 'org_a', account: 'acc_a' }

/** Everybody who may ask, by what they are called here. */
const actors: Readonly<Record<string, Actor>> = {
  visitor: { name: 'visitor', scopes: [], isVisitor: true },
  nobody: { name: 'person:per_x', scopes: [], role: 'viewer', tenant: { organisation: '', account: '' } },
  ...Object.fromEntries(
    roles.flatMap((role) => [
      [`operator ${role}`, { name: 'person:per_o', scopes, role } satisfies Actor],
      [`tenant ${role}`, { name: 'person:per_t', scopes, role, tenant } satisfies Actor],
    ]),
  ),
}

const outcomeOf = (operation: Operation, actor: Actor): string => {
  try {
    checkScope(operation, actor)
    return 'may'
  } catch (thrown) {
    assert.ok(thrown instanceof Problem)
    return thrown.code
  }
}

const expectedOf = (operation: Operation, who: string): string => {
  const reach = reachOf(operation)
  if (reach === 'everybody') return 'may'
  if (who === 'visitor') return 'signed_out'
  if (reach === 'self') return 'may'
  if (who === 'nobody') return 'permission_denied'
  const [side, role] = who.split(' ') as [string, Role]
  if (reach === 'operator' && side === 'tenant') return 'permission_denied'
  return mayRun(role, operation) ? 'may' : 'permission_denied'
}

describe('who may run what', () => {
  test('every operation stands in exactly one row of the table of reach, and the table names no other', () => {
    for (const operation of operations)
      assert.equal(
        rowsOf(operation).length,
        1,
        `'${command(operation)}' must stand in one row of src/admin/reach.ts: decide whose rows it works on`,
      )
    assert.deepEqual([...named()].sort(), operations.map(command).sort())
  })

  test('every route × role × organisation, by the table (CVE-2026-35029)', () => {
    let walked = 0
    for (const operation of operations)
      for (const [who, actor] of Object.entries(actors)) {
        assert.equal(outcomeOf(operation, actor), expectedOf(operation, who), `${command(operation)} as ${who}`)
        walked += 1
      }
    assert.equal(walked, operations.length * (2 + 2 * roles.length))
  })

  test('an operation that stands in no row is the operator’s alone', () => {
    const [first] = operations
    assert.ok(first !== undefined)
    const stray = { ...first, noun: 'stray', verb: 'do' }
    assert.equal(reachOf(stray), 'operator')
    for (const [who, actor] of Object.entries(actors))
      if (who !== 'operator owner' && who !== 'operator admin') assert.notEqual(outcomeOf(stray, actor), 'may', who)
  })

  test('nothing changes by a GET, and no GET needs more than reading', () => {
    for (const operation of operations)
      if (operation.method === 'GET') assert.equal(operation.scope, 'read', command(operation))
  })

  test('of the money of the operator a customer may change nothing, whatever the role', () => {
    const owner = actors['tenant owner']
    assert.ok(owner !== undefined)
    for (const one of [
      'credits grant',
      'credits adjust',
      'payments confirm',
      'payments refund',
      'accounts set',
      'prices set',
    ])
      assert.equal(outcomeOf(operations.find((each) => command(each) === one) as Operation, owner), 'permission_denied')
  })
})
