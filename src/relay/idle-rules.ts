/** Rules that hold for nobody, because what they name is not there: a limit for a mistyped model, accounts on a plan that was taken away. */

import { healthSays } from '#base/health-sentences.ts'
import type { Sentence } from '#base/sentence.ts'
import { findModel } from '#policy/choose.ts'
import type { Snapshot } from './snapshot.ts'

type Kind = 'keys' | 'projects' | 'accounts' | 'plans' | 'models'
type Known = Readonly<Record<Kind, (name: string) => boolean>>
type Rule = { readonly place: string; readonly scope: Readonly<Partial<Record<Kind, readonly string[] | null>>> }

/** A name in a rule of these finds nothing: names of accounts and projects may change. */
const byId: readonly Kind[] = ['projects', 'accounts']

const knownIn = ({ keys, accounts, customers, live, test }: Snapshot): Known => {
  const rows = [...keys.values()]
  const named = new Set(rows.flatMap(({ id, name }) => [id, name]))
  const projects = new Set(rows.map(({ project }) => project))
  return {
    keys: (name) => named.has(name),
    projects: (id) => projects.has(id),
    accounts: (id) => accounts.has(id),
    plans: (name) => customers.plans.has(name),
    models: (name) => findModel(live, name) !== null || findModel(test, name) !== null,
  }
}

const idleOf = ({ place, scope }: Rule, known: Known): readonly Sentence[] =>
  (Object.keys(known) as readonly Kind[]).flatMap((kind) =>
    (scope[kind] ?? [])
      .filter((name) => !known[kind](name))
      .map((name) => healthSays('rule_for_nobody', { rule: place, kind, name, byId: byId.includes(kind) })),
  )

const plansGone = ({ accounts, customers }: Snapshot): readonly Sentence[] => {
  const counts = new Map<string, number>()
  for (const { plan, state } of accounts.values())
    if (plan !== null && state !== 'closed' && !customers.plans.has(plan)) counts.set(plan, (counts.get(plan) ?? 0) + 1)
  return [...counts].map(([plan, count]) => healthSays('plan_gone', { plan, accounts: count }))
}

/** What of the limits, the guardrails and the plans of accounts comes to nothing, as things stand. */
export const idleRules = (snapshot: Snapshot): readonly Sentence[] => {
  const { limits, guards } = snapshot
  const rules: readonly Rule[] = [
    ...limits.map(({ name, scope }) => ({ place: `limits.${name}`, scope })),
    ...guards.map(({ name, scope }) => ({ place: `guardrails.${name}`, scope })),
  ]
  // Who has no rules pays nothing for a look at all keys.
  if (rules.length === 0) return plansGone(snapshot)
  const known = knownIn(snapshot)
  return [...plansGone(snapshot), ...rules.flatMap((rule) => idleOf(rule, known))]
}

/** The same, looked for once in each snapshot: whoever asks for readiness asks often. */
export const idleRulesOf = (current: () => Snapshot): (() => readonly Sentence[]) => {
  let looked: { readonly at: Snapshot; readonly found: readonly Sentence[] } | null = null
  return () => {
    const at = current()
    if (looked?.at !== at) looked = { at, found: idleRules(at) }
    return looked.found
  }
}
