/** The steps of the schema in their order. A step that has been released is never changed; a new one follows it. */

import { first } from './0001-first.ts'
import { books } from './0002-books.ts'
import { outbox } from './0003-outbox.ts'
import { people } from './0004-people.ts'
import { keptAnswers } from './0005-kept-answers.ts'
import { usage } from './0006-usage.ts'
import { routing } from './0007-routing.ts'
import { lots } from './0008-lots.ts'
import { budgets } from './0009-budgets.ts'
import { prices } from './0010-prices.ts'
import { priceUsed } from './0011-price-used.ts'
import { signUp } from './0012-sign-up.ts'
import { dayLimits } from './0013-day-limits.ts'
import { ownCredentials } from './0014-own-credentials.ts'
import { responses } from './0015-responses.ts'
import { nodes } from './0016-nodes.ts'
import { bindings } from './0017-bindings.ts'
import { reading } from './0018-reading.ts'
import { carried } from './0019-carried.ts'
import { payments } from './0020-payments.ts'
import { waits } from './0021-waits.ts'
import { cluster } from './0022-cluster.ts'
import { availability } from './0023-availability.ts'
import { documents } from './0024-documents.ts'
import { journal } from './0025-journal.ts'
import { migrations } from './0026-migrations.ts'
import { roles } from './0027-roles.ts'
import { fapiao } from './0028-fapiao.ts'
import { shadows } from './0029-shadows.ts'
import { terms } from './0030-terms.ts'
import { months } from './0031-months.ts'
import { migrationReports } from './0038-migration-reports.ts'
import { migrationHistory } from './0039-migration-history.ts'
import { migrationFeedback } from './0046-migration-feedback.ts'
import { identity } from './0050-identity.ts'
import { underWay } from './0051-under-way.ts'
import { keyMaker } from './0052-key-maker.ts'
import { vouched } from './0053-vouched.ts'
import { ownTrail } from './0054-own-trail.ts'
import { migrationPins } from './0057-migration-pins.ts'
import { receiptKeys } from './0060-receipt-keys.ts'
import { eventSaid } from './0061-event-said.ts'
import { failedTraits } from './0062-failed-traits.ts'
import { applied } from './0063-applied.ts'
import { keyLine } from './0064-key-line.ts'
import { keyEarlier } from './0065-key-earlier.ts'
import { chosenPlan } from './0066-chosen-plan.ts'
import type { SchemaStep } from './step.ts'

export const schemaSteps: readonly SchemaStep[] = [
  first,
  books,
  outbox,
  people,
  keptAnswers,
  usage,
  routing,
  lots,
  budgets,
  prices,
  priceUsed,
  signUp,
  dayLimits,
  ownCredentials,
  responses,
  nodes,
  bindings,
  reading,
  carried,
  payments,
  waits,
  cluster,
  availability,
  documents,
  journal,
  migrations,
  roles,
  fapiao,
  shadows,
  terms,
  months,
  migrationReports,
  migrationHistory,
  migrationFeedback,
  identity,
  underWay,
  keyMaker,
  vouched,
  ownTrail,
  migrationPins,
  receiptKeys,
  eventSaid,
  failedTraits,
  applied,
  keyLine,
  keyEarlier,
  chosenPlan,
]
