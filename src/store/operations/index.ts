/** All store operations, by the names of the port methods that they answer. */

import { accountOperations } from './account.ts'
import { appliedOperations } from './applied.ts'
import { availabilityOperations } from './availability.ts'
import { beginOperations } from './begin.ts'
import { bindingOperations } from './binding.ts'
import { bookOperations } from './books/book-operations.ts'
import { budgetOperations } from './budget.ts'
import type { BackendHabits } from './call.ts'
import { callOperations } from './call.ts'
import { carriedOperations } from './carried.ts'
import { changeOperations } from './changes.ts'
import { codeOperations } from './code.ts'
import type { StoreOperation } from './context.ts'
import { documentOperations } from './document.ts'
import { erasureOperations } from './erasure.ts'
import { fapiaoOperations } from './fapiao.ts'
import { interruptedOperations } from './interrupted.ts'
import { journalOperations } from './journal.ts'
import { keptAnswerOperations } from './kept-answer.ts'
import { keyOperations } from './key.ts'
import { storeOperations } from './meta.ts'
import { migrationOperations } from './migration.ts'
import { nameOperations } from './names.ts'
import { oneTimeOperations } from './one-time.ts'
import { outboxOperations } from './outbox.ts'
import { ownCredentialOperations } from './own-credential.ts'
import { paymentOperations } from './payment.ts'
import { peopleOperations } from './people.ts'
import { personOperations } from './person.ts'
import { planOperations } from './plan.ts'
import { priceOperations } from './price.ts'
import { priceUsedOperations } from './price-used.ts'
import { receiptKeyOperations } from './receipt-key.ts'
import { responseOperations } from './response.ts'
import { retentionOperations } from './retention.ts'
import { sessionOperations } from './session.ts'
import { signInOperations } from './sign-in.ts'
import { signupOperations } from './signup.ts'
import { togetherOperations } from './together.ts'
import { trailOperations } from './trail.ts'
import { usageOperations } from './usage/usage-operations.ts'

const eachOperation = (habits: BackendHabits) => ({
  ...beginOperations,
  ...accountOperations,
  ...peopleOperations,
  ...keyOperations,
  ...nameOperations,
  ...trailOperations,
  ...callOperations(habits),
  ...interruptedOperations,
  ...bookOperations(),
  ...budgetOperations(),
  ...planOperations,
  ...ownCredentialOperations,
  ...appliedOperations,
  ...codeOperations(),
  ...signupOperations(),
  ...paymentOperations(),
  ...documentOperations,
  ...fapiaoOperations,
  ...outboxOperations,
  ...keptAnswerOperations,
  ...responseOperations,
  ...bindingOperations,
  ...carriedOperations,
  ...usageOperations(),
  ...priceUsedOperations,
  ...availabilityOperations,
  ...priceOperations,
  ...retentionOperations,
  ...storeOperations,
  ...journalOperations,
  ...changeOperations,
  ...migrationOperations,
  ...personOperations,
  ...sessionOperations,
  ...signInOperations,
  ...oneTimeOperations,
  ...receiptKeyOperations,
  ...erasureOperations,
})

/** One set for each backend: a set holds statements that were compiled for its dialect. */
export const makeOperations = (habits: BackendHabits = { isFar: false }) => {
  const each = eachOperation(habits)
  return { ...each, ...togetherOperations(each) }
}

export type Operations = ReturnType<typeof makeOperations>
export type OperationName = keyof Operations
export type OperationInput<N extends OperationName> =
  Operations[N] extends StoreOperation<infer I, infer _O> ? I : never
export type OperationOutput<N extends OperationName> =
  Operations[N] extends StoreOperation<infer _I, infer O> ? O : never

/** Runs one operation to its end, in a transaction of its own or together with others. */
export type Execute = <N extends OperationName>(name: N, input: OperationInput<N>) => Promise<OperationOutput<N>>
