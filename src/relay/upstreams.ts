/** Configured providers with the way to each; what has not changed keeps its open connections over a reload. */

import { createHash } from 'node:crypto'
import { tokenKeeper } from '#http/token-keeper.ts'
import type { Transport } from '#http/transport.ts'
import { upstreamProtocols } from '#protocol/index.ts'
import type { UpstreamProtocolName } from '#protocol/protocol.ts'
import type { Provider, Vendor } from '#provider/vendor.ts'
import type { Upstream } from './snapshot.ts'

export type UpstreamSet = {
  readonly current: () => ReadonlyMap<string, Upstream>
  /** Makes ways to new and changed providers; those that are gone end when their open calls have. */
  readonly replace: (providers: readonly Provider[]) => ReadonlyMap<string, Upstream>
  readonly close: () => Promise<void>
}

export type UpstreamMaker = {
  readonly vendorOf: (name: string) => Vendor | undefined
  readonly transportFor: (provider: Provider) => Transport
  /** Always there, whatever is configured: the sandbox. */
  readonly fixed: readonly Upstream[]
  /** Told when closing an old way fails; nothing else can be done about it. */
  readonly closeFailed: (provider: string, error: unknown) => void
}

/** What decides a connection: where it goes and through what. Credentials travel with each request instead. */
const wayOf = ({ baseUrl, allowPrivate, proxy, certificateAuthorities }: Provider): string =>
  createHash('sha256')
    .update(JSON.stringify([baseUrl, allowPrivate, proxy?.reveal() ?? null, certificateAuthorities]))
    .digest('hex')

/** Says nothing of the credential, and is the same for the same one of the same provider. */
const digestsOf = ({ name, credentials }: Provider): readonly string[] =>
  credentials.map((credential) =>
    createHash('sha256').update(`${name}\n${credential.reveal()}`).digest('hex').slice(0, 32),
  )

/** The vendor as this account at it is used: asked for chats in the formats that the operator chose, in that order. */
const asUsed = (vendor: Vendor, { protocols }: Provider): Vendor => {
  if (protocols === undefined || protocols === null) return vendor
  const isChat = (name: UpstreamProtocolName): boolean => upstreamProtocols[name].kind === 'chat'
  const chosen = protocols.flatMap((wanted) => vendor.protocols.filter((name) => name === wanted && isChat(name)))
  return { ...vendor, protocols: [...chosen, ...vendor.protocols.filter((name) => !isChat(name))] }
}

type Way = { readonly way: string; readonly upstream: Upstream }

/** Starts without any provider but the fixed ones. */
export const upstreamSet = (maker: UpstreamMaker): UpstreamSet => {
  const fixed = new Map(maker.fixed.map((upstream) => [upstream.provider.name, upstream]))
  let ways = new Map<string, Way>()
  let current: ReadonlyMap<string, Upstream> = fixed

  const made = (provider: Provider): Way[] => {
    const found = maker.vendorOf(provider.vendor)
    if (found === undefined) return []
    const vendor = asUsed(found, provider)
    const way = wayOf(provider)
    const known = ways.get(provider.name)
    const transport = known?.way === way ? known.upstream.transport : maker.transportFor(provider)
    const tokens = known?.way === way ? known.upstream.tokens : tokenKeeper()
    return [{ way, upstream: { provider, vendor, transport, tokens, credentialDigests: digestsOf(provider) } }]
  }
  const end = ({ upstream }: Way): Promise<void> =>
    upstream.transport.close().catch((error: unknown) => maker.closeFailed(upstream.provider.name, error))

  return {
    current: () => current,
    replace: (providers) => {
      const next = new Map(providers.flatMap(made).map((way) => [way.upstream.provider.name, way]))
      const kept = new Set([...next.values()].map(({ upstream }) => upstream.transport))
      const gone = [...ways.values()].filter(({ upstream }) => !kept.has(upstream.transport))
      ways = next
      current = new Map([...[...next].map(([name, { upstream }]) => [name, upstream] as const), ...fixed])
      // Closing waits for the calls that still use the old way, so nobody waits for it.
      void Promise.all(gone.map(end))
      return current
    },
    close: async () => {
      await Promise.all([...ways.values()].map(end))
    },
  }
}

/** A provider that lives in this process, under its vendor's own name. */
export const inProcessUpstream = (vendor: Vendor, transport: Transport): Upstream => ({
  vendor,
  transport,
  credentialDigests: [],
  tokens: tokenKeeper(),
  provider: {
    name: vendor.name,
    vendor: vendor.name,
    baseUrl: vendor.baseUrl ?? '',
    credentials: [],
    region: null,
    headers: {},
    allowPrivate: false,
    proxy: null,
    certificateAuthorities: null,
    price: 'free',
    options: {},
  },
})
