/** What a call is known by, so that another one may be given its answer. */

import { createHash } from 'node:crypto'
import { isObject } from '#base/json-type.ts'
import type { Inbound } from '#http/inbound.ts'
import type { Guard } from '#policy/guard.ts'
import type { KeyFacts } from '#policy/key-facts.ts'
import type { Call } from '#protocol/call.ts'
import type { Grant } from './admit.ts'
import type { Labels } from './labels.ts'
import { targetName } from './leg.ts'

/** Wishes of the API itself that may change an answer. */
const decidingHeaders: readonly string[] = ['openai-beta', 'anthropic-beta', 'anthropic-version', 'accept']

export type CacheAsking = {
  readonly inbound: Inbound
  readonly call: Call
  readonly key: KeyFacts
  readonly labels: Labels
  readonly grant: Grant
  /** Guardrails that look at the reply: what is kept has passed these and no others. */
  readonly replyGuards: readonly Guard[]
}

/** The same whatever order a caller's members come in. */
export const inOneOrder = (_name: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value

/** Beside the body: the account first, nobody is ever given the answer of somebody else. Then all that decides an answer. */
export const decidingText = ({ inbound, call, key, labels, grant, replyGuards }: CacheAsking): string => {
  const targets = grant.groups.map(({ model, targets }) => [model, targets.map(targetName)])
  const headers = decidingHeaders.map((name) => inbound.headers[name] ?? null)
  const guards = replyGuards.map(({ name, action, finds, patterns }) => [name, action, finds, patterns])
  const { account, test } = key
  const deciding = [account, test, call.protocol, call.endpoint, call.stream, labels.strict, headers, targets, guards]
  return JSON.stringify([...deciding, call.model])
}

/** Digest of everything that decides the answer. */
export const exactKey = (asking: CacheAsking): string =>
  createHash('sha256')
    .update(`${decidingText(asking)}\n`)
    .update(JSON.stringify(asking.call.body(), inOneOrder))
    .digest('hex')
