/** Links that are good once: made, sent, and what they lead to. */

import { z } from 'zod'
import type { LetterFacts } from '#identity/letter.ts'
import { letterText } from '#identity/letter.ts'
import type { OneTimeKind, OneTimeRow } from '#identity/port.ts'
import { makeToken, tokenDigest } from '#identity/session.ts'
import type { AdminPorts, OperationContext } from './operation.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** How long each is good. */
export const lifetimesMs: Readonly<Record<OneTimeKind, number>> = {
  'set-up': 24 * hourMs,
  verify: 24 * hourMs,
  reset: hourMs,
  'mail-change': hourMs,
  invitation: 7 * 24 * hourMs,
  'passkey-add': 5 * minuteMs,
  'passkey-use': 5 * minuteMs,
  oidc: 10 * minuteMs,
  'step-up': 5 * minuteMs,
}

/** Pages of the console that take a link's token. */
export const pages = {
  'set-up': '/set-up',
  verify: '/verify',
  reset: '/reset',
  'mail-change': '/confirm-mail',
  invitation: '/invitation',
} as const

export type NewToken = {
  readonly kind: OneTimeKind
  readonly person?: string
  readonly organisation?: string
  readonly data?: object
}

/** A token, and the row that knows it by its digest. */
export const newToken = (
  { kind, person, organisation, data = {} }: NewToken,
  { clock, ids }: Pick<OperationContext, 'clock' | 'ids'>,
): { readonly token: string; readonly row: OneTimeRow } => {
  const token = makeToken(ids)
  const createdMs = clock.nowMs()
  const row = {
    id: ids.next('one'),
    digest: tokenDigest(token),
    kind,
    person: person ?? null,
    organisation: organisation ?? null,
    data: JSON.stringify(data),
    createdMs,
    expiresMs: createdMs + lifetimesMs[kind],
  }
  return { token, row }
}

/** The token stands behind `#`, so that it enters no server's log and no `Referer`. */
export const linkOf = (
  kind: keyof typeof pages,
  token: string,
  { ports }: { readonly ports: Pick<AdminPorts, 'identity'> },
): string => `${ports.identity.baseUrl()}${pages[kind]}#${token}`

export type Written = Omit<LetterFacts, 'language' | 'server'> & { readonly to: string }

/** Writes to somebody, where letters can be sent. */
export const write = ({ to, ...facts }: Written, { ports, visit }: Pick<OperationContext, 'ports' | 'visit'>): void => {
  const { identity } = ports
  if (!identity.mails()) return
  const server = new URL(identity.baseUrl()).host
  identity.post({ addresses: [to], mail: letterText({ ...facts, server, language: visit?.language ?? 'en' }) })
}

/** What a link's page sends. */
export const tokenField = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]{43}$/, 'is not what stood in the link: copy it whole')
    .describe('What stands behind `#` in the link.')

/** `data` of a token's row. */
export const dataOf = (row: OneTimeRow): Readonly<Record<string, unknown>> => JSON.parse(row.data)
