/** From a file, or none, and the environment to one frozen configuration, or to everything that is wrong with it. */

import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Reference } from '#base/settings.ts'
import type { SignupSettings } from '#identity/settings.ts'
import type { SecretKeeper } from '#secret/settings.ts'
import { secretKeyLengthMin } from '#secret/settings.ts'
import { buildGuards } from './build-guard.ts'
import { buildIssuers } from './build-identity.ts'
import { buildLimits } from './build-limit.ts'
import { buildModels } from './build-model.ts'
import { buildNotify } from './build-notify.ts'
import { buildPayments } from './build-payment.ts'
import { buildFxRates, buildPriceRules } from './build-price.ts'
import type { Building } from './build-provider.ts'
import { buildProviders } from './build-provider.ts'
import { buildSecrets } from './build-secrets.ts'
import { buildSimilar } from './build-similar.ts'
import { buildCluster, buildStore } from './build-store.ts'
import { buildTelemetry } from './build-telemetry.ts'
import type { Config, Loaded, ResolvedSecret, ServerConfig, VendorFacts } from './config.ts'
import { configBytesMax, readDocument } from './document.ts'
import type { Fault, Path } from './fault.ts'
import { inOrder, pathText } from './fault.ts'
import type { Resolver, Surroundings, Tell } from './resolve.ts'
import { createResolver } from './resolve.ts'
import type { Settings } from './schema.ts'
import { blocks } from './schema.ts'
import type { Explain } from './validate.ts'
import { validate } from './validate.ts'

/** Secrets that are kept elsewhere, for those who read a configuration. */
export type SecretSource = SecretKeeper

export type LoadRequest = {
  /** The file to read; `null` = run without one. */
  readonly file: string | null
  readonly workingFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly vendors: readonly VendorFacts[]
  /** Secret managers; absent = none can be asked. */
  readonly secrets?: Pick<SecretSource, 'open' | 'read' | 'keepOnly'>
  /** Opens them though no reference of the file names one: somebody is about to write there. */
  readonly opensSecrets?: boolean
  /** What the command line says, which counts more than the file. */
  readonly overrides?: { readonly host?: string; readonly port?: number; readonly workers?: number | 'auto' }
}

type Text = { readonly bytes: Uint8Array; readonly file: string | null; readonly path: string | null }

const freeze = <T>(value: T): T => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) freeze(inner)
  return value
}

const serverOf = async (
  settings: Settings,
  request: LoadRequest,
  { resolver, tell }: Pick<Building, 'resolver' | 'tell'>,
): Promise<ServerConfig> => {
  const server = { ...(settings.server ?? blocks.server.parse({})), ...request.overrides }
  const certificate = server.tls && (await resolver.secret(server.tls.cert, ['server', 'tls', 'cert'], 'TLS'))
  const key = server.tls && (await resolver.secret(server.tls.key, ['server', 'tls', 'key'], 'TLS'))
  const { admin } = server
  if (admin !== undefined && admin.port !== 0 && admin.port === server.port && admin.host === server.host)
    tell(['server', 'admin', 'port'], 'is the port of the relay itself: choose another one')
  return {
    host: server.host,
    port: server.port,
    workers: server.workers === 'auto' ? availableParallelism() : server.workers,
    publicUrl: server.public_url?.replace(/\/+$/, '') ?? null,
    environment: server.environment,
    bodyBytesMax: server.body_limit,
    uploadBytesMax: server.upload_limit,
    drainDelayMs: server.drain_delay,
    drainTimeoutMs: server.drain_timeout,
    overload: { loopDelayMs: server.overload.loop_delay, openCallsMax: server.overload.open_calls },
    trustedProxies: server.trusted_proxies,
    corsOrigins: server.cors.origins,
    tls: certificate && key ? { certificate: certificate.secret, key: key.secret } : null,
    admin: admin ?? null,
  }
}

const dataRulesOf = ({ regions }: Settings): Config['dataRules'] =>
  (regions?.data ?? []).map(({ at_least: atLeast, for: scope }) => ({
    demand: atLeast === 'zero_retention' ? 'zero' : 'deny',
    scope: { keys: scope.keys ?? null, projects: scope.projects ?? null, accounts: scope.accounts ?? null },
  }))

const regionsOf = (settings: Settings): Config['regionsAllowed'] => {
  const allowed = settings.regions?.default_allowed ?? 'any'
  return allowed === 'any' ? null : allowed
}

const sellerOf = ({ seller }: Settings): Config['seller'] =>
  seller === undefined
    ? null
    : {
        name: seller.name,
        address: seller.address,
        taxId: seller.tax_id ?? null,
        tax: seller.tax === undefined ? null : { name: seller.tax.name, basisPoints: seller.tax.percent },
        language: seller.language,
        prefix: seller.invoice_prefix,
        statements: seller.statements,
        paymentDays: seller.payment_days,
      }

