/** Who asks an admin operation: an admin key, or a command on this machine that could read the lock of the data folder. */

import { createHash, timingSafeEqual } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import { credentialOf } from '#policy/credential.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { actorOf, localActor } from './api.ts'
import type { Actor } from './operation.ts'

export type Authentication = {
  /** What `<data>/lock` holds. */
  readonly localToken: string
  /** The admin key of a request; throws Problem. */
  readonly identify: (inbound: Inbound) => KeyFacts
  /** The key for calls of a request; throws Problem. */
  readonly identifyCaller: (inbound: Inbound) => KeyFacts
}

/** Digests first, so that neither length nor content shows in the time that comparing takes. */
const same = (left: string, right: string): boolean => {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}

const callerOf = (inbound: Inbound, identifyCaller: Authentication['identifyCaller']): Actor | Problem => {
  try {
    return { name: `key:${identifyCaller(inbound).id}`, scopes: ['write'], isCaller: true }
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
}

/** The token of the lock counts only from a loopback peer that no proxy speaks for. */
export const actorFor = (
  inbound: Inbound,
  { localToken, identify, identifyCaller }: Authentication,
  forCallers = false,
): Actor | Problem => {
  const credential = credentialOf(inbound)
  if (credential instanceof Problem) return credential
  if (inbound.fromLoopback && same(credential.key, localToken)) return localActor
  try {
    return actorOf(identify(inbound))
  } catch (thrown) {
    if (forCallers && thrown instanceof Problem && thrown.code === 'permission_denied')
      return callerOf(inbound, identifyCaller)
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
}
