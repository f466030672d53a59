/** Guardrails with the keys that sign the questions to their webhooks. */

import type { GuardConfig } from './config.ts'
import type { Resolver, Tell } from './resolve.ts'
import type { Settings } from './schema.ts'

const signingKeyLengthMin = 24

type GuardEntry = NonNullable<Settings['guardrails']>[string]

const hookOf = async (
  name: string,
  { webhook }: GuardEntry,
  { resolver, tell }: { readonly resolver: Resolver; readonly tell: Tell },
): Promise<GuardConfig['hook']> => {
  if (webhook === undefined) return null
  const path = ['guardrails', name, 'webhook', 'secret']
  const found = await resolver.secret(webhook.secret, path, `guardrail '${name}'`)
  if (found === null) return null
  if (found.secret.reveal().length < signingKeyLengthMin)
    tell(path, `leads to a key that is too short: it needs ${signingKeyLengthMin} characters or more`)
  const { url, timeout: timeoutMs, on_failure: onFailure, allow_private: allowPrivate } = webhook
  return { url, secret: found.secret, timeoutMs, onFailure, allowPrivate }
}

/** In the order of the file. Faults go to `tell`. */
export const buildGuards = async (
  settings: Settings,
  resolver: Resolver,
  tell: Tell,
): Promise<readonly GuardConfig[]> => {
  const guards: GuardConfig[] = []
  for (const [name, entry] of Object.entries(settings.guardrails ?? {}))
    guards.push({
      name,
      sides: entry.when === 'both' ? ['request', 'reply'] : [entry.when],
      action: entry.action,
      finds: entry.find ?? [],
      patterns: entry.patterns ?? [],
      promptBytesMax: entry.prompt_max ?? null,
      modelsAllowed: entry.models_allowed ?? null,
      parametersAllowed: entry.parameters_allowed ?? null,
      parametersDenied: entry.parameters_denied ?? [],
      hook: await hookOf(name, entry, { resolver, tell }),
      scope: {
        keys: entry.for.keys ?? null,
        projects: entry.for.projects ?? null,
        plans: entry.for.plans ?? null,
        models: entry.for.models ?? null,
      },
    })
  return guards
}
