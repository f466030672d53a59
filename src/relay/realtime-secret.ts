/**
 * Short-lived keys for browsers and phones (`POST /v1/realtime/client_secrets`, and the beta's `/sessions`): Drover's own, sealed, good for opening one kind of
 * session until their time is over. Whatever is done with one is the account's whose key made it; a provider's own secret never reaches a caller.
 */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject, objectAt } from '#base/json-type.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Exchange, Inbound } from '#http/inbound.ts'
import { securityHeaders } from '#http/reply.ts'
import { checkKey } from '#policy/check-key.ts'
import { credentialOf } from '#policy/credential.ts'
import { sha256Digest } from '#policy/key.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import { writeProblem } from '#protocol/openai/refusal.ts'
import { identify, rowFor } from './admit.ts'
import type { RelayPorts } from './journey.ts'

/** What callers know such a key by, as OpenAI's begin. */
const prefix = 'ek_'
const place = { id: 'client_secret', holder: 'realtime' } as const
/** Seconds (OpenAPI document of OpenAI, RealtimeCreateClientSecretRequest). */
const [secondsMin, secondsMax, secondsDefault] = [10, 7_200, 600]
/** Settings travel within the key, which travels in a header. */
const settingsBytesMax = 6_144

/** `present`: settings in `session`; the beta's two have them at the top. */
export type SecretForm = 'present' | 'beta' | 'beta-transcription'

export const secretPaths: Readonly<Record<string, SecretForm>> = {
  '/v1/realtime/client_secrets': 'present',
  '/v1/realtime/sessions': 'beta',
  '/v1/realtime/transcription_sessions': 'beta-transcription',
}

type Secret = { readonly digest: string; readonly endsMs: number; readonly session: JsonObject }

const refuse = (message: string, param: string): Problem => new Problem('invalid_request_error', { message, param })

const secretOf = ({ bindings }: Pick<RelayPorts, 'bindings'>, token: string): Secret | null => {
  try {
    const work = Buffer.from(token.slice(prefix.length), 'base64url')
    return bindings.workOf({ ...place, work }) as unknown as Secret | null
  } catch {
    // Sealed by nobody here: what it is not is told by the refusal.
    return null
  }
}

/** Who opens a session, and the settings that the key brings along; `null` = a usual key. */
export type SessionCaller = { readonly key: KeyFacts; readonly session: JsonObject | null }

/**
 * Who calls now. A short-lived key must be in its time when it opens a session; the key that made it must still be good for every response.
 * @throws Problem `invalid_api_key`, `ambiguous_credentials`, `permission_denied`, `ip_not_allowed`.
 */
export const identifySession = (ports: RelayPorts, inbound: Inbound, opens: boolean): SessionCaller => {
  const credential = credentialOf(inbound)
  const nowMs = ports.clock.nowMs()
  const snapshot = ports.snapshot()
  if (credential instanceof Problem || !credential.key.startsWith(prefix))
    return { key: identify(snapshot, inbound, { nowMs, purpose: 'model' }), session: null }
  const secret = secretOf(ports, credential.key)
  if (secret === null || (opens && secret.endsMs <= nowMs))
    throw new Problem('invalid_api_key', {
      message: `Incorrect API key provided: the client secret ${secret === null ? 'is not one of this server' : 'has expired'}. Have your server make another one.`,
    })
  const key = checkKey(snapshot.keys.get(secret.digest), {
    presented: credential.key.slice(0, 12),
    nowMs,
    environment: snapshot.environment,
    address: inbound.remoteAddress,
    purpose: 'model',
  })
  if (key instanceof Problem) throw key
  return { key, session: secret.session }
}

const secondsOf = (body: JsonObject): number => {
  const { seconds } = objectAt(body, 'expires_after')
  if (seconds === undefined || seconds === null) return secondsDefault
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= secondsMin && seconds <= secondsMax)
    return seconds
  throw refuse(
    `'expires_after.seconds' must be a whole number from ${secondsMin} to ${secondsMax}.`,
    'expires_after.seconds',
  )
}

