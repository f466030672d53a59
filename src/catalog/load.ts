/**
 * Reads `catalog/<vendor>.json` into one frozen catalog. The shape of a file is in file.ts. Whatever is wrong names the file
 * and the path of the value: a catalog is either whole or not loaded.
 */

import { readdir, readFile } from 'node:fs/promises'
import { placeText } from '#base/place-text.ts'
import { Problem } from '#base/problem.ts'
import { mergedRules, ruleSetsOf } from './capability.ts'
import type { ModelEntry, VendorFile } from './file.ts'
import { vendorFile } from './file.ts'
import type { Catalog, CatalogModel, CatalogVendor, Named, RuleSet, Source } from './model.ts'
import { priceRowsOf } from './price.ts'
import type { World } from './world.ts'
import { calendarsOf, fxRatesOf, noWorld } from './world.ts'

/** A catalog is some twenty files; a directory with more of them is the wrong directory. */
const filesMax = 200

export type CatalogFile = { readonly name: string; readonly text: string }

type Place = { readonly file: string; readonly path?: string; readonly cause?: unknown }

const broken = ({ file, path = '', cause }: Place, what: string): Problem =>
  new Problem('internal_error', {
    message: `The model catalog is broken: ${file}${path === '' ? '' : `, ${path}`}: ${what}. Install Drover again, or mend the file.`,
    ...(cause === undefined ? {} : { cause }),
  })

const parsedFile = ({ name, text }: CatalogFile): VendorFile => {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw broken({ file: name, cause: error }, `not JSON (${(error as Error).message})`)
  }
  // Compiling the schema takes longer than one pass of checking the files saves.
  const checked = vendorFile.safeParse(json, { jitless: true })
  if (!checked.success) {
    const [issue] = checked.error.issues
    throw broken(
      { file: name, path: placeText(issue?.path ?? []), cause: checked.error },
      issue?.message ?? 'wrong shape',
    )
  }
  if (name !== `${checked.data.vendor}.json`)
    throw broken(
      { file: name, path: 'vendor' },
      `the file of "${checked.data.vendor}" must be ${checked.data.vendor}.json`,
    )
  return checked.data
}

type Reading = {
  readonly fileName: string
  readonly file: VendorFile
  readonly ruleSets: ReadonlyMap<string, RuleSet>
  /** The maker's entries, by `vendor/id`: what `like` points at. */
  readonly makers: ReadonlyMap<string, CatalogModel>
  readonly world: World
}

const sourceOf = (key: string, { file }: Reading): Source => {
  const source = file.sources[key]
  if (source === undefined) throw new RangeError(`source "${key}" is not among "sources"`)
  return source
}

/** What an entry is when neither it nor the entry it is like says more. */
const nothingKnown = {
  kind: 'chat',
  contextTokens: null,
  outputTokensMax: null,
  inputModalities: ['text'],
  outputModalities: ['text'],
  capabilities: {},
  ruleSets: [],
  releasedMs: null,
} as const

const likeOf = (entry: ModelEntry, { makers }: Reading) => {
  if (entry.like === undefined) return { ...nothingKnown, name: entry.id, family: entry.id }
  const maker = makers.get(entry.like)
  if (maker === undefined) throw new RangeError(`like "${entry.like}" is no entry of a maker's file`)
  return maker
}

const ruleSetsOfEntry = (entry: ModelEntry, reading: Reading): readonly RuleSet[] | undefined =>
  entry.rules?.map((name) => {
    const set = reading.ruleSets.get(name)
    if (set === undefined) throw new RangeError(`rule set "${name}" is not among "rules"`)
    return set
  })

const factsOf = (entry: ModelEntry, reading: Reading) => {
  const like = likeOf(entry, reading)
  const ruleSets = ruleSetsOfEntry(entry, reading) ?? like.ruleSets
  return {
    name: entry.name ?? like.name,
    family: entry.family ?? like.family,
    kind: entry.kind ?? like.kind,
    contextTokens: entry.context_tokens ?? like.contextTokens,
    outputTokensMax: entry.output_tokens_max ?? like.outputTokensMax,
    inputModalities: Object.freeze(entry.input_modalities ?? like.inputModalities),
    outputModalities: Object.freeze(entry.output_modalities ?? like.outputModalities),
    capabilities: Object.freeze({ ...like.capabilities, ...entry.capabilities }),
    ruleSets: Object.freeze(ruleSets),
    rules: mergedRules(ruleSets),
    releasedMs: entry.released === undefined ? like.releasedMs : Date.parse(entry.released),
  }
}

