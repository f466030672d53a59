/** An admin operation is an object: API route, command, OpenAPI entry and console types all come from it. */

import type { z } from 'zod'
import type { Clock } from '#base/clock.ts'
import type { Emit, Event } from '#base/event.ts'
import type { Ids } from '#base/id.ts'
import type { Sentence } from '#base/sentence.ts'
import type { SettingChange, SettingField } from '#base/setting-field.ts'
import type { Catalog } from '#catalog/model.ts'
import type { PriceBook } from '#catalog/price-book.ts'
import type { ClerkParts } from '#document/clerk.ts'
import type { Language } from '#identity/letter.ts'
import type { Issuers } from '#identity/oidc.ts'
import type { Passwords } from '#identity/password.ts'
import type { IdentityStore, PersonRow, SessionRow } from '#identity/port.ts'
import type { Role } from '#identity/role.ts'
import type { IssuerConfig } from '#identity/settings.ts'
import type { AccountFacts } from '#ledger/port.ts'
import type { SignupRules } from '#ledger/signup.ts'
import type { MigrationStore } from '#migration/port.ts'
import type { Preflight } from '#migration/preflight.ts'
import type { Traffic } from '#migration/traffic.ts'
import type { AlertRule, Recipient } from '#notify/recipient.ts'
import type { Letter } from '#notify/send.ts'
import type { Availability } from '#observe/availability.ts'
import type { FigureSource } from '#observe/figures.ts'
import type { CashierParts } from '#payment/cashier.ts'
import type { Fee } from '#payment/price.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { ModelRow } from '#policy/model-table.ts'
import type { Plans } from '#policy/plan.ts'
import type { ProviderCredit } from '#provider/balance.ts'
import type { PreflightQuestion } from '#rehearsal/looking.ts'
import type { Errands } from '#relay/errand.ts'
import type { RoutingView } from '#relay/route-state.ts'
import type { Snapshot } from '#relay/snapshot.ts'
import type { BindingStore } from '#resource/port.ts'
import type { ReceiptKeys } from '#secret/receipt-keys.ts'
import type { AppliedPorts } from './applied-ports.ts'
import type { AdminStore, CustomerStore, ErasureStore, KeyRow, NodePorts, TrailRow } from './port.ts'

/** Who can be told of events. */
export type TellPorts = {
  readonly recipients: () => readonly Recipient[]
  readonly alerts: () => readonly AlertRule[]
  /** Sends one event to one recipient, once; gives why it failed. */
  readonly send: (recipient: Recipient, event: Event) => Promise<string | null>
}

/** How credit is bought. */
export type PaymentPorts = {
  readonly cashier: CashierParts
  /** Methods that the configuration names and that are off, with the reason. */
  readonly off: () => ReadonlyMap<string, string>
  /** Above this a second person must agree that a transfer came. */
  readonly approveAboveNanoUsd: () => bigint
  /** What a processor keeps of a payment; `null` = nobody said. */
  readonly keptFee: (method: string) => Fee | null
}

export type SignupRoom = {
  readonly open: boolean
  /** The plan of new customers; `null` = none. */
  readonly plan: string | null
  readonly rules: SignupRules
}

/** People who sign in. */
export type IdentityRoom = {
  readonly store: IdentityStore<KeyRow>
  readonly passwords: Passwords
  /** Seals the secret of one-time codes: it can be read only by this server, as this person's. */
  readonly sealTotp: (person: string, secret: Uint8Array) => Uint8Array
  /** `null` where it cannot be read: it was sealed under another server key. */
  readonly openTotp: (person: string, sealed: Uint8Array) => Uint8Array | null
  /** Issuers of OpenID Connect that people sign in with. */
  readonly issuers: () => readonly IssuerConfig[]
  readonly oidc: Issuers
  /** Whether letters can be sent. */
  readonly mails: () => boolean
  /** Sends a letter, in its time. */
  readonly post: (letter: Letter) => void
  /** Where people find this server: `server.public_url`, else where it listens. Never what a request says. */
  readonly baseUrl: () => string
  /** Whether `server.public_url` is set. */
  readonly hasPublicUrl: () => boolean
  /** The admin key that a text is, good now and from this address; throws Problem. */
  readonly adminKey: (text: string, address: string) => KeyFacts
}

