/** A response in the making, read along by whoever comes, from wherever it left off. */

import { Problem } from '#base/problem.ts'
import type { Exchange } from '#http/inbound.ts'
import type { BackgroundRun } from './background-run.ts'

/** Sends the events of a run as they come, to its end or until the caller leaves. */
export const followRun = async (
  { inbound, outbound }: Pick<Exchange, 'inbound' | 'outbound'>,
  run: BackgroundRun,
  { after, headers }: { readonly after: number; readonly headers: Readonly<Record<string, string>> },
): Promise<void> => {
  const events = run.follow(after, inbound.signal)
  if (events === null)
    throw new Problem('invalid_request_error', {
      message: 'This response is too large to be read along. Ask for it without "stream" until it has ended.',
      param: 'stream',
    })
  outbound.head(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' })
  for await (const event of events) await outbound.write(event)
  const { kind } = await run.ended
  if (kind === 'whole') await outbound.end()
  else outbound.cut()
}
