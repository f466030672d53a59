/** The list of methods of payment. One that is not configured, or lacks its secret, is not made. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Transport } from '#http/transport.ts'
import { alipayMethod } from './alipay/method.ts'
import { manualMethod } from './manual/method.ts'
import type { PaymentMethod } from './method.ts'
import type { PaymentConfig } from './settings.ts'
import type { Counter } from './shop.ts'
import { stripeMethod } from './stripe/method.ts'
import { wechatMethod } from './wechat/method.ts'

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
export const makeMethods = async (
  config: PaymentConfig,
  { clock, ids, transport }: MethodGround,
): Promise<MadeMethods> => {
  const methods = new Map<string, PaymentMethod>()
  const counters = new Map<string, Counter>()
  const add = (method: PaymentMethod, counter: Counter): void => {
    methods.set(method.name, method)
    counters.set(method.name, counter)
  }
  // An address that the operator wrote may be on this machine; the processor's own never is.
  const ground = (address: string | null) => ({ clock, ids, transport: transport(address !== null) })
  if (config.stripe !== null) add(stripeMethod(config.stripe, ground(config.stripe.api)), config.stripe)
  if (config.wechat !== null) add(wechatMethod(config.wechat, ground(config.wechat.api)), config.wechat)
  if (config.alipay !== null) add(alipayMethod(config.alipay, ground(config.alipay.gateway)), config.alipay)
  if (config.manual !== null) add(manualMethod(config.manual), config.manual)
  return { methods, counters }
}