/** The file of the configuration. */
export type SettingsPorts = {
  /** As it lies there now; `null` = this server runs without one. */
  readonly read: () => Promise<{ readonly path: string; readonly text: string } | null>
  readonly fields: (text: string) => readonly SettingField[]
  readonly blocks: () => readonly { readonly name: string; readonly help: string }[]
  /** The text with other values in it, or why not. */
  readonly rewrite: (
    text: string,
    changes: readonly SettingChange[],
  ) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: Sentence }
  /** Reads a text as a start would: what is wrong with it, a line each, and what of it waits for a restart. */
  readonly check: (text: string) => Promise<{ readonly faults: Sentence | null; readonly restart: readonly string[] }>
  /** Puts the text in the file's place, in one step. @throws Problem `conflict` where it cannot be written, or no longer is what was read. */
  readonly write: (text: string, was: string) => Promise<void>
}

/** All that operations may touch. */
export type AdminPorts = {
  readonly store: AdminStore
  readonly customers: CustomerStore
  /** What providers keep for accounts. */
  readonly bindings: Pick<BindingStore, 'bindings'>
  /** HMAC of a key under the pepper, hex. */
  readonly digestKey: (key: string) => string
  /** `server.environment`. */
  readonly environment: string
  /** Tells the running relay that keys have changed; resolves when its snapshot holds the change. */
  readonly keysChanged: (changed: readonly KeyRow[]) => Promise<void>
  /** Tells the running relay that accounts are new or have changed. */
  readonly accountsChanged: (changed: readonly AccountFacts[]) => Promise<void>
  /** Tells the running relay that budgets, plans or credentials of customers have changed. */
  readonly customersChanged: () => Promise<void>
  /** Encrypts a provider credential of an account for the store: it can be read only by this server, as this account's. */
  readonly sealCredential: (
    whose: { readonly account: string; readonly provider: string },
    secret: string,
  ) => Uint8Array
  /** Who may sign up, and what they are given. */
  readonly signup: () => SignupRoom
  /** Plans in force: of drover.yaml and of the store. */
  readonly plans: () => Plans
  /** The models of the current snapshot. */
  readonly models: () => readonly ModelRow[]
  /** Where calls would go, and what is known of providers. */
  readonly routing: RoutingView
  /** How models answered of late; `null` = no server runs here. */
  readonly availability: Pick<Availability, 'recent'> | null
  /** Asks the providers that say what is left of the operator's credit there. */
  readonly providerCredit: () => Promise<readonly ProviderCredit[]>
  /** Providers and models beside those of drover.yaml. */
  readonly applied: AppliedPorts
  readonly tell: TellPorts
  /** The nodes that share the store; `null` where this server is the only one that can. */
  readonly nodes: NodePorts | null
  readonly prices: PricePorts
  readonly settings: SettingsPorts
  readonly migrations: MigrationPorts
  readonly payments: PaymentPorts
  readonly documents: ClerkParts
  readonly identity: IdentityRoom
  /** What is kept of people and customers, to be handed out and taken away. */
  readonly erasure: ErasureStore
  /** The keys that receipts are signed with. */
  readonly receipts: Pick<ReceiptKeys<TrailRow>, 'sign' | 'published' | 'rotate'>
  /** `null` where no server runs. */
  readonly figures: FigureSource | null
}

/** A file of `migrations.dir`. */
export type DeclaredMigration = { readonly file: string; readonly text: string }

/** Migrations, and the node that they are looked at on. */
export type MigrationPorts = {
  /** Of this Drover: reports name it. */
  readonly version: string
  readonly store: MigrationStore
  readonly emit: Emit
  /** Tells the running relay that a migration has changed; resolves when the change is in force on this node. */
  readonly changed: () => Promise<void>
  /** Takes the traffic of this node back at once, before the decision is kept. */
  readonly stop: Traffic['stop']
  /** The files that declare migrations. */
  readonly declared: () => Promise<readonly DeclaredMigration[]>
  /** Asks providers for Drover itself. */
  readonly errands: Errands
  /** Looks at what must hold before traffic moves. */
  readonly preflight: (question: PreflightQuestion) => Promise<Preflight>
}

/** Prices as the running relay, or the next one, goes by them. */
export type PricePorts = {
  readonly catalog: Catalog
  /** The tables of the current snapshot. */
  readonly snapshot: () => Pick<Snapshot, 'accounts' | 'pricing' | 'live' | 'test' | 'keepBodies' | 'limits' | 'guards'>
  readonly book: () => PriceBook
  /** Tells the running relay that the stored price book has changed. */
  readonly bookChanged: () => Promise<void>
}

/** What a credential must be allowed to do. */
export type Scope = 'read' | 'write' | 'secrets'

/** The organisation that somebody is confined to. */
export type Tenant = { readonly organisation: string; readonly account: string }

