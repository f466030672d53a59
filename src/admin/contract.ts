/** The admin operations as types, for those who call them from elsewhere: the console, programs. Nothing of it is left at run time. */

import type { z } from 'zod'
import type { accessRefusals } from '#base/access-refusals.ts'
import type { eventSentences } from '#base/event-sentences.ts'
import type { healthSentences } from '#base/health-sentences.ts'
import type { moneyRefusals } from '#base/money-refusals.ts'
import type { objectRefusals } from '#base/object-refusals.ts'
import type { operatorRefusals } from '#base/operator-refusals.ts'
import type { priceReasons } from '#catalog/price-source/reasons.ts'
import type { planSentences } from '#migration/plan-sentences.ts'
import type { reasons } from '#migration/reasons.ts'
import type { findings } from '#rehearsal/findings.ts'
import type { accountOperations } from './accounts.ts'
import type { applyOperations } from './apply.ts'
import type { autoTopUpOperations } from './auto-top-ups.ts'
import type { billingOperations } from './billing.ts'
import type { bindingOperations } from './bindings.ts'
import type { budgetOperations } from './budgets.ts'
import type { callOperations } from './calls.ts'
import type { codeOperations } from './codes.ts'
import type { credentialOperations } from './credentials.ts'
import type { creditOperations } from './credits.ts'
import type { eventOperations } from './events.ts'
import type { explainOperations } from './explain.ts'
import type { fapiaoOperations } from './fapiao.ts'
import type { importOperations } from './import-account.ts'
import type { invitationOperations } from './invitations.ts'
import type { invoiceOperations } from './invoices.ts'
import type { issuerOperations } from './issuers.ts'
import type { keyOperations } from './keys.ts'
import type { ledgerOperations } from './ledger.ts'
import type { adjustCredit, listLots, revokeLot } from './lots.ts'
import type { markupOperations } from './markups.ts'
import type { meOperations } from './me.ts'
import type { memberOperations } from './members.ts'
import type { migrationDrafts } from './migration-draft.ts'
import type { migrationFeedback } from './migration-feedback.ts'
import type { migrationObservations } from './migration-observations.ts'
import type { migrationReports } from './migration-report.ts'
import type { migrationShadow } from './migration-shadow.ts'
import type { migrationVerbs } from './migration-verbs.ts'
import type { migrationOperations } from './migrations.ts'
import type { modelOperations } from './models.ts'
import type { nodeOperations } from './nodes.ts'
import type { organisationOperations } from './organisations.ts'
import type { overviewOperations } from './overview.ts'
import type { ownSecurityOperations } from './own-security.ts'
import type { passkeyOperations } from './passkeys.ts'
import type { passwordOperations } from './password.ts'
import type { paymentDecisions } from './payment-decisions.ts'
import type { paymentReconcile } from './payment-reconcile.ts'
import type { paymentOperations } from './payments.ts'
import type { planOperations } from './plans.ts'
import type { priceCompareOperations } from './price-compare.ts'
import type { priceExplainOperations } from './price-explain.ts'
import type { priceImportOperations } from './price-import.ts'
import type { priceOperations } from './prices.ts'
import type { projectOperations } from './projects.ts'
import type { providerBalanceOperations } from './provider-balance.ts'
import type { providerTestOperations } from './provider-test.ts'
import type { receiptOperations } from './receipts.ts'
import type { rerateOperations } from './rerate.ts'
import type { routingOperations } from './routes.ts'
import type { ruleOperations } from './rules.ts'
import type { sessionOperations } from './session.ts'
import type { setUpOperations } from './set-up.ts'
import type { settingsOperations } from './settings-form.ts'
import type { signUpOperations } from './sign-up.ts'
import type { signupOperations } from './signups.ts'
import type { statsOperations } from './stats.ts'
import type { stepUpOperations } from './step-up.ts'
import type { totpOperations } from './totp.ts'
import type { trailOperations } from './trail.ts'
import type { usageOperations } from './usage.ts'

