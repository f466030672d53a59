/**
 * Which operations exclude each other. What SQLite's one writer gives by itself is given here by locks that end with the
 * transaction: an operation of a lane runs alone in it, on whatever node; one of no lane runs alone in the store. So every
 * operation reads what it decides on as if it were the only one, and calls of different accounts do not wait for each other.
 */

import { createHash } from 'node:crypto'
import type { PostgresOperationName } from './operations.ts'

/** `null` = it excludes every other write. */
export type Lane = string | null

type Text<K extends string> = { readonly [Key in K]: string }

const account = (input: unknown): Lane => `account ${(input as Text<'account'>).account}`
const answer = (input: unknown): Lane => `answer ${(input as Text<'id'>).id}`
const binding = (input: unknown): Lane => `binding ${(input as Text<'holder'>).holder}`
const named =
  (name: string) =>
  (_input: unknown): Lane =>
    name

const lanes: Readonly<Partial<Record<PostgresOperationName, (input: unknown) => Lane>>> = {
  hold: account,
  extend: account,
  settle: account,
  draw: account,
  voidHold: account,
  noteLease: account,
  endLease: account,
  returnPart: account,
  recall: (input) => `recall ${String(input)}`,
  claimAnswer: answer,
  keepPiece: answer,
  endAnswer: answer,
  keepResponse: (input) => `response ${(input as Text<'id'>).id}`,
  dropResponse: (input) => `response ${(input as Text<'id'>).id}`,
  keepBinding: binding,
  changeBinding: (input) => binding((input as { readonly named: unknown }).named),
  dropBinding: binding,
  claimBinding: binding,
  keepCarried: (input) => `carried ${(input as readonly Text<'holder'>[])[0]?.holder ?? ''}`,
  boundCarried: (input) => `carried ${(input as Text<'holder'>).holder}`,
  sweepCarried: named('carried'),
  // Calls get their numbers in the order in which they can be seen, so that whoever follows the log misses none.
  append: named('log'),
  noteInterrupted: named('log'),
  rollForward: named('usage'),
  forgetCalls: named('usage'),
  forgetBodies: named('usage'),
  // Of two nodes that see the same at the same time one finds what the other has told.
  keepEvent: (input) => {
    const { event, unless } = input as { readonly event: Text<'id' | 'object'>; readonly unless: unknown }
    return `event ${unless === null ? event.id : event.object}`
  },
  noteDelivery: (input) => `event ${(input as Text<'event'>).event}`,
  keepSimilar: (input) => `similar ${(input as { readonly answer: Text<'scope'> }).answer.scope}`,
  sweepSimilar: named('similar'),
  addEvidence: (input) => `migration ${(input as Text<'migration'>).migration}`,
  keepPoint: (input) => `point ${(input as Text<'migration'>).migration}`,
  countReports: (input) => `migration ${(input as Text<'migration'>).migration}`,
  keepPins: (input) => `pins ${(input as Text<'migration'>).migration}`,
  countFeedback: (input) => `migration ${(input as Text<'migration'>).migration}`,
  keepFeedback: (input) => `feedback ${(input as Text<'migration'>).migration}`,
  keepReports: (input) => `reports ${(input as Text<'migration'>).migration}`,
  keepShadow: (input) => `shadow ${(input as Text<'migration'>).migration}`,
  // It must not wait for evidence that is being added, nor for anybody else: only one of two that name the same number is kept.
  decideMigration: (input) => `decision ${(input as { readonly decision: Text<'migration'> }).decision.migration}`,
  checkMigration: (input) => `migration ${(input as Text<'migration'>).migration}`,
  noteDeliveryUnder: (input) => `event ${(input as { readonly delivery: Text<'event'> }).delivery.event}`,
  probe: named('probe'),
  beat: (input) => `node ${(input as Text<'node'>).node}`,
  leave: (input) => `node ${String(input)}`,
  touchSession: (input) => `session ${(input as Text<'id'>).id}`,
  takeToken: (input) => `token ${(input as Text<'digest'>).digest}`,
  takeTry: named('tries'),
  returnTries: named('tries'),
  forgetTries: named('tries'),
  takeTotpStep: (input) => `person ${(input as Text<'person'>).person}`,
  usePasskey: (input) => `passkey ${(input as Text<'id'>).id}`,
  takeMandate: (input) => `mandate ${(input as Text<'name'>).name}`,
}

/**
 * Operations that mostly find nothing to do, and stop everybody else while they do: they look first, on one state of the store and
 * without a lock, and run only where they would change something.
 */
export const looksFirst: ReadonlySet<PostgresOperationName> = new Set([
  'endLeases',
  'sweep',
  'expireLots',
  'releaseSignups',
  'sweepAnswers',
  'sweepResponses',
  'sweepBindings',
  'sweepCarried',
  'forgetCalls',
  'forgetBodies',
  'forgetEvents',
  'forgetUnits',
  'sweepIdentity',
])

/** The lane of an operation with this input. */
export const laneOf = (name: PostgresOperationName, input: unknown): Lane => lanes[name]?.(input) ?? null

/** 'DROV': tells these locks from those of other programs in the same database. */
const lockSpace = 0x44524f56

/** Two lanes of the same number only wait for each other: a transaction takes one lane. Never 0, which is the store as a whole. */
const lockNumber = (lane: string): number => createHash('sha256').update(lane).digest().readInt32BE(0) || 1

/** Takes the locks of a lane, to the end of the transaction. Only numbers are in it, so that it needs no parameters. */
export const lockText = (lane: Lane): string =>
  lane === null
    ? `select pg_advisory_xact_lock(${lockSpace}, 0)`
    : `select pg_advisory_xact_lock_shared(${lockSpace}, 0), pg_advisory_xact_lock(${lockSpace}, ${lockNumber(lane)})`
