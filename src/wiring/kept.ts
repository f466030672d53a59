/** The rooms that keep answers for calls that come later. */

import type { Log } from '#base/log.ts'
import type { ServeRequest } from '#cli/ports.ts'
import type { Live } from '#relay/live.ts'
import type { CarriedTurns } from '#resource/carried-turns.ts'
import { makeCarriedTurns } from '#resource/carried-turns.ts'
import type { Responses } from '#resource/responses.ts'
import { makeResponses } from '#resource/responses.ts'
import type { Repeats } from '#reuse/repeats.ts'
import { openRepeats } from '#reuse/repeats.ts'
import type { SimilarAnswers } from '#reuse/similar-answers.ts'
import type { Membership } from './cluster.ts'
import type { openData } from './data.ts'
import type { Machine } from './machine.ts'
import { openSimilarAnswers } from './similar.ts'
import { responsesElsewhere } from './workers/whole.ts'

/** What is kept of answers, for calls that come later. */
export type Kept = {
  readonly repeats: Repeats
  readonly responses: Responses
  readonly carried: CarriedTurns
  readonly similar: SimilarAnswers | null
}

type KeptParts = {
  readonly request: Pick<ServeRequest, 'config'>
  readonly data: Awaited<ReturnType<typeof openData>>
  readonly member: Membership
  readonly live: Live
  readonly log: Log
}

/** Everything that is opened is closed by `closing`. */
export const openKept = async (machine: Machine, rooms: KeptParts, closing: AsyncDisposableStack): Promise<Kept> => {
  const { clock } = machine
  const { data, log, live, member } = rooms
  const { store, seat } = data
  const { owner, ownersOf } = member
  const repeats = await openRepeats({ store, seal: data.answerSeal, owner, ownersOf, clock, log })
  const responses = makeResponses({ store, seal: data.responseSeal, elsewhere: responsesElsewhere(seat), clock, log })
  seat?.answer('responseQuiet', responses.quiet)
  const carried = makeCarriedTurns({ store, seal: data.carriedSeal, clock, log })
  for (const one of [repeats, responses, carried]) closing.defer(() => one.close())
  const similar = await openSimilarAnswers(machine, { config: rooms.request.config, data, live, log }, closing)
  return { repeats, responses, carried, similar }
}
