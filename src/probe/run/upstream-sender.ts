/** Sends what a probe asks the way that calls go: over the provider's transport with its guard and its proxy, to the vendor's address, with the vendor's form of the credential. */

import { Secret } from '#base/log.ts'
import { asProblem } from '#base/problem.ts'
import type { Transport, UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import type { Ask, ExchangeEnd, Send } from '#probe/exchange.ts'
import type { Wire } from '#probe/probe.ts'
import type { Provider, Vendor } from '#provider/vendor.ts'
import type { Prepared, SenderOptions } from './recording.ts'
import { Recording } from './recording.ts'
import { prepareAsk, wrongKey } from './sender.ts'

export type UpstreamWay = { readonly provider: Provider; readonly vendor: Vendor; readonly transport: Transport }

const wires = { 'openai-chat': 'openai', 'anthropic-messages': 'anthropic', gemini: 'gemini' } as const

type WireProtocol = keyof typeof wires

const protocolOf = ({ vendor }: Pick<UpstreamWay, 'vendor'>): WireProtocol | null =>
  vendor.protocols.find((name): name is WireProtocol => Object.hasOwn(wires, name)) ?? null

/** The protocol in which a provider can be probed; `null` = there are no probes of any that it speaks, or its requests are signed. */
export const wireOf = ({ provider, vendor }: Pick<UpstreamWay, 'provider' | 'vendor'>): Wire | null => {
  const protocol = protocolOf({ vendor })
  const isSigned = vendor.sign !== undefined && provider.credentials.length > 0
  return protocol === null || vendor.inProcess || isSigned ? null : wires[protocol]
}

const credentialNames: readonly string[] = ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key']

const headersOf = (ask: Ask, prepared: Prepared, { provider, vendor }: UpstreamWay): Record<string, string> => {
  const plain = Object.fromEntries(Object.entries(prepared.headers).filter(([name]) => !credentialNames.includes(name)))
  const own = Object.fromEntries(Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()]))
  const protocol = protocolOf({ vendor }) ?? undefined
  const [credential] = provider.credentials
  if (ask.key === 'wrong') return { ...plain, ...vendor.authorise(new Secret(wrongKey), protocol) }
  if (ask.key === 'none' || credential === undefined) return plain
  return { ...plain, ...own, ...vendor.authorise(credential, protocol) }
}

const urlOf = (ask: Ask, { provider, vendor }: UpstreamWay, model: string): URL => {
  const [path = '', query = ''] = ask.path.split('?')
  const protocol = protocolOf({ vendor })
  if (ask.method !== 'POST' || protocol === null) return new URL(`${provider.baseUrl}/${ask.path}`)
  const stream = ask.body?.['stream'] === true
  const endpoint = vendor.endpoint({ path, model, provider, protocol, stream })
  const url = new URL(`${endpoint.baseUrl ?? provider.baseUrl}/${endpoint.path}`)
  for (const [name, value] of [...new URLSearchParams(query), ...Object.entries(endpoint.query)])
    url.searchParams.set(name, value)
  return url
}

const flat = (headers: UpstreamReply['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      // The transport has undone it.
      .filter(([name]) => name !== 'content-encoding')
      .map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  )

const read = async (reply: UpstreamReply, recording: Recording): Promise<void> => {
  recording.head(reply.status, flat(reply.headers))
  for await (const bytes of reply.body) {
    const why = recording.piece(bytes)
    if (why === null) continue
    recording.end(why)
    reply.abort()
    return
  }
  recording.end('complete')
}

const endOf = (thrown: unknown, hasBegun: boolean): ExchangeEnd => {
  if (asProblem(thrown).code === 'upstream_timeout') return 'timeout'
  return hasBegun ? 'cut' : 'unreachable'
}

/** A sender over a provider's own way. What needs another way (HTTP/2, `Expect`) is sent over this one like everything else. */
export const upstreamSender =
  (way: UpstreamWay, options: SenderOptions): Send =>
  (ask) =>
    new Promise((settle) => {
      const { clock, timeoutMs, signal, target } = options
      const first = prepareAsk(ask, options)
      const prepared: Prepared = { ...first, url: urlOf(ask, way, target.model), headers: headersOf(ask, first, way) }
      const recording = new Recording(ask, prepared, { clock, settle })
      const late = new AbortController()
      const cancel = clock.after(timeoutMs, () => {
        recording.end('timeout', `after ${timeoutMs / 1000} s`)
        late.abort(new Error('The probe has waited long enough.'))
      })
      const request: UpstreamRequest = {
        method: ask.method,
        url: prepared.url.href,
        headers: prepared.headers,
        body: prepared.body === null ? { kind: 'none' } : { kind: 'bytes', bytes: prepared.body },
        signal: AbortSignal.any([signal, late.signal]),
        connectTimeoutMs: timeoutMs,
        headersTimeoutMs: timeoutMs,
      }
      way.transport
        .send(request)
        .then((reply) => read(reply, recording))
        .catch((thrown: unknown) => recording.end(endOf(thrown, recording.begun), asProblem(thrown).message))
        .finally(cancel)
    })
