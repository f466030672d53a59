/** The ports of the rooms over a backend: every backend that runs the operations has this face. */

import type {
  AdminStore,
  CustomerStore,
  ErasureStore,
  KeyRow,
  PriceStore,
  StoreWrite,
  TrailRow,
  TrailVerdict,
} from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import type { PriceEntry, PriceProposal } from '#catalog/port.ts'
import type { DocumentStore } from '#document/port.ts'
import type { IdentityStore } from '#identity/port.ts'
import type {
  AccountFacts,
  BookKeeping,
  CallBooks,
  InterruptedCalls,
  Journal,
  LeaseBooks,
  PartBooks,
} from '#ledger/port.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { Outbox } from '#notify/port.ts'
import type { AvailabilityStore } from '#observe/port.ts'
import type { PaymentStore } from '#payment/port.ts'
import type { AccountSource, CallLog, KeyFacts, KeySource, OldCalls, VolumeSource } from '#relay/port.ts'
import type { BindingStore, CarriedStore, ResponseStore } from '#resource/port.ts'
import type { AnswerStore } from '#reuse/port.ts'
import type { ReceiptKeyStore } from '#secret/port.ts'
import type { Execute } from './operations/index.ts'
import type { AskedWrite } from './operations/together.ts'
import { readCalls, readUsage, rollForward } from './read-log.ts'
import { callRow } from './row/call-row.ts'
import { keyFacts } from './row/key-row.ts'
import { verifyBooks } from './verify-books.ts'

/** What the store itself does of leases; to ask their owners for something is not its part. */
export type StoredLeases = Pick<LeaseBooks, 'noteLease' | 'endLease' | 'endLeases' | 'returnPart'>

/** Whether the store can keep things. `sinceMs` is wall-clock time. */
export type StoreHealth =
  | { readonly ok: true }
  | { readonly ok: false; readonly message: string; readonly sinceMs: number }

export type Store = AdminStore &
  CustomerStore &
  CallLog &
  CallBooks &
  PartBooks &
  StoredLeases &
  BookKeeping &
  Journal &
  InterruptedCalls &
  KeySource &
  AnswerStore &
  ResponseStore &
  BindingStore &
  CarriedStore &
  AccountSource &
  VolumeSource &
  OldCalls &
  AvailabilityStore &
  PaymentStore &
  DocumentStore &
  MigrationStore &
  IdentityStore<KeyRow> &
  ReceiptKeyStore<TrailRow> &
  ErasureStore &
  Outbox & {
    /** Whether writes succeed: for readiness. Asks nobody. */
    readonly health: () => StoreHealth
    /** Finishes what was accepted, then closes. Later calls are refused with `store_unavailable`. */
    readonly close: () => Promise<void>
  }

/** A key that ended longer ago than this is unknown to the relay, so that dead keys do not fill its memory. */
export const goneKeptMs = 30 * 86_400_000

/** Keys are read in pages, so that 100,000 of them do not stop the loop that reads them. */
const snapshotPageMax = 1000

const loadKeys = async (execute: Execute, clock: Clock): Promise<ReadonlyMap<string, KeyFacts>> => {
  const found = new Map<string, KeyFacts>()
  const sinceMs = clock.nowMs() - goneKeptMs
  let after: string | null = null
  do {
    const rows: readonly KeyRow[] = await execute('snapshotKeys', { limit: snapshotPageMax, after, sinceMs })
    for (const row of rows) found.set(row.digest, keyFacts(row))
    after = rows.length === snapshotPageMax ? (rows.at(-1)?.id ?? null) : null
  } while (after !== null)
  return found
}

const loadAccounts = async (execute: Execute): Promise<readonly AccountFacts[]> => {
  const found: AccountFacts[] = []
  let after: string | null = null
  do {
    const rows: readonly AccountFacts[] = await execute('snapshotAccounts', { limit: snapshotPageMax, after })
    found.push(...rows)
    after = rows.length === snapshotPageMax ? (rows.at(-1)?.id ?? null) : null
  } while (after !== null)
  return found
}