/**
 * A plan that is named may also be one of the store, where a file declares none. Where none is named, the only plan of the file with
 * credit for new customers is meant: what else would give it?
 */
const signupOf = (settings: Settings, tell: Tell): SignupSettings => {
  const signup = settings.signup ?? blocks.signup.parse({})
  if (signup.plan !== undefined && settings.plans !== undefined && settings.plans[signup.plan] === undefined)
    tell(['signup', 'plan'], `names no plan of this file: ${Object.keys(settings.plans).slice(0, 10).join(', ')}`)
  if (signup.plan !== undefined) return signup
  const [only, ...others] = Object.entries(settings.plans ?? {}).filter(([, plan]) => plan.signup_credit !== undefined)
  return only === undefined || others.length > 0 ? signup : { ...signup, plan: only[0] }
}

const secretKeyOf = async (settings: Settings, resolver: Resolver, tell: Tell): Promise<ResolvedSecret | null> => {
  const reference = settings.secrets?.key
  if (reference === undefined) return null
  const found = await resolver.secret(reference, ['secrets', 'key'], "the server's key")
  if (found !== null && found.secret.reveal().length < secretKeyLengthMin)
    tell(
      ['secrets', 'key'],
      `leads to a key that is too short: it needs ${secretKeyLengthMin} characters or more, as from "openssl rand -hex 32"`,
    )
  return found
}

const retentionOf = (settings: Settings, store: Config['store'], tell: Tell): Config['retention'] => {
  const { calls, bodies, events, whole_months } = settings.retention ?? blocks.retention.parse({})
  if (whole_months && store.postgres === null)
    tell(['retention', 'whole_months'], 'needs a Postgres in store.url: the embedded store keeps no months, remove it')
  return { callsMs: calls, bodiesMs: bodies, eventsMs: events, wholeMonths: whole_months }
}

/** Options of a vendor stand in a block of their own. */
export const explainOptions =
  (vendors: readonly VendorFacts[], document: unknown): Explain =>
  (path, key) => {
    const [block, name] = path
    if (block !== 'providers' || typeof name !== 'string' || path.length !== 2) return null
    const entry = (document as { providers?: Readonly<Record<string, { vendor?: unknown } | null>> }).providers?.[name]
    const vendor = vendors.find((one) => one.name === entry?.vendor)
    if (vendor === undefined || !Object.hasOwn(vendor.options, key)) return null
    return `is an option of vendor '${vendor.name}': write it as options: { ${key}: … }`
  }

/** One that is not there is no fault: it may be made later. */
const migrationsFolderOf = async ({ migrations }: Settings, folder: string, warn: Tell): Promise<string | null> => {
  if (migrations === undefined) return null
  const path = resolve(folder, migrations.dir)
  try {
    await access(path)
  } catch {
    warn(['migrations', 'dir'], `there is no folder ${path}: no migration is declared until it is made`)
  }
  return path
}

/** The places are looked up when the first reference to one of them is followed; `named` has all that were. */
const remoteReading = (
  settings: Settings,
  { secrets, environment }: LoadRequest,
  { tell, local, named }: { readonly tell: Tell; readonly local: Surroundings; readonly named: Reference[] },
): { readonly open: () => Promise<void>; readonly reading: Pick<Surroundings, 'readRemote'> } => {
  if (secrets === undefined) return { open: async () => {}, reading: {} }
  let opening: Promise<void> | null = null
  const build = async (): Promise<void> => {
    const resolverFor = (told: Tell): Resolver => createResolver(local, told)
    secrets.open(await buildSecrets(settings, { resolverFor, tell, environment }))
  }
  const open = (): Promise<void> => {
    opening ??= build()
    return opening
  }
  const readRemote = async (reference: Reference): Promise<string> => {
    named.push(reference)
    await open()
    return secrets.read(reference)
  }
  return { open, reading: { readRemote } }
}

const surroundingsOf = async (
  settings: Settings,
  request: LoadRequest,
  { tell, folder }: { readonly tell: Tell; readonly folder: string },
): Promise<{ readonly surroundings: Surroundings; readonly named: readonly Reference[] }> => {
  const local = { environment: request.environment, folder }
  const named: Reference[] = []
  const { open, reading } = remoteReading(settings, request, { tell, local, named })
  if (request.opensSecrets === true) await open()
  return { surroundings: { ...local, ...reading }, named }
}

/** Whether a fault was told of a path, or of what is below it. */
const faultyIn =
  (faults: readonly Fault[]) =>
  (path: Path): boolean =>
    faults.some((fault) => `${fault.path}.`.replace('[', '.').startsWith(`${pathText(path)}.`))

