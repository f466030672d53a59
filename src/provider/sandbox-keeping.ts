/** The part of the sandbox that keeps things: files, batches. */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import type { ProtocolName } from '#protocol/protocol.ts'
import { withOwnName } from '#protocol/tool-name.ts'
import { translateCall } from '#protocol/translate-call.ts'
import type { RunLine } from './sandbox-batches.ts'
import { answerBatches } from './sandbox-batches.ts'
import type { ShelfAnswer, ShelfQuestion } from './sandbox-files.ts'
import { answerFiles } from './sandbox-files.ts'
import type { SandboxProtocols } from './sandbox-request.ts'
import { collect, inboundOf, seedOf } from './sandbox-request.ts'
import type { SandboxShelf } from './sandbox-shelf.ts'
import { compatibleDialect } from './vendor-defaults.ts'

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}

const replyWith = ({ contentType, bytes }: ShelfAnswer): UpstreamReply => ({
  status: 200,
  headers: { 'content-type': contentType, 'content-length': String(bytes.length) },
  body: once(bytes),
  abort: () => undefined,
})

const stepsOf = ({ url }: UpstreamRequest): readonly string[] =>
  new URL(url).pathname
    .replace(/^\/v1\//, '')
    .split('/')
    .map(decodeURIComponent)

export type Keeping = {
  readonly shelf: SandboxShelf
  readonly clock: Clock
  readonly protocols: SandboxProtocols
  /** Answers a call as the sandbox does. */
  readonly serve: (request: UpstreamRequest) => Promise<UpstreamReply>
}

const requestFor = (request: UpstreamRequest, path: string, bytes: Buffer): UpstreamRequest => ({
  ...request,
  method: 'POST',
  url: new URL(`/v1/${path}`, request.url).href,
  headers: { 'content-type': 'application/json' },
  body: { kind: 'bytes', bytes },
})

const document = async (reply: UpstreamReply): Promise<JsonObject> =>
  JSON.parse((await collect(reply.body)).toString('utf8')) as JsonObject

/** Formats that the sandbox answers as it does Chat Completions, by the path of their calls. */
const translated: Readonly<Record<string, ProtocolName>> = {
  messages: 'anthropic-messages',
  responses: 'openai-responses',
}

/** A call of such a format. */
const runTranslated = async (
  request: UpstreamRequest,
  name: ProtocolName,
  { clock, protocols, serve }: Keeping,
): Promise<JsonObject> => {
  const [from, to] = [protocols[name], protocols['openai-chat']]
  if (from === undefined || to === undefined)
    throw new Problem('not_found', { message: `The sandbox has no ${name}.`, facts: { sandbox: true } })
  const call = from.server.readCall(await inboundOf(request, clock))
  const target = { dialect: compatibleDialect, outputMax: null }
  const { value } = translateCall(call, { from, to, target })
  const bytes = Buffer.from(JSON.stringify({ ...value.call.body(), model: call.model }))
  const reply = await serve(requestFor(request, 'chat/completions', bytes))
  const reader = to.client.readReply(value.call, { status: 200, headers: reply.headers }, { whole: true })
  const frames = [...reader.read(await collect(reply.body)), ...reader.end()]
  const asked = { id: seedOf(call).slice(0, 24), origin: '' }
  const writer = from.server.writeReply({ call, asked, nowMs: clock.nowMs() })
  for (const { parts } of frames) for (const part of parts) writer.write(withOwnName(part, value.toolNames))
  return JSON.parse(writer.end().toString('utf8')) as JsonObject
}

const runnerFor =
  (request: UpstreamRequest, keeping: Keeping): RunLine =>
  async (path, body) => {
    const asked = requestFor(request, path, body)
    const name = Object.hasOwn(translated, path) ? translated[path] : undefined
    return name === undefined ? document(await keeping.serve(asked)) : runTranslated(asked, name, keeping)
  }

/** Answers a request about what is kept; `null` = it is about something else. Throws Problem. */
export const answerShelf = async (request: UpstreamRequest, keeping: Keeping): Promise<UpstreamReply | null> => {
  const { shelf, clock } = keeping
  const steps = stepsOf(request)
  const isAnthropic = request.headers['anthropic-version'] !== undefined
  const question: ShelfQuestion = { request, shelf, nowMs: clock.nowMs(), steps, isAnthropic }
  if (steps[0] === 'files') return replyWith(await answerFiles(question))
  const answer = answerBatches({ ...question, run: runnerFor(request, keeping) })
  return answer === null ? null : replyWith(await answer)
}