const bodyOf = ({ body }: Inbound): JsonObject => {
  if (body.kind !== 'bytes' || body.bytes.length === 0) return {}
  try {
    const value: unknown = JSON.parse(body.bytes.toString('utf8'))
    if (isObject(value)) return value
  } catch (cause) {
    throw new Problem('invalid_json', { message: 'The body is not JSON.', cause })
  }
  throw new Problem('invalid_json', { message: 'The body is not a JSON object.' })
}

const settingsOf = (body: JsonObject, form: SecretForm): JsonObject => {
  if (form === 'present') return { type: 'realtime', ...objectAt(body, 'session') }
  const { expires_after: _after, ...settings } = body
  return form === 'beta-transcription' ? { ...settings, type: 'transcription' } : settings
}

/** The digest by which the snapshot knows the caller's own key. */
const digestOf = (ports: RelayPorts, inbound: Inbound): string => {
  const credential = credentialOf(inbound)
  const { keys, digestKey } = ports.snapshot()
  const presented = credential instanceof Problem ? '' : credential.key
  const digest = digestKey(presented)
  return keys.has(digest) ? digest : sha256Digest(presented)
}

const make = (ports: RelayPorts, inbound: Inbound, form: SecretForm): JsonObject => {
  const nowMs = ports.clock.nowMs()
  const snapshot = ports.snapshot()
  const key = identify(snapshot, inbound, { nowMs, purpose: 'model' })
  const body = bodyOf(inbound)
  const session = settingsOf(body, form)
  const { model } = session
  if (session['type'] !== 'transcription') {
    if (typeof model !== 'string')
      throw refuse("A session needs a 'model'.", form === 'present' ? 'session.model' : 'model')
    const row = rowFor(snapshot, key, model)
    const speaks = row.targets.some(
      ({ provider }) => (snapshot.upstreams.get(provider)?.vendor.realtime ?? null) !== null,
    )
    if (!speaks) throw refuse(`Model '${model.slice(0, 64)}' has no Realtime sessions.`, 'session.model')
  }
  if (Buffer.byteLength(JSON.stringify(session)) > settingsBytesMax)
    throw refuse(
      `The settings have more than ${settingsBytesMax} bytes, and they travel within the key. Send long instructions in a session.update.`,
      'session',
    )
  const endsSeconds = Math.floor(nowMs / 1_000) + secondsOf(body)
  const secret: Secret = { digest: digestOf(ports, inbound), endsMs: endsSeconds * 1_000, session }
  const sealed = ports.bindings.sealWork(place, secret as unknown as JsonObject)
  const value = `${prefix}${Buffer.from(sealed).toString('base64url')}`
  const told = { object: 'realtime.session', id: `sess_${inbound.id}`, expires_at: endsSeconds, ...session }
  if (form === 'present') return { value, expires_at: endsSeconds, session: told }
  return { ...told, client_secret: { value, expires_at: endsSeconds } }
}

/** Carries out one exchange that asks for a short-lived key. Never rejects but for a caller who has gone. */
export const answerSecret = async (exchange: Exchange, form: SecretForm, ports: RelayPorts): Promise<void> => {
  const { inbound, outbound } = exchange
  let answer: ReturnType<typeof writeProblem>
  try {
    identify(ports.snapshot(), inbound, { nowMs: ports.clock.nowMs(), purpose: 'model' })
    const document = make(ports, await exchange.read(), form)
    answer = {
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: Buffer.from(JSON.stringify(document)),
    }
  } catch (thrown) {
    answer = writeProblem(asProblem(thrown), inbound)
  }
  outbound.head(answer.status, {
    ...securityHeaders,
    'x-request-id': inbound.id,
    'content-length': String(answer.body.length),
    ...answer.headers,
  })
  await outbound.end(answer.body)
}
