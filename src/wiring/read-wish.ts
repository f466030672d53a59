/** What a file asks of applied providers and models, held against drover.yaml, the vendors, and what was applied before. Keeps nothing. */

import type { AppliedChange, AppliedReading, AppliedWish } from '#admin/applied-ports.ts'
import type { AppliedKind, AppliedRow } from '#admin/port.ts'
import type { Clock } from '#base/clock.ts'
import { Secret } from '#base/log.ts'
import type { FileFault } from '#base/read-document.ts'
import { faultAt } from '#base/read-document.ts'
import type { AppliedFault, AppliedSettings } from '#config/build-applied.ts'
import { buildApplied } from '#config/build-applied.ts'
import type { CredentialPlace } from '#config/build-provider.ts'
import { isVendorsAddress } from '#config/build-provider.ts'
import type { Config, ProviderConfig } from '#config/config.ts'
import { pathText } from '#config/fault.ts'
import type { Tell } from '#config/resolve.ts'
import type { AppliedSecrets, GivenSecrets, SplitProvider } from '#config/split-applied.ts'
import { splitProvider } from '#config/split-applied.ts'
import { vendorOf, vendors } from '#provider/index.ts'
import { sandboxProvider } from '#relay/model-rows.ts'
import { googleTokenUrl, serviceAccountOf } from '#secret/google-token.ts'
import { keptCredentials, nothingKept, settingsOf } from './applied-rows.ts'
import type { AppliedVault } from './applied-vault.ts'

