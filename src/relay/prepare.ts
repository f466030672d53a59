/** A leg of a route as the request that goes out: what the target needs changed, where it goes, what it carries. */

import type { Clock } from '#base/clock.ts'
import type { Secret } from '#base/log.ts'
import type { ParameterRules } from '#base/parameter-rule.ts'
import { Problem } from '#base/problem.ts'
import { hopsHeader, hopsTo } from '#http/hops.ts'
import { askOver } from '#http/token-keeper.ts'
import type { UpstreamRequest } from '#http/transport.ts'
import type { Edits, Warning } from '#protocol/call.ts'
import type { OutgoingCall } from '#protocol/protocol.ts'
import { withEdits } from '#protocol/translate-call.ts'
import { shimHistory } from '#provider/history-shim.ts'
import { wireShimsOf } from '#provider/provider-shims.ts'
import { joinAdjustments } from '#provider/quirk.ts'
import { fitSchemasOf } from '#provider/schema-subset/fit-call.ts'
import { shimCall } from '#provider/shim.ts'
import type { Adjustment } from '#provider/vendor.ts'
import { noAdjustment } from '#provider/vendor.ts'
import type { Leg } from './leg.ts'
import type { Upstream } from './snapshot.ts'
import type { Speech } from './speak.ts'

export type Preparation = {
  /** The call in the target's protocol. */
  readonly speech: Speech
  readonly leg: Leg
  readonly upstream: Upstream
  readonly rules: ParameterRules
  readonly strict: boolean
  /** Whether stream usage may be asked for: this target has not refused it. */
  readonly mayAskUsage: boolean
  /** Whether this target has refused a secret of the history before; absent: nothing is known of it. */
  readonly isRefused?: (secret: string) => boolean
  readonly callerHeaders: Readonly<Record<string, string>>
  readonly traceHeaders: Readonly<Record<string, string>>
  /** What is sent to prove who asks; `null` = the provider has none. */
  readonly credential: Secret | null
}

export type Prepared = {
  readonly request: Pick<UpstreamRequest, 'method' | 'url' | 'headers' | 'body'>
  readonly warnings: readonly string[]
  readonly shims: readonly string[]
  readonly askedUsage: boolean
  /** Gives the headers with the signature of this moment; `null` = they are whole as they are. */
  readonly sign: ((clock: Clock) => Promise<Readonly<Record<string, string>>>) | null
}

const merged = (first: Edits, second: Edits): Edits => ({
  set: { ...first.set, ...second.set },
  cut: [...first.cut, ...second.cut],
  rename: { ...first.rename, ...second.rename },
})

const adjustmentFor = ({
  speech,
  leg,
  upstream,
  rules,
  strict,
  callerHeaders,
  isRefused = () => false,
}: Preparation): Adjustment => {
  const { call, protocol } = speech
  const mode = strict ? 'strict' : leg.target.params
  const { parameterNames } = protocol
  const shimmed = shimCall({ call, rules, mode, model: leg.target.model, ...(parameterNames && { parameterNames }) })
  if (shimmed instanceof Problem) throw shimmed
  const { vendor, provider } = upstream
  const shims = wireShimsOf(provider, vendor)
  const fitted = shims.includes('schema-subset') ? fitSchemasOf({ call, mode, model: leg.target.model }) : noAdjustment
  if (fitted instanceof Problem) throw fitted
  const own = joinAdjustments(joinAdjustments(shimmed, vendor.adjust(call, leg.target.model, callerHeaders)), fitted)
  if (mode === 'strict') return own
  const mended = vendor.histories[protocol.name]?.mend({ call, model: leg.target.model, isRefused }) ?? noAdjustment
  const whole = mended === noAdjustment ? call : withEdits(call, mended.edits)
  // What the operator wants of histories is done to the mended one.
  return joinAdjustments(own, joinAdjustments(shimHistory(whole, shims), mended))
}

const credentialHeaders = ({ upstream, credential, speech }: Preparation): Readonly<Record<string, string>> => {
  const { name } = upstream.provider
  if (credential !== null) return upstream.vendor.authorise(credential, speech.protocol.name)
  if (upstream.vendor.keyless) return {}
  throw new Problem('upstream_error', {
    message: `Provider "${name}" has no credential configured. The operator must set its api_key.`,
  })
}