type Listed =
  | (typeof sessionOperations)[number]
  | (typeof overviewOperations)[number]
  | (typeof stepUpOperations)[number]
  | (typeof setUpOperations)[number]
  | (typeof settingsOperations)[number]
  | (typeof signUpOperations)[number]
  | (typeof passwordOperations)[number]
  | (typeof meOperations)[number]
  | (typeof ownSecurityOperations)[number]
  | (typeof totpOperations)[number]
  | (typeof passkeyOperations)[number]
  | (typeof issuerOperations)[number]
  | (typeof billingOperations)[number]
  | (typeof providerTestOperations)[number]
  | (typeof keyOperations)[number]
  | (typeof organisationOperations)[number]
  | (typeof accountOperations)[number]
  | (typeof projectOperations)[number]
  | (typeof memberOperations)[number]
  | (typeof invitationOperations)[number]
  | (typeof creditOperations)[number]
  | (typeof credentialOperations)[number]
  | (typeof budgetOperations)[number]
  | (typeof paymentOperations)[number]
  | (typeof paymentDecisions)[number]
  | (typeof paymentReconcile)[number]
  | (typeof autoTopUpOperations)[number]
  | (typeof invoiceOperations)[number]
  | (typeof fapiaoOperations)[number]
  | (typeof codeOperations)[number]
  | (typeof signupOperations)[number]
  | (typeof planOperations)[number]
  | (typeof ledgerOperations)[number]
  | (typeof modelOperations)[number]
  | (typeof priceCompareOperations)[number]
  | (typeof priceOperations)[number]
  | (typeof priceExplainOperations)[number]
  | (typeof priceImportOperations)[number]
  | (typeof markupOperations)[number]
  | (typeof rerateOperations)[number]
  | (typeof routingOperations)[number]
  | (typeof ruleOperations)[number]
  | (typeof callOperations)[number]
  | (typeof usageOperations)[number]
  | (typeof explainOperations)[number]
  | (typeof receiptOperations)[number]
  | (typeof providerBalanceOperations)[number]
  | (typeof importOperations)[number]
  | (typeof applyOperations)[number]
  | (typeof trailOperations)[number]
  | (typeof eventOperations)[number]
  | (typeof statsOperations)[number]
  | (typeof bindingOperations)[number]
  | (typeof nodeOperations)[number]
  | (typeof migrationOperations)[number]
  | (typeof migrationVerbs)[number]
  | (typeof migrationReports)[number]
  | (typeof migrationDrafts)[number]
  | (typeof migrationObservations)[number]
  | (typeof migrationFeedback)[number]
  | (typeof migrationShadow)[number]
  | typeof listLots
  | typeof revokeLot
  | typeof adjustCredit

type Word<O> = O extends { readonly noun: infer N extends string; readonly verb: infer V extends string }
  ? `${N} ${V}`
  : never

type Called<W> = Listed extends infer O ? (O extends Listed ? (Word<O> extends W ? O : never) : never) : never

/** What an operation takes, what it gives, and where it is, by its words: `keys create`. */
export type Contract = {
  readonly [W in Word<Listed>]: Called<W> extends {
    readonly input: infer I extends z.ZodType
    readonly output: infer O extends z.ZodType
    readonly method: infer M
    readonly path: infer P
  }
    ? { readonly input: z.input<I>; readonly output: z.output<O>; readonly method: M; readonly path: P }
    : never
}

/** What the relay says to people, by code: the console words each. */
export type SaidTables = {
  readonly migration: typeof reasons
  readonly plan: typeof planSentences
  readonly preflight: typeof findings
  readonly event: typeof eventSentences
  readonly health: typeof healthSentences
  readonly price: typeof priceReasons
  readonly accessRefusal: typeof accessRefusals
  readonly moneyRefusal: typeof moneyRefusals
  readonly objectRefusal: typeof objectRefusals
  readonly operatorRefusal: typeof operatorRefusals
}

export type { EventName } from '#base/event.ts'
export type { Sentences } from '#base/sentence.ts'
export type { TrailOperation } from '#base/trail-operation.ts'
export type { Role } from '#identity/role.ts'
