/** All that is measured side by side, from the floor up. */

import { bareNode } from './bare-node.ts'
import { direct } from './direct.ts'
import { droverWith, everything } from './drover.ts'
import type { Gateway } from './gateway.ts'
import { haproxy } from './haproxy.ts'
import { litellm } from './litellm.ts'
import { nginx } from './nginx.ts'
import { portkey } from './portkey.ts'

export const drover = droverWith(everything)

export const peers: readonly Gateway[] = [direct, nginx, haproxy, bareNode, drover, portkey, litellm]

/** The same relay with less on, or with more to do for its books: what each part costs. */
export const parts: readonly Gateway[] = [
  bareNode,
  droverWith({
    ...everything,
    name: 'no books, no limits',
    settings: 'models without a price on an unlimited account: authentication, record, metrics',
    billing: 'unlimited',
    isPriced: false,
    isLimited: false,
  }),
  droverWith({
    ...everything,
    name: 'no limits',
    settings: 'prepaid, but a key without limits and budget',
    isLimited: false,
  }),
  droverWith({
    ...everything,
    name: 'metered',
    settings: 'an unlimited account: charged, never held',
    billing: 'unlimited',
  }),
  drover,
  droverWith({ ...everything, name: 'power', settings: 'everything, durability power (fsync)', store: 'power' }),
  droverWith({ ...everything, name: 'postgres', settings: 'everything, one node on Postgres', store: 'postgres' }),
]

/** Peers that no machine of ours could get, so that nobody takes their absence for a verdict. */
export const absentPeers: readonly { readonly name: string; readonly why: string }[] = [
  {
    name: 'bifrost',
    why: 'its npm package fetches a binary from elsewhere, and its Go modules were refused by the module proxy',
  },
  { name: 'tensorzero', why: 'published as a container image; its gateway is on no package registry' },
]
