/** The cashier, with the methods that the configuration has switched on. */

import type { PaymentPorts } from '#admin/operation.ts'
import { upgradeOf } from '#admin/plans.ts'
import type { Emit } from '#base/event.ts'
import type { Log } from '#base/log.ts'
import type { Config } from '#config/config.ts'
import type { Transport } from '#http/transport.ts'
import { networkTransport } from '#http/upstream.ts'
import type { CashierParts } from '#payment/cashier.ts'
import type { MadeMethods } from '#payment/index.ts'
import { makeMethods } from '#payment/index.ts'
import type { Live } from '#relay/live.ts'
import type { Store } from '#store/face.ts'
import type { Machine } from './machine.ts'

export type PaymentRequest = {
  readonly config: Config
  readonly store: Store
  readonly live: Live
  readonly emit: Emit
  readonly log: Log
}

export type PaymentRoom = PaymentPorts & {
  /** The configuration in force. */
  readonly config: () => Config
  /** Takes a changed configuration: what is sold and for how much. Methods themselves change with a restart. */
  readonly configure: (config: Config) => void
}

/** Limits of an answer of a processor, and how long it is waited for, lie with the methods. */
const waysOut = (machine: Machine, closing: AsyncDisposableStack) => {
  const network = { proxy: null, certificateAuthorities: null, clock: machine.clock }
  const ways: Readonly<Record<'public' | 'private', Transport>> = {
    public: networkTransport({ ...network, allowPrivate: false }),
    private: networkTransport({ ...network, allowPrivate: true }),
  }
  closing.defer(() => ways.public.close())
  closing.defer(() => ways.private.close())
  return (allowPrivate: boolean): Transport => (allowPrivate ? ways.private : ways.public)
}

const noMethods: MadeMethods = { methods: new Map(), counters: new Map(), off: new Map() }

/** What an upgrade by paying writes into the trail: nobody's doing but the system's. */
const systemContext = ({ clock, ids }: Machine, live: Live) => ({
  actor: { name: 'system', scopes: [] },
  requestId: null,
  ports: { plans: () => live.current().customers.plans },
  clock,
  ids,
})

/** Opens the methods; those of an operator without any cost nothing. */
export const openPayments = async (
  machine: Machine,
  { config, store, live, emit, log }: PaymentRequest,
  closing: AsyncDisposableStack,
): Promise<PaymentRoom> => {
  const { clock, ids } = machine
  const ground = { clock, ids, transport: waysOut(machine, closing) }
  let current = config
  let made = noMethods
  const open = async (next: Config): Promise<void> => {
    const before = made
    made = await makeMethods(next.payments, ground)
    current = next
    // Those of the configuration were told when it was read.
    for (const [method, why] of made.off)
      if (!next.payments.off.has(method)) log.warn('a payment method is off', { method, why })
    for (const method of before.methods.values()) await method.end()
  }
  await open(config)
  closing.defer(async () => {
    for (const method of made.methods.values()) await method.end()
  })
  const cashier: CashierParts = {
    store,
    get methods() {
      return made.methods
    },
    shop: () => ({
      counters: made.counters,
      presetsNanoUsd: current.payments.presetsNanoUsd,
      bonuses: current.payments.bonuses,
      settlement: current.payments.settlement,
      fxRates: live.book().fxRates,
      late: current.payments.late,
      publicUrl: current.server.publicUrl,
      terms: current.payments.terms,
      description: current.payments.description,
    }),
    clock,
    ids,
    log,
    emit,
    upgradeOf: async (account) => {
      const row = await store.account(account)
      return row === null ? null : (upgradeOf(row, systemContext(machine, live)) ?? null)
    },
    planChanged: async (account, plan) => {
      const facts = (await store.loadAccounts()).find(({ id }) => id === account)
      if (facts !== undefined) live.accountsChanged([{ ...facts, plan }])
    },
  }
  return {
    cashier,
    config: () => current,
    off: () => made.off,
    approveAboveNanoUsd: () => current.payments.manual?.approveAboveNanoUsd ?? 0n,
    keptFee: (method) => current.payments.kept.get(method) ?? null,
    configure: (next) => {
      open(next).catch((error: unknown) => log.error('the payment methods could not be changed', { error }))
    },
  }
}