const verifyTrail = async (execute: Execute): Promise<TrailVerdict> => {
  let last = { position: 0, hash: '' }
  for (;;) {
    const stretch = await execute('checkTrail', last)
    if (!stretch.ok) return stretch
    if (!stretch.more) return { ok: true, rows: stretch.rows }
    last = stretch.last
  }
}

const customerFace = (execute: Execute): CustomerStore => ({
  renameOrganisation: (change, trail) => execute('renameOrganisation', { ...change, trail }),
  projects: (page) => execute('projects', page),
  project: (organisation, handle) => execute('project', { organisation, handle }),
  createProject: (row, trail) => execute('createProject', { row, trail }),
  renameProject: (change, trail) => execute('renameProject', { ...change, trail }),
  archiveProject: (change, trail) => execute('archiveProject', { ...change, trail }),
  members: (page) => execute('members', page),
  member: (organisation, handle) => execute('member', { organisation, handle }),
  addMember: (row, trail) => execute('addMember', { row, trail }),
  setMemberRole: (change, trail) => execute('setMemberRole', { ...change, trail }),
  removeMember: (change, trail) => execute('removeMember', { ...change, trail }),
  lots: (page) => execute('lots', page),
  bookPage: (page) => execute('bookPage', page),
  revokeLot: (revocation, trail) => execute('revokeLot', { revocation, trail }),
  adjustCredit: (adjustment, trail) => execute('adjustCredit', { adjustment, trail }),
  budgetState: (budget, nowMs) => execute('budgetState', { budget, nowMs }),
  budgets: (page) => execute('budgets', page),
  budget: (id) => execute('budget', id),
  setBudget: (setting, trail) => execute('setBudget', { ...setting, trail }),
  removeBudget: (id, trail) => execute('removeBudget', { id, trail }),
  crossings: (page) => execute('crossings', page),
  createCodes: (batch, digests, trail) => execute('createCodes', { batch, digests, trail }),
  codeBatches: () => execute('codeBatches', null),
  voidCodes: (handle, atMs, trail) => execute('voidCodes', { handle, atMs, trail }),
  redeemCode: (redemption, trail, upgrade) => execute('redeemCode', { redemption, trail, upgrade: upgrade ?? null }),
  signUp: (request, trail) => execute('signUp', { request, trail }),
  signup: (id) => execute('signup', id),
  signupOf: (account) => execute('signupOf', account),
  signups: (page) => execute('signups', page),
  verifySignup: (request, trail) => execute('verifySignup', { ...request, trail }),
  decideSignup: (request, trail) => execute('decideSignup', { ...request, trail }),
  ownCredentials: (page) => execute('ownCredentials', page),
  setOwnCredential: (row, trail) => execute('setOwnCredential', { row, trail }),
  removeOwnCredential: (which, trail) => execute('removeOwnCredential', { ...which, trail }),
  applied: () => execute('applied', null),
  setApplied: (settings) => execute('setApplied', settings),
  removeApplied: (which, trail) => execute('removeApplied', { ...which, trail }),
  plans: () => execute('plans', null),
  setPlan: (plan, nowMs, trail) => execute('setPlan', { plan, nowMs, trail }),
  changeAccount: (change, trail) => execute('changeAccount', { change, trail }),
  closeAccount: (account, nowMs, trail) => execute('closeAccount', { account, nowMs, trail }),
})

const readEntries = async (execute: Execute): Promise<readonly PriceEntry[]> => {
  const found: PriceEntry[] = []
  for (;;) {
    const rows = await execute('priceEntryPage', found.at(-1)?.revision ?? 0)
    if (rows.length === 0) return found
    found.push(...rows)
  }
}

const readProposals = async (execute: Execute): Promise<readonly PriceProposal[]> => {
  const found: PriceProposal[] = []
  let after: { readonly source: string; readonly line: number } | null = { source: '', line: -1 }
  while (after !== null) {
    const page: Awaited<ReturnType<typeof execute<'proposalPage'>>> = await execute('proposalPage', after)
    found.push(...page.proposals)
    after = page.next
  }
  return found
}