export type Actor = {
  /** `person:<id>`, `key:<id>`, `local`, `visitor`. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** What of them it may use; absent = all of it. */
  readonly role?: Role
  /** Absent: of the operator, and confined to nothing. */
  readonly tenant?: Tenant
  /** Who is signed in, and by which session. */
  readonly signedIn?: { readonly session: SessionRow; readonly person: PersonRow | null }
  /** A command on this machine, or an admin key over a connection from it for which no proxy speaks. */
  readonly isHere?: true
  /** The member that the person who is signed in acts as. */
  readonly member?: string
  /** Nobody has shown a credential: only operations for everybody are run. */
  readonly isVisitor?: true
  /** A key for calls, which only operations that are `forCallers` are run for. */
  readonly isCaller?: true
}

/** The browser that asks. */
export type Visit = {
  readonly address: string
  /** Scheme and host of this server as the browser knows it. */
  readonly origin: string
  readonly agent: string
  readonly language: Language
  /**
   * Asked before something is used up for a session that the browser could not keep.
   * @throws Problem `permission_denied` where the connection is no safe place for one.
   */
  readonly checkKeep: () => void
  /**
   * Puts a session's token into the browser with the answer, or takes it away (`null`).
   * @throws Problem `permission_denied` where the connection is no safe place for one.
   */
  readonly keep: (token: string | null, maxAgeMs: number) => void
  /** What the browser is known by; `null` = by nothing. */
  readonly device: string | null
  /** Puts what it is known by from now on into the browser with the answer, where the connection is a safe place for it. */
  readonly keepDevice: (token: string, maxAgeMs: number) => void
}

export type OperationContext = {
  readonly actor: Actor
  /** Absent or `null` = a command. */
  readonly visit?: Visit | null
  readonly requestId: string | null
  readonly ports: AdminPorts
  readonly clock: Clock
  readonly ids: Ids
}

/** How one input field is given on the command line. */
export type Flag = {
  /** Field of the input. */
  readonly field: string
  /** `--rpm <n>`; absent = derived from the field name and type. */
  readonly flag?: string
  readonly describe: string
  /** Positional argument instead of a flag. */
  readonly positional?: boolean
  /** The command line takes a path and sends what the file holds: a text, or bytes in base64. `or-text`: what names no file is sent as it is. */
  readonly file?: boolean | 'base64' | 'or-text'
  /** The command line takes the name of an environment variable, or reads stdin: a secret never stands in an argument. */
  readonly secret?: boolean
}

/** What an operation is called and where it is found. */
type Place = {
  /** `keys` */
  readonly noun: string
  /** `create` */
  readonly verb: string
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Whether it is no command: another one does the same for people. */
  readonly apiOnly?: true
  /** Under `/api/v1`: `/keys/{id}`; names in braces are fields of the input. */
  readonly path: string
}

/** How long an answer may take that goes through all there is: ten million calls take some minutes. */
export const proofMsMax = 3_600_000

export type Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> = Place & {
  readonly summary: string
  /** Whether a key for calls may ask it as well; the operation looks at which. */
  readonly forCallers?: true
  readonly scope: Scope
  readonly input: I
  readonly output: O
  readonly flags: readonly Flag[]
  /** How long an answer may take; absent = a minute. */
  readonly answerMsMax?: number
  /** The largest body that the API takes; absent = as for every operation. */
  readonly bodyBytesMax?: number
  /** One line or a table for a person; absent = derived from the output. */
  readonly render?: (output: z.output<O>) => string
  /** The answer as CSV, a page at a time: for `--csv` and `Accept: text/csv`. `always`: for a person too. */
  readonly csv?: { readonly text: (output: z.output<O>, isFirst: boolean) => string; readonly always: boolean }
  /** The answer as a file: the API sends it unless JSON is asked for, the command line writes it with `--out`. */
  readonly file?: (output: z.output<O>) => {
    readonly name: string
    readonly contentType: string
    readonly bytes: Uint8Array
  }
  /** The API sends the file only to who asks for its type, and the command line only with `--out`. */
  readonly fileOnRequest?: true
  /** Why an answer that was given means that it failed (exit code 1 of the command); `null` = it does not. */
  readonly failure?: (output: z.output<O>) => string | null
  readonly run: (input: z.output<I>, context: OperationContext) => Promise<z.input<O>>
}

/** Gives the operation back, its types bound together, and the words of its place as types of their own. */
export const operation = <I extends z.ZodType, O extends z.ZodType, const P extends Place>(
  value: Operation<I, O> & P,
): Operation<I, O> & Pick<P, keyof Place> => value
