/** Sessions: the token in the browser, the digest in the store, and when one is over. */

import { createHash } from 'node:crypto'
import type { Ids } from '#base/id.ts'
import type { FoundSession, SessionRow, SignInMethod } from './port.ts'

const minuteMs = 60_000
/** Who can run the server is asked again sooner. */
const operatorIdleMs = 30 * minuteMs
const idleMs = 12 * 60 * minuteMs
const absoluteMs = 7 * 24 * 60 * minuteMs
/** That a session was used is written down no more often than this. */
export const touchEveryMs = minuteMs

const tokenBytes = 32
const agentLengthMax = 200

/** 256 bits, base64url. */
export const makeToken = (ids: Pick<Ids, 'bytes'>): string => Buffer.from(ids.bytes(tokenBytes)).toString('base64url')

/** SHA-256 of the whole token: it has 256 bits of chance, so that nothing slower is needed. */
export const tokenDigest = (token: string): string => createHash('sha256').update(`drover ${token}`).digest('hex')

export type NewSession = {
  readonly token: string
  readonly person: string | null
  readonly key: string | null
  readonly organisation: string | null
  readonly method: SignInMethod
  readonly address: string
  readonly agent: string
  readonly nowMs: number
}

/** What is kept of a new session: the digest of its token, and never the token. */
export const sessionRow = ({ token, nowMs, agent, ...rest }: NewSession, ids: Pick<Ids, 'next'>): SessionRow => ({
  ...rest,
  id: ids.next('ses'),
  digest: tokenDigest(token),
  createdMs: nowMs,
  seenMs: nowMs,
  expiresMs: nowMs + absoluteMs,
  agent: agent.replace(/\p{Cc}/gu, ' ').slice(0, agentLengthMax),
})

/** How long it may lie unused. */
const idleMaxMs = ({ session, memberships }: FoundSession): number =>
  session.key !== null || memberships.some(({ operator }) => operator) ? operatorIdleMs : idleMs

/** When it is over unless it is used before. */
export const endsMs = (found: FoundSession): number =>
  Math.min(found.session.expiresMs, found.session.seenMs + idleMaxMs(found))