const read = async (text: Text, request: LoadRequest): Promise<Loaded> => {
  const source = new TextDecoder().decode(text.bytes)
  const document = readDocument(source)
  const faults: Fault[] = document.faults.map((fault) => ({ file: text.file, ...fault }))
  if (faults.length > 0) return { ok: false, faults: inOrder(faults), storeFile: null }
  const warnings: Fault[] = []
  const teller =
    (list: Fault[], part: 'key' | 'value'): Tell =>
    (path: Path, message) => {
      const place = document.placeOf(path, part)
      list.push({
        file: text.file,
        line: place?.line ?? null,
        column: place?.column ?? null,
        path: pathText(path),
        message,
      })
    }
  const tell = teller(faults, 'value')
  const validated = validate(document, text.file, explainOptions(request.vendors, document.value))
  faults.push(...validated.faults)
  const { settings } = validated
  const folder = text.path === null ? request.workingFolder : dirname(text.path)
  const { surroundings, named } = await surroundingsOf(settings, request, { tell, folder })
  const resolver = createResolver(surroundings, tell)
  const warn = teller(warnings, 'value')
  const building = { vendors: request.vendors, surroundings, resolver, tell, warn, isFaulty: faultyIn(faults) }
  const providers = await buildProviders(settings, building)
  const declared = settings.providers !== undefined
  const rawNames = (document.value as { providers?: object } | null | undefined)?.providers
  // A provider with a fault of its own is still one that targets may name.
  const names = declared ? Object.keys(rawNames ?? {}) : providers.map((provider) => provider.name)
  const store = await buildStore(settings, resolver, tell)
  const config: Config = {
    file: text.path,
    digest: text.path === null ? null : createHash('sha256').update(text.bytes).digest('hex'),
    folder,
    server: await serverOf(settings, request, { resolver, tell }),
    console: settings.console ?? blocks.console.parse({}),
    store,
    cluster: await buildCluster(settings, store, { resolver, tell, warn }),
    secretKey: await secretKeyOf(settings, resolver, tell),
    secretsRefreshMs: (settings.secrets ?? blocks.secrets.parse({})).refresh,
    providers,
    models: buildModels(settings, { names, declared }, tell),
    applied: { allowPrivate: settings.applied?.allow_private ?? false },
    regionsAllowed: regionsOf(settings),
    dataRules: dataRulesOf(settings),
    plans: settings.plans ?? {},
    limits: buildLimits(settings),
    guards: await buildGuards(settings, resolver, tell),
    similar: buildSimilar(settings, store, tell),
    priceRules: buildPriceRules(settings),
    migrationsFolder: await migrationsFolderOf(settings, folder, warn),
    fxRates: buildFxRates(settings, tell),
    payments: await buildPayments(settings, surroundings, { tell, warn }),
    seller: sellerOf(settings),
    signup: signupOf(settings, tell),
    issuers: await buildIssuers(settings, resolver, tell),
    public: {
      pricing: settings.public?.pricing ?? false,
      status: settings.public?.status ?? false,
      models: settings.public?.models ?? null,
    },
    retention: retentionOf(settings, store, tell),
    notify: await buildNotify(settings, resolver, { tell, warn }),
    telemetry: await buildTelemetry(settings, resolver),
    log: settings.log ?? blocks.log.parse({}),
    warnings,
  }
  if (faults.length > 0) return { ok: false, faults: inOrder(faults), storeFile: config.store.file }
  request.secrets?.keepOnly(named)
  return { ok: true, config: freeze(config) }
}

const whole = (file: string, message: string): Loaded => ({
  ok: false,
  faults: [{ file, line: null, column: null, path: '', message }],
  storeFile: null,
})

/**
 * Reads text as if it were the file `path`, which faults name as `file`.
 * Never throws for what the text says: everything wrong is in `faults`, in the order of the file.
 */
export const readConfig = (
  text: { readonly text: string; readonly file: string },
  request: Omit<LoadRequest, 'file'>,
): Promise<Loaded> =>
  read(
    {
      bytes: new TextEncoder().encode(text.text),
      file: text.file,
      path: isAbsolute(text.file) ? text.file : resolve(request.workingFolder, text.file),
    },
    { ...request, file: text.file },
  )

/** Reads the file, or builds the configuration of no file: providers from the environment, defaults for the rest. */
export const loadConfig = async (request: LoadRequest): Promise<Loaded> => {
  const { file } = request
  if (file === null) return read({ bytes: new Uint8Array(), file: null, path: null }, request)
  const path = isAbsolute(file) ? file : resolve(request.workingFolder, file)
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT')
      return whole(file, "there is no such file: create one with 'drover init', or name another with --config")
    return whole(file, `cannot be read (${code ?? 'unknown'}): check that this user may read it`)
  }
  if (bytes.length > configBytesMax)
    return whole(file, `is larger than ${configBytesMax} bytes, and is therefore not read`)
  return read({ bytes, file, path }, request)
}
