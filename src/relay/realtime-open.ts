/** How a session begins: who calls, which model, which target has it, and the connection to that. */

import { scanTopLevel } from '#base/json.ts'
import { asProblem, Problem } from '#base/problem.ts'
import type { Channel } from '#http/channel.ts'
import { hopsHeader, hopsTo } from '#http/hops.ts'
import type { Dialled } from '#http/transport.ts'
import type { SocketExchange } from '#http/upgrade.ts'
import { findModel } from '#policy/choose.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Target } from '#policy/model-table.ts'
import type { Call } from '#protocol/call.ts'
import { readProblem } from '#protocol/openai/upstream-problem.ts'
import { candidatesFor } from './candidates.ts'
import type { RelayPorts } from './journey.ts'
import type { Leg } from './leg.ts'
import { targetName } from './leg.ts'
import type { SessionTarget } from './realtime-call.ts'
import { routeOf } from './route.ts'
import type { Snapshot, Upstream } from './snapshot.ts'
import type { Vigil } from './vigil.ts'
import { keepVigil, keyName } from './vigil.ts'

export type SessionWish = {
  /** `null` = what is heard is only written down, by a model that the session names later. */
  readonly model: string | null
  readonly intent: 'realtime' | 'transcription'
  /** The earlier form of the API. */
  readonly beta: boolean
}

export type SessionQuestion = {
  readonly wish: SessionWish
  readonly key: KeyFacts
  readonly snapshot: Snapshot
  readonly exchange: SocketExchange
  readonly ports: RelayPorts
}

export type OpenedSession = SessionTarget & { readonly channel: Channel; readonly credential: string | null }

/** Query parameters that are Drover's to set, or that carry keys. */
const ownQuery: ReadonlySet<string> = new Set(['model', 'key', 'intent', 'call_id', 'api-version', 'deployment'])

/** Stands for the model of a session that names none: any name leads to the provider. */
const transcriber = 'whisper-1'

const nothing = scanTopLevel(Buffer.from('{}'))

/** The call that a model is chosen for. */
const callOf = ({ wish, exchange }: SessionQuestion): Call => ({
  id: exchange.inbound.id,
  protocol: 'openai-realtime',
  endpoint: 'realtime',
  kind: 'chat',
  model: wish.model ?? '',
  models: [],
  stream: true,
  outputMax: null,
  choices: 1,
  payload: { kind: 'json', top: nothing },
  inputBytes: 0,
  usageWish: { inStream: false, cost: false },
  body: () => ({}),
  warnings: [],
})

const hasRealtime = (snapshot: Snapshot, { provider }: Target): boolean => {
  const upstream = snapshot.upstreams.get(provider)
  return upstream !== undefined && upstream.vendor.realtime !== null && upstream.transport.connect !== undefined
}

/** Where a session goes that names no model: the key's own provider, else the first that has sessions. */
const unnamedLeg = ({ snapshot, key }: SessionQuestion): Leg => {
  const table = key.test ? snapshot.test : snapshot.live
  const names = key.test ? [''] : [key.defaultProvider ?? '', ...table.providers].filter((name) => name !== '')
  for (const name of names) {
    const row = key.test ? findModel(table, transcriber) : table.directRow(name, transcriber)
    const target = row?.targets.find((one) => hasRealtime(snapshot, one))
    if (row !== null && target !== undefined) return { row, target, model: row.id, by: 'model', reason: 'order' }
  }
  throw new Problem('invalid_request_error', {
    message:
      'No provider that is configured here has Realtime sessions. The operator adds one: OpenAI, Azure, xAI or a compatible server.',
    param: 'intent',
  })
}

/** @throws Problem `invalid_request_error` where no target of the model has sessions. */
const legsFor = (question: SessionQuestion): readonly Leg[] => {
  const { snapshot, key, ports, wish } = question
  if (wish.model === null) return [unnamedLeg(question)]
  const nowMs = ports.clock.nowMs()
  const { groups, wishes } = candidatesFor({ snapshot, key, call: callOf(question), nowMs })
  const speaking = groups
    .filter(({ by }) => by === 'model')
    .map((group) => ({ ...group, targets: group.targets.filter((target) => hasRealtime(snapshot, target)) }))
  if (speaking.every(({ targets }) => targets.length === 0))
    throw new Problem('invalid_request_error', {
      message: `Model '${wish.model}' has no Realtime sessions: none of its providers has them. Use a realtime model of OpenAI, Azure, xAI or a compatible server.`,
      param: 'model',
    })
  const monotonicMs = ports.clock.monotonicMs()
  return routeOf({
    groups: speaking,
    wishes,
    factsOf: (target) => {
      const health = ports.routing.health.view(targetName(target), 'stream', monotonicMs)
      const isAway = ports.routing.away.has(target.provider)
      const awayUntilMs = isAway ? Number.MAX_SAFE_INTEGER : health.state === 'open' ? health.openUntilMs : null
      return { health, awayUntilMs, expectedNanoUsd: null }
    },
    isNamed: () => false,
    chance: ports.ids.chance,
    stickyChance: null,
    lastTarget: null,
  })
}

