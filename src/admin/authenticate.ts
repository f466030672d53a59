/** Who asks an admin operation: an admin key, a session, or a command on this machine that could read the lock of the data folder. */

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '#base/clock.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { Inbound } from '#http/inbound.ts'
import type { CookieChange } from '#identity/cookie.ts'
import { cookieName, cookieText, deviceTokenOf, tokenOf } from '#identity/cookie.ts'
import { languageOf } from '#identity/letter.ts'
import { isSameOrigin } from '#identity/same-origin.ts'
import { tokenDigest, touchEveryMs } from '#identity/session.ts'
import { addressAllowed } from '#policy/check-key.ts'
import { credentialOf } from '#policy/credential.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { actorOf, localActor } from './api.ts'
import type { Actor, AdminPorts, Visit } from './operation.ts'
import type { Reach } from './reach.ts'
import { actingOf, liveSession } from './session-view.ts'
import { signedOut } from './signed-out.ts'

export type Authentication = {
  /** What `<data>/lock` holds. */
  readonly localToken: string
  /** The admin key of a request; throws Problem. */
  readonly identify: (inbound: Inbound) => KeyFacts
  /** The key for calls of a request; throws Problem. */
  readonly identifyCaller: (inbound: Inbound) => KeyFacts
  readonly ports: AdminPorts
  readonly clock: Clock
}

/** Of the operation that is asked for; absent = as for any other. */
export type Asking = { readonly forCallers?: boolean; readonly reach?: Reach }

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

const visitor: Actor = { name: 'visitor', scopes: [], isVisitor: true }

const isReading = ({ method }: Inbound): boolean => method === 'GET' || method === 'HEAD'

const crossSite = (): Problem =>
  new Problem('permission_denied', {
    ...saying('foreign_page'),
  })

/** A key that is bound to addresses binds its sessions to them. */
const isAllowedFrom = async (key: string, address: string, { store }: Pick<AdminPorts, 'store'>): Promise<boolean> => {
  const allowed = (await store.key(key))?.addresses ?? null
  return allowed === null || addressAllowed(allowed, address)
}

/** The actor of a session. Who is a member of nothing may do what is theirs, and no more. */
const sessionActor = async (
  { token, address }: { readonly token: string; readonly address: string },
  { ports, clock }: Pick<Authentication, 'ports' | 'clock'>,
): Promise<Actor | Problem> => {
  const found = await liveSession(tokenDigest(token), { ports, clock })
  if (found === null) return signedOut()
  const { session, person } = found
  if (session.key !== null && !(await isAllowedFrom(session.key, address, ports))) return signedOut()
  const nowMs = clock.nowMs()
  if (nowMs - session.seenMs >= touchEveryMs) await ports.identity.store.touchSession(session.id, nowMs)
  const acting = actingOf(found)
  const who = { name: person === null ? `key:${session.key}` : `person:${person.id}`, signedIn: { session, person } }
  if (acting === null) return { ...who, scopes: [], role: 'viewer', tenant: { organisation: '', account: '' } }
  const { role, organisation, account, operator, member } = acting
  return {
    ...who,
    ...(person === null ? {} : { member }),
    role,
    scopes: ['read', 'write', 'secrets'],
    ...(operator ? {} : { tenant: { organisation, account } }),
  }
}

const hasCredential = (inbound: Inbound): boolean =>
  inbound.headers['authorization'] !== undefined || inbound.headers['x-api-key'] !== undefined

const byCookie = async (inbound: Inbound, authentication: Authentication, reach: Reach): Promise<Actor | Problem> => {
  const token = tokenOf(inbound)
  const request = { origin: inbound.origin, isReading: isReading(inbound), hasCookie: token !== null }
  if (!isSameOrigin(inbound.headers, request)) return crossSite()
  const actor = token === null ? null : await sessionActor({ token, address: inbound.remoteAddress }, authentication)
  if (actor !== null && !(actor instanceof Problem)) return actor
  if (reach === 'everybody') return visitor
  if (actor !== null || reach === 'self') return actor ?? signedOut()
  const credential = credentialOf(inbound)
  return credential instanceof Problem ? credential : signedOut()
}

const byKey = async (
  inbound: Inbound,
  { localToken, identify, identifyCaller, ports }: Authentication,
  forCallers: boolean,
): Promise<Actor | Problem> => {
  const credential = credentialOf(inbound)
  if (credential instanceof Problem) return credential
  if (inbound.fromLoopback && same(credential.key, localToken)) return localActor
  try {
    const actor = actorOf(identify(inbound), await ports.identity.store.operatorOrganisation())
    return actor instanceof Problem || !inbound.fromLoopback ? actor : { ...actor, isHere: true }
  } catch (thrown) {
    if (forCallers && thrown instanceof Problem && thrown.code === 'permission_denied')
      return callerOf(inbound, identifyCaller)
    if (thrown instanceof Problem) return thrown
    throw thrown
  }
}

/**
 * The token of the lock counts only from a loopback peer that no proxy speaks for; a cookie only from a page of this server. A
 * request that carries a key and a cookie is refused, because it says two things.
 */
export const actorFor = async (
  inbound: Inbound,
  authentication: Authentication,
  { forCallers = false, reach = 'operator' }: Asking = {},
): Promise<Actor | Problem> => {
  if (!hasCredential(inbound)) return byCookie(inbound, authentication, reach)
  if (tokenOf(inbound) !== null)
    return new Problem('ambiguous_credentials', {
      ...saying('key_and_cookie'),
      facts: { remove: 'Authorization' },
    })
  return byKey(inbound, authentication, forCallers)
}

/** The browser that asks, and the cookies that its answer sets. */
export const visitFor = (
  inbound: Inbound,
): { readonly visit: Visit; readonly headers: () => Readonly<Record<string, readonly string[]>> } => {
  const cookies = new Map<CookieChange['kind'], string>()
  const name = cookieName(inbound)
  const named = () => {
    if (name !== null) return name
    throw new Problem('permission_denied', {
      ...saying('plain_http'),
    })
  }
  const visit: Visit = {
    address: inbound.remoteAddress,
    origin: inbound.origin,
    agent: inbound.headers['user-agent'] ?? '',
    language: languageOf(inbound.headers['accept-language']),
    checkKeep: () => {
      named()
    },
    keep: (token, maxAgeMs) => {
      cookies.set('session', cookieText(named(), { kind: 'session', token, maxAgeMs }))
    },
    device: deviceTokenOf(inbound),
    keepDevice: (token, maxAgeMs) => {
      if (name !== null) cookies.set('device', cookieText(name, { kind: 'device', token, maxAgeMs }))
    },
  }
  return { visit, headers: () => (cookies.size === 0 ? {} : { 'set-cookie': [...cookies.values()] }) }
}
