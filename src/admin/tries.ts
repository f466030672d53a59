/** Tries to sign in, or to prove oneself again: counted before they are made, and taken back where they were right. */

import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import { deviceMs, deviceOf, makeDevice } from '#identity/device.ts'
import { networkOf, subscriberOf } from '#identity/network.ts'
import type { TryRequest } from '#identity/port.ts'
import type { OperationContext } from './operation.ts'
import { visitOf } from './visit.ts'

const minuteMs = 60_000
const windowMs = 15 * minuteMs
/** Whoever shares an address with an attacker waits no longer than this. */
const sharedWaitMsMax = minuteMs

/** In 15 minutes. `address` spares the first try of each account from its network, `crowd` and `network` spare nobody. */
const triesMax = { accountHere: 5, account: 20, device: 10, own: 5, address: 30, crowd: 300, network: 900 } as const

/** A try that was counted. */
export type Try = {
  /** It was right: the wrong ones before it are forgotten, and whoever shares the address has theirs back. */
  readonly passed: () => Promise<void>
}

type Counted = { readonly own: readonly TryRequest[]; readonly shared: readonly TryRequest[] }

const digested = (what: string, max: number, { ports }: OperationContext): TryRequest => ({
  subject: ports.digestKey(`try ${what}`),
  max,
  windowMs,
})

const sharedOf = (address: string, context: OperationContext): readonly TryRequest[] => [
  { ...digested(`crowd ${subscriberOf(address)}`, triesMax.crowd, context), waitMsMax: sharedWaitMsMax },
  { ...digested(`network ${networkOf(address)}`, triesMax.network, context), waitMsMax: sharedWaitMsMax },
]

const addressOf = (address: string, context: OperationContext): TryRequest => ({
  ...digested(`address ${subscriberOf(address)}`, triesMax.address, context),
  waitMsMax: sharedWaitMsMax,
})

/** Of a mail address, whether anybody signs in with it or not. */
const accountSubjects = (mail: string, address: string) => ({
  account: `account ${mail}`,
  here: `account ${mail} from ${networkOf(address)}`,
})

const takeAll = async ({ own, shared }: Counted, context: OperationContext): Promise<Try> => {
  const { store } = context.ports.identity
  const waitMs = await store.takeTry([...own, ...shared], context.clock.nowMs())
  if (waitMs > 0)
    throw new Problem('rate_limit_exceeded', {
      ...saying('too_many_sign_ins', { seconds: Math.ceil(waitMs / 1000) }),
      retryAfterMs: waitMs,
    })
  return {
    passed: async () => {
      if (own.length > 0) await store.forgetTries(own.map(({ subject }) => subject))
      if (shared.length > 0) await store.returnTries(shared)
    },
  }
}

const deviceParts = (mail: string, { clock, ports }: OperationContext) => ({
  mail,
  nowMs: clock.nowMs(),
  digest: ports.digestKey,
})

/**
 * A try to sign in with a mail address. A browser that has signed in with it before has tries of its own: neither who guesses
 * elsewhere nor who shares its network keeps it out.
 * @throws Problem `rate_limit_exceeded`.
 */
export const takeSignInTry = (mail: string, context: OperationContext): Promise<Try> => {
  const { address, device } = visitOf(context)
  const known = deviceOf(device, deviceParts(mail, context))
  if (known !== null)
    return takeAll({ own: [digested(`device ${known}`, triesMax.device, context)], shared: [] }, context)
  const subjects = accountSubjects(mail, address)
  const here = digested(subjects.here, triesMax.accountHere, context)
  const own = [here, digested(subjects.account, triesMax.account, context)]
  const soft = { ...addressOf(address, context), sparesFirstOf: here.subject }
  return takeAll({ own, shared: [soft, ...sharedOf(address, context)] }, context)
}

/** A try with a secret that names its owner itself: an admin key, a link. @throws Problem `rate_limit_exceeded`. */
export const takeSecretTry = (context: OperationContext): Promise<Try> => {
  const { address } = visitOf(context)
  return takeAll({ own: [], shared: [addressOf(address, context), ...sharedOf(address, context)] }, context)
}

/** A try of a person who is signed in: strangers cannot use it up. @throws Problem `rate_limit_exceeded`. */
export const takeOwnTry = (person: string, context: OperationContext): Promise<Try> =>
  takeAll({ own: [digested(`own ${person}`, triesMax.own, context)], shared: [] }, context)

/** Forgets the wrong tries with a mail address: from this network, and all in all. */
export const forgetTries = (mail: string, context: OperationContext): Promise<void> => {
  const { account, here } = accountSubjects(mail, visitOf(context).address)
  const digest = (what: string): string => context.ports.digestKey(`try ${what}`)
  return context.ports.identity.store.forgetTries([digest(account), digest(here)])
}

/** The browser is known from now on. */
export const rememberDevice = (mail: string, context: OperationContext): void => {
  visitOf(context).keepDevice(makeDevice(deviceParts(mail, context), context.ids), deviceMs)
}