const urlOf = ({ wish, exchange }: SessionQuestion, { leg, upstream }: SessionTarget): URL => {
  const { provider, vendor } = upstream
  const { model } = leg.target
  const endpoint = vendor.realtime?.({ model, provider, intent: wish.intent }) ?? { path: 'realtime', query: {} }
  const url = new URL(`${provider.baseUrl}/${endpoint.path}`)
  for (const [name, value] of exchange.inbound.query) if (!ownQuery.has(name)) url.searchParams.append(name, value)
  for (const [name, value] of Object.entries(endpoint.query)) url.searchParams.set(name, value)
  return url
}

/** @throws Problem `upstream_error` where the provider has no credential. */
const headersOf = ({ wish, exchange }: SessionQuestion, { provider, vendor }: Upstream, keyIndex: number | null) => {
  const credential = keyIndex === null ? null : (provider.credentials[keyIndex] ?? null)
  if (credential === null && !vendor.keyless)
    throw new Problem('upstream_error', {
      message: `Provider "${provider.name}" has no credential configured. The operator must set its api_key.`,
    })
  const own = Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()] as const)
  return {
    ...Object.fromEntries(own),
    'user-agent': 'drover',
    [hopsHeader]: hopsTo(exchange.inbound.headers),
    ...(wish.beta ? { 'openai-beta': 'realtime=v1' } : {}),
    ...(credential === null ? {} : vendor.authorise(credential)),
  }
}

const refusalOf = ({ status, headers, body }: Dialled & { kind: 'refused' }): Problem => {
  const flat = Object.entries(headers).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : [value].flat().join(', '),
  ])
  return readProblem({ status, headers: Object.fromEntries(flat), body })
}

const dial = async (question: SessionQuestion, target: SessionTarget, vigil: Vigil): Promise<Channel> => {
  const { leg, upstream } = target
  const connect = upstream.transport.connect
  if (connect === undefined) throw new Problem('no_available_provider', { message: 'This target has no sessions.' })
  const dialled = await connect({
    url: urlOf(question, target),
    headers: headersOf(question, upstream, vigil.keyIndex),
    protocols: [],
    signal: question.exchange.inbound.signal,
    connectTimeoutMs: leg.row.route.timeouts.connectMs,
  })
  if (dialled.kind === 'open') return dialled.channel
  throw refusalOf(dialled)
}

/** Whether another target may do better: not where the caller's own request is at fault. */
const mayMoveOn = (problem: Problem): boolean => problem.row.blame === 'upstream'

/**
 * Opens a session at the first target that takes it.
 * @throws Problem of the last one that did not; `model_not_found`, `invalid_request_error`.
 */
export const openSession = async (question: SessionQuestion): Promise<OpenedSession> => {
  const { snapshot, ports, exchange } = question
  let failed: Problem | null = null
  for (const leg of legsFor(question)) {
    const upstream = snapshot.upstreams.get(leg.target.provider)
    if (upstream === undefined) continue
    const nowMs = ports.clock.monotonicMs
    const vigil = keepVigil(leg, {
      upstream,
      timing: 'stream',
      routing: ports.routing,
      nowMs,
      chance: ports.ids.chance(),
    })
    const beganMs = nowMs()
    try {
      const channel = await dial(question, { leg, upstream }, vigil)
      vigil.firstPart(nowMs() - beganMs)
      vigil.ended('well')
      const credential = vigil.keyIndex === null ? null : keyName(upstream, vigil.keyIndex)
      return { leg, upstream, channel, credential }
    } catch (thrown) {
      const { signal } = exchange.inbound
      failed = asProblem(thrown)
      // Of a caller who has left nothing is learnt, and the target's place is given back all the same.
      vigil.ended(signal.aborted ? 'void' : failed)
      signal.throwIfAborted()
      ports.log.debug('a session could not be opened', { target: targetName(leg.target), problem: failed.code })
      if (!mayMoveOn(failed)) throw failed
    }
  }
  throw (
    failed ??
    new Problem('no_available_provider', { message: `No target of '${question.wish.model ?? 'the session'}' is left.` })
  )
}
