/** What is tried before traffic moves, with or without a server that runs. */

import type { Log } from '#base/log.ts'
import type { CallBooks } from '#ledger/port.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import type { Drill, PreflightQuestion } from '#rehearsal/looking.ts'
import { preflightOf } from '#rehearsal/preflight.ts'
import { makeErrands } from '#relay/errand.ts'
import type { CountTokens } from '#relay/meter.ts'
import { rememberRefusals } from '#relay/refusals.ts'
import { makeRouting } from '#relay/routing.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { Machine } from './machine.ts'

export type RehearsalParts = {
  readonly snapshot: () => Snapshot
  readonly books: Pick<CallBooks, 'voidHold'>
  readonly countTokens: CountTokens
  readonly credit: () => Promise<readonly ProviderCredit[]>
  readonly drill: () => Promise<Drill>
  readonly log: Log
}

/** Its own view of which providers are well: what it meets steers no caller's call. */
export const openRehearsal = (
  { clock, ids, version, stopping }: Machine,
  { snapshot, books, countTokens, credit, drill, log }: RehearsalParts,
) => {
  const nobodyIsTold = (): void => {}
  const routing = makeRouting(nobodyIsTold)
  const errands = makeErrands({ books, routing, refusals: rememberRefusals(), countTokens, clock, ids, log, snapshot })
  const nonce = (): string => ids.next('call')
  return {
    errands,
    preflight: (question: PreflightQuestion) =>
      preflightOf(question, { errands, snapshot, credit, drill, nonce, version, clock, stopping }),
  }
}

export type Rehearsal = ReturnType<typeof openRehearsal>
