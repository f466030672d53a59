/** Questions of Drover's own, put to one target the way that calls go: to see whether it answers, or how it would have answered a call that was logged. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { Inbound } from '#http/inbound.ts'
import type { ShadowCost } from '#migration/shadow-budget.ts'
import type { Answer } from '#migration/shadow-compare.ts'
import { findModel } from '#policy/choose.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ParameterMode } from '#policy/model-table.ts'
import { protocols } from '#protocol/index.ts'
import { answerReader } from './answer-reader.ts'
import { targetAt } from './candidates.ts'
import type { Leg } from './leg.ts'
import { snapshotFor } from './own-credential.ts'
import type { Copied, CopyPorts, Original } from './shadow-copy.ts'
import { mostOf, sendCopy } from './shadow-copy.ts'
import type { Snapshot } from './snapshot.ts'

/** Formats in which a question may be written, and where each is asked. */
export const errandPaths = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  gemini: '/v1beta/models/any:generateContent',
} as const

export type ErrandFormat = keyof typeof errandPaths

export type Errand = {
  readonly provider: string
  readonly model: string
  readonly params: ParameterMode
  readonly format: ErrandFormat
  readonly body: JsonObject
  /** As the books say it. */
  readonly purpose: string
  /** The key as whose call it is asked, with its account's own credential; `null` = the operator's own. */
  readonly key: Pick<KeyFacts, 'id' | 'account' | 'test'> | null
  /** Models that may list the target, and say what it costs. */
  readonly models: readonly string[]
  readonly signal: AbortSignal
}

export type Errands = {
  /** The most that it can cost. */
  readonly mostOf: (errand: Errand) => ShadowCost
  /** Rejects with Problem where it cannot even be begun: no such target, a body that its format does not allow. */
  readonly send: (errand: Errand) => Promise<Copied>
}

type ErrandPorts = CopyPorts & { readonly snapshot: () => Snapshot }

const inboundOf = ({ format, body, signal }: Pick<Errand, 'format' | 'body' | 'signal'>, id: string): Inbound => ({
  id,
  origin: '',
  method: 'POST',
  path: errandPaths[format],
  query: new URLSearchParams(),
  headers: { 'content-type': 'application/json' },
  remoteAddress: '',
  fromLoopback: true,
  arrivedMs: 0,
  signal,
  body: {
    kind: 'bytes',
    // Where the path names no model the body must; which one is asked says the errand.
    bytes: Buffer.from(JSON.stringify(format === 'gemini' ? body : { model: 'any', ...body })),
    contentType: 'application/json',
  },
})

/** What is nobody's call is in the books of the operator's own account, which is the first that there was. */
const ownAccount = ({ accounts }: Snapshot): string | null => [...accounts.keys()].sort()[0] ?? null

const legOf = ({ provider, model, params, models }: Errand, { live }: Snapshot): Leg => {
  const rows = models.flatMap((name) => findModel(live, name) ?? [])
  const row = findModel(live, `${provider}/${model}`)
  const target = targetAt(live, { provider, model }, rows)
  if (row === null || target === null)
    throw new Problem('model_not_found', { message: `Provider "${provider}" has no model "${model}".` })
  return { row, target: { ...target, params, tier: 1 }, model: row.id, by: 'model', reason: 'migration' }
}

/** A question as a call that somebody could have made. */
export const questionOf = (
  asked: Pick<Errand, 'format' | 'body' | 'signal'>,
  id: string,
): Pick<Original, 'call' | 'protocol' | 'asked'> => {
  const protocol = protocols[asked.format]
  return { call: protocol.server.readCall(inboundOf(asked, id)), protocol, asked: { id, origin: '' } }
}

const preparedFrom = (errand: Errand, { snapshot, ids }: ErrandPorts) => {
  const current = snapshot()
  const { key, purpose } = errand
  const own = key === null ? current : snapshotFor(current, key)
  const original: Original = {
    ...questionOf(errand, ids.next('call')),
    callerHeaders: {},
    snapshot: own,
    account: key?.account ?? ownAccount(current),
    key: key?.id ?? null,
    purpose,
  }
  return { original, leg: legOf(errand, own) }
}

/** An answer that was kept, as it is compared; `text`: as the caller got it, in the format of the question. */
export const keptAnswer = (
  { format, body }: Pick<Errand, 'format' | 'body'>,
  { text, status, signal }: { readonly text: string; readonly status: number; readonly signal: AbortSignal },
): Answer => {
  const protocol = protocols[format]
  const inbound = inboundOf({ format, body, signal }, 'kept')
  const call = protocol.server.readCall(inbound)
  const isStream = /^\s*(event:|data:|:)/.test(text)
  const head = { status, headers: { 'content-type': isStream ? 'text/event-stream' : 'application/json' } }
  const reader = protocol.client.readReply({ ...call, stream: isStream }, head, { whole: !isStream })
  const answer = answerReader(call)
  for (const { parts } of [...reader.read(Buffer.from(text)), ...reader.end()])
    for (const part of parts) answer.see(part)
  return answer.answer(status, null)
}

/** Errands over the ways that the snapshot knows; what they meet steers no caller's call. */
export const makeErrands = (ports: ErrandPorts): Errands => ({
  mostOf: (errand) => {
    const { original, leg } = preparedFrom(errand, ports)
    return mostOf(original, leg, ports.clock.nowMs())
  },
  send: async (errand) => sendCopy({ ...preparedFrom(errand, ports), ports, stop: errand.signal }),
})
