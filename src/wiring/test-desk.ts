/** Admin operations over a real store in memory, as the API and the command line run them. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Actor, AdminPorts, OperationContext, SignupRoom } from '#admin/operation.ts'
import { operations } from '#admin/operations.ts'
import type { KeyRow } from '#admin/port.ts'
import { runOperation } from '#admin/run.ts'
import { testPrices } from '#admin/test-store.ts'
import type { HandClock } from '#base/hand-clock.ts'
import { handClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { nanoOf } from '#base/money.ts'
import type { Letter } from '#notify/send.ts'
import { manualMethod } from '#payment/manual/method.ts'
import { testCashier } from '#payment/test-cashier.ts'
import { digestKey } from '#policy/key.ts'
import type { Plans } from '#policy/plan.ts'
import { testRehearsal } from '#rehearsal/test-rehearsal.ts'
import { makeReceiptKeys } from '#secret/receipt-keys.ts'
import { makeSeal } from '#secret/seal.ts'
import type { Store } from '#store/face.ts'
import { testStoreOf } from '#store/sqlite/test-store.ts'
import { credentialVault } from './credential-vault.ts'
import { openClerk } from './documents.ts'
import { openIdentity } from './identity.ts'
import { noSettingsFile } from './settings-file.ts'

export type Desk = {
  readonly store: Store
  readonly clock: HandClock
  readonly ports: AdminPorts
  /** What the relay was told of keys, in order. */
  readonly told: readonly KeyRow[]
  /** What people were written. */
  readonly letters: readonly Letter[]
  /** `run('projects create', { name: 'search' })`. Rejects with Problem. */
  readonly run: (command: string, input?: object) => Promise<Readonly<Record<string, unknown>>>
  /** The same as another person: `key:key_…`. */
  readonly as: (actor: string, command: string, input?: object) => Promise<Readonly<Record<string, unknown>>>
  /** The same as anybody. */
  readonly with: (actor: Actor, command: string, input?: object) => Promise<Readonly<Record<string, unknown>>>
}

/** 2026-11-22, a Sunday. */
export const deskStartMs = Date.UTC(2026, 10, 22, 12)

/** Anybody may sign up: for the plan `free`, three from an address, one for a payment, two of a domain. */
const door: SignupRoom = {
  open: true,
  plan: 'free',
  rules: {
    verifyMail: true,
    releaseAfterMs: 3_600_000,
    windowMs: 86_400_000,
    perAddressMax: 3,
    perPaymentMax: 1,
    perDomainMax: 2,
  },
}

const seller = {
  name: 'Relay Ltd',
  address: '1 Test Street\nTestville',
  taxId: 'GB123456789',
  tax: { name: 'VAT', basisPoints: 2000n },
  language: 'en',
  prefix: 'INV',
  statements: 'monthly',
  paymentDays: 14,
} as const

const transfers = manualMethod({ instructions: 'Bank of Test, 123', currencies: ['USD', 'CNY'] })

const nobodyAsked = { issuers: [], way: () => assert.fail('nobody is asked here') } as const

/** A desk over a new store with one prepaid account `acme`, closed when the test is over. */
export const openDesk = async (
  context: TestContext,
  changes: Partial<AdminPorts> = {},
  asked: Pick<Parameters<typeof openIdentity>[1], 'issuers' | 'way'> = nobodyAsked,
): Promise<Desk> => {
  const clock = handClock(deskStartMs)
  const ids = systemIds(clock)
  const store = await testStoreOf(context, clock)
  const told: KeyRow[] = []
  const letters: Letter[] = []
  let plans: Plans = new Map()
  const ports: AdminPorts = {
    store,
    customers: store,
    bindings: store,
    digestKey: (key) => digestKey(key, new Uint8Array(32)),
    environment: 'production',
    keysChanged: async (changed) => void told.push(...changed),
    accountsChanged: async () => {},
    customersChanged: async () => {
      plans = new Map((await store.plans()).map((plan) => [plan.name, plan]))
    },
    applied: { read: async () => ({ faults: [], changes: [], unchanged: 0 }), changed: async () => {} },
    sealCredential: credentialVault(makeSeal(new Uint8Array(32), ids, 'own credentials')).close,
    plans: () => plans,
    signup: () => door,
    settings: noSettingsFile,
    models: () => [],
    providerCredit: async () => [],
    routing: { routes: () => null, providers: () => [], retries: () => ({ calls: 0, retries: 0, allowed: 3 }) },
    availability: null,
    prices: testPrices(),
    nodes: null,
    erasure: store,
    receipts: makeReceiptKeys({ store, seal: makeSeal(new Uint8Array(32), ids, 'receipt keys'), clock, ids }),
    migrations: { version: '0', store, emit: () => {}, changed: async () => {}, stop: () => {}, ...testRehearsal },
    tell: { recipients: () => [], alerts: () => [], send: async () => null },
    figures: null,
    payments: {
      ...testCashier({ store, clock, methods: [transfers] }),
      off: () => new Map(),
      approveAboveNanoUsd: () => nanoOf('1000'),
      keptFee: () => null,
    },
    identity: openIdentity(
      { clock, ids },
      {
        store,
        log: silentLog,
        totpSeal: makeSeal(new Uint8Array(32), ids, 'one-time codes'),
        live: { current: () => assert.fail('no relay runs here') },
        mails: () => true,
        post: (letter) => void letters.push(letter),
        ...asked,
        server: { publicUrl: 'https://relay.example', host: '127.0.0.1', port: 4000 },
      },
    ),
    documents: openClerk(
      { root: pathToFileURL(`${process.cwd()}/`), clock, ids },
      { store, current: () => ({ seller }) },
    ),
    ...changes,
  }
  const desk: OperationContext = {
    actor: { name: 'local', scopes: ['read', 'write', 'secrets'], isHere: true },
    requestId: null,
    ports,
    clock,
    ids,
  }
  const asActor: Desk['with'] = async (actor, command, input = {}) => {
    const operation = operations.find(({ noun, verb }) => `${noun} ${verb}` === command)
    if (operation === undefined) throw new Error(`there is no operation ${command}`)
    return (await runOperation(operation, input, { ...desk, actor })) as Readonly<Record<string, unknown>>
  }
  const as: Desk['as'] = (name, command, input) => asActor({ ...desk.actor, name }, command, input)
  const run: Desk['run'] = (command, input) => as('local', command, input)
  await run('accounts create', { name: 'acme', billing: 'prepaid' })
  return { store, clock, ports, told, letters, run, as, with: asActor }
}