export type WishGround = {
  readonly config: Config
  readonly vault: AppliedVault
  /** What was applied before. */
  readonly rows: readonly AppliedRow[]
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Where credentials come to that a file gives, or keeps. */
type Resolved = { readonly place: CredentialPlace; readonly secrets: AppliedSecrets }

type Reading = WishGround & {
  readonly wish: AppliedWish
  readonly split: ReadonlyMap<string, SplitProvider>
  readonly resolved: Map<string, Resolved>
  readonly tell: Tell
}

const rowOf = (rows: readonly AppliedRow[], kind: AppliedKind, name: string): AppliedRow | null =>
  rows.find((row) => row.kind === kind && row.name === name) ?? null

const fieldsOf = (given: unknown): Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {}

/** Names that mean something else already. */
const checkNames = ({ providers, models }: AppliedWish, config: Config, tell: Tell): void => {
  for (const name of Object.keys(providers)) {
    const found = config.providers.find((one) => one.name === name)
    if (name === sandboxProvider) tell(['providers', name], 'is the sandbox of every Drover: choose another name')
    else if (found?.origin === 'environment')
      tell(
        ['providers', name],
        'is there by its key in the environment of the server, which counts more: choose another name',
      )
    else if (found !== undefined)
      tell(['providers', name], 'is declared in drover.yaml (managed by file): change it there, and take it out here')
  }
  for (const id of Object.keys(models))
    if (config.models.some((one) => one.id === id))
      tell(['models', id], 'is declared in drover.yaml (managed by file): change it there, and take it out here')
}

const isKept = ({ keys, headers }: GivenSecrets): boolean =>
  keys === null || Object.values(headers).some((value) => value === null)

/** Which credentials a provider comes to; those that are kept stay only where they were to be sent. */
const resolve = (place: CredentialPlace, { split, rows, vault, tell }: Reading): AppliedSecrets => {
  const given = split.get(place.name)?.given ?? { keys: [], headers: {} }
  const path = ['providers', place.name, 'api_key']
  const row = rowOf(rows, 'provider', place.name)
  const needed = isKept(given)
  const before = needed && row?.sealed != null ? vault.open(place, row.sealed) : null
  if (needed && row?.sealed == null)
    tell(path, 'says that a credential is kept, and there is none of this provider here: give the credential itself')
  else if (needed && before === null)
    tell(
      path,
      'is kept for another vendor, address or options, and goes nowhere else: give the credential itself where one of these changes',
    )
  const headers = Object.entries(given.headers).map(([name, value]) => [name, value ?? before?.headers[name] ?? null])
  for (const [name, value] of headers)
    if (value === null && before !== null)
      tell(['providers', place.name, 'headers', String(name)], 'is none that is kept: give its value')
  return {
    keys: given.keys ?? before?.keys ?? [],
    headers: Object.fromEntries(headers.filter(([, value]) => value !== null)) as AppliedSecrets['headers'],
  }
}

/** What only those may say who are on the machine of the server. */
const checkReach = (provider: ProviderConfig, { wish, config, split, tell }: Reading, isUnchanged: boolean): void => {
  const { name, baseUrl } = provider
  if (provider.allowPrivate && !wish.isHere && !config.applied.allowPrivate && !isUnchanged)
    tell(
      ['providers', name, 'allow_private'],
      'would open the private network of the server to whoever has an admin key. Apply the file on the machine of the server, or say applied: { allow_private: true } in drover.yaml',
    )
  const vendor = vendorOf(provider.vendor)
  if (split.get(name)?.settings['own_credentials'] === true && !(vendor && isVendorsAddress(vendor, baseUrl)))
    tell(
      ['providers', name, 'own_credentials'],
      "may be said only where the address is the vendor's own: credentials of customers would be sent to another one. Leave it out, or declare the provider in drover.yaml",
    )
}

const checkTokens = (name: string, { keys }: AppliedSecrets, { wish, tell }: Reading): void => {
  for (const key of wish.isHere ? [] : keys) {
    const account = serviceAccountOf(new Secret(key))
    if (account !== null && account.tokenUrl !== googleTokenUrl)
      tell(
        ['providers', name, 'api_key'],
        `names another token_uri than ${googleTokenUrl}, which this server does not ask`,
      )
  }
}

const providerRow = (name: string, reading: Reading, before: AppliedRow | null): AppliedRow => {
  const { split, resolved, vault, clock } = reading
  const nowMs = clock.nowMs()
  const document = JSON.stringify(split.get(name)?.document ?? {})
  const row = { kind: 'provider' as const, name, document, changedMs: nowMs }
  const found = resolved.get(name)
  const digest = found === undefined ? null : vault.digestOf(found.secrets)
  if (found === undefined || digest === null) return { ...row, sealed: null, digest: null, sealedMs: null }
  const isSame = before?.sealed != null && before.digest === digest && vault.open(found.place, before.sealed) !== null
  return isSame
    ? { ...row, sealed: before.sealed, digest, sealedMs: before.sealedMs }
    : { ...row, sealed: vault.close(found.place, found.secrets), digest, sealedMs: nowMs }
}

type Meanings = ReadonlyMap<string, string>

const changesOf = (
  reading: Reading,
  now: Meanings,
  then: Meanings,
): { readonly changes: readonly AppliedChange[]; readonly unchanged: number } => {
  const { wish, rows, clock } = reading
  const changes: AppliedChange[] = []
  let unchanged = 0
  const add = (row: AppliedRow, before: AppliedRow | null): void => {
    const key = `${row.kind}s ${row.name}`
    if (before !== null && now.get(key) === then.get(key) && before.digest === row.digest) unchanged += 1
    else changes.push({ row, before })
  }
  for (const name of Object.keys(wish.providers)) {
    const before = rowOf(rows, 'provider', name)
    add(providerRow(name, reading, before), before)
  }
  for (const [name, given] of Object.entries(wish.models)) {
    const document = JSON.stringify(fieldsOf(given))
    const row = { kind: 'model' as const, name, document, changedMs: clock.nowMs() }
    add({ ...row, sealed: null, digest: null, sealedMs: null }, rowOf(rows, 'model', name))
  }
  return { changes, unchanged }
}

/** What the stored rows of the names that the file has came to. */
const meaningsBefore = async (wish: AppliedWish, rows: readonly AppliedRow[]): Promise<Meanings> => {
  const named = rows.filter(({ kind, name }) => Object.hasOwn(kind === 'provider' ? wish.providers : wish.models, name))
  const keptFor = () => keptCredentials({ keys: ['kept'], headers: {} }, 0)
  return (await buildApplied(settingsOf(named), { vendors, keptFor })).meanings
}

/** Each once, as a sentence. */
const told = (faults: readonly AppliedFault[]): readonly FileFault[] => {
  const all = faults.map(({ path, message }) => faultAt(path, `${message.replace(/\.$/, '')}.`))
  return [...new Map(all.map((fault) => [JSON.stringify(fault), fault])).values()]
}

/** Everything that is wrong, and the rows that the file comes to where nothing is. */
export const readWish = async (wish: AppliedWish, ground: WishGround): Promise<AppliedReading> => {
  const { config, rows } = ground
  const faults: AppliedFault[] = []
  const tell: Tell = (path, message) => void faults.push({ path: pathText(path), message })
  checkNames(wish, config, tell)
  const split = new Map(
    Object.entries(wish.providers).map(([name, given]) => [name, splitProvider(name, fieldsOf(given), tell)]),
  )
  const reading: Reading = { ...ground, wish, split, resolved: new Map(), tell }
  const wanted: AppliedSettings = {
    providers: Object.fromEntries([...split].map(([name, { settings }]) => [name, settings])),
    models: wish.models,
  }
  const others = settingsOf(rows.filter(({ kind, name }) => kind !== 'model' || !Object.hasOwn(wish.models, name)))
  const beside = await buildApplied({ providers: {}, models: others.models }, { vendors, keptFor: () => nothingKept })
  const built = await buildApplied(wanted, {
    vendors,
    keptFor: (place) => {
      const secrets = resolve(place, reading)
      reading.resolved.set(place.name, { place, secrets })
      checkTokens(place.name, secrets, reading)
      return keptCredentials(secrets, 0)
    },
    known: {
      providers: [
        ...new Set([
          ...config.providers.map(({ name }) => name),
          ...Object.keys(others.providers),
          ...Object.keys(wish.providers),
        ]),
      ],
      models: [...config.models.filter(({ id }) => !Object.hasOwn(wish.models, id)), ...beside.models],
    },
  })
  faults.push(...built.faults)
  const before = await meaningsBefore(wish, rows)
  for (const provider of built.providers) {
    const key = `providers ${provider.name}`
    checkReach(provider, reading, before.get(key) === built.meanings.get(key))
  }
  if (faults.length > 0) return { faults: told(faults), changes: [], unchanged: 0 }
  return { faults: [], ...changesOf(reading, built.meanings, before) }
}
