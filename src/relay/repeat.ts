/** A call under an Idempotency-Key, as the relay sees it: its key read, its request digested, a kept answer given again. */

import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'
import { Problem } from '#base/problem.ts'
import type { Form, Inbound, InboundBody } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { AnswerHead, Outcome } from '#reuse/keeper.ts'
import type { Turn } from '#reuse/repeats.ts'
import type { Draft } from './draft.ts'
import { upstreamWaitMs } from './draft.ts'
import type { Journey } from './journey.ts'
import { elapsedMs } from './journey.ts'
import { deliverPieces } from './kept-pieces.ts'

const header = 'idempotency-key'
const form = /^[!-~]{1,255}$/
/** Said of the call that answers now, not of the one whose answer is given again. */
const ownHeaders: readonly string[] = ['x-request-id', 'x-drover-overhead-ms', 'openai-processing-ms']
const limitHeader = /^x-ratelimit-/

/** The key that the caller has chosen; `null` = none. @throws Problem `invalid_request_error`. */
export const chosenKeyOf = ({ headers, duplicates }: Inbound): string | null => {
  const value = headers[header]
  if (value === undefined) return null
  if (duplicates?.[header] === undefined && form.test(value)) return value
  throw new Problem('invalid_request_error', {
    message:
      'Idempotency-Key must come once, with 1 to 255 visible ASCII characters and no blanks. A random UUID does.',
    param: 'Idempotency-Key',
  })
}

/** Names and lengths go before contents, so that no two forms read alike. */
const digestForm = async (hash: Hash, { parts }: Form): Promise<void> => {
  for (const part of parts) {
    const value = part.kind === 'field' ? part.value : null
    const named = part.kind === 'field' ? null : [part.filename, part.sizeBytes]
    hash.update(`${JSON.stringify([part.name, part.contentType, value, named])}\n`)
    if (part.kind === 'file') for await (const piece of part.open()) hash.update(piece)
  }
}

/** Path, query and body; credentials in the query are the caller's and not the request's. */
export const digestOf = async ({ path, query, body }: Pick<Inbound, 'path' | 'query' | 'body'>): Promise<string> => {
  const asked = [...query].filter(([name]) => name !== 'key').sort(([a], [b]) => (a < b ? -1 : 1))
  const hash = createHash('sha256').update(`${JSON.stringify([path, asked])}\n`)
  if (body.kind === 'form') await digestForm(hash, body.form)
  if (body.kind === 'bytes') hash.update(body.bytes)
  return hash.digest('hex')
}

/** As the store knows it: two API keys never meet. */
export const namedFor = ({ id }: Pick<KeyFacts, 'id'>, chosen: string): string =>
  createHash('sha256').update(`${id}\n${chosen}`).digest('hex')

/** The body as it is relayed. */
const bodyOf = ({ payload }: Call): InboundBody =>
  payload.kind === 'form'
    ? { kind: 'form', form: payload.form }
    : { kind: 'bytes', bytes: payload.top.source, contentType: '' }

/** The call's turn among those under its key; `null` = it has none. Throws Problem; what the signal throws, when the caller leaves. */
export const turnOf = async (
  { ports, draft }: Journey,
  { inbound, key, call }: { readonly inbound: Inbound; readonly key: KeyFacts; readonly call: Call },
): Promise<Turn | null> => {
  const chosen = chosenKeyOf(inbound)
  if (chosen === null) return null
  const id = namedFor(key, chosen)
  const asked = await digestOf({ ...inbound, body: bodyOf(call) })
  const takenMs = ports.clock.monotonicMs()
  const { account, test: isFree } = key
  const turn = await ports.repeats.take({ id, asked, call: draft.id, account, isFree, signal: inbound.signal })
  if (turn.kind === 'again') draft.sharedMs += ports.clock.monotonicMs() - takenMs
  if (turn.kind === 'first' && turn.unkept !== null)
    draft.warnings = [...draft.warnings, `Idempotency-Key:the answer is not kept: ${turn.unkept}`]
  return turn
}

/** Of the head that goes out, what is given again. */
export const keptHead = (status: number, headers: Readonly<Record<string, string>>): AnswerHead => ({
  status,
  headers: Object.fromEntries(
    Object.entries(headers).filter(([name]) => !ownHeaders.includes(name) && !limitHeader.test(name)),
  ),
})

/** Gives a kept answer again. Costs nothing, and its record says whose answer it was. */
export const answerAgain = async (
  journey: Journey,
  { call, head, pieces }: Extract<Turn, { readonly kind: 'again' }>,
): Promise<void> => {
  const { draft, exchange } = journey
  const { outbound } = exchange
  draft.status = head.status
  draft.costNanoUsd = 0n
  draft.overheadMs = Math.max(0, elapsedMs(journey) - upstreamWaitMs(draft))
  draft.warnings = [...draft.warnings, `Idempotency-Key:the answer of ${call} is given again`]
  outbound.head(head.status, {
    ...securityHeaders,
    ...head.headers,
    'x-request-id': draft.id,
    'x-drover-overhead-ms': draft.overheadMs.toFixed(2),
    'idempotent-replayed': 'true',
    'x-drover-original-request-id': call,
  })
  await deliverPieces(journey, pieces())
}

/** What becomes of the key of a call that has ended: an answer that was whole is kept, what was charged does not run again. */
export const outcomeOf = (draft: Draft, whole: boolean): Outcome => {
  if (whole) return 'kept'
  return (draft.costNanoUsd ?? 0n) > 0n ? 'ended' : 'free'
}
