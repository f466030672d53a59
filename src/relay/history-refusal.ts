/**
 * Secrets of a history that a target has refused: another maker's, though nothing about them says so. The call is made once more
 * without them, and further turns of the conversation leave the same ones out at once; what the target itself writes from then on stays.
 * Another process, which has not seen it, is refused once more, and then leaves out all that the history holds by then.
 */

import type { Leg } from './leg.ts'
import { targetName } from './leg.ts'
import type { Refusals } from './refusals.ts'
import type { Upstream } from './snapshot.ts'
import type { Speech } from './speak.ts'

const edgeCharacters = 24

/** Enough to know a secret by, and too little to keep one. */
const nameOf = (leg: Leg, secret: string): string =>
  `${targetName(leg.target)} ${secret.length} ${secret.slice(0, edgeCharacters)} ${secret.slice(-edgeCharacters)}`

/** Whether the target of this leg has refused a secret. */
export const isRefusedBy =
  (leg: Leg, refusals: Refusals) =>
  (secret: string): boolean =>
    refusals.has(nameOf(leg, secret))

export type Refused = {
  readonly leg: Leg
  readonly speech: Speech
  readonly upstream: Upstream
  readonly refusals: Refusals
  readonly status: number
  readonly text: string
}

/** Remembers what an answer refuses; `false` = it is about something else, or tells nothing new. */
export const learnRefusal = ({ leg, speech, upstream, refusals, status, text }: Refused): boolean => {
  const mender = upstream.vendor.histories[speech.protocol.name]
  if (mender?.refuses?.(status, text) !== true) return false
  const fresh = (mender.secretsOf?.(speech.call) ?? []).filter((secret) => !isRefusedBy(leg, refusals)(secret))
  for (const secret of fresh) refusals.add(nameOf(leg, secret))
  return fresh.length > 0
}
