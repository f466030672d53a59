/** A leg of a route as the request that goes out: what the target needs changed, where it goes, what it carries. */

import { Problem } from '#base/problem.ts'
import type { UpstreamRequest } from '#http/transport.ts'
import type { Call, Edits } from '#protocol/call.ts'
import { askStreamUsage } from '#protocol/openai-chat/request.ts'
import type { Protocol } from '#protocol/protocol.ts'
import { shimCall } from '#provider/shim.ts'
import type { Adjustment, ParameterRules } from '#provider/vendor.ts'
import type { Leg } from './route.ts'
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
  /** In [0, 1): chooses among several credentials. */
  readonly chance: number
}

export type Prepared = {
  readonly request: Pick<UpstreamRequest, 'method' | 'url' | 'headers' | 'body'>
  readonly warnings: readonly string[]
  readonly shims: readonly string[]
  readonly askedUsage: boolean
}

const merged = (edits: readonly Edits[]): Edits => ({
  set: Object.assign({}, ...edits.map(({ set }) => set)),
  cut: edits.flatMap(({ cut }) => cut),
  rename: Object.assign({}, ...edits.map(({ rename }) => rename)),
})

const adjustmentsFor = ({ call, leg, upstream, rules, strict }: Preparation): readonly Adjustment[] => {
  const mode = strict ? 'strict' : leg.target.params
  const shimmed = shimCall({ call, rules, mode, model: leg.target.model })
  if (shimmed instanceof Problem) throw shimmed
  return [shimmed, upstream.vendor.adjust(call, leg.target.model)]
}

const credentialHeaders = ({ upstream, chance }: Preparation): Readonly<Record<string, string>> => {
  const { credentials, name } = upstream.provider
  const credential = credentials[Math.floor(chance * credentials.length)]
  if (credential !== undefined) return upstream.vendor.authorise(credential)
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

/** @throws Problem `unsupported_parameter` in strict mode, or what the protocol cannot write. */
export const prepare = (preparation: Preparation): Prepared => {
  const { call, protocol, leg, upstream, mayAskUsage } = preparation
  const adjustments = adjustmentsFor(preparation)
  const asksUsage = call.stream && mayAskUsage && upstream.vendor.streamUsage === 'ask'
  const usageEdits = asksUsage ? askStreamUsage(call) : null
  const edits = merged([...adjustments.map((one) => one.edits), ...(usageEdits === null ? [] : [usageEdits])])
  const { value: outgoing, warnings } = protocol.client.writeCall(call, { model: leg.target.model, edits })
  const said = [...adjustments.flatMap((one) => one.warnings), ...warnings]
  return {
    request: {
      method: 'POST',
      url: urlOf(preparation, outgoing.path),
      headers: {
        ...forwarded(preparation.callerHeaders),
        ...upstream.provider.headers,
        'content-type': outgoing.contentType,
        'user-agent': 'drover',
        ...credentialHeaders(preparation),
      },
      body: outgoing.body,
    },
    warnings: said.map(({ field, reason }) => `${field}:${reason}`),
    shims: adjustments.flatMap((one) => one.shims),
    askedUsage: usageEdits !== null,
  }
}