const modelOf = (entry: ModelEntry, reading: Reading): CatalogModel => {
  const { file } = reading
  if (entry.retires !== undefined && entry.lifecycle_source === undefined)
    throw new RangeError('"retires" needs a "lifecycle_source"')
  if (entry.redirects === true && entry.successor === undefined) throw new RangeError('"redirects" needs a "successor"')
  return Object.freeze({
    vendor: file.vendor,
    id: entry.id,
    ...factsOf(entry, reading),
    aliases: Object.freeze(entry.aliases ?? []),
    otherIds: Object.freeze(entry.other_ids ?? []),
    deprecatedOn: entry.deprecated ?? null,
    retiresOn: entry.retires ?? null,
    retiresMs: entry.retires === undefined ? null : Date.parse(entry.retires),
    successor: entry.successor ?? null,
    redirects: entry.redirects ?? false,
    source: sourceOf(entry.source, reading),
    lifecycleSource: entry.lifecycle_source === undefined ? null : sourceOf(entry.lifecycle_source, reading),
    priceRows: priceRowsOf(entry.prices ?? [], entry.id, { file, world: reading.world, items: entry.items ?? [] }),
  })
}

const namesOf = (models: readonly CatalogModel[], fileName: string): ReadonlyMap<string, Named> => {
  const byName = new Map<string, Named>()
  const put = (name: string, named: Named): void => {
    const taken = byName.get(name)
    if (taken !== undefined)
      throw broken({ file: fileName, path: named.model.id }, `"${name}" already names ${taken.model.id}`)
    byName.set(name, Object.freeze(named))
  }
  for (const model of models) {
    put(model.id, { model, sendAs: model.id })
    for (const name of model.otherIds) put(name, { model, sendAs: name })
    for (const name of model.aliases) put(name, { model, sendAs: model.id })
  }
  return byName
}

const vendorOf = ({ fileName, file, makers, world }: Omit<Reading, 'ruleSets'>): CatalogVendor => {
  let at = 'rules'
  try {
    const reading: Reading = { fileName, file, makers, world, ruleSets: ruleSetsOf(file) }
    const models = file.models.map((entry, index) => {
      at = `models[${index}] (${entry.id})`
      return modelOf(entry, reading)
    })
    const byName = namesOf(models, fileName)
    for (const [index, model] of models.entries()) {
      at = `models[${index}].successor`
      if (model.successor !== null && !byName.has(model.successor))
        throw new RangeError(`"${model.successor}" is no model of this vendor`)
    }
    return Object.freeze({
      name: file.vendor,
      title: file.name,
      docs: file.docs,
      also: Object.freeze(file.also ?? []),
      host: file.host ?? false,
      models: Object.freeze(models),
      byName,
    })
  } catch (error) {
    throw error instanceof RangeError ? broken({ file: fileName, path: at, cause: error }, error.message) : error
  }
}

/**
 * The catalog of these files.
 * @throws Problem `internal_error` naming file and path of the first value that is wrong.
 */
export const catalogOf = (files: readonly CatalogFile[], world: World = noWorld): Catalog => {
  const parsed = [...files]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((file) => ({ fileName: file.name, file: parsedFile(file) }))
  const makers = new Map<string, CatalogModel>()
  const vendors: CatalogVendor[] = []
  const byVendor = new Map<string, CatalogVendor>()
  const inOrder = [
    ...parsed.filter(({ file }) => file.host !== true),
    ...parsed.filter(({ file }) => file.host === true),
  ]
  for (const { fileName, file } of inOrder) {
    const vendor = vendorOf({ fileName, file, makers, world })
    vendors.push(vendor)
    for (const name of [vendor.name, ...vendor.also]) {
      if (byVendor.has(name)) throw broken({ file: fileName, path: 'also' }, `"${name}" already names a vendor`)
      byVendor.set(name, vendor)
    }
    if (!vendor.host) for (const model of vendor.models) makers.set(`${vendor.name}/${model.id}`, model)
  }
  return Object.freeze({ vendors: Object.freeze(vendors), byVendor, world })
}

/** The facts of no vendor, where the directory has them. */
const worldIn = async (base: URL): Promise<World> => {
  const read = async (name: string): Promise<unknown> => {
    try {
      return JSON.parse(await readFile(new URL(`world/${name}`, base), 'utf8'))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw broken({ file: `world/${name}`, cause: error }, (error as Error).message)
    }
  }
  const [calendars, fx] = [await read('calendars.json'), await read('fx.json')]
  try {
    return Object.freeze({
      calendars: calendars === null ? noWorld.calendars : calendarsOf(calendars),
      fxRates: fx === null ? noWorld.fxRates : Object.freeze(fxRatesOf(fx)),
    })
  } catch (error) {
    throw broken({ file: 'world/', cause: error }, (error as Error).message)
  }
}

/**
 * Reads every `*.json` of the directory, at most 200 files.
 * @throws Problem `internal_error` when the directory cannot be read, is empty, or a file is wrong.
 */
export const loadCatalog = async (directory: URL): Promise<Catalog> => {
  const base = directory.href.endsWith('/') ? directory : new URL(`${directory.href}/`)
  try {
    const names = (await readdir(base)).filter((name) => name.endsWith('.json'))
    if (names.length === 0 || names.length > filesMax)
      throw broken({ file: base.href }, `${names.length} files where 1 to ${filesMax} are expected`)
    const files = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(new URL(encodeURIComponent(name), base), 'utf8') })),
    )
    return catalogOf(files, await worldIn(base))
  } catch (error) {
    throw error instanceof Problem ? error : broken({ file: base.href, cause: error }, (error as Error).message)
  }
}
