/** What the hot path knows of a key: a row of the snapshot, never the key itself. */

export type KeyFacts = {
  readonly id: string
  readonly name: string
  readonly organisation: string
  readonly project: string | null
  /** The person it was made for. */
  readonly member: string | null
  readonly account: string
  /** `model` keys call models, `admin` keys manage; never both. */
  readonly purpose: 'model' | 'admin'
  /** What an admin key may do; absent or `null` = everything. */
  readonly role?: 'owner' | 'admin' | 'billing' | 'developer' | 'viewer' | 'auditor' | null
  readonly test: boolean
  /** `server.environment` that it may be used in; `null` = any. */
  readonly environment: string | null
  /** Ids and aliases it may use; `null` = every model and every `provider/model`. */
  readonly models: readonly string[] | null
  readonly requestsPerMinute: number | null
  readonly tokensPerMinute: number | null
  readonly requestsPerDay: number | null
  readonly tokensPerDay: number | null
  readonly concurrency: number | null
  readonly addresses: readonly string[] | null
  readonly defaultProvider: string | null
  readonly usageCost: boolean
  readonly createdMs: number
  readonly expiresMs: number | null
  readonly revokedMs: number | null
  /** The last 4 characters, for people. */
  readonly ending: string
  readonly budgetNanoUsd: bigint | null
  readonly budgetPeriod: 'day' | 'week' | 'month' | null
  /** Regions that its calls may go to; `null` = those of the server. */
  readonly regions: readonly string[] | null
  /** How long an answer may be given again to the same call; `null` = never, unless the call asks for it. */
  readonly cacheMs: number | null
  /** The first of the keys that were rotated into this one; absent = it is the first. */
  readonly line?: string
  /** The ids that it had before it was rotated, the oldest first; absent = none, or nobody knows. */
  readonly earlier?: readonly string[]
}

/** By which rules name a key. */
export type NamedKey = Pick<KeyFacts, 'id' | 'name' | 'line' | 'earlier'>

/** What budgets and limits of a key count under: a successor goes on where the one before it stands. */
export const lineOf = ({ line, id }: Pick<KeyFacts, 'line' | 'id'>): string => line ?? id

/** All that a rule may call a key by: its name, its id, and those that it had before it was rotated. */
export const keyNamesOf = (key: NamedKey): readonly string[] => [key.id, key.name, lineOf(key), ...(key.earlier ?? [])]

/** The newest of them that are remembered, beside the first. */
const earlierMax = 100

/** What the successor of a key remembers. */
export const earlierOf = ({ id, earlier = [] }: Pick<KeyFacts, 'id' | 'earlier'>): readonly string[] =>
  [...earlier, id].slice(-earlierMax)

/** What a key has of which nothing is limited, until it is revoked. */
export const unlimitedKey = {
  environment: null,
  models: null,
  regions: null,
  cacheMs: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  requestsPerDay: null,
  tokensPerDay: null,
  concurrency: null,
  addresses: null,
  defaultProvider: null,
  usageCost: false,
  budgetNanoUsd: null,
  budgetPeriod: null,
  expiresMs: null,
  revokedMs: null,
} as const satisfies Partial<KeyFacts>
