/** Rotates a key: a successor with the same rights, and an end for the old one. */

import { z } from 'zod'
import { rfc3339 } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { durationMsOf } from '#base/settings.ts'
import { makeKey } from '#policy/key.ts'
import { earlierOf, lineOf } from '#policy/key-facts.ts'
import { handleField, momentField, momentOf } from './field.ts'
import { keyNamed } from './key-lookup.ts'
import { makerOf } from './key-maker.ts'
import { madeKeyView, viewOfKey } from './key-view.ts'
import { operation } from './operation.ts'
import { checkAdminKey } from './role.ts'
import type { KeyRow } from './rows.ts'
import { checkStepUp } from './step-up.ts'
import { trailRowOf } from './trail-row.ts'

const overlap = z
  .string()
  .refine((text) => durationMsOf(text) !== null, 'must be a duration such as 24h, or 0s')
  .default('24h')
  .describe('How long the old key goes on working beside the new one; 0s = not at all.')

const expires = momentField()
  .optional()
  .describe('When the successor ends: a duration from now (30d), or RFC 3339. Absent: when the old one would have.')

/** `keys rotate` */
export const rotateKey = operation({
  noun: 'keys',
  verb: 'rotate',
  summary: 'Make a successor with the same rights, and end the old key after an overlap.',
  method: 'POST',
  path: '/keys/{id}/rotate',
  scope: 'secrets',
  input: z.strictObject({
    id: handleField().describe("The key's id, or its name where no other has it."),
    overlap,
    expires,
  }),
  output: madeKeyView.extend({
    replaces: z.string().describe('The id of the old key.'),
    replaced_until: z.string().describe('Until when the old key works. RFC 3339, UTC.'),
  }),
  flags: [{ field: 'id', describe: "The key's id, or its name.", positional: true }],
  render: (made) => `${made.key}\n`,
  run: async (input, context) => {
    const { clock, ids, ports } = context
    const old = await keyNamed(input.id, ports)
    if (old.purpose === 'admin') {
      checkAdminKey(context.actor, old.role ?? 'owner')
      await checkStepUp('keys rotate', context)
    }
    const nowMs = clock.nowMs()
    const state = viewOfKey(old, nowMs).state
    if (state === 'revoked' || state === 'expired')
      throw new Problem('conflict', {
        ...saying('nothing_to_rotate', { id: old.id, state }),
        param: 'id',
      })
    const expiresMs = input.expires === undefined ? old.expiresMs : momentOf(input.expires, nowMs)
    if (expiresMs !== null && expiresMs <= nowMs)
      throw new Problem('invalid_request_error', { ...saying('expires_past'), param: 'expires' })
    const never = Number.MAX_SAFE_INTEGER
    const overlapMs = durationMsOf(input.overlap) ?? 0
    const untilMs = Math.min(nowMs + overlapMs, old.revokedMs ?? never, old.expiresMs ?? never)
    const made = makeKey(old.purpose, old.test, ids)
    const row: KeyRow = {
      ...old,
      // The secret of the successor is known to whoever rotates, and no more to who made the old one.
      maker: await makerOf(context),
      id: made.id,
      line: lineOf(old),
      earlier: earlierOf(old),
      expiresMs,
      createdMs: nowMs,
      revokedMs: null,
      ending: made.ending,
      digest: ports.digestKey(made.key),
    }
    const ended = { ...old, revokedMs: untilMs }
    const change = {
      operation: 'keys.rotate' as const,
      object: old.id,
      before: viewOfKey(old, nowMs),
      after: { old: viewOfKey(ended, nowMs), new: viewOfKey(row, nowMs) },
    }
    await ports.store.rotateKey({ oldId: old.id, oldUntilMs: untilMs, row }, trailRowOf(change, context))
    await ports.keysChanged([ended, row])
    const view = viewOfKey(row, nowMs)
    return { ...view, key: made.key, warnings: [], replaces: old.id, replaced_until: rfc3339(untilMs) }
  },
})
