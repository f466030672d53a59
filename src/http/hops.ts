/**
 * How many relays a request has come through. Two that name each other as provider would pass one request on for ever: each counts itself in a
 * header that it sends to every provider, and refuses what has come through too many, before anything is held or sent.
 */

import { Problem } from '#base/problem.ts'

export const hopsHeader = 'x-drover-hops'

/** Behind each other; more than anybody has for a reason. */
const relaysMax = 4

type Headers = Readonly<Record<string, string>>

/** Relays before this one, 0 to 4. What is no such number is more than that. */
const hopsOf = (headers: Headers): number => {
  const told = headers[hopsHeader]
  if (told === undefined) return 0
  return /^[0-9]$/.test(told) ? Math.min(Number(told), relaysMax) : relaysMax
}

/** @throws Problem `loop_detected` for a request that has come through four relays, or says what is no number of them. */
export const checkHops = (headers: Headers): void => {
  if (hopsOf(headers) < relaysMax) return
  throw new Problem('loop_detected', {
    message: `This request has come through ${relaysMax} relays already (${hopsHeader}), as one does that two of them send to each other. The provider of one of them must be a vendor, or a machine with the model.`,
    facts: { hops_max: relaysMax },
  })
}

/** What tells a provider that the request has come through one relay more than it had. */
export const hopsTo = (headers: Headers): string => String(Math.min(hopsOf(headers) + 1, relaysMax))

/** Of a call's headers what a call must carry that is made because of it. */
export const onlyHops = (headers: Headers): Headers => {
  const told = headers[hopsHeader]
  return told === undefined ? {} : { [hopsHeader]: told }
}
