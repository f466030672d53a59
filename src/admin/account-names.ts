/** What accounts are called, for lists that know their ids. */

import type { OperationContext } from './operation.ts'

/** Names by id, asked for together; whoever is not there is not in it. */
export const accountNames = (
  rows: readonly { readonly account: string | null }[],
  { ports }: OperationContext,
): Promise<ReadonlyMap<string, string>> => {
  const ids = [...new Set(rows.flatMap(({ account }) => account ?? []))]
  return ids.length === 0 ? Promise.resolve(new Map()) : ports.store.names({ of: 'account', ids })
}
