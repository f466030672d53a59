/** The list of methods of payment. One that is not configured, or lacks its secret, is not made. */

import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
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
  /** Why a method that is configured is not there. */
  readonly off: ReadonlyMap<string, string>
}

/** Makes every method that can start: one whose keys do not belong together leaves the others alone. */
export const makeMethods = async (
  config: PaymentConfig,
  { clock, ids, transport }: MethodGround,
): Promise<MadeMethods> => {
  const methods = new Map<string, PaymentMethod>()
  const counters = new Map<string, Counter>()
  const off = new Map(config.off)
  const add = <C extends Counter>(name: string, counter: C | null, make: (settings: C) => PaymentMethod): void => {
    if (counter === null) return
    try {
      methods.set(name, make(counter))
      counters.set(name, counter)
    } catch (thrown) {
      if (!(thrown instanceof Problem)) throw thrown
      off.set(name, `${thrown.detail.param ?? name}: ${thrown.message}`)
    }
  }
  // An address that the operator wrote may be on this machine; the processor's own never is.
  const ground = (address: string | null) => ({ clock, ids, transport: transport(address !== null) })
  add('stripe', config.stripe, (settings) => stripeMethod(settings, ground(settings.api)))
  add('wechat', config.wechat, (settings) => wechatMethod(settings, ground(settings.api)))
  add('alipay', config.alipay, (settings) => alipayMethod(settings, ground(settings.gateway)))
  add('manual', config.manual, manualMethod)
  return { methods, counters, off }
}
