/** `GET /v1/realtime`, upgraded: a session with a model that listens and speaks, each response of it a call of its own. */

import type { JsonObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import type { SocketExchange } from '#http/upgrade.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { RelayPorts } from './journey.ts'
import { labelsOf } from './labels.ts'
import { snapshotFor } from './own-credential.ts'
import { guardOpening } from './realtime-guard.ts'
import type { SessionWish } from './realtime-open.ts'
import { openSession } from './realtime-open.ts'
import { identifySession } from './realtime-secret.ts'
import { runSession, sessionMsMax } from './realtime-session.ts'

/** The protocol that browsers ask for, and by which they ask for the earlier form. */
const [realtimeProtocol, betaProtocol] = ['realtime', 'openai-beta.realtime-v1']
/** Holds of a session stand this much longer than it may last. */
const holdSlackMs = 360_000

const refuse = (message: string, param: string): Problem => new Problem('invalid_request_error', { message, param })

/** What the caller wants. @throws Problem `invalid_request_error`. */
const wishOf = ({ inbound, offered }: SocketExchange, session: JsonObject | null): SessionWish => {
  const { query, headers } = inbound
  if (query.has('call_id'))
    throw refuse(
      'Calls over WebRTC and SIP are not relayed: their sound goes past this relay, and nobody could count it. Open a session with ?model=MODEL instead.',
      'call_id',
    )
  const intent = query.get('intent') ?? (session?.['type'] === 'transcription' ? 'transcription' : 'realtime')
  if (intent !== 'realtime' && intent !== 'transcription')
    throw refuse(`'intent' is '${intent.slice(0, 32)}'; it is "realtime" or "transcription".`, 'intent')
  const own = typeof session?.['model'] === 'string' ? session['model'] : null
  const model = query.get('model') ?? query.get('deployment') ?? own
  if (session !== null && model !== own && intent === 'realtime')
    throw refuse(
      `This client secret is for the model '${own ?? ''}'. Leave 'model' out, or have another one made.`,
      'model',
    )
  if ((model === null || model === '') && intent !== 'transcription')
    throw refuse('Say which model the session is for: /v1/realtime?model=MODEL.', 'model')
  const beta = /\brealtime=v1\b/.test(headers['openai-beta'] ?? '') || offered.includes(betaProtocol)
  return { model: model === '' ? null : model, intent, beta }
}

const acceptanceOf = ({ offered }: SocketExchange, headers: Readonly<Record<string, string>>) => ({
  protocol: offered.includes(realtimeProtocol) ? realtimeProtocol : null,
  headers,
})

/** Carries out one connection. @throws Problem before it is accepted; afterwards its end says all. */
export const relayRealtime = async (exchange: SocketExchange, ports: RelayPorts): Promise<void> => {
  const { inbound } = exchange
  const identifyNow = async (): Promise<KeyFacts> => {
    await ports.fresh()
    return identifySession(ports, inbound, false).key
  }
  const { key, session } = identifySession(ports, inbound, true)
  const refusal = ports.overload()
  if (refusal !== null) throw refusal
  const wish = wishOf(exchange, session)
  const labels = labelsOf(inbound)
  const snapshot = snapshotFor(ports.snapshot(), key)
  guardOpening(snapshot, key, wish.model ?? '')
  const {
    channel: upstream,
    leg,
    upstream: at,
    credential,
  } = await openSession({ wish, key, snapshot, exchange, ports })
  try {
    const caller = await exchange.accept(
      acceptanceOf(exchange, { 'x-drover-provider': at.provider.name, 'x-drover-model': leg.target.model }),
    )
    const endsMs = ports.clock.nowMs() + sessionMsMax + holdSlackMs
    const room = { ports, exchange, labels, target: { leg, upstream: at }, credential, key, identifyNow, endsMs }
    await runSession({ room, model: wish.model ?? '', caller, upstream, settings: session })
  } finally {
    upstream.close({ code: 1000, reason: '' })
  }
}