const priceFace = (execute: Execute): PriceStore & VolumeSource => ({
  priceEntries: () => readEntries(execute),
  proposals: () => readProposals(execute),
  addPriceEntries: (entries, trail) => execute('addPriceEntries', { entries, trail }),
  withdrawPriceEntry: (id, atMs, trail) => execute('withdrawPriceEntry', { id, atMs, trail }),
  replaceProposals: (source, proposals, trail) => execute('replaceProposals', { source, proposals, trail }),
  callSpan: (span) => execute('callSpan', span),
  rerate: (requests, trail) => execute('rerate', { requests, trail }),
  chargedFor: (calls) => execute('chargedFor', calls),
  volumesSince: (dayMs) => execute('volumesSince', dayMs),
})

const bindingFace = (execute: Execute): BindingStore => ({
  keepBinding: (row) => execute('keepBinding', row),
  binding: (named) => execute('binding', named),
  bindings: (page) => execute('bindings', page),
  changeBinding: (named, change) => execute('changeBinding', { named, change }),
  dropBinding: (named) => execute('dropBinding', named),
  dueBindings: (nowMs, limit) => execute('dueBindings', { nowMs, limit }),
  claimBinding: (claim) => execute('claimBinding', claim),
  boundModels: (page) => execute('boundModels', page),
  sweepBindings: (nowMs, limit) => execute('sweepBindings', { nowMs, limit }),
})

const documentFace = (execute: Execute): DocumentStore => ({
  issueDocument: (draft, trail) => execute('issueDocument', { draft, trail }),
  document: (handle) => execute('document', handle),
  documentOf: (source) => execute('documentOf', source),
  documents: (page) => execute('documents', page),
  documentFile: (id) => execute('documentFile', id),
  keepDocumentFile: (id, bytes) => execute('keepDocumentFile', { id, bytes }),
  billingProfile: (account) => execute('billingProfile', account),
  setBillingProfile: (account, profile, trail) => execute('setBillingProfile', { account, profile, trail }),
  undocumented: (limit) => execute('undocumented', limit),
  statementStretch: (question) => execute('statementStretch', question),
  addFapiaoTitle: (row, trail) => execute('addFapiaoTitle', { row, trail }),
  fapiaoTitles: (account) => execute('fapiaoTitles', account),
  removeFapiaoTitle: (id, nowMs, trail) => execute('removeFapiaoTitle', { id, nowMs, trail }),
  fapiaoBalance: (account) => execute('fapiaoBalance', account),
  requestFapiao: (draft, trail) => execute('requestFapiao', { draft, trail }),
  changeFapiao: (change, trail) => execute('changeFapiao', { change, trail }),
  fapiao: (id) => execute('fapiao', id),
  fapiaos: (page) => execute('fapiaos', page),
  fapiaoFile: (id) => execute('fapiaoFile', id),
  statedMonth: () => execute('statedMonth', undefined),
  noteStatedMonth: (month) => execute('noteStatedMonth', month),
  owedBy: (account) => execute('owedBy', account),
})

const paymentFace = (execute: Execute): PaymentStore => ({
  createOrder: (order, event, trail) => execute('createOrder', { order, event, trail }),
  order: (id) => execute('order', id),
  orderBy: (method, by, value) => execute('orderBy', { method, by, value }),
  orders: (page) => execute('orders', page),
  moveOrder: (move) => execute('moveOrder', move),
  paymentEvents: (order) => execute('paymentEvents', order),
  refundsOf: (order) => execute('refundsOf', order),
  refund: (id) => execute('refund', id),
  dueOrders: (nowMs, limit) => execute('dueOrders', { nowMs, limit }),
  dueRefunds: (nowMs, limit) => execute('dueRefunds', { nowMs, limit }),
  ordersOfDay: (question) => execute('ordersOfDay', question),
  keepReconciliation: (row) => execute('keepReconciliation', row),
  reconciliation: (method, day) => execute('reconciliation', { method, day }),
  acceptTerms: (acceptance, trail) => execute('acceptTerms', { acceptance, trail }),
  acceptedTerms: (account, version) => execute('acceptedTerms', { account, version }),
  keepCard: (left) => execute('keepCard', left),
  setAutoTopUp: (row, trail) => execute('setAutoTopUp', { row, trail }),
  noteTopUp: (before, note) => execute('noteTopUp', { before, note }),
  autoTopUp: (account) => execute('autoTopUp', account),
  dueTopUps: (nowMs, limit) => execute('dueTopUps', { nowMs, limit }),
  toppedUpSince: (account, sinceMs) => execute('toppedUpSince', { account, sinceMs }),
})

