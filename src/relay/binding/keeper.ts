/** The provider that keeps a thing, or shall keep it: which one, and with which of its credentials it is asked. */

import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { demandFor, policyAllowed, regionAllowed } from '#policy/region.ts'
import type { Shelf } from '#provider/vendor.ts'
import type { Snapshot, Upstream } from '#relay/snapshot.ts'
import type { BindingForm, BindingRow } from '#resource/port.ts'
import type { Asking } from './asking.ts'

export type Keeper = {
  readonly upstream: Upstream
  readonly form: BindingForm
  readonly credential: Secret | null
  /** What the credential is remembered by. */
  readonly digest: string | null
}

/** What is to be kept. */
export type Kept = 'files' | 'batches' | 'uploads' | 'tuning'

const words: Readonly<Record<Kept, string>> = {
  files: 'files',
  batches: 'batches',
  uploads: 'uploads in parts',
  tuning: 'fine-tuning',
}

/** Whether a vendor has it, in this form. */
export const keeps = (shelf: Shelf, kept: Kept, form: BindingForm): boolean => {
  if (kept === 'files' || kept === 'batches') return shelf[kept].includes(form)
  return form === 'openai' && shelf[kept]
}

/** A thing is kept in one account of a provider: who has several keys is asked with the one that it was made with. */
export const keeperWith = (upstream: Upstream, form: BindingForm, digest: string | null): Keeper | null => {
  const { credentials } = upstream.provider
  if (digest === null) return { upstream, form, credential: credentials[0] ?? null, digest: null }
  const credential = credentials[upstream.credentialDigests.indexOf(digest)]
  return credential === undefined ? null : { upstream, form, credential, digest }
}

const firstKeeper = (upstream: Upstream, form: BindingForm): Keeper => ({
  upstream,
  form,
  credential: upstream.provider.credentials[0] ?? null,
  digest: upstream.credentialDigests[0] ?? null,
})

/** The provider of something that is bound. @throws Problem `no_available_provider` where it, or its credential, is gone. */
export const keeperOf = (
  snapshot: Snapshot,
  { id, provider, credential, form }: Pick<BindingRow, 'id' | 'provider' | 'credential' | 'form'>,
): Keeper => {
  const upstream = snapshot.upstreams.get(provider)
  const keeper = upstream === undefined ? null : keeperWith(upstream, form, credential)
  if (keeper !== null) return keeper
  const gone =
    upstream === undefined ? 'is not configured any more' : 'has not the credential any more that it was made with'
  throw new Problem('no_available_provider', {
    message: `'${id}' is kept by provider "${provider}", which ${gone}. Ask the operator.`,
  })
}

const choicesText = (choices: readonly Upstream[]): string =>
  choices.map(({ provider }) => `"${provider.name}"`).join(', ')

const refuse = (message: string): never => {
  throw new Problem('invalid_request_error', { message, param: 'x-drover-provider' })
}

/** Providers that may keep it for this key. */
const possible = ({ snapshot, key, form }: Asking, kept: Kept): readonly Upstream[] => {
  const regions = [snapshot.regionsAllowed, key.regions]
  const demand = demandFor(snapshot.dataRules ?? [], key)
  return [...snapshot.upstreams.values()].filter(
    ({ provider, vendor }) =>
      !vendor.inProcess &&
      keeps(vendor.shelf, kept, form) &&
      regionAllowed(provider.region, regions) &&
      policyAllowed(provider.dataPolicy ?? null, demand),
  )
}

/** By name, then by vendor, where that means one. */
const named = (name: string, choices: readonly Upstream[]): Upstream | undefined => {
  const wanted = name.toLowerCase()
  const own = choices.find(({ provider }) => provider.name.toLowerCase() === wanted)
  const [one, ...more] = choices.filter(({ vendor }) => vendor.name === wanted)
  return own ?? (more.length === 0 ? one : undefined)
}

/**
 * Where something new is to be kept: with a test key in the sandbox; else where `x-drover-provider` says, else where `wished` (what it is for)
 * says, else at the key's default provider, else at the only one there is.
 * @throws Problem `invalid_request_error` naming the choices.
 */
export const chooseKeeper = (asking: Asking, kept: Kept, wished: string | null = null): Keeper => {
  const { snapshot, key, form, exchange } = asking
  if (key.test) {
    const sandbox = [...snapshot.upstreams.values()].find(({ vendor }) => vendor.inProcess)
    if (sandbox !== undefined && keeps(sandbox.vendor.shelf, kept, form)) return firstKeeper(sandbox, form)
    return refuse(`The sandbox, which answers test keys, has no ${words[kept]} of this form. Use a live key.`)
  }
  const choices = possible(asking, kept)
  const header = exchange.inbound.headers['x-drover-provider']
  for (const name of [header, wished]) {
    if (name === undefined || name === null || name === '') continue
    const found = named(name, choices)
    if (found !== undefined) return firstKeeper(found, form)
    refuse(
      `Provider '${name.slice(0, 64)}' has no ${words[kept]} of this form here. ` +
        (choices.length === 0 ? 'No provider of this relay has.' : `Those that have: ${choicesText(choices)}.`),
    )
  }
  const usual = key.defaultProvider === null ? undefined : named(key.defaultProvider, choices)
  if (usual !== undefined) return firstKeeper(usual, form)
  const certain = choices.filter(({ vendor }) => vendor.shelf.certain)
  const [only, ...others] = certain.length > 0 ? certain : choices
  if (only === undefined)
    return refuse(
      `No provider of this relay has ${words[kept]} in ${form === 'openai' ? "OpenAI's" : "Anthropic's"} form. Ask the operator to configure one.`,
    )
  if (others.length === 0) return firstKeeper(only, form)
  return refuse(
    `Several providers have ${words[kept]}: ${choicesText(choices)}. Say which in the header x-drover-provider, or give the key a default provider.`,
  )
}
