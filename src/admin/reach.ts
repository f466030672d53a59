/**
 * Whose rows an operation works on. With the table of roles this is all that decides who may do what; an operation that stands
 * in no row is the operator's alone, and a test asks for its row.
 */

import type { Operation } from './operation.ts'

/**
 * `operator`: only people and keys of the organisation that runs the server. `organisation`: everybody by their role; those of
 * another organisation find only its own rows. `self`: whoever is signed in, on what is theirs. `everybody`: without a credential.
 */
export type Reach = 'operator' | 'organisation' | 'self' | 'everybody'

type Named = Pick<Operation, 'noun' | 'verb'>

const byNoun: Readonly<Record<Exclude<Reach, 'operator'>, Readonly<Record<string, readonly string[]>>>> = {
  everybody: {
    session: ['create', 'end', 'passkey-begin', 'passkey', 'oidc-begin', 'oidc'],
    'set-up': ['create'],
    'sign-up': ['show', 'create', 'verify'],
    password: ['forgotten', 'reset'],
    me: ['confirm-email'],
    invitation: ['show', 'accept'],
  },
  self: {
    session: ['show', 'move', 'step-up'],
    sessions: ['list', 'end'],
    password: ['change'],
    organisations: ['create'],
    me: ['show', 'trail', 'rename', 'change-email', 'close'],
    passkeys: ['begin', 'add', 'list', 'remove'],
    issuers: ['list', 'begin', 'link', 'unlink'],
    totp: ['show', 'begin', 'confirm', 'remove', 'renew-codes'],
  },
  organisation: {
    keys: ['create', 'list', 'show', 'revoke', 'rotate'],
    organisations: ['list', 'rename'],
    billing: ['show'],
    overview: ['show'],
    accounts: ['list', 'close', 'choose-plan'],
    credentials: ['add', 'list', 'remove'],
    projects: ['create', 'list', 'rename', 'archive'],
    members: ['add', 'list', 'role', 'remove', 'invite', 'invitations', 'uninvite'],
    credits: ['balance', 'list'],
    budgets: ['set', 'list', 'remove', 'events'],
    payments: [
      'methods',
      'quote',
      'create',
      'list',
      'show',
      'refresh',
      'close',
      'request-refund',
      'terms',
      'accept-terms',
      'auto',
      'auto-set',
    ],
    invoices: ['list', 'show', 'file', 'due', 'buyer'],
    fapiao: ['add-title', 'titles', 'remove-title', 'balance', 'request', 'list', 'show', 'file'],
    codes: ['redeem'],
    plans: ['list'],
    ledger: ['list'],
    models: ['list', 'show'],
    logs: ['list'],
    calls: ['show'],
    explain: ['list'],
    receipt: ['show', 'keys'],
    usage: ['list', 'export'],
    bindings: ['list'],
  },
}

/** Operations that only those who run the server may run, by noun. */
export const operatorOnly: Readonly<Record<string, readonly string[]>> = {
  accounts: ['create', 'set', 'suspend', 'resume'],
  apply: ['run'],
  codes: ['create', 'list', 'void'],
  credits: ['grant', 'revoke', 'adjust'],
  deliveries: ['list', 'replay'],
  events: ['list'],
  export: ['list'],
  fapiao: ['issue', 'reject', 'red'],
  fx: ['list', 'set'],
  imports: ['account'],
  invoices: ['issue'],
  ledger: ['verify'],
  markups: ['list', 'set'],
  migrate: [
    'plan',
    'preflight',
    'draft',
    'start',
    'list',
    'status',
    'promote',
    'extend',
    'pause',
    'resume',
    'rollback',
    'abort',
    'report',
    'replay',
    'decide-again',
    'verify-report',
    'drill',
    'observe',
    'feedback',
    'shadow',
  ],
  models: ['remove'],
  nodes: ['list', 'forget'],
  organisations: ['export', 'erase'],
  payments: [
    'check',
    'refund-unspent',
    'confirm',
    'approve',
    'refund',
    'refuse-refund',
    'refund-done',
    'resolve',
    'reconcile',
  ],
  people: ['set-up', 'reset', 'remove-totp', 'export', 'erase'],
  plans: ['create', 'set'],
  prices: ['list', 'compare', 'set', 'history', 'withdraw', 'explain', 'import', 'diff', 'apply'],
  providers: ['list', 'balance', 'test', 'remove'],
  receipt: ['rotate'],
  recipients: ['list', 'test'],
  rerate: ['run'],
  routes: ['list'],
  rules: ['list'],
  settings: ['show', 'set'],
  signups: ['create', 'list', 'verify', 'release', 'refuse'],
  stats: ['list'],
  'store-moves': ['step'],
  trail: ['list', 'export', 'verify'],
  usage: ['rebuild'],
}

/** Whether the operation stands in exactly one row: what a test holds every operation to. */
export const rowsOf = ({ noun, verb }: Named): readonly Reach[] => [
  ...(['everybody', 'self', 'organisation'] as const).filter((reach) => byNoun[reach][noun]?.includes(verb)),
  ...(operatorOnly[noun]?.includes(verb) ? (['operator'] as const) : []),
]

/** Commands of the operations that the tables name. */
export const named = (): readonly string[] =>
  [...Object.values(byNoun), operatorOnly].flatMap((rows) =>
    Object.entries(rows).flatMap(([noun, verbs]) => verbs.map((verb) => `${noun} ${verb}`)),
  )

/** Of an operation that stands in no row: the operator's alone. */
export const reachOf = (operation: Named): Reach => rowsOf(operation)[0] ?? 'operator'
