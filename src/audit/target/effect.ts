/** What breaks or changes at a call site on the target: parameters, endpoints, models, credentials, headers, retries. */

import type { CallSite, Effect, Level } from '#audit/finding.ts'
import { bareModel } from '#audit/rule/model-name.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { ParameterRule } from '#base/parameter-rule.ts'
import { resolve } from '#catalog/lookup.ts'
import { capabilityNeeds, endpointNotes, foreignParameters } from './need.ts'
import type { Target } from './target.ts'

/** An end that is announced is told this long before: 180 days. */
const noticeMs = 180 * 86_400_000

type Knowledge = Pick<Target, 'catalog' | 'atMs'>

const effect = (level: Level, rule: string, given: Omit<Effect, 'level' | 'rule'>): Effect => ({
  level,
  rule,
  ...given,
})

const at = (parameters: JsonObject, path: string): Json | undefined => {
  let value: Json | undefined = parameters
  for (const step of path.split('.')) value = isObject(value) ? value[step] : undefined
  return value
}

/** Whether the rule's condition holds for what is written; what is not written counts as absent. */
const applies = (rule: ParameterRule, parameters: JsonObject): boolean =>
  Object.entries(rule.when ?? {}).every(([path, values]) =>
    values.includes(JSON.stringify(at(parameters, path) ?? null)),
  )

const shown = (value: Json | undefined): string =>
  value === null || value === undefined ? 'a value that the code computes' : JSON.stringify(value)

const ofRule = (
  name: string,
  value: Json,
  { rule, target }: { rule: ParameterRule; target: Target },
): Effect | null => {
  const model = target.model.name
  const text = JSON.stringify(value)
  if (rule.free === true) return null
  if (rule.fixed !== undefined) {
    if (text === rule.fixed) return null
    const isUnsure = value === null
    return effect(isUnsure ? 'warning' : 'error', 'parameter-fixed', {
      about: name,
      message: `${model} accepts only ${rule.fixed} for ${name}; the code sends ${shown(value)}.`,
      mend: `Leave ${name} out, or route through Drover with "params: shim".`,
    })
  }
  if (rule.min !== undefined && rule.max !== undefined) {
    const isInside = typeof value === 'number' && value >= rule.min && value <= rule.max
    if (isInside) return null
    return effect(value === null ? 'note' : 'error', 'parameter-range', {
      about: name,
      message: `${model} accepts ${name} from ${rule.min} to ${rule.max}; the code sends ${shown(value)}.`,
      mend: `Keep ${name} within the range, or route through Drover with "params: shim".`,
    })
  }
  if (rule.choices !== undefined) {
    if (value !== null && rule.choices.includes(text)) return null
    return effect(value === null ? 'note' : 'error', 'parameter-choice', {
      about: name,
      message: `${model} accepts ${rule.choices.join(', ')} for ${name}; the code sends ${shown(value)}.`,
      mend: `Send ${rule.instead ?? rule.choices[0] ?? 'one of them'}.`,
    })
  }
  if (rule.unsupported === true)
    return effect('error', 'parameter-unsupported', {
      about: name,
      message: `${model} refuses a call that has ${name}.`,
      mend: `Remove ${name}, or route through Drover with "params: shim".`,
    })
  if (rule.ignored === true)
    return effect('note', 'parameter-ignored', {
      about: name,
      message: `${model} accepts ${name} and does nothing by it.`,
      mend: 'Do not count on its effect.',
    })
  return rule.rename === undefined
    ? null
    : effect('warning', 'parameter-renamed', {
        about: name,
        message: `${model} calls ${name} "${rule.rename}".`,
        mend: `Send ${rule.rename}; Drover renames it with "params: shim".`,
      })
}

const ofParameters = (site: CallSite, target: Target): readonly Effect[] =>
  Object.entries(site.parameters).flatMap(([name, value]) => {
    const rules = target.model.rules[name]
    const rule = rules?.find((one) => applies(one, site.parameters))
    const found = rule === undefined || value === undefined ? null : ofRule(name, value, { rule, target })
    return found === null ? [] : [found]
  })

const ofCapabilities = (site: CallSite, { model }: Target): readonly Effect[] =>
  capabilityNeeds.flatMap((need) => {
    const value = site.parameters[need.parameter]
    if (!(need.parameter in site.parameters) || value === undefined || !need.holds(value)) return []
    const has = need.capabilities.map((name) => model.capabilities[name])
    if (has.includes(true)) return []
    const isKnown = has.includes(false)
    return [
      effect(isKnown ? 'error' : 'note', 'capability', {
        about: need.parameter,
        message: isKnown
          ? `${model.name} has no ${need.title}.`
          : `Whether ${model.name} has ${need.title} is not known.`,
        mend: need.mend,
      }),
    ]
  })

