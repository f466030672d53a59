/** Which calls come to the relay at all: a model is renamed only where the target will be asked for it. */

import type { CallSite } from '#audit/finding.ts'
import { bareModel } from '#audit/rule/model-name.ts'
import { relayAddress } from './address.ts'

/** Vendors whose SDKs take another address from their surroundings, or may be given one by whoever moves. */
const openVendors: ReadonlySet<string> = new Set([
  'openai',
  'anthropic',
  'moonshot',
  'deepseek',
  'perplexity',
  'xai',
  'together',
])
/** SDKs that find the vendor by the name of the model: the target's own name tells them nothing. */
const resolvers = /^(?:litellm|instructor|dspy|crewai|pydantic-ai)$/

const originOf = (url: string): string => /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? url

const asks = ({ kind }: CallSite): boolean => kind === 'call' || kind === 'client' || kind === 'raw-http'

/** Whether a call goes elsewhere also when the addresses of the plan are changed. */
const staysElsewhere = ({ base_url: base, provider, sdk, model }: CallSite, relay: string): boolean => {
  if (base !== null && !/^env:|[{}]/.test(base))
    return originOf(base) !== originOf(relay) && relayAddress(base, relay) === null
  if (base !== null) return false
  const isPrefixed = model !== null && bareModel(model) !== model
  return isPrefixed || resolvers.test(sdk ?? '') || (provider !== null && !openVendors.has(provider))
}

export type Naming = { readonly sites: readonly CallSite[]; readonly relay: string }

/** Whether a name on this line of a file stays, because whatever asks for it does not come to the relay. `sites`: those of the file. */
export const nameStays = (name: string, line: number, { sites, relay }: Naming): boolean => {
  const same = sites.filter((site) => asks(site) && site.model === name)
  const here = same.filter((site) => site.line <= line && line <= site.end_line)
  const asking = here.length > 0 ? here : same
  if (asking.length > 0) return asking.every((site) => staysElsewhere(site, relay))
  // A name with its vendor before it is read by something that finds the vendor by it, if no gateway that moves is named beside it.
  const isMoved = sites.some((site) => site.base_url !== null && relayAddress(site.base_url, relay) !== null)
  return bareModel(name) !== name && !isMoved
}
