/** The cookie that a browser keeps a session's token in. */

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

const tokenForm = /^[A-Za-z0-9_-]{43}$/

/** The token of a request; `null` = it has none that could be one. Two of the same name are none. */
export const tokenOf = (inbound: Asked): string | null => {
  const name = cookieName(inbound)
  if (name === null) return null
  const values = (inbound.headers?.['cookie'] ?? '')
    .split(';')
    .map((piece) => piece.trim())
    .filter((piece) => piece.startsWith(`${name}=`))
    .map((piece) => piece.slice(name.length + 1))
  const [only, ...others] = values
  return only !== undefined && others.length === 0 && tokenForm.test(only) ? only : null
}

/** `set-cookie` for a token, until it ends; `token: null` takes it away. */
export const cookieText = (name: '__Host-drover' | 'drover', token: string | null, maxAgeMs: number): string =>
  [
    `${name}=${token ?? ''}`,
    'Path=/',
    `Max-Age=${token === null ? 0 : Math.floor(maxAgeMs / 1000)}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(name === '__Host-drover' ? ['Secure'] : []),
  ].join('; ')
