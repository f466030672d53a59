/** What main.ts gives to the command line, which may not see the rooms behind it. */

import type { AdminPorts } from '#admin/operation.ts'
import type { Clock } from '#base/clock.ts'
import type { Ids } from '#base/id.ts'
import type { Config, Loaded, ModelConfig, ProviderConfig, RedisConfig } from '#config/config.ts'
import type { SecretSource } from '#config/load.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import type { Vendor } from '#provider/vendor.ts'
import type { Stream } from './terminal.ts'

export type ServeRequest = {
  /** With what the flags say already in it. */
  readonly config: Config
  /** Reads the file again, with the same flags: for the watch. `instead`: as if this text stood in it. */
  readonly load: (instead?: string) => Promise<Loaded>
  /** The data folder, absolute. */
  readonly data: string
  /** Secrets that are kept elsewhere. */
  readonly secrets: SecretSource
}

/** Who serves the data folder now, as its lock says. */
export type LockHolder = {
  readonly pid: number
  /** `null` while it is starting, or while a command holds the folder. */
  readonly url: string | null
  readonly token: string
  /** SHA-256 of the certificate that the server shows there; `null` = it is reached without TLS. */
  readonly certificate: string | null
}

/** The store opened by the command itself, because no server runs. */
export type LocalAdmin = { readonly ports: AdminPorts; readonly close: () => Promise<void> }

