/** What a server says of its own health: by code, in English. Each code is worded in the console as well. Times are in milliseconds. */

import { sayer } from './sentence.ts'

export const healthSentences = {
  store_fails: ({ problem }: { problem: string }) => problem,
  is_ending: () => 'this server is about to end',
  changes_unheard: ({ ms }: { ms: number }) => `the store was last heard ${ms} ms ago: changes may have been missed`,
  redis_away: (of: { places: string; for_ms: number; problem: string; nodes: number }) =>
    `Redis (${of.places}) has been away for ${Math.round(of.for_ms / 1_000)} s (${of.problem}): this node enforces its share of each limit, of ${of.nodes}`,
  node_differs: ({ node, url }: { node: string; url: string | null }) =>
    `the configuration file of node ${node}${url === null ? '' : ` (${url})`} differs from this node's`,
  secret_away: ({ secret, since, problem }: { secret: string; since: string; problem: string }) =>
    `the secret ${secret} could not be fetched since ${since}, the last value stays: ${problem}`,
  restart_needed: ({ settings }: { settings: readonly string[] }) => `a restart is needed for ${settings.join(', ')}`,
  rule_for_nobody: ({ rule, kind, name, byId }: { rule: string; kind: string; name: string; byId: boolean }) =>
    `${rule} is for ${kind} '${name}', and there is no such thing${byId ? ' (they go by id)' : ''}: it holds for no call by that`,
  plan_gone: ({ plan, accounts }: { plan: string; accounts: number }) =>
    `the plan '${plan}' is there no more, and ${accounts} of the accounts have it: only their keys are limited. Declare it again, or give them another ('drover accounts set')`,
  file_has_faults: () => 'the configuration file has faults and is not in force',
} as const

/** Says how it stands. */
export const healthSays = sayer(healthSentences)
