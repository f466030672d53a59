/** The list of methods of payment. One that is not configured, or lacks its secret, is not made. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Transport } from '#http/transport.ts'
import { manualMethod } from './manual/method.ts'
import type { PaymentMethod } from './method.ts'
import type { PaymentConfig } from './settings.ts'
import type { Counter } from './shop.ts'

export type MethodGround = {
  readonly clock: Clock
  readonly ids: Ids
  /** A way to the network; private addresses only where the operator wrote the address. */
  readonly transport: (allowPrivate: boolean) => Transport
}

export type MadeMethods = {
  readonly methods: ReadonlyMap<string, PaymentMethod>
  readonly counters: ReadonlyMap<string, Counter>
}

/** Makes every method that can start. */
export const makeMethods = async (config: PaymentConfig, _ground: MethodGround): Promise<MadeMethods> => {
  const methods = new Map<string, PaymentMethod>()
  const counters = new Map<string, Counter>()
  const add = (method: PaymentMethod, counter: Counter): void => {
    methods.set(method.name, method)
    counters.set(method.name, counter)
  }
  if (config.manual !== null) add(manualMethod(config.manual), config.manual)
  return { methods, counters }
}