export type CheckRequest = {
  readonly provider: ProviderConfig
  readonly url: URL
  /** With the credential. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

export type CheckReply = {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
}

/** Public holidays by which prices change. */
export type PriceCalendar = {
  readonly name: string
  readonly title: string
  /** The last day that is announced, `YYYY-MM-DD`. */
  readonly through: string
  /** Until when days are assumed; `null` = none are. */
  readonly assumedThrough: string | null
  readonly vendors: readonly string[]
}

export type ModelRetirement = {
  /** The day, `YYYY-MM-DD`. */
  readonly on: string
  readonly isPast: boolean
  readonly successor: string | null
}

/** What a backup is, as its own `backup.json` says. */
export type BackupFacts = {
  /** RFC 3339, UTC. */
  readonly taken: string
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[]
}

/** What a move came to; `ok` = books and trail are proven there, and as many as before. */
export type MovedStore = {
  readonly ok: boolean
  readonly file: string
  readonly tables: number
  readonly rows: number
  readonly transactions: number
  readonly calls: number
  readonly trail: number
  /** Of a move while the server ran. */
  readonly online?: {
    /** Changes that were copied after the first copy, and the last of them while callers waited. */
    readonly changes: number
    readonly lastChanges: number
    readonly pausedMs: number
  }
}

/** What an issuer says that it signs tokens with; `null` = it does not say. */
export type IssuerFacts = { readonly algorithms: readonly string[] | null }

/** What the Redis that limits are counted in says of itself. */
export type RedisFacts = {
  /** `Redis 7.0.15`, `Valkey 8.1.1`. */
  readonly server: string
  /** What it does when its memory is full: `noeviction`, `allkeys-lru` … */
  readonly whenFull: string
  /** Until its answer to the script that counts. */
  readonly tripMs: number
}

/** What the store has that drover.yaml would have otherwise. */
export type StoredSettings = {
  /** In force as far as drover.yaml has no such name. */
  readonly providers: readonly ProviderConfig[]
  readonly models: readonly ModelConfig[]
  /** What was applied and cannot be used. `why` `null` = its credentials were sealed under another server key. */
  readonly leftOut: readonly { readonly kind: string; readonly name: string; readonly why: string | null }[]
  /** Of migrations, declared or under way: what of their match fits nothing. */
  readonly lost: readonly { readonly migration: string; readonly says: string }[]
}

export type CommandLinePorts = {
  readonly stdin: {
    readonly isTTY?: boolean | undefined
    /** What is piped in, for a secret. */
    readonly [Symbol.asyncIterator]?: () => AsyncIterator<string | Uint8Array>
  }
  readonly stdout: Stream
  readonly stderr: Stream
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Relative paths start here. */
  readonly workingFolder: string
  /** Drover's. */
  readonly version: string
  /** Node's, `26.10.0`. */
  readonly nodeVersion: string
  readonly clock: Clock
  readonly ids: Ids
  readonly vendors: readonly Vendor[]
  /** Secrets that are kept elsewhere, as the configuration that was read last says. */
  readonly secrets: SecretSource
  /** Where the catalog's files lie. */
  readonly catalogFolder: URL
  /** Runs the server until it has drained; gives the exit code. Rejects with a Problem when it cannot start. */
  readonly serve: (request: ServeRequest) => Promise<number>
  /** Who holds the data folder; `null` = nobody, whatever a killed process has left there. */
  readonly lockHolder: (data: string) => Promise<LockHolder | null>
  /** Opens the store in the data folder for one command. Rejects with Problem `conflict` while another process holds it. */
  readonly openStore: (request: { readonly config: Config; readonly data: string }) => Promise<LocalAdmin>
  /** Looks into the store and changes nothing; a server may run. Rejects with a Problem where it cannot be read. */
  readonly storedSettings: (request: { readonly config: Config; readonly data: string }) => Promise<StoredSettings>
  /** Copies the embedded store into a folder; a server may run. Rejects with a Problem. */
  readonly takeBackup: (request: {
    readonly file: string | null
    readonly data: string
    readonly into: string
  }) => Promise<BackupFacts>
  /** Puts a backup in the place of the store. Rejects with Problem `conflict` while a server runs. */
  readonly restoreBackup: (request: {
    readonly from: string
    readonly data: string
    readonly file: string | null
    readonly force: boolean
  }) => Promise<{ readonly backup: BackupFacts; readonly aside: string | null }>
  /** Moves the embedded store to the Postgres of the configuration. Rejects with a Problem, and then nothing has been moved. */
  readonly moveStore: (request: {
    readonly config: Config
    readonly data: string
    readonly from: string | null
  }) => Promise<MovedStore>
  /** Has one counting trip done by Redis, on a key that counts nothing. Rejects when there is no answer within three seconds. */
  readonly askRedis: (redis: RedisConfig) => Promise<RedisFacts>
  /** Asks an issuer of OpenID Connect who it is. Rejects with what is in the way of signing in with it. */
  readonly askIssuer: (issuer: Config['issuers'][number]) => Promise<IssuerFacts>
  /**
   * The same while a server runs, which is told of each step. Rejects with a Problem, and then the server goes on where it was and nothing
   * has been moved.
   */
  readonly moveStoreOnline: (request: {
    readonly config: Config
    readonly data: string
    readonly from: string | null
    readonly tell: (
      step: 'pause' | 'take' | 'resume',
      to: Readonly<Record<string, unknown>> | null,
    ) => Promise<{ readonly pausedMs: number | null }>
  }) => Promise<MovedStore>
  /** What is left of the operator's credit, of the providers that say it. */
  readonly providerCredit: (providers: readonly ProviderConfig[]) => Promise<readonly ProviderCredit[]>
  /** Rows of another program's SQLite database, by table; tables that it lacks are left out. Rejects with a Problem. */
  readonly readTables: (
    file: string,
    names: readonly string[],
  ) => Promise<Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>>
  /** One GET to a provider, through the same egress guard as calls. Rejects with a Problem. */
  readonly checkProvider: (request: CheckRequest) => Promise<CheckReply>
  /** What the catalog says about the end of a vendor's model; `null` = nothing. */
  readonly retirementOf: (vendor: string, model: string) => Promise<ModelRetirement | null>
  /** The calendars of public holidays by which these vendors change their prices. */
  readonly calendarsOf: (vendors: readonly string[]) => Promise<readonly PriceCalendar[]>
  /** Aborts when the person wants the command to end (Ctrl-C); `logs --follow` ends by it with 0. */
  readonly signal: AbortSignal
}
