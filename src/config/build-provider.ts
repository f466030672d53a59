/** Providers: what the file declares, or what the environment's keys give. */

import { Secret } from '#base/log.ts'
import { meantText, nearestOf } from '#base/nearest.ts'
import type { Reference } from '#base/settings.ts'
import { referenceOf } from '#base/settings.ts'
import { secretHeader } from '#provider/settings.ts'
import { policyOf } from './build-model.ts'
import type { ProviderConfig, ResolvedSecret, VendorFacts } from './config.ts'
import type { Path } from './fault.ts'
import type { Resolver, Surroundings, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

export type Building = {
  readonly vendors: readonly VendorFacts[]
  readonly surroundings: Surroundings
  readonly resolver: Resolver
  readonly tell: Tell
  readonly warn: Tell
  /** Whether something is wrong at a path, or below it: what is there and wrong is not missing as well. */
  readonly isFaulty: (path: Path) => boolean
  /** Of providers that are applied: their credentials are kept by the store, and no reference leads to one. */
  readonly keptFor?: (place: CredentialPlace) => KeptCredentials
}

/** What decides where the credentials of a provider go. */
export type CredentialPlace = Pick<ProviderConfig, 'name' | 'vendor' | 'baseUrl' | 'options'>

/** What the store keeps of a provider's credentials. */
export type KeptCredentials = {
  readonly credentials: readonly ResolvedSecret[]
  /** Headers, of which any may be a credential. */
  readonly headers: Readonly<Record<string, Secret>>
}

type ProviderSettings = NonNullable<Settings['providers']>[string]
type Entry = { readonly name: string; readonly settings: ProviderSettings; readonly vendor: VendorFacts }

const trimmed = (address: string): string => address.replace(/\/+$/, '')

/** The first of the vendor's usual variables that holds something. */
const usualKey = (vendor: VendorFacts, environment: Surroundings['environment']): ResolvedSecret | null => {
  const variable = vendor.keyEnv.find((name) => (environment[name]?.trim() ?? '') !== '')
  if (variable === undefined) return null
  return { reference: `env:${variable}`, secret: new Secret((environment[variable] ?? '').trim()) }
}

const vendorOf = (name: string, settings: ProviderSettings, building: Building): VendorFacts | null => {
  const { vendors, tell } = building
  const found = vendors.find((vendor) => vendor.name === settings.vendor)
  if (found !== undefined) return found
  const names = vendors.map((vendor) => vendor.name)
  const [nearest] = nearestOf(settings.vendor, names)
  const hint = nearest === undefined ? `; there are ${names.join(', ')}` : `; did you mean '${nearest}'?`
  tell(['providers', name, 'vendor'], `'${settings.vendor}' is no vendor that is known here${hint}`)
  return null
}

const addressOf = ({ name, settings, vendor }: Entry, { tell, warn }: Building): string | null => {
  if (settings.base_url !== undefined) {
    const address = trimmed(settings.base_url)
    const { pathname, search, hash } = new URL(address)
    if (search !== '' || hash !== '') tell(['providers', name, 'base_url'], 'must end with the path: no ? and no #')
    if (vendor.baseUrl === null && pathname === '/')
      warn(['providers', name, 'base_url'], `has no path; most servers want the version segment: ${address}/v1`)
    return address
  }
  const regions = Object.keys(vendor.regions)
  if (settings.region !== undefined && regions.length > 0) {
    const address = vendor.regions[settings.region]
    if (address !== undefined) return trimmed(address)
    const meant = meantText(settings.region, regions)
    tell(
      ['providers', name, 'region'],
      `vendor '${vendor.name}' has no address for this region (it has ${regions.join(', ')})${meant}; choose one, or give base_url`,
    )
    return null
  }
  if (vendor.baseUrl !== null) {
    if (vendor.local && !settings.allow_private)
      tell(
        ['providers', name],
        `needs 'allow_private: true', because vendor '${vendor.name}' runs on this machine (${vendor.baseUrl})`,
      )
    return trimmed(vendor.baseUrl)
  }
  tell(['providers', name], `needs 'base_url': vendor '${vendor.name}' has no address of its own`)
  return null
}

const credentialsOf = async (
  { name, settings, vendor }: Entry,
  building: Building,
  kept: KeptCredentials | null,
): Promise<readonly ResolvedSecret[]> => {
  if (kept !== null) {
    if (kept.credentials.length === 0 && !vendor.keyless)
      building.tell(['providers', name], `needs 'api_key': vendor '${vendor.name}' asks for one`)
    return kept.credentials
  }
  const owner = `provider '${name}'`
  const single: readonly Reference[] = settings.api_key === undefined ? [] : [settings.api_key]
  const references = settings.api_keys ?? single
  const found: ResolvedSecret[] = []
  for (const [index, reference] of references.entries()) {
    const path = ['providers', name, ...(settings.api_keys === undefined ? ['api_key'] : ['api_keys', index])]
    const resolved = await building.resolver.headerSecret(reference, path, owner)
    if (resolved !== null) found.push(resolved)
  }
  if (references.length > 0) return found
  const usual = usualKey(vendor, building.surroundings.environment)
  if (usual !== null) return [usual]
  const [variable] = vendor.keyEnv
  const isWrong = ['api_key', 'api_keys'].some((field) => building.isFaulty(['providers', name, field]))
  if (!vendor.keyless && !isWrong)
    building.tell(
      ['providers', name],
      `needs 'api_key', for example api_key: "env:${variable ?? `${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_API_KEY`}"`,
    )
  return []
}

const optionsOf = ({ name, settings, vendor }: Entry, { tell }: Building): Readonly<Record<string, string>> => {
  const known = Object.keys(vendor.options)
  for (const option of Object.keys(settings.options)) {
    if (known.includes(option)) continue
    const list =
      known.length === 0 ? `vendor '${vendor.name}' has none` : `vendor '${vendor.name}' has ${known.join(', ')}`
    tell(['providers', name, 'options', option], `unknown option: ${list}${meantText(option, known)}`)
  }
  return settings.options
}

const protocolsOf = ({ name, settings, vendor }: Entry, { tell }: Building): readonly string[] | null => {
  for (const [index, protocol] of (settings.protocols ?? []).entries())
    if (!vendor.protocols.includes(protocol))
      tell(
        ['providers', name, 'protocols', index],
        `vendor '${vendor.name}' does not speak '${protocol}'; it speaks ${vendor.protocols.join(', ')}${meantText(protocol, vendor.protocols)}`,
      )
  return settings.protocols ?? null
}

const headersOf = async (
  { name, settings }: Entry,
  { resolver }: Building,
): Promise<Pick<ProviderConfig, 'headers' | 'secretHeaders'>> => {
  const headers: Record<string, Secret> = {}
  const secretHeaders: string[] = []
  for (const [header, value] of Object.entries(settings.headers)) {
    const path = ['providers', name, 'headers', header]
    const reference = referenceOf(value)
    const secret = await resolver.text(reference ?? value, path, `provider '${name}'`)
    if (secret !== null) headers[header.toLowerCase()] = secret
    if (reference !== null) secretHeaders.push(header.toLowerCase())
  }
  return { headers, secretHeaders }
}

const authoritiesOf = async ({ name, settings }: Entry, { resolver, tell }: Building): Promise<string | null> => {
  if (settings.ca_file === undefined) return null
  const path = ['providers', name, 'ca_file']
  const text = await resolver.file(settings.ca_file.replace(/^file:/, ''), path, `provider '${name}'`)
  if (text !== null && !text.includes('-----BEGIN CERTIFICATE-----')) {
    tell(path, 'names a file without a certificate in PEM ("-----BEGIN CERTIFICATE-----")')
    return null
  }
  return text
}

const currencyOf = ({ settings, vendor }: Entry, baseUrl: string): ProviderConfig['currency'] => {
  const region =
    settings.region ?? Object.entries(vendor.regions).find(([, address]) => trimmed(address) === baseUrl)?.[0]
  return settings.currency ?? (region === undefined ? null : (vendor.regionCurrencies[region] ?? null))
}

/** Whether an address is the vendor's own, and none of the operator's choice. */
export const isVendorsAddress = (vendor: Pick<VendorFacts, 'baseUrl' | 'regions'>, baseUrl: string): boolean => {
  const addresses = [...(vendor.baseUrl === null ? [] : [vendor.baseUrl]), ...Object.values(vendor.regions)]
  const { origin } = new URL(baseUrl)
  return addresses.some((one) => new URL(one).origin === origin)
}

/** At an address of the operator's own choice nobody knows whether a wrong key is refused, whatever the vendor is called. */
const takesOwnCredentials = ({ settings, vendor }: Entry, baseUrl: string): boolean =>
  settings.own_credentials ?? (!vendor.keyless && isVendorsAddress(vendor, baseUrl))

const declared = async (entry: Entry, building: Building): Promise<ProviderConfig | null> => {
  const { name, settings, vendor } = entry
  const baseUrl = addressOf(entry, building)
  const { options } = settings
  const place = baseUrl === null ? null : { name, vendor: vendor.name, baseUrl, options }
  const kept = place === null ? null : (building.keptFor?.(place) ?? null)
  const credentials = await credentialsOf(entry, building, kept)
  const proxyPath = ['providers', name, 'proxy']
  const proxy =
    settings.proxy === undefined ? null : await building.resolver.text(settings.proxy, proxyPath, `provider '${name}'`)
  const { headers, secretHeaders } = await headersOf(entry, building)
  const rest = {
    headers: { ...headers, ...kept?.headers },
    secretHeaders: [
      ...(secretHeaders ?? []),
      ...Object.keys(kept?.headers ?? {}).filter((header) => secretHeader.test(header)),
    ],
    certificateAuthorities: await authoritiesOf(entry, building),
    options: optionsOf(entry, building),
    protocols: protocolsOf(entry, building),
  }
  if (baseUrl === null) return null
  return {
    name,
    vendor: vendor.name,
    baseUrl,
    credentials,
    region: settings.region ?? null,
    dataPolicy: policyOf(settings.data_policy),
    checkEveryMs: settings.check_every === 'off' ? null : settings.check_every,
    allowPrivate: settings.allow_private,
    ownCredentials: takesOwnCredentials(entry, baseUrl),
    proxy,
    price: settings.price ?? null,
    balanceAlertNanoUsd: settings.balance_alert_usd ?? null,
    currency: currencyOf(entry, baseUrl),
    origin: building.keptFor === undefined ? 'file' : 'store',
    ...rest,
  }
}

const detected = (vendor: VendorFacts, environment: Surroundings['environment']): readonly ProviderConfig[] => {
  const credential = usualKey(vendor, environment)
  if (credential === null || vendor.baseUrl === null) return []
  const nothing = {
    region: null,
    dataPolicy: null,
    checkEveryMs: null,
    headers: {},
    allowPrivate: false,
    ownCredentials: !vendor.keyless,
    proxy: null,
    certificateAuthorities: null,
    price: null,
    balanceAlertNanoUsd: null,
    currency: null,
    options: {},
    protocols: null,
  }
  return [
    {
      name: vendor.name,
      vendor: vendor.name,
      baseUrl: trimmed(vendor.baseUrl),
      credentials: [credential],
      origin: 'environment',
      ...nothing,
    },
  ]
}

/**
 * The declared providers; where the file declares none, one for each vendor whose usual key variable is set. Faults
 * and warnings go to `tell` and `warn`.
 */
export const buildProviders = async (settings: Settings, building: Building): Promise<readonly ProviderConfig[]> => {
  if (settings.providers === undefined)
    return building.vendors.flatMap((vendor) => detected(vendor, building.surroundings.environment))
  const providers: ProviderConfig[] = []
  for (const [name, one] of Object.entries(settings.providers)) {
    const vendor = vendorOf(name, one, building)
    const provider = vendor === null ? null : await declared({ name, settings: one, vendor }, building)
    if (provider !== null) providers.push(provider)
  }
  return providers
}
