/** The operations that the console calls: their words and places, held against the relay's own contract by the types. */

import type { Contract } from '#admin/contract.ts'

export type Words = keyof Contract

/** A place that the contract has for these words. */
type PlaceOf<W extends Words> = readonly [method: Contract[W]['method'], path: Contract[W]['path']]

export const places = {
  'session show': ['GET', '/session'],
  'session move': ['PATCH', '/session'],
  'overview show': ['GET', '/overview'],
  'keys list': ['GET', '/keys'],
  'keys create': ['POST', '/keys'],
  'keys rotate': ['POST', '/keys/{id}/rotate'],
  'keys revoke': ['DELETE', '/keys/{id}'],
  'models list': ['GET', '/models'],
  'logs list': ['GET', '/calls'],
  'calls show': ['GET', '/calls/{id}'],
  'explain list': ['GET', '/calls/{id}/explain'],
  'usage list': ['GET', '/usage'],
} as const satisfies { readonly [W in Words]?: PlaceOf<W> }

export type Known = keyof typeof places & Words
export type Input<W extends Known> = Contract[W]['input']
export type Output<W extends Known> = Contract[W]['output']
