/** What ids in an answer are called: of accounts, keys, projects, members, organisations, people and migrations. */

import { z } from 'zod'
import type { OperationContext } from './operation.ts'
import type { NamedKind } from './port.ts'

/** Of one question to the store. */
const idsMax = 1_000

const kinds: Readonly<Record<string, NamedKind>> = {
  acc: 'account',
  key: 'key',
  prj: 'project',
  mem: 'member',
  org: 'organisation',
  per: 'person',
  mig: 'migration',
}

export const namesView = () =>
  z
    .record(z.string(), z.string())
    .describe(
      'What ids in this answer are called: accounts, keys, projects, members, organisations, people, migrations.',
    )

/** Ids in texts: of an actor `key:key_…`, of a book `account:acc_…`. */
const idsIn = (text: string): readonly string[] => text.match(/\b(?:acc|key|prj|mem|org|per|mig)_\w+/g) ?? []

/** Asks once for each kind that is there, for 1,000 ids of it at most; whoever has no name, or is not the asker's to see, is not in it. */
export const idNames = async (
  texts: Iterable<string | null | undefined>,
  { ports }: Pick<OperationContext, 'ports'>,
): Promise<Record<string, string>> => {
  const byKind = new Map<NamedKind, Set<string>>()
  for (const text of texts)
    for (const id of idsIn(text ?? '')) {
      const kind = kinds[id.split('_', 1)[0] ?? '']
      if (kind === undefined) continue
      const ids = byKind.get(kind) ?? new Set()
      if (ids.size < idsMax) byKind.set(kind, ids.add(id))
    }
  const found = await Promise.all([...byKind].map(([of, ids]) => ports.store.names({ of, ids: [...ids] })))
  return Object.fromEntries(found.flatMap((names) => [...names]))
}
