/** One exchange about what providers keep, from the key to the last byte. */

import { Buffer } from 'node:buffer'
import { asProblem } from '#base/problem.ts'
import type { Exchange } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import { protocols } from '#protocol/index.ts'
import { identify } from '#relay/admit.ts'
import { holderOf } from '#relay/holder.ts'
import type { RelayPorts } from '#relay/journey.ts'
import { snapshotFor } from '#relay/own-credential.ts'
import { passReply } from '#relay/pass-reply.ts'
import { protocolOf } from './ask-keeper.ts'
import type { Act, Answered } from './asking.ts'
import { formOf } from './asking.ts'
import { once } from './once.ts'

/** A file may be read for so long. */
const readingMs = 3_600_000

/** Of a provider's headers about a file only these are passed on. */
const passedOn: readonly string[] = ['content-type', 'content-disposition', 'content-length']

const isGemini = ({ path }: Exchange['inbound']): boolean => /^\/(?:upload\/)?v1beta\//.test(path)

type Order = { readonly act: Act; readonly params: Readonly<Record<string, string>> }

const isEncoded = ({ headers }: Extract<Answered, { kind: 'stream' }>['reply']): boolean =>
  headers['content-encoding'] !== undefined

const send = async (exchange: Exchange, answered: Answered, ports: RelayPorts): Promise<void> => {
  const { inbound, outbound } = exchange
  const head = {
    ...securityHeaders,
    'x-request-id': inbound.id,
    'cache-control': 'private, no-store',
    ...(answered.provider === null ? {} : { 'x-drover-provider': answered.provider }),
    ...answered.headers,
  }
  if (answered.kind === 'document') {
    const body = Buffer.from(answered.text)
    outbound.head(200, {
      ...head,
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.length),
    })
    await outbound.end(body)
    return
  }
  const { reply } = answered
  const told = passedOn.flatMap((name) => {
    const value = reply.headers[name]
    // What came compressed has another length here.
    if (value === undefined || (name === 'content-length' && isEncoded(reply))) return []
    return [[name, typeof value === 'string' ? value : value.join(', ')] as const]
  })
  outbound.head(200, { 'content-type': 'application/octet-stream', ...head, ...Object.fromEntries(told) })
  await passReply(reply, outbound, { clock: ports.clock, readingMs })
}

/** Carries out one exchange. Never rejects but for a caller who has gone. */
export const answerAct = async (exchange: Exchange, { act, params }: Order, ports: RelayPorts): Promise<void> => {
  const { inbound, outbound } = exchange
  const form = formOf(inbound)
  const { server } = isGemini(inbound) ? protocols.gemini : protocolOf(form)
  const nowMs = ports.clock.nowMs()
  try {
    const current = ports.snapshot()
    const key = identify(current, inbound, { nowMs, purpose: 'model' })
    const refusal = ports.overload()
    if (refusal !== null) throw refusal
    const snapshot = snapshotFor(current, key)
    const asking = { exchange, ports, snapshot, key, holder: holderOf(key), form, params, nowMs }
    const answered = await once(asking, act)
    await send(exchange, answered, ports)
  } catch (thrown) {
    const problem = asProblem(thrown)
    if (inbound.signal.aborted) return outbound.cut()
    if (problem.code === 'internal_error')
      ports.log.error('a file or job failed inside Drover', { error: problem.cause })
    if (outbound.headSent()) return outbound.cut()
    const { status, headers, body } = server.writeProblem(problem, inbound)
    outbound.head(status, {
      ...securityHeaders,
      'x-request-id': inbound.id,
      ...(server.requestIdHeader === undefined ? {} : { [server.requestIdHeader]: inbound.id }),
      'content-length': String(body.length),
      ...headers,
    })
    await outbound.end(body)
  }
}
