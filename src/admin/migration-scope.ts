/** Whether the keys and projects that a migration is for are there: calls of others are never in its scope. */

import type { Sentence } from '#base/sentence.ts'
import { planSays } from '#migration/plan-sentences.ts'
import type { MigrationFile } from '#migration/settings.ts'
import type { Named } from '#migration/unfitted.ts'
import { unfittedOf } from '#migration/unfitted.ts'
import { keyNamesOf } from '#policy/key-facts.ts'
import type { Looking } from './migration-baseline.ts'
import type { KeyRow } from './rows.ts'

const pageRows = 1_000

/** Whether calls come with it that a migration may move. */
const moves = ({ purpose, test, revokedMs, expiresMs }: KeyRow, nowMs: number): boolean =>
  purpose === 'model' && !test && (revokedMs ?? nowMs + 1) > nowMs && (expiresMs ?? nowMs + 1) > nowMs

async function* pagesOf<R extends { readonly id: string }>(
  read: (page: { readonly limit: number; readonly after: string | null }) => Promise<readonly R[]>,
  namesOf: (row: R) => Named,
): AsyncGenerator<readonly Named[]> {
  let after: string | null = null
  while (true) {
    const rows: readonly R[] = await read({ limit: pageRows, after })
    yield rows.map(namesOf)
    after = rows.at(-1)?.id ?? null
    if (rows.length < pageRows || after === null) return
  }
}

/** What of `match.keys` and `match.projects` fits nothing that there is. */
export const lostScopeOf = async (
  { match }: MigrationFile,
  { ports, clock }: Looking,
): Promise<readonly Sentence[]> => {
  const nowMs = clock.nowMs()
  const keys = pagesOf(ports.store.keys, (row) => (moves(row, nowMs) ? keyNamesOf(row) : []))
  const projects = pagesOf(
    (page) => ports.customers.projects({ ...page, organisation: null }),
    ({ id }) => [id],
  )
  const lostKeys = await unfittedOf(match.keys ?? [], keys)
  const lostProjects = await unfittedOf(match.projects ?? [], projects)
  return [
    ...lostKeys.map((name) => planSays('lost_key', { name })),
    ...lostProjects.map((name) => planSays('lost_project', { name })),
  ]
}
