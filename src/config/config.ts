/** The configuration as one frozen value: what the file says, with every default filled in and every reference resolved. */

import type { EventName } from '#base/event.ts'
import type { FxRate } from '#base/fx-rate.ts'
import type { Secret } from '#base/log.ts'
import type { Currency, PriceRates } from '#base/price-row.ts'
import type { PriceRule } from '#base/price-rule.ts'
import type { Seller } from '#document/settings.ts'
import type { ConsoleSettings } from '#http/settings.ts'
import type { IssuerConfig, SignupSettings } from '#identity/settings.ts'
import type { PaymentConfig } from '#payment/settings.ts'
import type { GuardSettings, PlanSettings } from '#policy/settings.ts'
import type { Fault } from './fault.ts'

/** What configuration needs to know of a vendor; every `Vendor` has it. */
export type VendorFacts = {
  readonly name: string
  readonly title: string
  readonly baseUrl: string | null
  readonly regions: Readonly<Record<string, string>>
  readonly regionCurrencies: Readonly<Record<string, Currency>>
  readonly keyEnv: readonly string[]
  readonly keyless: boolean
  /** Its own address is on this machine. */
  readonly local: boolean
  readonly options: Readonly<Record<string, string>>
  /** The formats that it speaks. */
  readonly protocols: readonly string[]
}

/** A secret with the reference that led to it; only the reference may be shown. */
export type ResolvedSecret = { readonly reference: string; readonly secret: Secret }

export type ServerConfig = {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  /** Processes that serve. */
  readonly workers: number
  /** Without a slash at its end. */
  readonly publicUrl: string | null
  readonly environment: string
  readonly bodyBytesMax: number
  readonly uploadBytesMax: number
  readonly drainDelayMs: number
  readonly drainTimeoutMs: number
  readonly overload: { readonly loopDelayMs: number; readonly openCallsMax: number }
  /** Addresses and networks (`10.0.0.0/8`). */
  readonly trustedProxies: readonly string[]
  readonly corsOrigins: readonly string[]
  /** PEM. */
  readonly tls: { readonly certificate: Secret; readonly key: Secret } | null
  /** A listener of its own for administration. */
  readonly admin: { readonly host: string; readonly port: number } | null
}

/** What the targets of some callers must do with data. */
export type DataRuleConfig = {
  readonly demand: 'deny' | 'zero'
  readonly scope: Readonly<Record<'keys' | 'projects' | 'accounts', readonly string[] | null>>
}

export type PostgresConfig = {
  /** With its secret. */
  readonly url: Secret
  /** Around a pooler; `null` = as `url`. */
  readonly directUrl: Secret | null
  /** PEM; each beside what the URL says, and before it. */
  readonly tls: { readonly authority: string | null; readonly certificate: string | null; readonly key: Secret | null }
}

export type StoreConfig = {
  /** The absolute path of the SQLite file; `null` = `drover.db` in the data folder. */
  readonly file: string | null
  /** Where that is the store. */
  readonly postgres: PostgresConfig | null
  readonly durability: 'process' | 'power'
}

export type ClusterConfig = {
  /** How long a node that is cut off from the store takes calls. */
  readonly staleMaxMs: number
  readonly leaseAbandonAfterMs: number
  /** `null` = each node enforces its share of a limit. */
  readonly redis: RedisConfig | null
}

/** Where nodes count their limits together. */
export type RedisConfig = {
  readonly mode: 'single' | 'cluster' | 'sentinel'
  readonly places: readonly { readonly host: string; readonly port: number }[]
  /** What sentinels call the server that takes writes; empty in other modes. */
  readonly master: string
  readonly database: number
  /** `null` = not encrypted; `ca` = PEM, `null` = what the machine trusts. */
  readonly tls: { readonly ca: string | null } | null
  readonly username: string | null
  readonly password: Secret | null
  readonly prefix: string
  readonly waitMaxMs: number
}

/** Answers to similar questions. */
export type SimilarConfig = {
  /** The model that measures, as a caller would name it. */
  readonly embeddings: string
  readonly threshold: number
  readonly lifetimeMs: number
  /** Whose calls are looked for without asking; `null` = nobody's. */
  readonly scope: Readonly<Record<'keys' | 'projects', readonly string[] | null>> | null
}

