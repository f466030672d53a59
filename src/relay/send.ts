/** The route of an admitted call, tried until its first part; every attempt leaves its record and warnings in the draft. */

import { beginAttempt } from './attempt.ts'
import { chanceOf } from './conversation.ts'
import type { Reply } from './first-reply.ts'
import { firstReply } from './first-reply.ts'
import type { Admitted } from './journey.ts'
import type { Leg } from './route.ts'
import { routeOf } from './route.ts'

/** After this long a stream's head and held bytes go out, and moving on to another target ends. */
const commitAfterMs = 25_000

/** Monotonic time by which the call must be over: the route's own total, or the client's deadline where that is nearer. */
const endOf = ({ exchange, labels, grant }: Admitted): number => {
  const totalMs = Math.max(0, ...grant.rows.map((row) => row.route.timeouts.totalMs))
  return exchange.inbound.arrivedMs + Math.min(totalMs, labels.clientDeadlineMs ?? totalMs)
}

/** @throws Problem of the last failure; CallerLeft. */
export const send = (admitted: Admitted): Promise<Reply> => {
  const { exchange, ports, draft, snapshot, protocol, call, labels, grant } = admitted
  const { inbound } = exchange
  const { clock } = ports
  const endsMs = endOf(admitted)
  const warnings = draft.warnings
  const sticky = grant.rows[0]?.route.sticky === 'conversation' ? draft.conversation : null
  const legs = routeOf(grant.rows, sticky === null ? ports.ids.chance : chanceOf(sticky)).flatMap((leg): Leg[] =>
    snapshot.upstreams.has(leg.target.provider) ? [leg] : [],
  )
  return firstReply({
    legs,
    stream: call.stream,
    clock,
    chance: ports.ids.chance,
    signal: inbound.signal,
    commitAtMs: inbound.arrivedMs + commitAfterMs,
    endsMs,
    began: (attempt) => {
      draft.attempts.push(attempt.draft)
      draft.warnings = [...warnings, ...attempt.warnings]
    },
    begin: (leg) =>
      beginAttempt(leg, {
        call,
        protocol,
        clock,
        snapshot,
        arrivedMs: inbound.arrivedMs,
        endsMs,
        strict: labels.strict,
        refusesUsage: ports.refusesUsage,
        chance: ports.ids.chance,
        callerHeaders: inbound.headers,
        traceHeaders: admitted.trace?.beginAttempt() ?? {},
      }),
  })
}