const migrationFace = (execute: Execute): MigrationStore => ({
  strata: (migration, epoch) => execute('strata', { migration, epoch }),
  keepPoint: (point) => execute('keepPoint', point),
  points: (page) => execute('points', page),
  migrationMarks: () => execute('migrationMarks', null),
  migrations: () => execute('migrations', null),
  keepPins: (kept) => execute('keepPins', kept),
  pins: (page) => execute('pins', page),
  keepFeedback: (given) => execute('keepFeedback', given),
  countFeedback: (count) => execute('countFeedback', count),
  feedback: (migration) => execute('feedback', migration),
  keepReports: (reported) => execute('keepReports', reported),
  countReports: (count) => execute('countReports', count),
  migration: (name) => execute('migration', name),
  createMigration: (row, first) => execute('createMigration', { row, first }),
  decideMigration: (next) => execute('decideMigration', next),
  decisions: (page) => execute('decisions', page),
  checkMigration: (migration, nowMs) => execute('checkMigration', { migration, nowMs }),
  addEvidence: (batch) => execute('addEvidence', batch),
  evidence: (migration, epoch) => execute('evidence', { migration, epoch }),
  forgetUnits: (endedBeforeMs, limit) => execute('forgetUnits', { endedBeforeMs, limit }),
  keepShadow: (row) => execute('keepShadow', row),
  shadows: (migration) => execute('shadows', migration),
})

/** What a node keeps for itself, and what it was lent. */
const nodeFace = (execute: Execute): Journal & StoredLeases & InterruptedCalls => ({
  noteInterrupted: (calls) => execute('noteInterrupted', calls),
  journalKeep: (rows) => execute('journalKeep', rows),
  journalPage: (after, limit) => execute('journalPage', { after, limit }),
  journalDrop: (calls) => execute('journalDrop', calls),
  noteLease: (note) => execute('noteLease', note),
  endLease: (lease) => execute('endLease', lease),
  returnPart: (part) => execute('returnPart', part),
  endLeases: (owner, nowMs) => execute('endLeases', { owner, nowMs }),
})

/** Rows with their places in the chain. */
const trailFace = (execute: Execute): Pick<AdminStore, 'trail' | 'trailOf' | 'trailLinks' | 'verifyTrail'> => ({
  trail: (page) => execute('trail', page),
  trailOf: (question) => execute('trailOf', question),
  trailLinks: (after, limit) => execute('trailLinks', { after, limit }),
  verifyTrail: () => verifyTrail(execute),
})

const keyFace = (
  execute: Execute,
): Pick<AdminStore, 'accountStates' | 'names' | 'keys' | 'key' | 'createKey' | 'revokeKey' | 'rotateKey'> => ({
  accountStates: async (ids) => new Map(await execute('accountStates', ids)),
  names: async (asked) => new Map(await execute('names', asked)),
  keys: (page) => execute('keys', page),
  key: (handle, organisation) => execute('key', { handle, organisation: organisation ?? null }),
  createKey: (row, trail) => execute('createKey', { row, trail }),
  revokeKey: (id, atMs, trail) => execute('revokeKey', { id, atMs, trail }),
  rotateKey: (change, trail) => execute('rotateKey', { change, trail }),
})