export type ProviderConfig = {
  readonly name: string
  readonly vendor: string
  /** Without a slash at its end. */
  readonly baseUrl: string
  /** Empty only where the vendor can be used without. */
  readonly credentials: readonly ResolvedSecret[]
  readonly region: string | null
  readonly dataPolicy: 'zero-retention' | 'no-training' | 'may-train' | null
  /** How often it is looked whether it is there; `null` = only calls show it. */
  readonly checkEveryMs: number | null
  /** Lower-case names. Values may be credentials. */
  readonly headers: Readonly<Record<string, Secret>>
  /** Of these headers, those whose value a reference leads to; absent = none. */
  readonly secretHeaders?: readonly string[]
  readonly allowPrivate: boolean
  /** Whether customers may bring credentials of their own. */
  readonly ownCredentials: boolean
  readonly proxy: Secret | null
  /** PEM text. */
  readonly certificateAuthorities: string | null
  readonly price: 'free' | null
  /** The formats in which chats are asked for, the best first; `null` = as the vendor does. */
  readonly protocols: readonly string[] | null
  /** When the operator's prepaid credit there has fallen to this, people are told; `null` = the alerts decide alone. */
  readonly balanceAlertNanoUsd: bigint | null
  readonly currency: Currency | null
  readonly options: Readonly<Record<string, string>>
  /** `environment`: no file declares it, its key was found. `store`: it was applied. */
  readonly origin: 'file' | 'environment' | 'store'
}

/** Nano units of the currency per million tokens, or per piece. */
export type PriceSetting = { readonly currency: Currency; readonly rates: PriceRates }

/** `null` = it does not matter. */
export type TargetScopeConfig = Readonly<
  Record<'keys' | 'projects' | 'accounts' | 'plans' | 'tags', readonly string[] | null>
> & {
  readonly promptBytesMin: number | null
  readonly promptBytesMax: number | null
}

export type TargetConfig = {
  readonly provider: string
  readonly model: string
  readonly weight: number
  readonly tier: number
  readonly params: 'shim' | 'strict'
  /** `null` = the provider's. */
  readonly region: string | null
  readonly dataPolicy: 'zero-retention' | 'no-training' | 'may-train' | null
  /** Which calls may go there; `null` = all. */
  readonly scope: TargetScopeConfig | null
  /** `null` = the catalog's. */
  readonly cost: PriceSetting | 'free' | null
}

export type RouteConfig = {
  readonly strategy: 'weighted' | 'least-latency' | 'cheapest' | 'fallback'
  readonly retriesMax: number
  readonly hedgeAfterMs: number | null
  readonly sticky: 'conversation' | 'none'
  readonly timeouts: {
    readonly connectMs: number
    readonly headersMs: number
    readonly firstTokenMs: number
    readonly idleMs: number
    readonly totalMs: number
  }
  readonly fallbackOn: readonly ('context-length' | 'content-filter')[]
  readonly breaker: { readonly failuresMax: number; readonly restMs: number }
}

export type ModelConfig = {
  readonly id: string
  readonly aliases: readonly string[]
  readonly targets: readonly TargetConfig[]
  /** Ids of the models that are asked when no target of this one answers. */
  readonly fallbacks: readonly string[]
  readonly route: RouteConfig
  /** `null` = the catalog row of the first target. */
  readonly price: PriceSetting | 'free' | null
  /** `store`: it was applied. */
  readonly origin: 'yaml' | 'store'
}

export type RecipientConfig = {
  readonly name: string
  readonly way:
    | { readonly kind: 'mail'; readonly addresses: readonly string[] }
    | { readonly kind: 'webhook'; readonly url: string; readonly secret: Secret; readonly allowPrivate: boolean }
    | { readonly kind: 'slack'; readonly url: Secret; readonly allowPrivate: boolean }
}

/** Thresholds are in the unit of the event's figure: milliseconds, percent, USD or days. */
export type AlertConfig = {
  readonly event: EventName
  readonly above: number | null
  readonly below: number | null
  readonly recipients: readonly string[]
}

export type NotifyConfig = {
  readonly mail: { readonly smtp: Secret; readonly from: string } | null
  readonly recipients: readonly RecipientConfig[]
  readonly alerts: readonly AlertConfig[]
}

