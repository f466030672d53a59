/** The list of operations: API, command line and OpenAPI document are made from it. */

import { accountOperations } from './accounts.ts'
import { appliedOperations } from './applied.ts'
import { applyOperations } from './apply.ts'
import { autoTopUpOperations } from './auto-top-ups.ts'
import { billingOperations } from './billing.ts'
import { bindingOperations } from './bindings.ts'
import { budgetOperations } from './budgets.ts'
import { callOperations } from './calls.ts'
import { codeOperations } from './codes.ts'
import { credentialOperations } from './credentials.ts'
import { creditOperations } from './credits.ts'
import { eventOperations } from './events.ts'
import { explainOperations } from './explain.ts'
import { fapiaoOperations } from './fapiao.ts'
import { importOperations } from './import-account.ts'
import { invitationOperations } from './invitations.ts'
import { invoiceOperations } from './invoices.ts'
import { issuerOperations } from './issuers.ts'
import { keyOperations } from './keys.ts'
import { ledgerOperations } from './ledger.ts'
import { adjustCredit, listLots, revokeLot } from './lots.ts'
import { markupOperations } from './markups.ts'
import { meOperations } from './me.ts'
import { memberOperations } from './members.ts'
import { migrationDrafts } from './migration-draft.ts'
import { migrationFeedback } from './migration-feedback.ts'
import { migrationObservations } from './migration-observations.ts'
import { migrationReplays } from './migration-replay.ts'
import { migrationReports } from './migration-report.ts'
import { migrationShadow } from './migration-shadow.ts'
import { migrationVerbs } from './migration-verbs.ts'
import { migrationOperations } from './migrations.ts'
import { modelOperations } from './models.ts'
import { nodeOperations } from './nodes.ts'
import type { Operation } from './operation.ts'
import { organisationOperations } from './organisations.ts'
import { overviewOperations } from './overview.ts'
import { ownSecurityOperations } from './own-security.ts'
import { passkeyOperations } from './passkeys.ts'
import { passwordOperations } from './password.ts'
import { paymentDecisions } from './payment-decisions.ts'
import { paymentReconcile } from './payment-reconcile.ts'
import { paymentOperations } from './payments.ts'
import { planOperations } from './plans.ts'
import { priceCompareOperations } from './price-compare.ts'
import { priceExplainOperations } from './price-explain.ts'
import { priceImportOperations } from './price-import.ts'
import { priceOperations } from './prices.ts'
import { projectOperations } from './projects.ts'
import { providerBalanceOperations } from './provider-balance.ts'
import { providerTestOperations } from './provider-test.ts'
import { receiptOperations } from './receipts.ts'
import { rerateOperations } from './rerate.ts'
import { routingOperations } from './routes.ts'
import { ruleOperations } from './rules.ts'
import { sessionOperations } from './session.ts'
import { setUpOperations } from './set-up.ts'
import { settingsOperations } from './settings-form.ts'
import { signUpOperations } from './sign-up.ts'
import { signupOperations } from './signups.ts'
import { statsOperations } from './stats.ts'
import { stepUpOperations } from './step-up.ts'
import { storeMoveOperations } from './store-moves.ts'
import { subjectOperations } from './subjects.ts'
import { totpOperations } from './totp.ts'
import { trailOperations } from './trail.ts'
import { usageOperations } from './usage.ts'

export const operations = [
  ...sessionOperations,
  ...overviewOperations,
  ...stepUpOperations,
  ...setUpOperations,
  ...signUpOperations,
  ...passwordOperations,
  ...meOperations,
  ...ownSecurityOperations,
  ...totpOperations,
  ...billingOperations,
  ...providerTestOperations,
  ...passkeyOperations,
  ...issuerOperations,
  ...keyOperations,
  ...organisationOperations,
  ...accountOperations,
  ...projectOperations,
  ...memberOperations,
  ...invitationOperations,
  ...creditOperations,
  ...credentialOperations,
  ...budgetOperations,
  ...paymentOperations,
  ...paymentDecisions,
  ...paymentReconcile,
  ...autoTopUpOperations,
  ...invoiceOperations,
  ...fapiaoOperations,
  ...codeOperations,
  ...signupOperations,
  ...planOperations,
  listLots,
  revokeLot,
  adjustCredit,
  ...ledgerOperations,
  ...modelOperations,
  ...appliedOperations,
  ...priceCompareOperations,
  ...priceOperations,
  ...priceExplainOperations,
  ...priceImportOperations,
  ...markupOperations,
  ...rerateOperations,
  ...routingOperations,
  ...ruleOperations,
  ...settingsOperations,
  ...callOperations,
  ...usageOperations,
  ...explainOperations,
  ...receiptOperations,
  ...providerBalanceOperations,
  ...importOperations,
  ...applyOperations,
  ...trailOperations,
  ...subjectOperations,
  ...eventOperations,
  ...statsOperations,
  ...bindingOperations,
  ...nodeOperations,
  ...storeMoveOperations,
  ...migrationOperations,
  ...migrationVerbs,
  ...migrationReports,
  ...migrationReplays,
  ...migrationDrafts,
  ...migrationObservations,
  ...migrationFeedback,
  ...migrationShadow,
] as unknown as readonly Operation[]
