/** Providers and models that are applied, read as drover.yaml is: its schemas, its words, and the same checks. */

import { canonicalJson } from '#base/canonical-json.ts'
import { buildModels, modelsOf } from './build-model.ts'
import type { CredentialPlace, KeptCredentials } from './build-provider.ts'
import { buildProviders } from './build-provider.ts'
import type { ModelConfig, ProviderConfig, VendorFacts } from './config.ts'
import type { Path } from './fault.ts'
import { pathText } from './fault.ts'
import { explainOptions } from './load.ts'
import { createResolver } from './resolve.ts'
import type { Settings } from './schema.ts'
import { validate } from './validate.ts'

type Documents = Readonly<Record<string, unknown>>

/** By name, as `splitProvider` leaves them, and as a file has models. */
export type AppliedSettings = { readonly providers: Documents; readonly models: Documents }

export type AppliedFault = { readonly path: string; readonly message: string }

export type BuiltApplied = {
  readonly providers: readonly ProviderConfig[]
  readonly models: readonly ModelConfig[]
  readonly faults: readonly AppliedFault[]
  /** What each comes to, every default filled in, as one text: `providers kimi` -> text. */
  readonly meanings: ReadonlyMap<string, string>
}

export type AppliedParts = {
  readonly vendors: readonly VendorFacts[]
  /** The credentials that a provider has, by where they are sent. */
  readonly keptFor: (place: CredentialPlace) => KeptCredentials
  /** What models may name; absent = what they name is not looked at. */
  readonly known?: {
    readonly providers: readonly string[]
    readonly models: readonly Pick<ModelConfig, 'id' | 'aliases'>[]
  }
}

const meaningOf = (value: unknown): string =>
  canonicalJson(JSON.stringify(value, (_name, one: unknown) => (typeof one === 'bigint' ? one.toString() : one)))

const meaningsOf = ({ providers, models }: Settings): ReadonlyMap<string, string> =>
  new Map(
    [...Object.entries({ providers, models })].flatMap(([block, entries]) =>
      Object.entries(entries ?? {}).map(([name, one]) => [`${block} ${name}`, meaningOf(one)] as const),
    ),
  )

/** Nothing of this machine is reached from here: neither its environment nor its files. */
const nowhere = { environment: {}, folder: '/' }

/** Never throws for what is said: everything wrong is in `faults`. */
export const buildApplied = async (applied: AppliedSettings, parts: AppliedParts): Promise<BuiltApplied> => {
  const { vendors, keptFor, known } = parts
  const document = { value: applied, faults: [], placeOf: () => null }
  const validated = validate(document, null, explainOptions(vendors, applied))
  const faults: AppliedFault[] = validated.faults.map(({ path, message }) => ({ path, message }))
  const tell = (path: Path, message: string): void => void faults.push({ path: pathText(path), message })
  const isFaulty = (path: Path): boolean => faults.some((fault) => `${fault.path}.`.startsWith(`${pathText(path)}.`))
  const { settings } = validated
  const warn = (): void => {}
  const resolver = createResolver(nowhere, tell)
  const building = { vendors, surroundings: nowhere, resolver, tell, warn, isFaulty, keptFor }
  const providers = await buildProviders({ ...settings, providers: settings.providers ?? {} }, building)
  if (known === undefined)
    return { providers, models: modelsOf(settings, 'store'), faults, meanings: meaningsOf(settings) }
  const names = { names: known.providers, declared: true, beside: known.models, origin: 'store' as const }
  const models = buildModels(settings, names, tell)
  return { providers, models, faults, meanings: meaningsOf(settings) }
}
