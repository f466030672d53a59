/** The operations that the console calls: their words and places, held against the relay's own contract by the types. */

import type { Contract } from '#admin/contract.ts'

export type Words = keyof Contract

/** A place that the contract has for these words. */
type PlaceOf<W extends Words> = readonly [method: Contract[W]['method'], path: Contract[W]['path']]

export const places = {
  'session show': ['GET', '/session'],
  'session step-up': ['POST', '/session/step-up'],
  'set-up create': ['POST', '/set-up'],
  'sign-up show': ['GET', '/sign-up'],
  'sign-up create': ['POST', '/sign-up'],
  'sign-up verify': ['POST', '/sign-up/verify'],
  'password forgotten': ['POST', '/password/forgotten'],
  'password reset': ['POST', '/password/reset'],
  'invitation show': ['POST', '/invitation/show'],
  'invitation accept': ['POST', '/invitation'],
  'me confirm-email': ['POST', '/me/email/confirm'],
  'session move': ['PATCH', '/session'],
  'overview show': ['GET', '/overview'],
  'keys list': ['GET', '/keys'],
  'keys create': ['POST', '/keys'],
  'keys rotate': ['POST', '/keys/{id}/rotate'],
  'keys revoke': ['DELETE', '/keys/{id}'],
  'models list': ['GET', '/models'],
  'prices compare': ['GET', '/prices/compare'],
  'logs list': ['GET', '/calls'],
  'calls show': ['GET', '/calls/{id}'],
  'explain list': ['GET', '/calls/{id}/explain'],
  'usage list': ['GET', '/usage'],
  'billing show': ['GET', '/billing/{account}'],
  'payments quote': ['GET', '/payments/quote'],
  'payments create': ['POST', '/payments'],
  'payments show': ['GET', '/payments/{order}'],
  'payments confirm': ['POST', '/payments/{order}/confirm'],
  'payments close': ['POST', '/payments/{order}/close'],
  'invoices file': ['GET', '/invoices/{document}/file'],
  'codes redeem': ['POST', '/codes/redeem'],
  'credits grant': ['POST', '/credits'],
  'accounts list': ['GET', '/accounts'],
  'accounts create': ['POST', '/accounts'],
  'accounts set': ['PATCH', '/accounts/{account}'],
  'accounts suspend': ['POST', '/accounts/{account}/suspend'],
  'accounts resume': ['POST', '/accounts/{account}/resume'],
  'plans list': ['GET', '/plans'],
  'plans create': ['POST', '/plans'],
  'migrate list': ['GET', '/migrations'],
  'migrate status': ['GET', '/migrations/{name}'],
  'migrate plan': ['POST', '/migrations/plan'],
  'migrate start': ['POST', '/migrations'],
  'migrate promote': ['POST', '/migrations/{name}/promote'],
  'migrate pause': ['POST', '/migrations/{name}/pause'],
  'migrate resume': ['POST', '/migrations/{name}/resume'],
  'migrate rollback': ['POST', '/migrations/{name}/rollback'],
  'providers list': ['GET', '/providers'],
  'providers test': ['POST', '/providers/{name}/test'],
  'routes list': ['GET', '/routes'],
  'trail list': ['GET', '/trail'],
  'trail verify': ['GET', '/trail/verify'],
  'nodes list': ['GET', '/nodes'],
  'nodes forget': ['DELETE', '/nodes/{id}'],
} as const satisfies { readonly [W in Words]?: PlaceOf<W> }

export type Known = keyof typeof places & Words
export type Input<W extends Known> = Contract[W]['input']
export type Output<W extends Known> = Contract[W]['output']
