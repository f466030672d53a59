/** Whether an address stays on this machine, or on the own network: as far as its text tells. */

/** Loopback. */
export const isForThisMachine = (host: string): boolean =>
  /^(?:127(?:\.\d{1,3}){1,3}|::1|\[::1\]|localhost)$/.test(host)

const ownNetwork =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[?f[cd][0-9a-f]{2}:)|\.(?:internal|local|lan|svc|cluster\.local)$/i

/** Loopback, a private address, or a name that only an own network knows. */
export const isOwn = (host: string): boolean => isForThisMachine(host) || ownNetwork.test(host) || !/[.:]/.test(host)

/** The host of an address; empty = it is none. */
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : '')

/** Whether what is sent there could be read on the way. */
export const isReadable = (url: string): boolean => /^http:/i.test(url) && !isOwn(hostOf(url))
