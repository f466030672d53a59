/** Where a text lies among others: its vector, from a model of this relay that makes them. An attempt of its own on the call's record. */

import { Buffer } from 'node:buffer'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { chargeOf } from '#ledger/charge.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { openaiEmbeddings } from '#protocol/openai/embeddings.ts'
import { candidatesFor } from './candidates.ts'
import { measuring } from './draft.ts'
import type { Admitted, Journey } from './journey.ts'
import { elapsedMs } from './journey.ts'
import { send } from './send.ts'
import { rowsOfCost } from './settle.ts'
import type { Snapshot } from './snapshot.ts'

/** A measurement that takes longer is given up: the call waits for it. */
const measureMsMax = 2_000

export type MeasureOrder = {
  readonly text: string
  /** The model, as a caller would name it. */
  readonly model: string
  readonly key: KeyFacts
  readonly snapshot: Snapshot
}

/** The call for a vector: the caller's regions and data rules hold for it, the models of its key do not. */
const askingFor = (journey: Journey, { text, model, key, snapshot }: MeasureOrder): Admitted => {
  const { exchange, draft } = journey
  const body = Buffer.from(JSON.stringify({ model, input: text }))
  const path = '/v1/embeddings'
  const inbound = { ...exchange.inbound, path, headers: {}, query: new URLSearchParams() }
  const call = openaiEmbeddings.server.readCall({
    ...inbound,
    body: { kind: 'bytes', bytes: body, contentType: 'application/json' },
  })
  const candidates = candidatesFor({ snapshot, key: { ...key, models: null }, call, nowMs: draft.timeMs })
  return {
    ...journey,
    exchange: { ...exchange, inbound },
    protocol: openaiEmbeddings,
    snapshot,
    draft: { ...draft, attempts: [], warnings: [] },
    call,
    labels: {
      tags: {},
      callSite: null,
      session: null,
      strict: false,
      exact: false,
      arm: null,
      clientDeadlineMs: elapsedMs(journey) + measureMsMax,
      clientSilenceMs: null,
    },
    grant: { ...candidates, headers: {}, used: () => {}, giveBack: async () => {} },
    assigned: null,
    hold: { model: [], account: key.account, amountNanoUsd: null, call, warnings: [], slices: null },
    replyGuards: [],
    keeper: null,
    taker: null,
  }
}

const noVector = (): Problem => new Problem('upstream_error', { message: 'The model for embeddings gave no vector.' })

/**
 * The vector of a text. What the provider is paid for it stands on the record of the call, also where it failed.
 * @throws Problem of the model, of its providers; CallerLeft.
 */
export const measure = async (journey: Journey, order: MeasureOrder): Promise<readonly number[]> => {
  const asking = askingFor(journey, order)
  try {
    const { attempt, held, ended } = await send(asking)
    attempt.close(new Error('The vector is all that is wanted.'))
    if (!ended) throw noVector()
    const document: unknown = JSON.parse(Buffer.concat(held.map(({ raw }) => raw)).toString('utf8'))
    const head = attempt.head()
    const { readEmbedding } = openaiEmbeddings.client
    if (!isObject(document) || head === null || readEmbedding === undefined) throw noVector()
    const { vectors, usage } = readEmbedding(document, head)
    attempt.draft.usage = usage
    const rows = rowsOfCost(attempt.upstream, attempt.leg.target)
    attempt.draft.costNanoUsd =
      usage === null ? null : (chargeOf(usage, rows, asking.draft.timeMs)?.costNanoUsd ?? null)
    const [vector = []] = vectors
    if (vector.length === 0 || !vector.every(Number.isFinite)) throw noVector()
    return vector
  } finally {
    for (const attempt of asking.draft.attempts) journey.draft.attempts.push({ ...attempt, reason: measuring })
  }
}