const urlOf = ({ upstream, leg, speech }: Preparation, path: string): string => {
  const { provider, vendor } = upstream
  const { call, protocol } = speech
  const endpoint = vendor.endpoint({
    path,
    model: leg.target.model,
    provider,
    protocol: protocol.name,
    stream: call.stream,
  })
  const address = `${endpoint.baseUrl ?? provider.baseUrl}/${endpoint.path}`
  if (Object.keys(endpoint.query).length === 0) return address
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams(endpoint.query)}`
}

/** Wishes of the API itself that the caller tells in headers, never credentials, cookies or organisations. */
const forwarded = (
  { speech, upstream, callerHeaders }: Preparation,
  headers: Record<string, string>,
): Record<string, string> => {
  for (const name of speech.protocol.client.callerHeaders) {
    const value = callerHeaders[name]
    if (value !== undefined && !upstream.vendor.headersNotTaken.includes(name)) headers[name] = value
  }
  return headers
}

type UsageQuestion = { readonly edits: Edits | null; readonly asked: boolean; readonly warnings: readonly Warning[] }

/** Whether this upstream is asked for the usage of a stream, as its vendor declares and as it has answered before. */
const usageQuestion = ({ speech, upstream, mayAskUsage }: Preparation): UsageQuestion => {
  const { call, protocol } = speech
  const { streamUsage } = upstream.vendor
  if (streamUsage === 'never') return { edits: protocol.client.dropUsage(call), asked: false, warnings: [] }
  if (!mayAskUsage) {
    const edits = protocol.client.dropUsage(call)
    const warning = { field: 'stream_options.include_usage', reason: 'not taken by the provider' }
    return { edits, asked: false, warnings: edits === null ? [] : [warning] }
  }
  const edits = streamUsage === 'ask' ? protocol.client.askUsage(call) : null
  return { edits, asked: edits !== null || call.usageWish.inStream, warnings: [] }
}

/** Later ones win. Written name by name: a record of six spreads is built by V8 one slow step a name. */
const headersFor = (preparation: Preparation, outgoing: OutgoingCall): Readonly<Record<string, string>> => {
  const headers = forwarded(preparation, { ...outgoing.headers })
  Object.assign(headers, preparation.traceHeaders)
  const { headers: configured } = preparation.upstream.provider
  for (const name in configured) headers[name] = (configured[name] as Secret).reveal()
  headers['content-type'] = outgoing.contentType
  headers['user-agent'] = 'drover'
  headers[hopsHeader] = hopsTo(preparation.callerHeaders)
  return Object.assign(headers, credentialHeaders(preparation))
}

const signerOf = ({ upstream, credential }: Preparation, request: Prepared['request']): Prepared['sign'] => {
  const { vendor, provider, transport, tokens } = upstream
  const { sign } = vendor
  if (sign === undefined || credential === null) return null
  return (clock) => {
    const nowMs = clock.nowMs()
    return sign(request, { credential, provider, nowMs, tokens: tokens(nowMs), ask: askOver(transport, clock) })
  }
}

/** @throws Problem `unsupported_parameter` in strict mode, or what the protocol cannot write. */
export const prepare = (preparation: Preparation): Prepared => {
  const { speech, leg } = preparation
  const { call, protocol } = speech
  const adjustment = adjustmentFor(preparation)
  const question = usageQuestion(preparation)
  const edits = question.edits === null ? adjustment.edits : merged(adjustment.edits, question.edits)
  const { value: outgoing, warnings } = protocol.client.writeCall(call, { model: leg.target.model, edits })
  const request: Prepared['request'] = {
    method: 'POST',
    url: urlOf(preparation, outgoing.path),
    headers: headersFor(preparation, outgoing),
    body: outgoing.body,
  }
  const said = [...speech.warnings, ...adjustment.warnings, ...question.warnings, ...warnings]
  return {
    request,
    sign: signerOf(preparation, request),
    warnings: said.map(({ field, reason }) => `${field}:${reason}`),
    shims: adjustment.shims,
    askedUsage: question.asked,
  }
}
