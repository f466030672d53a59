/** A cashier for tests: any store and any methods, prices that are easy to reckon with, and everything told is kept. */

import type { Clock } from '#base/clock.ts'
import type { Emit } from '#base/event.ts'
import type { Ids } from '#base/id.ts'
import { systemIds } from '#base/id.ts'
import { silentLog } from '#base/log.ts'
import { nanoOf } from '#base/money.ts'
import type { CashierParts } from './cashier.ts'
import type { PaymentMethod } from './method.ts'
import type { PaymentStore } from './port.ts'
import type { Counter, Shop } from './shop.ts'

const minutesMs = 60_000

/** No fee, from 1 to 10,000 USD, half an hour. */
export const testCounter: Counter = {
  fee: { basisPoints: 0n, fixedNano: 0n },
  minNanoUsd: nanoOf('1'),
  maxNanoUsd: nanoOf('10000'),
  expiresMs: 30 * minutesMs,
}

/** One yuan buys one dollar of credit; at the market a dollar costs 7.10 yuan. */
export const testShop = (methods: Iterable<PaymentMethod>, changes: Partial<Shop> = {}): Shop => ({
  counters: new Map([...methods].map(({ name }) => [name, testCounter])),
  presetsNanoUsd: [],
  bonuses: [],
  settlement: [{ currency: 'CNY', rateNano: nanoOf('1'), fromMs: 0 }],
  fxRates: [{ currency: 'CNY', perUsdNano: nanoOf('7.10'), fromMs: 0, source: 'test', read: '2026-11-22' }],
  terms: null,
  late: 'credit',
  publicUrl: 'https://relay.example.com',
  description: 'API credit',
  ...changes,
})

export type TestCashier = {
  readonly cashier: CashierParts
  readonly told: readonly Parameters<Emit>[0][]
}

/** `methods` by their own names. */
export const testCashier = ({
  store,
  clock,
  methods = [],
  shop = {},
  ids = systemIds(clock),
}: {
  readonly store: PaymentStore
  readonly clock: Clock
  readonly methods?: readonly PaymentMethod[]
  readonly shop?: Partial<Shop>
  readonly ids?: Ids
}): TestCashier => {
  const told: Parameters<Emit>[0][] = []
  const cashier: CashierParts = {
    store,
    methods: new Map(methods.map((method) => [method.name, method])),
    shop: () => testShop(methods, shop),
    clock,
    ids,
    log: silentLog,
    emit: (event) => void told.push(event),
    upgradeOf: async () => null,
    planChanged: async () => {},
  }
  return { cashier, told }
}
