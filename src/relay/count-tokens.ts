/**
 * Counting the tokens of a request that is not made: by a provider of the model where it counts, in the caller's format or in its own, else
 * by Drover's own estimate, which says that it is one. Free, and not recorded; the limits of the key hold.
 */

import { Buffer } from 'node:buffer'
import { boundedBytes } from '#base/bounded-bytes.ts'
import { scanTopLevel } from '#base/json.ts'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Answer, Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { Call, Warning } from '#protocol/call.ts'
import { protocols } from '#protocol/index.ts'
import type { Counting, Protocol } from '#protocol/protocol.ts'
import { requestTextOf } from '#protocol/request-text.ts'
import { canTranslate, translateCall } from '#protocol/translate-call.ts'
import { protocolsOf } from '#provider/vendor.ts'
import { admit, identify } from './admit.ts'
import { placeOf } from './binding/references.ts'
import { draftOf } from './draft.ts'
import { guardRequest } from './guard-request.ts'
import type { RelayPorts } from './journey.ts'
import { labelsOf } from './labels.ts'
import type { Leg } from './leg.ts'
import { snapshotFor } from './own-credential.ts'
import { prepare } from './prepare.ts'
import type { Snapshot, Upstream } from './snapshot.ts'

/** An answer of one figure is no larger than this. */
const answerBytesMax = 65_536
const timeoutMs = 15_000
/** Providers that are asked before the estimate is given. */
const askedMax = 2
/** Three tokens frame each message and three the answer's beginning, as with the sandbox. */
const framingTokens = 3
/** Of a picture of a usual size (https://platform.claude.com/docs/en/build-with-claude/vision, read 2026-11-22). */
const imageTokens = 1_600
/** A page of a PDF has about so many bytes, and about so many tokens. */
const [pageBytes, pageTokens] = [50_000, 2_000]

export type CountedProtocol = Protocol & { readonly counting: Counting }

type Counted = { readonly tokens: number; readonly estimated: boolean; readonly provider: string | null }

type Question = {
  readonly protocol: CountedProtocol
  readonly call: Call
  readonly legs: readonly Leg[]
  readonly snapshot: Snapshot
  readonly exchange: Exchange
  readonly ports: RelayPorts
}

/** The call that is to be counted. */
const countedOf = ({ protocol, call }: Question): Call => protocol.counting.counted?.(call) ?? call

const estimate = async (question: Question): Promise<number> => {
  const { protocol, ports } = question
  const call = countedOf(question)
  const read = protocol.server.readChat?.(call).value
  if (read === undefined) return ports.countTokens(JSON.stringify(call.body()))
  const { text, messages, images, fileBytes } = requestTextOf(read)
  const pages = Math.ceil(fileBytes / pageBytes)
  return (await ports.countTokens(text)) + framingTokens * (messages + 1) + imageTokens * images + pageTokens * pages
}

/** One target that counts: in the caller's own format, or in another one. */
type Counter = {
  readonly leg: Leg
  readonly upstream: Upstream
  readonly protocol: CountedProtocol
  readonly call: Call
  readonly isOwn: boolean
}

/** What is lost of these would not be counted. */
const isContent = ({ field }: Warning): boolean => /^(?:messages|tools|contents|input|system)/.test(field)

/** The call in a format that its provider counts in; `null` = it cannot be said there whole. */
const translated = (question: Question, to: Protocol, { leg, upstream }: Pick<Counter, 'leg' | 'upstream'>) => {
  const { counting } = to
  if (counting === undefined || !canTranslate(question.protocol, to)) return null
  const target = { dialect: upstream.vendor.dialect(leg.target.model), outputMax: null }
  try {
    const { value, warnings } = translateCall(countedOf(question), { from: question.protocol, to, target })
    const body = warnings.some(isContent) ? null : counting.bodyOf(value.call.body())
    if (body === null) return null
    const payload = { kind: 'json', top: scanTopLevel(Buffer.from(JSON.stringify(body))) } as const
    const call = { ...value.call, endpoint: counting.path, stream: false, payload, body: () => body }
    return { protocol: { ...to, counting }, call }
  } catch (thrown) {
    // What another format refuses may still be estimated.
    if (thrown instanceof Problem) return null
    throw thrown
  }
}

const counterOf = (question: Question, leg: Leg): readonly Counter[] => {
  const { protocol, call, snapshot } = question
  const upstream = snapshot.upstreams.get(leg.target.provider)
  if (upstream === undefined) return []
  const spoken = protocolsOf(upstream.vendor, leg.target.model).filter((name) => upstream.vendor.counts.includes(name))
  if (spoken.includes(protocol.name)) return [{ leg, upstream, protocol, call, isOwn: true }]
  for (const to of Object.values(protocols).filter(({ name }) => spoken.includes(name))) {
    const asked = translated(question, to, { leg, upstream })
    if (asked !== null) return [{ leg, upstream, ...asked, isOwn: false }]
  }
  return []
}

/** Targets whose provider counts. */
const countersOf = (question: Question): readonly Counter[] =>
  question.legs.flatMap((leg) => counterOf(question, leg)).slice(0, askedMax)

