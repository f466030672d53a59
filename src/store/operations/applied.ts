/** Providers and models that were applied. Credentials are sealed before they come here. */

import type { AppliedKind, AppliedRow, AppliedSetting, TrailRow } from '#admin/port.ts'
import { Problem } from '#base/problem.ts'
import { read, write } from './context.ts'
import { appendTrail } from './trail.ts'

/** More than any table of models holds. */
const appliedMax = 20_000

type Which = { readonly kind: AppliedKind; readonly name: string; readonly trail: TrailRow }

export const appliedOperations = {
  applied: read(async (transaction, _none: null): Promise<readonly AppliedRow[]> => {
    const rows = await transaction
      .selectFrom('applied')
      .selectAll()
      .orderBy('kind')
      .orderBy('name')
      .limit(appliedMax)
      .execute()
    return rows.map(({ kind, name, document, sealed, digest, sealed_ms, changed_ms }) => ({
      kind: kind as AppliedKind,
      name,
      document,
      sealed,
      digest,
      sealedMs: sealed_ms === null ? null : Number(sealed_ms),
      changedMs: Number(changed_ms),
    }))
  }),

  setApplied: write(async (transaction, settings: readonly AppliedSetting[]): Promise<void> => {
    for (const { row, trail } of settings) {
      const { kind, name, document, sealed, digest } = row
      const changed = { document, sealed, digest, sealed_ms: row.sealedMs, changed_ms: row.changedMs }
      await transaction
        .insertInto('applied')
        .values({ kind, name, ...changed })
        .onConflict((conflict) => conflict.columns(['kind', 'name']).doUpdateSet(changed))
        .execute()
      await appendTrail(transaction, trail)
    }
    const { count } = await transaction
      .selectFrom('applied')
      .select(({ fn }) => fn.countAll<bigint>().as('count'))
      .executeTakeFirstOrThrow()
    if (Number(count) > appliedMax)
      throw new Problem('conflict', {
        message: `There are ${appliedMax} applied providers and models already: remove some, or declare them in drover.yaml.`,
      })
  }),

  removeApplied: write(async (transaction, { kind, name, trail }: Which): Promise<boolean> => {
    const gone = await transaction
      .deleteFrom('applied')
      .where('kind', '=', kind)
      .where('name', '=', name)
      .returning('name')
      .executeTakeFirst()
    if (gone !== undefined) await appendTrail(transaction, trail)
    return gone !== undefined
  }),
}
