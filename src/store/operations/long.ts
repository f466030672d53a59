/** Questions over as many rows as there are. Where a backend has a connection beside the one that calls are kept through, they go there. */

import type { OperationName } from './index.ts'

export const longReads: ReadonlySet<string> = new Set<OperationName>([
  'callStretch',
  'callFrom',
  'callSpan',
  'usagePage',
  'usageStart',
  'availability',
  'statementStretch',
  'bookPage',
  'auditEntries',
  'auditHolds',
  'auditAccounts',
  'auditLots',
  'trailLinks',
  'checkTrail',
  'personFile',
  'organisationFile',
])