/** A limit that holds for several keys, models, projects or accounts. */
export type LimitConfig = {
  readonly name: string
  readonly per: 'all' | 'account' | 'project' | 'key'
  readonly requestsPerMinute: number | null
  readonly requestsPerDay: number | null
  readonly tokensPerMinute: number | null
  readonly tokensPerDay: number | null
  readonly concurrency: number | null
  /** Whose calls it holds for; `null` = everybody's. */
  readonly scope: Readonly<Record<'keys' | 'projects' | 'accounts' | 'plans' | 'models', readonly string[] | null>>
}

/** A guardrail as the file has it. */
export type GuardConfig = {
  readonly name: string
  readonly sides: readonly ('request' | 'reply')[]
  readonly action: 'redact' | 'block' | 'note'
  readonly finds: NonNullable<GuardSettings[string]['find']>
  /** Sources of regular expressions. */
  readonly patterns: readonly string[]
  readonly promptBytesMax: number | null
  readonly modelsAllowed: readonly string[] | null
  readonly parametersAllowed: readonly string[] | null
  readonly parametersDenied: readonly string[]
  readonly hook: {
    readonly url: string
    readonly secret: Secret
    readonly timeoutMs: number
    readonly onFailure: 'block' | 'pass'
    readonly allowPrivate: boolean
  } | null
  /** Whose calls it holds for; `null` = everybody's. */
  readonly scope: Readonly<Record<'keys' | 'projects' | 'plans' | 'models', readonly string[] | null>>
}

export type TelemetryConfig = {
  readonly url: string
  readonly headers: Readonly<Record<string, Secret>>
  readonly serviceName: string
  /** In [0, 1]. */
  readonly share: number
  readonly allowPrivate: boolean
}

export type Config = {
  /** Absolute; `null` = there is no file. */
  readonly file: string | null
  /** SHA-256 of the file's bytes in hex. */
  readonly digest: string | null
  /** What relative paths start from: the file's folder, else the working folder. */
  readonly folder: string
  readonly server: ServerConfig
  readonly console: ConsoleSettings
  readonly store: StoreConfig
  readonly cluster: ClusterConfig
  /** `null` = `<data>/secret.key`. */
  readonly secretKey: ResolvedSecret | null
  /** How often secrets that are kept elsewhere are looked at again. */
  readonly secretsRefreshMs: number
  readonly providers: readonly ProviderConfig[]
  readonly models: readonly ModelConfig[]
  /** What providers may be that are applied. */
  readonly applied: { readonly allowPrivate: boolean }
  /** Regions that calls may go to; `null` = any. */
  readonly regionsAllowed: readonly string[] | null
  readonly dataRules: readonly DataRuleConfig[]
  readonly plans: PlanSettings
  readonly limits: readonly LimitConfig[]
  readonly guards: readonly GuardConfig[]
  /** `null` = only the very same question is answered again. */
  readonly similar: SimilarConfig | null
  /** Markups and discounts: those of plans, and bundles. */
  readonly priceRules: readonly PriceRule[]
  /** The folder of the files that declare migrations; `null` = none do. */
  readonly migrationsFolder: string | null
  /** What a dollar costs in other currencies. */
  readonly fxRates: readonly FxRate[]
  /** How credit is bought. */
  readonly payments: PaymentConfig
  /** Who sells; `null` = no documents are issued. */
  readonly seller: Seller | null
  readonly signup: SignupSettings
  /** Issuers of OpenID Connect that people sign in with. */
  readonly issuers: readonly IssuerConfig[]
  /** Pages that anybody may see; of `models` beginnings end in `*`, `null` = every model that has a price. */
  readonly public: {
    readonly pricing: boolean
    readonly status: boolean
    readonly models: readonly string[] | null
  }
  readonly retention: {
    readonly callsMs: number
    readonly bodiesMs: number
    readonly eventsMs: number
    /** Calls go by months only. */
    readonly wholeMonths: boolean
  }
  readonly notify: NotifyConfig
  /** `null` = nothing is exported. */
  readonly telemetry: TelemetryConfig | null
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error'
    readonly bodies: boolean
    readonly digests: boolean
  }
  /** What can be served but was probably meant otherwise. */
  readonly warnings: readonly Fault[]
}

/** Either a configuration, or everything that is wrong with it. */
export type Loaded =
  | { readonly ok: true; readonly config: Config }
  | {
      readonly ok: false
      readonly faults: readonly Fault[]
      /** Where the file keeps its store, as far as that could be read: a command may still find the server by it. */
      readonly storeFile: string | null
    }
