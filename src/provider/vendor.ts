/** A vendor declares; shared code never asks its name. What shared code needs to know becomes a property here. */

import type { JsonObject } from '#base/json-type.ts'
import type { Secret } from '#base/log.ts'
import type { Currency } from '#base/price-row.ts'
import type { Ask, TokenKeeper } from '#http/token-keeper.ts'
import type { UpstreamReply, UpstreamRequest } from '#http/transport.ts'
import type { Call, Edits, Warning } from '#protocol/call.ts'
import type { Dialect, UpstreamProtocolName } from '#protocol/protocol.ts'
import type { BalanceCall } from './balance.ts'
import type { WireShim } from './wire-shim.ts'

/**
 * How usage of a stream is had: it must be asked for (`stream_options.include_usage`), comes by itself (asking does no harm
 * but is not needed), or asking is refused.
 */
export type StreamUsage = 'ask' | 'always' | 'never'

/**
 * What happens upstream when the caller leaves mid-stream: the connection is closed and Drover counts what was
 * delivered, or it is read to its end within a bound because the provider bills the whole answer anyway.
 */
export type LeavePolicy = 'cancel' | 'drain'

/** A provider as configured: one account at one vendor. */
export type Provider = {
  readonly name: string
  readonly vendor: string
  /** Where it is declared; absent = nowhere, it is always there. */
  readonly origin?: 'file' | 'environment' | 'store'
  /** With the version segment, no trailing slash. */
  readonly baseUrl: string
  readonly credentials: readonly Secret[]
  /** What each credential may be called before people: the reference that led to it. Absent: its number. */
  readonly credentialNames?: readonly string[]
  readonly region: string | null
  /** How often it is looked whether it is there; absent or `null` = never. */
  readonly checkEveryMs?: number | null
  /** What it does with data; absent = unknown. */
  readonly dataPolicy?: 'zero-retention' | 'no-training' | 'may-train' | null
  /** Sent with every request; a value may be a credential. */
  readonly headers: Readonly<Record<string, Secret>>
  /** Of these headers, those whose value is kept elsewhere (`env:…`): the operator's secrets; absent = none. */
  readonly secretHeaders?: readonly string[]
  readonly allowPrivate: boolean
  /** Whether customers may bring credentials of their own: it refuses a wrong one. Absent = no. */
  readonly ownCredentials?: boolean
  readonly proxy: Secret | null
  /** PEM text of additional certificate authorities. */
  readonly certificateAuthorities: string | null
  /** `free`: every model of it costs nothing, on purpose. */
  readonly price: 'free' | null
  /** In which of its price lists the vendor bills this account; absent or `null` = in dollars. */
  readonly currency?: Currency | null
  /** The formats in which chats are asked for, the best first; absent or `null` = as the vendor does. */
  readonly protocols?: readonly string[] | null
  /** Vendor-specific settings (Azure's `api_version`, …), checked by the vendor's `settings`. */
  readonly options: Readonly<Record<string, string>>
}

/** What a vendor changes on a body before it is sent, beyond the catalog's parameter rules. */
export type Adjustment = {
  readonly edits: Edits
  readonly warnings: readonly Warning[]
  readonly shims: readonly string[]
}

export type HistoryQuestion = {
  readonly call: Call
  /** As the vendor names it. */
  readonly model: string
  /** Whether the target has refused this secret (a signature, encrypted data) before: then it is another maker's, whatever its form. */
  readonly isRefused: (secret: string) => boolean
}

/** For one format. */
export type HistoryMender = {
  readonly mend: (question: HistoryQuestion) => Adjustment
  /** The secrets in a history that only their writer can read; absent: the format has no room for any. */
  readonly secretsOf?: (call: Call) => readonly string[]
  /** Whether an answer refuses one of them; `text` is its body. */
  readonly refuses?: (status: number, text: string) => boolean
}

export type Endpoint = {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Where the protocol lives beside the provider's base URL; absent: below it. */
  readonly baseUrl?: string
}

/** A request that is ready but for its signature. */
export type Unsigned = Pick<UpstreamRequest, 'method' | 'url' | 'headers' | 'body'>

export type Signing = {
  readonly credential: Secret
  readonly provider: Provider
  readonly nowMs: number
  readonly tokens: TokenKeeper
  /** Sends a request of the vendor's own, the way that calls go. */
  readonly ask: Ask
}

/** In whose form files, batches and jobs are spoken of. */
export type ShelfForm = 'openai' | 'anthropic'

/** What a vendor keeps for those who call it. */
export type Shelf = {
  readonly files: readonly ShelfForm[]
  readonly batches: readonly ShelfForm[]
  /** Large files in parts: OpenAI's `/uploads`. */
  readonly uploads: boolean
  /** OpenAI's `/fine_tuning/jobs`. */
  readonly tuning: boolean
  /** Whether it certainly has them; of a compatible server one finds out by asking. */
  readonly certain: boolean
}

export const emptyShelf: Shelf = Object.freeze({
  files: [],
  batches: [],
  uploads: false,
  tuning: false,
  certain: true,
})

