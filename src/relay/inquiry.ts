/** What a key may ask about itself: its models, one model. Nothing here costs or is recorded. */

import { Buffer } from 'node:buffer'
import { asProblem, Problem } from '#base/problem.ts'
import type { Answer, Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { protocols } from '#protocol/index.ts'
import { rowForAccount } from './account-price.ts'
import { identify, rowFor } from './admit.ts'
import { namesFor } from './bound-model.ts'
import type { RelayPorts } from './journey.ts'
import { modelEntries, modelEntry } from './model-list.ts'
import type { ModelShape } from './model-shape.ts'
import { modelShapeOf } from './model-shape.ts'
import { shownRow, snapshotFor } from './own-credential.ts'
import type { Snapshot } from './snapshot.ts'

/** Who asks, when, and where the answer may be looked for. */
export type Question = Pick<RelayPorts, 'books' | 'callLog' | 'keySpend' | 'signReceipt'> & {
  readonly snapshot: Snapshot
  readonly key: KeyFacts
  readonly nowMs: number
  /** In which an answer about models is given. */
  readonly shape: ModelShape
}

/** Gives the answer, or a promise of it; throws Problem. */
export type Inquiry = (question: Question, params: Readonly<Record<string, string>>, query: URLSearchParams) => unknown

/** `GET /v1/models`, in the shape of the client that asks. */
export const listModels: Inquiry = ({ snapshot, key, nowMs, shape }, _params, query) => {
  const seen = snapshotFor(snapshot, key)
  const entries = modelEntries(namesFor(snapshot, key), key, {
    nowMs,
    pricedFor: (row) => shownRow(rowForAccount(row, snapshot, { account: key.account, atMs: nowMs }), seen),
  })
  return shape.list(entries, query)
}

/** `GET /v1/models/{id}`: unknown ids are 404 here, where a path names them. */
export const showModel: Inquiry = ({ snapshot, key, nowMs, shape }, params) => {
  try {
    const name = params['id'] ?? ''
    const row = rowForAccount(rowFor(snapshot, key, name), snapshot, { account: key.account, atMs: nowMs })
    return shape.show(modelEntry(name, shownRow(row, snapshotFor(snapshot, key)), nowMs))
  } catch (thrown) {
    const problem = asProblem(thrown)
    throw new Problem(problem.code, { ...problem.detail, status: problem.status === 400 ? 404 : problem.status })
  }
}

const json = (value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, no-store' },
  body: Buffer.from(JSON.stringify(value)),
})

/** Identifies the key and answers; errors in the protocol's own shape. Never rejects but for a caller who has gone. */
export const answerInquiry = async (
  exchange: Exchange,
  inquiry: { readonly ask: Inquiry; readonly params: Readonly<Record<string, string>> },
  ports: RelayPorts,
): Promise<void> => {
  const { inbound, outbound } = exchange
  const snapshot = ports.snapshot()
  const nowMs = ports.clock.nowMs()
  const shape = modelShapeOf(inbound)
  const { server } = protocols[shape.protocol]
  let answer: Answer
  try {
    const key = identify(snapshot, inbound, { nowMs, purpose: 'model' })
    const { books, callLog, keySpend, signReceipt } = ports
    const question = { snapshot, key, nowMs, books, callLog, keySpend, signReceipt, shape }
    answer = json(await inquiry.ask(question, inquiry.params, inbound.query))
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error') ports.log.error('an inquiry failed inside Drover', { error: problem.cause })
    answer = server.writeProblem(problem, inbound)
  }
  outbound.head(answer.status, {
    ...securityHeaders,
    'x-request-id': inbound.id,
    ...(server.requestIdHeader === undefined ? {} : { [server.requestIdHeader]: inbound.id }),
    'content-length': String(answer.body.length),
    ...answer.headers,
  })
  await outbound.end(answer.body)
}
