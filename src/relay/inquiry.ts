/** What a key may ask about itself: its models, one model, its own limits. Nothing here costs or is recorded. */

import { Buffer } from 'node:buffer'
import { rfc3339 } from '#base/clock.ts'
import { decimalOf } from '#base/money.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Answer, Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { identify, rowFor } from './admit.ts'
import type { RelayPorts } from './journey.ts'
import { modelEntries, modelEntry } from './model-list.ts'
import type { Snapshot } from './snapshot.ts'

type Question = { readonly snapshot: Snapshot; readonly key: KeyFacts; readonly nowMs: number }

/** Answers from what the snapshot holds; throws Problem. */
export type Inquiry = (question: Question, params: Readonly<Record<string, string>>) => unknown

/** `GET /v1/models`, OpenAI's list (https://platform.openai.com/docs/api-reference/models/list, read 2026-11-22). */
export const listModels: Inquiry = ({ snapshot, key, nowMs }) => ({
  object: 'list',
  data: modelEntries((key.test ? snapshot.test : snapshot.live).byName, key, nowMs),
})

/** `GET /v1/models/{id}`: unknown ids are 404 here, where a path names them. */
export const showModel: Inquiry = ({ snapshot, key, nowMs }, params) => {
  try {
    const name = params['id'] ?? ''
    return modelEntry(name, rowFor(snapshot, key, name), nowMs)
  } catch (thrown) {
    const problem = asProblem(thrown)
    throw new Problem(problem.code, { ...problem.detail, status: problem.status === 400 ? 404 : problem.status })
  }
}

/** `GET /v1/key`, OpenRouter's shape (https://openrouter.ai/docs/api-reference/limits, read 2026-11-22). */
export const showKey: Inquiry = ({ key }) => ({
  data: {
    label: key.name,
    id: key.id,
    account: key.account,
    test: key.test,
    environment: key.environment,
    models: key.models,
    limit: key.budgetNanoUsd === null ? null : decimalOf(key.budgetNanoUsd),
    limit_nano_usd: key.budgetNanoUsd?.toString() ?? null,
    limit_reset: key.budgetPeriod,
    is_free_tier: false,
    rate_limit: {
      requests: key.requestsPerMinute,
      tokens: key.tokensPerMinute,
      interval: '60s',
      concurrency: key.concurrency,
    },
    created_at: rfc3339(key.createdMs),
    expires_at: key.expiresMs === null ? null : rfc3339(key.expiresMs),
  },
})

const json = (value: unknown): Answer => ({
  status: 200,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'private, no-store' },
  body: Buffer.from(JSON.stringify(value)),
})

/** Identifies the key and answers; errors in the protocol's own shape. Never rejects but for a caller who has gone. */
export const answerInquiry = async (
  exchange: Exchange,
  inquiry: { readonly ask: Inquiry; readonly params: Readonly<Record<string, string>>; readonly protocol: Protocol },
  ports: RelayPorts,
): Promise<void> => {
  const { inbound, outbound } = exchange
  const snapshot = ports.snapshot()
  const nowMs = ports.clock.nowMs()
  let answer: Answer
  try {
    const { key } = identify(snapshot, inbound, { nowMs, purpose: 'model' })
    answer = json(inquiry.ask({ snapshot, key, nowMs }, inquiry.params))
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error') ports.log.error('an inquiry failed inside Drover', { error: problem.cause })
    answer = inquiry.protocol.server.writeProblem(problem, inbound)
  }
  outbound.head(answer.status, {
    ...securityHeaders,
    'x-request-id': inbound.id,
    'content-length': String(answer.body.length),
    ...answer.headers,
  })
  await outbound.end(answer.body)
}