const identityFace = (execute: Execute): IdentityStore<KeyRow> => ({
  operatorOrganisation: () => execute('operatorOrganisation', null),
  organisation: (id) => execute('organisation', id),
  person: (idOrMail) => execute('person', idOrMail),
  addPerson: (added, nowMs, trail) => execute('addPerson', { added, nowMs, trail }),
  changePerson: (change, nowMs, trail) => execute('changePerson', { change, nowMs, trail }),
  closePerson: (person, nowMs, trail) => execute('closePerson', { person, nowMs, trail }),
  memberships: (person) => execute('memberships', person),
  join: (joining, nowMs, trail) => execute('join', { ...joining, nowMs, trail }),
  openSession: (session, asProven, trail) => execute('openSession', { session, asProven, trail }),
  session: (digest) => execute('session', digest),
  sessions: (person) => execute('sessions', person),
  touchSession: (id, seenMs) => execute('touchSession', { id, seenMs }),
  moveSession: (id, organisation) => execute('moveSession', { id, organisation }),
  endSession: (which, trail) => execute('endSession', { ...which, trail }),
  sweepIdentity: (nowMs, limit) => execute('sweepIdentity', { nowMs, limit }),
  keepToken: (row, trail) => execute('keepToken', { row, trail }),
  token: (digest, kind, nowMs) => execute('token', { digest, kind, nowMs }),
  takeToken: (digest, kind, nowMs) => execute('takeToken', { digest, kind, nowMs }),
  tokensOf: (organisation, kind, nowMs) => execute('tokensOf', { organisation, kind, nowMs }),
  dropToken: (which, trail) => execute('dropToken', { ...which, trail }),
  takeTry: (subjects, nowMs) => execute('takeTry', { subjects, nowMs }),
  returnTries: (subjects) => execute('returnTries', subjects),
  forgetTries: (subjects) => execute('forgetTries', subjects),
  takeTotpStep: (person, step) => execute('takeTotpStep', { person, step }),
  useRecoveryCode: (person, digest, trail) => execute('useRecoveryCode', { person, digest, trail }),
  recoveryCodesLeft: (person) => execute('recoveryCodesLeft', person),
  passkeys: (person) => execute('passkeys', person),
  passkey: (credential) => execute('passkey', credential),
  addPasskey: (row, trail) => execute('addPasskey', { row, trail }),
  usePasskey: (id, counter, usedMs) => execute('usePasskey', { id, counter, usedMs }),
  removePasskey: (which, trail) => execute('removePasskey', { ...which, trail }),
  issuerLink: (issuer, subject) => execute('issuerLink', { issuer, subject }),
  issuerLinks: (person) => execute('issuerLinks', person),
  addIssuerLink: (link, trail) => execute('addIssuerLink', { link, trail }),
  removeIssuerLink: (which, trail) => execute('removeIssuerLink', { ...which, trail }),
})

const receiptFace = (execute: Execute): ReceiptKeyStore<TrailRow> => ({
  receiptKeys: () => execute('receiptKeys', null),
  addReceiptKey: (row, trail) => execute('addReceiptKey', { row, trail }),
})

const erasureFace = (execute: Execute): ErasureStore => ({
  personFile: (person) => execute('personFile', person),
  organisationFile: (organisation) => execute('organisationFile', organisation),
  erasePerson: (erased, nowMs, trail) => execute('erasePerson', { erased, nowMs, trail }),
  eraseOrganisation: (organisation, nowMs, trail) => execute('eraseOrganisation', { organisation, nowMs, trail }),
  eraseCalls: (account, after) => execute('eraseCalls', { account, after }),
})

/** Changes as they would be asked one by one, asked as one. */
const together = async (execute: Execute, clock: Clock, writes: readonly StoreWrite[]): Promise<void> => {
  const asked: AskedWrite[] = []
  const collect = async (name: string, input: unknown): Promise<void> => void asked.push({ name, input })
  const store = faceOf(collect as unknown as Execute, clock)
  for (const write of writes) await write(store)
  await execute('together', asked)
}