const ofForeign = (site: CallSite): readonly Effect[] =>
  foreignParameters.flatMap(({ parameter, level, message, mend }) =>
    parameter in site.parameters ? [effect(level, 'parameter-foreign', { about: parameter, message, mend })] : [],
  )

const ofEndpoint = (site: CallSite, target: Target): readonly Effect[] => {
  if (site.endpoint === null || (site.kind !== 'call' && site.kind !== 'raw-http')) return []
  const note = endpointNotes[site.endpoint]
  if (note === undefined || target.model.kind === site.endpoint) return []
  return [effect(note.level, 'endpoint', { about: site.endpoint, message: note.message, mend: note.mend })]
}

const found = (name: string, { catalog, atMs }: Knowledge) =>
  resolve(catalog, { name: bareModel(name), atMs, vendors: null })

/** A model that is gone, or whose end is near, whatever the target. */
export const lifeOf = (site: CallSite, knowledge: Knowledge): readonly Effect[] => {
  if (site.model === null || site.model.startsWith('env:')) return []
  const answer = found(site.model, knowledge)
  if (answer.kind === 'unknown') return []
  if (answer.kind === 'found' && answer.redirect === null) {
    const { retiresMs, retiresOn, successor } = answer.model
    if (retiresMs === null || retiresMs - knowledge.atMs > noticeMs) return []
    const message = `${site.model} is switched off on ${retiresOn ?? 'a day that is announced'}.`
    return [
      effect('warning', 'model-retiring', {
        about: site.model,
        message,
        mend: `Move to ${successor ?? 'a model that stays'}.`,
      }),
    ]
  }
  const retirement = answer.kind === 'found' ? answer.redirect : answer.retirement
  if (retirement === null) return []
  const message = `${site.model} was switched off on ${retirement.retiredOn}.`
  const mend = retirement.successor === null ? 'Choose another model.' : `Its successor is ${retirement.successor}.`
  return [effect('error', 'model-retired', { about: site.model, message, mend })]
}

/** The name that is written today is another one on the target. */
const ofModel = (site: CallSite, target: Target): readonly Effect[] => {
  if (site.model === null || site.model.startsWith('env:')) return []
  const answer = found(site.model, target)
  if (answer.kind === 'found' && answer.model === target.model) return []
  const context = answer.kind === 'found' ? answer.model.contextTokens : null
  const own = target.model.contextTokens
  const named = effect('warning', 'model-name', {
    about: site.model,
    message: `The code names ${site.model}.`,
    mend: `Take the name from one variable, so that the way back is one flip; set it to ${target.asked}.`,
  })
  if (context === null || own === null || own >= context) return [named]
  const message = `${target.model.name} has ${own} tokens of context, ${site.model} ${context}.`
  return [named, effect('warning', 'context', { about: site.model, message, mend: 'Check what is truncated where.' })]
}

const ofAddress = (site: CallSite, target: Target): readonly Effect[] => {
  if (site.provider === null || site.provider === target.model.vendor) return []
  if (site.kind === 'header')
    return [
      effect('warning', 'header', {
        about: site.provider,
        message: `A header of ${site.provider} goes to an endpoint that does not know it.`,
        mend: 'Remove it.',
      }),
    ]
  if (site.kind === 'base-url' || site.kind === 'raw-http')
    return [
      effect('warning', 'base-url', {
        about: site.provider,
        message: `The address of ${site.provider} is written out.`,
        mend: 'Take it from one variable and set that to the relay.',
      }),
    ]
  return []
}

const ofRetries = (site: CallSite): readonly Effect[] => {
  const retries = site.parameters['max_retries']
  return site.kind === 'client' && typeof retries === 'number' && retries > 0
    ? [
        effect('note', 'double-retry', {
          about: 'max_retries',
          message: `The client retries ${retries} times, and the relay retries as well.`,
          mend: 'Set it to 0 behind the relay.',
        }),
      ]
    : []
}

/** Every effect of moving the site to the target, the worst first. */
export const effectsOf = (site: CallSite, target: Target): readonly Effect[] => {
  const order: Readonly<Record<Level, number>> = { error: 0, warning: 1, note: 2 }
  const isCode = ['client', 'call', 'raw-http', 'wrapper'].includes(site.kind)
  const all = [
    ...(isCode
      ? [
          ...ofParameters(site, target),
          ...ofCapabilities(site, target),
          ...ofForeign(site),
          ...ofEndpoint(site, target),
          ...ofRetries(site),
        ]
      : []),
    ...lifeOf(site, target),
    ...ofModel(site, target),
    ...ofAddress(site, target),
  ]
  return all.toSorted((one, other) => order[one.level] - order[other.level])
}
