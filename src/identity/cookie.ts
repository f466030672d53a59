/** The cookies of a browser: the token of its session, and the one that it is known by. */

import type { Inbound } from '#http/inbound.ts'

type Asked = Pick<Inbound, 'origin' | 'fromLoopback'> & Partial<Pick<Inbound, 'headers'>>

/**
 * `__Host-` binds a cookie to this very host and to https. Over plain http it is kept out by some browsers (Safari) even on
 * loopback, where Chromium 156 and Firefox take it: there the cookie has a plain name. `null` = not a way to keep a session.
 */
export const cookieName = ({ origin, fromLoopback }: Asked): '__Host-drover' | 'drover' | null => {
  if (origin.startsWith('https://')) return '__Host-drover'
  return fromLoopback ? 'drover' : null
}

const suffix = { session: '', device: '-known' } as const
type Kind = keyof typeof suffix

const forms: Readonly<Record<Kind, RegExp>> = { session: /^[A-Za-z0-9_-]{43}$/, device: /^[\w.-]{1,120}$/ }

/** Two of the same name are none. */
const cookieOf = (inbound: Asked, kind: Kind): string | null => {
  const base = cookieName(inbound)
  if (base === null) return null
  const name = `${base}${suffix[kind]}`
  const values = (inbound.headers?.['cookie'] ?? '')
    .split(';')
    .map((piece) => piece.trim())
    .filter((piece) => piece.startsWith(`${name}=`))
    .map((piece) => piece.slice(name.length + 1))
  const [only, ...others] = values
  return only !== undefined && others.length === 0 && forms[kind].test(only) ? only : null
}

/** The token of a request; `null` = it has none that could be one. */
export const tokenOf = (inbound: Asked): string | null => cookieOf(inbound, 'session')

/** What the browser is known by; `null` = by nothing. */
export const deviceTokenOf = (inbound: Asked): string | null => cookieOf(inbound, 'device')

export type CookieChange = {
  readonly kind: Kind
  /** `null` takes it away. */
  readonly token: string | null
  readonly maxAgeMs: number
}

/** `set-cookie` for a token, until it ends. */
export const cookieText = (base: '__Host-drover' | 'drover', { kind, token, maxAgeMs }: CookieChange): string =>
  [
    `${base}${suffix[kind]}=${token ?? ''}`,
    'Path=/',
    `Max-Age=${token === null ? 0 : Math.floor(maxAgeMs / 1000)}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(base === '__Host-drover' ? ['Secure'] : []),
  ].join('; ')