/** The ports, given a way to run operations. */
export const faceOf = (execute: Execute, clock: Clock): Omit<Store, 'health' | 'close'> => ({
  ...customerFace(execute),
  ...priceFace(execute),
  ...bindingFace(execute),
  ...paymentFace(execute),
  ...documentFace(execute),
  ...nodeFace(execute),
  ...migrationFace(execute),
  ...identityFace(execute),
  ...keyFace(execute),
  ...trailFace(execute),
  ...erasureFace(execute),
  ...receiptFace(execute),
  together: (writes) => together(execute, clock, writes),
  noteChange: (trail) => execute('noteChange', trail),
  begin: (first) => execute('begin', first),
  organisations: (page) => execute('organisations', page),
  accounts: (page) => execute('accounts', page),
  account: (idOrName) => execute('account', idOrName),
  createAccount: (rows, trail, grant) => execute('createAccount', { rows, trail, grant: grant ?? null }),
  calls: (filter) => readCalls(execute, filter),
  keepPriceRow: (hash, row) => execute('keepPriceRow', { hash, row }),
  priceRow: (hash) => execute('priceRow', hash),
  addAvailability: (hours, forgetBeforeMs) => execute('addAvailability', { hours, forgetBeforeMs }),
  availability: (sinceMs) => execute('availability', sinceMs),
  usage: (question) => readUsage(execute, question),
  rollForward: () => rollForward(execute),
  resetUsage: (trail) => execute('resetUsage', trail),
  call: (id) => execute('call', id),
  append: (record) => execute('append', callRow(record)),
  load: () => loadKeys(execute, clock),
  loadAccounts: () => loadAccounts(execute),
  hold: (request) => execute('hold', request),
  extend: (request) => execute('extend', request),
  settle: (request) => execute('settle', request),
  voidHold: (request) => execute('voidHold', request),
  draw: (request) => execute('draw', request),
  balance: (account, nowMs) => execute('balance', { account, nowMs }),
  receipt: (call) => execute('receipt', call),
  sweep: (request) => execute('sweep', request),
  expireLots: (nowMs, limit) => execute('expireLots', { nowMs, limit }),
  verifyBooks: (nowMs) => verifyBooks(execute, nowMs),
  claimAnswer: (request) => execute('claimAnswer', request),
  keepPiece: (piece) => execute('keepPiece', piece),
  endAnswer: (ending) => execute('endAnswer', ending),
  answerPieces: (question) => execute('answerPieces', question),
  resolveAnswers: (request) => execute('resolveAnswers', request),
  sweepAnswers: (nowMs, limit) => execute('sweepAnswers', { nowMs, limit }),
  answersTotal: () => execute('answersTotal', null),
  keepResponse: (row) => execute('keepResponse', row),
  response: (question) => execute('response', question),
  dropResponse: (question) => execute('dropResponse', question),
  sweepResponses: (nowMs, limit) => execute('sweepResponses', { nowMs, limit }),
  keepCarried: (rows) => execute('keepCarried', rows),
  carried: (question) => execute('carried', question),
  boundCarried: (bound) => execute('boundCarried', bound),
  sweepCarried: (nowMs, limit) => execute('sweepCarried', { nowMs, limit }),
  grantCredit: (grant, trail, upgrade) => execute('grantCredit', { grant, trail, upgrade: upgrade ?? null }),
  releaseSignups: (nowMs, limit) => execute('releaseSignups', { nowMs, limit }),
  untoldCrossings: (limit) => execute('untoldCrossings', limit),
  crossingTold: (id, atMs) => execute('crossingTold', { id, atMs }),
  setAccountState: (account, state, trail) => execute('setAccountState', { account, state, trail }),
  keepEvent: (event, recipients, unless) => execute('keepEvent', { event, recipients, unless: unless ?? null }),
  dueDeliveries: (nowMs, limit) => execute('dueDeliveries', { nowMs, limit }),
  noteDelivery: (delivery) => execute('noteDelivery', delivery),
  events: (filter) => execute('events', filter),
  deliveries: (filter) => execute('deliveries', filter),
  replayDelivery: (request, trail) => execute('replayDelivery', { request, trail }),
  forgetCalls: (olderThanMs, limit) => execute('forgetCalls', { olderThanMs, limit }),
  forgetBodies: (olderThanMs, limit) => execute('forgetBodies', { olderThanMs, limit }),
  forgetEvents: (olderThanMs, limit) => execute('forgetEvents', { olderThanMs, limit }),
})
