/** Keys: made, listed, shown, revoked, rotated. */

import { z } from 'zod'
import { handleField, pageFields, pageOf } from './field.ts'
import { createKey } from './key-create.ts'
import { keyNamed } from './key-lookup.ts'
import { rotateKey } from './key-rotate.ts'
import { keyView, viewOfKey } from './key-view.ts'
import { operation } from './operation.ts'
import { listText, table } from './render.ts'
import { checkAdminKey } from './role.ts'
import { trailRowOf } from './trail-row.ts'

const list = operation({
  noun: 'keys',
  verb: 'list',
  summary: 'List keys, the oldest first.',
  method: 'GET',
  path: '/keys',
  scope: 'read',
  input: z.strictObject(pageFields(1000)),
  output: z.object({ data: z.array(keyView), next: z.string().nullable() }),
  flags: [],
  render: ({ data }) =>
    table(
      ['ID', 'NAME', 'ACCOUNT', 'KIND', 'ENDS IN', 'STATE', 'MODELS', 'RPM', 'EXPIRES'],
      data.map((key) => [
        key.id,
        key.name,
        key.account,
        key.purpose === 'admin' ? 'admin' : key.test ? 'test' : 'live',
        key.ending,
        key.state,
        listText(key.models),
        key.rpm,
        key.expires,
      ]),
    ),
  run: async ({ limit: rowsMax, after }, { ports, clock }) => {
    const rows = await ports.store.keys({ limit: rowsMax, after: after ?? null })
    const page = pageOf(rows, rowsMax)
    return { data: page.data.map((row) => viewOfKey(row, clock.nowMs())), next: page.next }
  },
})

const idField = handleField().describe("The key's id, or its name where no other has it.")
const idFlag = { field: 'id', describe: "The key's id, or its name.", positional: true } as const

const show = operation({
  noun: 'keys',
  verb: 'show',
  summary: 'Show one key, without the key itself.',
  method: 'GET',
  path: '/keys/{id}',
  scope: 'read',
  input: z.strictObject({ id: idField }),
  output: keyView,
  flags: [idFlag],
  run: async ({ id }, context) => viewOfKey(await keyNamed(id, context.ports), context.clock.nowMs()),
})

const revoke = operation({
  noun: 'keys',
  verb: 'revoke',
  summary: 'End a key at once. Streams that it opened run to their end.',
  method: 'DELETE',
  path: '/keys/{id}',
  scope: 'write',
  input: z.strictObject({ id: idField }),
  output: keyView,
  flags: [idFlag],
  render: (key) => `revoked ${key.id} (${key.name}) at ${key.revoked ?? '?'}\n`,
  run: async ({ id }, context) => {
    const { clock, ports } = context
    const before = await keyNamed(id, context.ports)
    if (before.purpose === 'admin') checkAdminKey(context.actor, before.role ?? 'owner')
    const nowMs = clock.nowMs()
    if (before.revokedMs !== null && before.revokedMs <= nowMs) return viewOfKey(before, nowMs)
    const after = { ...before, revokedMs: nowMs }
    const change = {
      operation: 'keys.revoke' as const,
      object: before.id,
      before: viewOfKey(before, nowMs),
      after: viewOfKey(after, nowMs),
    }
    const row = (await ports.store.revokeKey(before.id, nowMs, trailRowOf(change, context))) ?? after
    await ports.keysChanged([row])
    return viewOfKey(row, nowMs)
  },
})

export const keyOperations = [createKey, list, show, revoke, rotateKey] as const
