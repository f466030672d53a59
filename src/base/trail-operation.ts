/** Everything that the trail tells of: a closed list, so that whoever shows it has words for each. Rows of earlier versions may have others. */

export const trailVerbs = {
  accounts: ['choose-plan', 'close', 'create', 'resume', 'set', 'suspend', 'upgrade'],
  budgets: ['remove', 'set'],
  codes: ['create', 'redeem', 'void'],
  credentials: ['add', 'remove'],
  credits: ['adjust', 'grant', 'revoke'],
  deliveries: ['replay'],
  fapiao: ['add-title', 'issue', 'red', 'reject', 'remove-title', 'request'],
  fx: ['set'],
  import: ['account', 'key', 'opening'],
  invitation: ['accept'],
  invoices: ['buyer', 'issue'],
  issuers: ['link', 'unlink'],
  keys: ['create', 'revoke', 'rotate'],
  markups: ['set'],
  me: ['change-email', 'close', 'confirm-email', 'rename'],
  members: ['add', 'invite', 'remove', 'role', 'uninvite'],
  migrate: [
    'schedule',
    'start',
    'promote',
    'pause',
    'resume',
    'extend',
    'hold',
    'rollback',
    'settle',
    'abort',
    'complete',
  ],
  models: ['create', 'remove', 'set'],
  nodes: ['forget'],
  organisations: ['create', 'erase', 'rename'],
  passkeys: ['add', 'remove'],
  password: ['change', 'reset'],
  payments: [
    'accept-terms',
    'approve',
    'auto-set',
    'close',
    'confirm',
    'create',
    'refund',
    'refund-done',
    'refund-unspent',
    'refuse-refund',
    'request-refund',
    'resolve',
  ],
  people: ['erase', 'recovery-code', 'remove-totp', 'reset', 'set-up', 'verify'],
  plans: ['create', 'set'],
  prices: ['apply', 'import', 'set', 'withdraw'],
  projects: ['archive', 'create', 'rename'],
  providers: ['create', 'remove', 'set'],
  receipt: ['rotate'],
  rerate: ['run'],
  session: ['create', 'end'],
  'set-up': ['create'],
  settings: ['set'],
  'sign-up': ['create', 'known'],
  signups: ['create', 'refuse', 'release', 'verify'],
  start: ['first', 'key'],
  store: ['move'],
  totp: ['begin', 'confirm', 'remove', 'renew-codes'],
  usage: ['rebuild'],
} as const

type Verbs = typeof trailVerbs

/** `keys.create` */
export type TrailOperation = { readonly [N in keyof Verbs]: `${N}.${Verbs[N][number]}` }[keyof Verbs]

/** All of them, by noun. */
export const trailOperations = Object.entries(trailVerbs).flatMap(([noun, verbs]) =>
  verbs.map((verb) => `${noun}.${verb}` as TrailOperation),
)