export type Vendor = {
  readonly name: string
  /** For people. */
  readonly title: string
  /** `null`: the operator must give `base_url`. */
  readonly baseUrl: string | null
  /** Base URLs by `region`, where the vendor has several. */
  readonly regions: Readonly<Record<string, string>>
  /** Regions that bill in another currency than dollars. */
  readonly regionCurrencies: Readonly<Record<string, Currency>>
  /** Environment variables that hold its key, in order; the first is also what `init` writes. */
  readonly keyEnv: readonly string[]
  /** Whether it can be used without a key (a local server). */
  readonly keyless: boolean
  /** Its own base URL lies on a loopback address, which needs `allow_private: true`. */
  readonly local: boolean
  /** It lives in this process: there is no socket, and no base URL to configure. */
  readonly inProcess: boolean
  /** Names of options that `drover.yaml` may give, with what they mean. */
  readonly options: Readonly<Record<string, string>>
  /** Of options and of headers (lower case), those that say who asks: a credential that an account has brought goes without them. */
  readonly identity: { readonly options: readonly string[]; readonly headers: readonly string[] }
  /** The protocols it speaks itself; of those that calls may be translated to, its best first. */
  readonly protocols: readonly UpstreamProtocolName[]
  /** Whether one of them leads to this model; absent: all lead to all. */
  readonly serves?: (protocol: UpstreamProtocolName, model: string) => boolean
  /** Those in which it counts the tokens of a request without making it. */
  readonly counts: readonly UpstreamProtocolName[]
  /** How its use of those differs from what they say themselves, for a model. */
  readonly dialect: (model: string) => Dialect
  /** Headers that carry the credential; some vendors want another one for each of their protocols. */
  readonly authorise: (credential: Secret, protocol?: UpstreamProtocolName) => Readonly<Record<string, string>>
  /** For credentials that are not sent but sign, or are exchanged for a token: all headers of the request, for the bytes as they go out. Absent: `authorise` is all. */
  readonly sign?: (request: Unsigned, signing: Signing) => Promise<Readonly<Record<string, string>>>
  /** Path and query, from the protocol's own path: most vendors give it back as it is. */
  readonly endpoint: (request: {
    readonly path: string
    readonly model: string
    readonly provider: Provider
    readonly protocol: UpstreamProtocolName
    /** Some have an address of their own for streams; absent: it is none. */
    readonly stream?: boolean
  }) => Endpoint
  /** Whether it makes responses in the background (`background: true` of the Responses API). */
  readonly background: boolean
  /** Whether it makes conversations shorter (`/responses/compact`). */
  readonly compacts: boolean
  /** Where it opens Realtime sessions over WebSocket, below the base URL; `null` = it has none. */
  readonly realtime:
    | ((request: {
        readonly model: string
        readonly provider: Provider
        readonly intent: 'realtime' | 'transcription'
      }) => Endpoint)
    | null
  readonly streamUsage: StreamUsage
  readonly leavePolicy: LeavePolicy
  /** Whether a stream shows all the reasoning that it bills, so that what was delivered says what it cost. */
  readonly showsReasoning: boolean
  /** Repairs that its replies, and the histories that it is sent, need. */
  readonly shims: readonly WireShim[]
  /** Response headers that may hold the vendor's request id, in order. */
  readonly requestIdHeaders: readonly string[]
  /** Small pure quirk: what must change in a call of this protocol for this vendor; most give nothing. */
  readonly adjust: (call: Call, model: string, callerHeaders?: Readonly<Record<string, string>>) => Adjustment
  /** What it would refuse of a history that another vendor's model has written, by the format that it is asked in; absent: nothing. */
  readonly histories: Readonly<Partial<Record<UpstreamProtocolName, HistoryMender>>>
  /** Headers of callers that it takes in the body, or not at all. */
  readonly headersNotTaken: readonly string[]
  /** A reply whose framing is its own, in the framing of the protocol; absent: it needs none. */
  readonly unpack?: (reply: UpstreamReply, protocol: UpstreamProtocolName) => UpstreamReply
  /** Whether an error body says that asking for usage was the fault (then it is retried without, and remembered). */
  readonly refusesStreamUsage: (status: number, body: JsonObject | null) => boolean
  /** A free call that `doctor` makes to see whether the credential works: path relative to the base URL, or none. */
  readonly checkPath: string | null
  /** The free call that says what is left of the operator's prepaid credit; `null` = there is none. */
  readonly balance: BalanceCall | null
  readonly shelf: Shelf
  /** The page where a person gets a key. */
  readonly keyPage: string | null
}

export const noEdits: Edits = Object.freeze({ set: {}, cut: [], rename: {} })
export const noAdjustment: Adjustment = Object.freeze({ edits: noEdits, warnings: [], shims: [] })

/** The protocols in which a model can be asked; all of the vendor's where none is said to lead to it. */
export const protocolsOf = ({ protocols, serves }: Vendor, model: string): readonly UpstreamProtocolName[] => {
  const serving = protocols.filter((protocol) => serves?.(protocol, model) ?? true)
  return serving.length === 0 ? protocols : serving
}
