/** Head and body of a reply, to its caller: what is held whole has its cost in the head. */

import type { ModelRow } from '#policy/model-table.ts'
import { atMostHeld } from './close-books.ts'
import type { DeliverContext, Delivered } from './deliver.ts'
import { deliver, deliverWhole, wholeBytes } from './deliver.ts'
import type { Reply } from './first-reply.ts'
import { replyHeaders } from './head.ts'
import type { Admitted } from './journey.ts'
import { sendHead } from './journey.ts'
import { keptHead } from './repeat.ts'
import type { Rate } from './settle.ts'
import { noteUnknown, noteUnpriced } from './settle.ts'

/** What the reply could not say in the caller's format: for a whole answer it still goes into the head. */
const noteLosses = ({ draft }: Admitted, { attempt }: Reply): void => {
  const losses = attempt.losses()
  if (losses.length > 0) draft.warnings = [...new Set([...draft.warnings, ...losses])]
}

type AnswerContext = DeliverContext & {
  /** What the caller pays by. */
  readonly row: ModelRow
  readonly rate: Rate
}

/** Sends head and body; gives how it ended. */
export const answer = async (admitted: Admitted, reply: Reply, context: AnswerContext): Promise<Delivered> => {
  const { call, grant, hold, draft } = admitted
  const upstream = reply.attempt.head()
  const status = upstream?.status ?? 200
  const limits = grant.headers
  const begin = (headers: Readonly<Record<string, string>>): void => {
    const sent = sendHead(admitted, { status, headers, limits })
    admitted.keeper?.head(keptHead(status, sent))
    admitted.taker?.head(keptHead(status, sent))
  }
  if (!reply.ended || call.stream) {
    begin(replyHeaders(upstream, { stream: call.stream, lengthBytes: null, costNanoUsd: null }))
    const delivered = await deliver(reply, context)
    noteLosses(admitted, reply)
    return delivered
  }
  const bytes = wholeBytes(reply, context)
  const rated = await context.rate({ whole: true, bytes: bytes.length })
  const { usage, charge } = rated
  noteLosses(admitted, reply)
  noteUnpriced(draft, context.row, charge)
  noteUnknown(draft, rated)
  const costNanoUsd = charge === null ? null : atMostHeld(charge.costNanoUsd, usage, hold.amountNanoUsd)
  begin(replyHeaders(upstream, { stream: false, lengthBytes: bytes.length, costNanoUsd }))
  return deliverWhole(bytes, context)
}
