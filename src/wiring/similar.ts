/** Answers to similar questions, where the operator wants them and the store can search. */

import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import type { Config } from '#config/config.ts'
import { findModel } from '#policy/choose.ts'
import type { Live } from '#relay/live.ts'
import { repeatSweep } from '#resource/repeat-sweep.ts'
import type { SimilarAnswers } from '#reuse/similar-answers.ts'
import { similarAnswers } from '#reuse/similar-answers.ts'
import type { openData } from './data.ts'
import type { Machine } from './machine.ts'

/** All of them together; the oldest go first. */
const answersMax = 200_000
const sweepEveryMs = 60_000

type Opening = {
  readonly config: Config
  readonly data: Pick<Awaited<ReturnType<typeof openData>>, 'openSimilar' | 'similarSeal'>
  readonly live: Live
  readonly log: Log
}

/**
 * `null` = the configuration has none.
 * @throws Problem where the model is not there, or the store cannot search: what was asked for is not left out quietly.
 */
export const openSimilarAnswers = async (
  { clock }: Machine,
  { config: { similar: settings }, data, live, log }: Opening,
  closing: AsyncDisposableStack,
): Promise<SimilarAnswers | null> => {
  if (settings === null || data.openSimilar === null) return null
  if (findModel(live.current().live, settings.embeddings) === null)
    throw new Problem('invalid_request_error', {
      message: `"semantic_cache.embeddings" names '${settings.embeddings}', which is no model of this relay. Name one that makes embeddings (drover models list).`,
    })
  const store = await data.openSimilar()
  const sweep = (nowMs: number, limit: number) => store.sweepSimilar({ nowMs, limit, answersMax })
  closing.defer(repeatSweep({ sweep, everyMs: sweepEveryMs, clock, log, what: 'answers to similar questions' }))
  const answers = similarAnswers({ settings, store, seal: data.similarSeal, clock, log })
  closing.defer(() => answers.close())
  return answers
}