const readDocument = async (body: AsyncIterable<Buffer>): Promise<JsonObject | null> => {
  const bytes = await boundedBytes(body, answerBytesMax)
  if (bytes === null) return null
  const value: unknown = JSON.parse(bytes.toString('utf8'))
  return isObject(value) ? value : null
}

/** What a provider counts; `null` = it does not say. Throws Problem for what is the caller's own fault. */
const askProvider = async (question: Question, { leg, upstream, protocol, call, isOwn }: Counter) => {
  const { snapshot, exchange } = question
  const { request, sign } = prepare({
    speech: { protocol, call, request: null, warnings: [] },
    leg,
    upstream,
    rules: snapshot.rulesOf(upstream.vendor.name, leg.target.model),
    strict: false,
    mayAskUsage: false,
    callerHeaders: exchange.inbound.headers,
    traceHeaders: {},
    credential: upstream.provider.credentials[0] ?? null,
  })
  const { signal } = exchange.inbound
  const headers = sign === null ? request.headers : await sign(question.ports.clock)
  const reply = await upstream.transport.send({
    ...request,
    headers,
    signal,
    connectTimeoutMs: timeoutMs,
    headersTimeoutMs: timeoutMs,
  })
  try {
    const document = await readDocument(reply.body)
    if (reply.status < 300) return document === null ? null : protocol.counting.readAnswer(document)
    if (!isOwn || (reply.status !== 400 && reply.status !== 422)) return null
    const body = Buffer.from(JSON.stringify(document))
    throw protocol.client.readProblem({ status: reply.status, headers: {}, body })
  } finally {
    reply.abort()
  }
}

const count = async (question: Question): Promise<Counted> => {
  for (const counter of countersOf(question)) {
    try {
      const tokens = await askProvider(question, counter)
      if (tokens !== null) return { tokens, estimated: false, provider: counter.upstream.provider.name }
    } catch (thrown) {
      if (thrown instanceof Problem && thrown.row.blame === 'caller') throw thrown
      question.ports.log.debug('a provider did not count', { problem: asProblem(thrown).code })
    }
  }
  return { tokens: await estimate(question), estimated: true, provider: null }
}

const answerOf = ({ tokens, estimated, provider }: Counted, { counting }: CountedProtocol): Answer => ({
  status: 200,
  headers: {
    'content-type': 'application/json',
    ...(provider === null ? {} : { 'x-drover-provider': provider }),
    ...(estimated
      ? { 'x-drover-warnings': "input_tokens:estimated by Drover; the model's provider does not count it" }
      : {}),
  },
  body: Buffer.from(JSON.stringify(counting.writeAnswer(tokens))),
})

/** Nothing is put out, so that only requests are limited. */
const silent = (call: Call): Call => ({ ...call, inputBytes: 0, outputMax: 0 })

const ask = async (exchange: Exchange, protocol: CountedProtocol, ports: RelayPorts): Promise<Answer> => {
  const nowMs = ports.clock.nowMs()
  const current = ports.snapshot()
  const key = identify(current, exchange.inbound, { nowMs, purpose: 'model' })
  const snapshot = snapshotFor(current, key)
  const inbound = await exchange.read()
  labelsOf(inbound)
  const draft = Object.assign(draftOf(inbound, protocol.name, nowMs), {
    key: key.id,
    account: key.account,
    project: key.project,
  })
  const asked = protocol.counting.readCall(inbound)
  const { call } = await guardRequest({ snapshot, key, call: asked, draft, askHook: ports.askHook })
  // A count tells how large a file is: also that is its owner's.
  const place = await placeOf(ports, { snapshot, call, key, nowMs })
  const grant = await admit({
    snapshot,
    key,
    call: silent(call),
    waitingRoom: ports.waitingRoom,
    nowMs,
    untilMs: Number.POSITIVE_INFINITY,
    signal: inbound.signal,
    queued: () => {},
  })
  try {
    const legs = grant.rows.flatMap((row) =>
      row.targets
        .filter(({ provider }) => place === null || place.providers.includes(provider))
        .map((target): Leg => ({ row, target, model: row.id, by: 'model', reason: 'order' })),
    )
    return answerOf(await count({ protocol, call, legs, snapshot, exchange, ports }), protocol)
  } finally {
    await grant.giveBack()
  }
}

/** Carries out one exchange that asks for a count. Never rejects but for a caller who has gone. */
export const answerCount = async (exchange: Exchange, protocol: CountedProtocol, ports: RelayPorts): Promise<void> => {
  const { inbound, outbound } = exchange
  let answer: Answer
  try {
    answer = await ask(exchange, protocol, ports)
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (problem.code === 'internal_error') ports.log.error('a count failed inside Drover', { error: problem.cause })
    answer = protocol.server.writeProblem(problem, inbound)
  }
  const { requestIdHeader } = protocol.server
  outbound.head(answer.status, {
    ...securityHeaders,
    'x-request-id': inbound.id,
    ...(requestIdHeader === undefined ? {} : { [requestIdHeader]: inbound.id }),
    'content-length': String(answer.body.length),
    ...answer.headers,
  })
  await outbound.end(answer.body)
}
