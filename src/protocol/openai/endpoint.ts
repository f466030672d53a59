/** The maker of the OpenAI endpoints beside chat: they differ in what a request must have, and in what a reply means. */

import assert from 'node:assert/strict'
import type { Call } from '#protocol/call.ts'
import { lowerMembers } from '#protocol/lower-output.ts'
import type { Part } from '#protocol/part.ts'
import type { Protocol, ReplyContext, ReplyHead, ReplyReader, ReplyWriter } from '#protocol/protocol.ts'
import { addCost } from './cost.ts'
import { callerHeaders, writeRequest } from './outgoing.ts'
import { heartbeat, writeProblem, writeStreamProblem } from './refusal.ts'
import { openaiReader } from './reply.ts'
import type { ReplySteps } from './reply-steps.ts'
import type { RequestShape } from './request.ts'
import { endpointsOf, readRequest } from './request.ts'
import { askStreamUsage, dropStreamUsage } from './stream-usage.ts'
import { readProblem } from './upstream-problem.ts'
import { findUsage, readUsage, readUsageOf, saysNothing } from './usage.ts'

export type EndpointSpec = {
  readonly request: RequestShape
  readonly steps: (call: Call) => ReplySteps
  /** Where a reply may be something else than JSON or events. */
  readonly readReply?: (call: Call, head: ReplyHead) => ReplyReader
  readonly writeReply: (context: ReplyContext) => ReplyWriter
}

/** The usage of a document or event, as parts: none or one. */
export const usageParts = (document: Parameters<typeof findUsage>[0]): readonly Part[] => {
  const raw = findUsage(document)
  if (raw === null) return []
  const usage = readUsageOf(document, raw)
  return saysNothing(usage) ? [] : [{ type: 'usage', usage, raw }]
}

/** Steps of an endpoint that only ever answers with one document, of which the relay wants nothing but usage. */
export const documentSteps = (members: readonly string[] = []): ReplySteps => ({
  event: (data) => ({ parts: usageParts(data), role: 'content' }),
  endMarker: () => [],
  finished: () => false,
  document: usageParts,
  members,
})

/** For endpoints whose answers (vectors, scores) no part can say: they are passed on, never written. */
export const neverWritten = ({ call }: ReplyContext): ReplyWriter =>
  assert.fail(`an answer of ${call.protocol} is passed on as it came, never written from parts`)

const lowering = ({ outputMax: [first, ...others] }: RequestShape): Pick<Protocol, 'lowerOutput'> =>
  first === undefined ? {} : { lowerOutput: lowerMembers(first, ...others) }

/** One endpoint as a protocol. */
export const endpointProtocol = (spec: EndpointSpec): Protocol => ({
  name: spec.request.name,
  kind: spec.request.kind,
  endpoints: endpointsOf(spec.request),
  ...lowering(spec.request),
  server: {
    readCall: (inbound) => readRequest(inbound, spec.request),
    writeReply: spec.writeReply,
    writeProblem,
    writeStreamProblem,
    heartbeat,
    addCost,
  },
  client: {
    writeCall: writeRequest,
    readReply: spec.readReply ?? ((call, head) => openaiReader({ call, head, steps: spec.steps(call) })),
    readProblem,
    readUsage,
    askUsage: askStreamUsage,
    dropUsage: dropStreamUsage,
    callerHeaders,
  },
})
