/** Stored rows of applied providers and models, as configuration reads them. */

import type { AppliedRow } from '#admin/port.ts'
import { rfc3339 } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import type { AppliedSettings } from '#config/build-applied.ts'
import type { KeptCredentials } from '#config/build-provider.ts'
import type { AppliedSecrets } from '#config/split-applied.ts'
import { splitProvider } from '#config/split-applied.ts'

/** Of a provider that has none. */
export const nothingKept: KeptCredentials = { credentials: [], headers: {} }

/** As the relay takes them; people see since when they are kept. */
export const keptCredentials = ({ keys, headers }: AppliedSecrets, sinceMs: number): KeptCredentials => ({
  credentials: keys.map((key, index) => ({
    reference: `kept since ${rfc3339(sinceMs)}${keys.length > 1 ? ` (${index + 1})` : ''}`,
    secret: new Secret(key),
  })),
  headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)])),
})

/** What stored rows say. */
export const settingsOf = (rows: readonly AppliedRow[]): AppliedSettings => {
  const of = (kind: AppliedRow['kind'], read: (row: AppliedRow) => unknown) =>
    Object.fromEntries(rows.filter((row) => row.kind === kind).map((row) => [row.name, read(row)]))
  const fields = ({ document }: AppliedRow) => JSON.parse(document) as Readonly<Record<string, unknown>>
  return {
    providers: of('provider', (row) => splitProvider(row.name, fields(row), () => {}).settings),
    models: of('model', fields),
  }
}
