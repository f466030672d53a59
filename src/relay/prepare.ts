/** A leg of a route as the request that goes out: what the target needs changed, where it goes, what it carries. */

import type { Secret } from '#base/log.ts'
import type { ParameterRules } from '#base/parameter-rule.ts'
import { Problem } from '#base/problem.ts'
import type { UpstreamRequest } from '#http/transport.ts'
import type { Call, Edits, Warning } from '#protocol/call.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { joinAdjustments } from '#provider/quirk.ts'
import { shimCall } from '#provider/shim.ts'
import type { Adjustment } from '#provider/vendor.ts'
import type { Leg } from './leg.ts'
import type { Upstream } from './snapshot.ts'

/** What a caller's header may tell an upstream: wishes of the API itself, never credentials, cookies or organisations. */
const forwardedHeaders: readonly string[] = ['openai-beta', 'anthropic-beta', 'accept']

export type Preparation = {
  readonly call: Call
  readonly protocol: Protocol
  readonly leg: Leg
  readonly upstream: Upstream
  readonly rules: ParameterRules
  readonly strict: boolean
  /** Whether stream usage may be asked for: this target has not refused it. */
  readonly mayAskUsage: boolean
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
}

const merged = (first: Edits, second: Edits): Edits => ({
  set: { ...first.set, ...second.set },
  cut: [...first.cut, ...second.cut],
  rename: { ...first.rename, ...second.rename },
})

const adjustmentFor = ({ call, leg, upstream, rules, strict }: Preparation): Adjustment => {
  const mode = strict ? 'strict' : leg.target.params
  const shimmed = shimCall({ call, rules, mode, model: leg.target.model })
  if (shimmed instanceof Problem) throw shimmed
  return joinAdjustments(shimmed, upstream.vendor.adjust(call, leg.target.model))
}

const credentialHeaders = ({ upstream, credential }: Preparation): Readonly<Record<string, string>> => {
  const { name } = upstream.provider
  if (credential !== null) return upstream.vendor.authorise(credential)
  if (upstream.vendor.keyless) return {}
  throw new Problem('upstream_error', {
    message: `Provider "${name}" has no credential configured. The operator must set its api_key.`,
  })
}

const urlOf = (preparation: Preparation, path: string): URL => {
  const { upstream, leg } = preparation
  const endpoint = upstream.vendor.endpoint({ path, model: leg.target.model, provider: upstream.provider })
  const url = new URL(`${upstream.provider.baseUrl}/${endpoint.path}`)
  for (const [name, value] of Object.entries(endpoint.query)) url.searchParams.set(name, value)
  return url
}

const forwarded = (caller: Readonly<Record<string, string>>): Record<string, string> => {
  const headers: Record<string, string> = {}
  for (const name of forwardedHeaders) {
    const value = caller[name]
    if (value !== undefined) headers[name] = value
  }
  return headers
}

const revealed = (headers: Readonly<Record<string, Secret>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]))

type UsageQuestion = { readonly edits: Edits | null; readonly asked: boolean; readonly warnings: readonly Warning[] }

/** Whether this upstream is asked for the usage of a stream, as its vendor declares and as it has answered before. */
const usageQuestion = ({ call, protocol, upstream, mayAskUsage }: Preparation): UsageQuestion => {
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

/** @throws Problem `unsupported_parameter` in strict mode, or what the protocol cannot write. */
export const prepare = (preparation: Preparation): Prepared => {
  const { call, protocol, leg, upstream } = preparation
  const adjustment = adjustmentFor(preparation)
  const question = usageQuestion(preparation)
  const edits = question.edits === null ? adjustment.edits : merged(adjustment.edits, question.edits)
  const { value: outgoing, warnings } = protocol.client.writeCall(call, { model: leg.target.model, edits })
  const said = [...adjustment.warnings, ...question.warnings, ...warnings]
  return {
    request: {
      method: 'POST',
      url: urlOf(preparation, outgoing.path),
      headers: {
        ...forwarded(preparation.callerHeaders),
        ...preparation.traceHeaders,
        ...revealed(upstream.provider.headers),
        'content-type': outgoing.contentType,
        'user-agent': 'drover',
        ...credentialHeaders(preparation),
      },
      body: outgoing.body,
    },
    warnings: said.map(({ field, reason }) => `${field}:${reason}`),
    shims: adjustment.shims,
    askedUsage: question.asked,
  }
}
