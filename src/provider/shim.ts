/**
 * The catalog's rules of a model, applied to a call: what the model cannot take is adjusted and said, or refused.
 * Pure.
 */

import type { TopLevel } from '#base/json.ts'
import { hasMember, readMember } from '#base/json.ts'
import { isObject } from '#base/json-type.ts'
import type { ParameterRule, ParameterRules } from '#base/parameter-rule.ts'
import { Problem } from '#base/problem.ts'
import type { Call, Warning } from '#protocol/call.ts'
import type { Adjustment } from './vendor.ts'
import { noAdjustment } from './vendor.ts'

/** What one rule does to one parameter that is there. */
type Change = {
  /** JSON text of the value to send; `undefined` = the caller's own stays. */
  readonly value?: string
  readonly cut?: true
  readonly rename?: string
  /** What the caller is told; `undefined` = nothing is lost. */
  readonly warning?: string
  readonly shim: string
  /** What the model takes, for the refusal of strict mode. */
  readonly allowed: string
}

const sameJson = (left: unknown, right: unknown): boolean => JSON.stringify(left) === JSON.stringify(right)

/** A body, and what the parameters of the rules are called in it; without names the same. */
type Body = { readonly top: TopLevel; readonly names: Readonly<Record<string, string>> | null }

/** The member that a parameter is; `null` = the format has none that the rules could speak of. */
const memberOf = ({ names }: Body, parameter: string): string | null => {
  if (names === null) return parameter
  return (Object.hasOwn(names, parameter) ? names[parameter] : undefined) ?? null
}

const valueAt = (body: Body, path: string): unknown => {
  const [first = '', ...rest] = path.split('.')
  const member = memberOf(body, first)
  let value: unknown = member === null ? null : readMember(body.top, member)
  for (const step of rest) value = isObject(value) ? value[step] : undefined
  return value ?? null
}

const holds = (body: Body, rule: ParameterRule): boolean =>
  Object.entries(rule.when ?? {}).every(([path, wanted]) => {
    const value = valueAt(body, path)
    return wanted.some((text) => sameJson(value, JSON.parse(text)))
  })

const ruleFor = (body: Body, rules: readonly ParameterRule[]): ParameterRule | undefined =>
  rules.find((rule) => holds(body, rule))

const only = (text: string, word: string): Change => ({
  value: text,
  warning: `fixed at ${text}`,
  shim: word,
  allowed: `only ${text}`,
})

const range = (rule: ParameterRule): string => {
  if (rule.min === undefined) return `at most ${rule.max}`
  return rule.max === undefined ? `at least ${rule.min}` : `${rule.min} to ${rule.max}`
}

const clamp = (rule: ParameterRule, value: unknown): Change | undefined => {
  // What is not a number is left for the model's own refusal, which says more than ours could.
  if (typeof value !== 'number') return undefined
  const kept = Math.min(Math.max(value, rule.min ?? Number.NEGATIVE_INFINITY), rule.max ?? Number.POSITIVE_INFINITY)
  if (kept === value) return undefined
  return { value: `${kept}`, warning: `clamped to ${kept}`, shim: 'clamped', allowed: range(rule) }
}

/** What becomes of the value, leaving its name aside. `null` asks for nothing, so that it can go without a word. */
const changeValue = (rule: ParameterRule, value: unknown): Change | undefined => {
  if (value === null) {
    const refused = rule.unsupported === true || rule.fixed !== undefined || rule.choices !== undefined
    return refused ? { cut: true, shim: 'cut', allowed: 'no null' } : undefined
  }
  if (rule.unsupported === true) return { cut: true, warning: 'unsupported', shim: 'cut', allowed: 'nothing' }
  if (rule.ignored === true) return { warning: 'ignored by the model', shim: 'ignored', allowed: 'nothing' }
  if (rule.fixed !== undefined) return sameJson(value, JSON.parse(rule.fixed)) ? undefined : only(rule.fixed, 'fixed')
  if (rule.choices !== undefined) return choose(rule.choices, rule.instead, value)
  return rule.min === undefined && rule.max === undefined ? undefined : clamp(rule, value)
}

const choose = (choices: readonly string[], instead: string | undefined, value: unknown): Change | undefined => {
  if (choices.some((text) => sameJson(value, JSON.parse(text)))) return undefined
  const allowed = choices.join(' or ')
  return instead === undefined
    ? { cut: true, warning: `only ${allowed}`, shim: 'cut', allowed }
    : { value: instead, warning: `changed to ${instead}`, shim: 'changed', allowed }
}

const changeOf = ({ top, names }: Body, rule: ParameterRule, member: string): Change | undefined => {
  const change = changeValue(rule, readMember(top, member))
  // Another name of OpenAI's is nothing to a format that has its own.
  if (rule.rename === undefined || names !== null || change?.cut === true) return change
  const named = { rename: rule.rename, allowed: `"${rule.rename}" instead` }
  return change === undefined ? { ...named, shim: 'renamed' } : { ...change, rename: rule.rename }
}

const refusal = (parameter: string, change: Change, model: string): Problem =>
  new Problem('unsupported_parameter', {
    message: `The model '${model}' cannot take this "${parameter}": it takes ${change.allowed}. Leave the field out, or let the target adjust it with "params: shim".`,
    param: parameter,
    facts: { allowed: change.allowed, model },
  })

export type ShimOrder = {
  readonly call: Call
  readonly rules: ParameterRules
  readonly mode: 'shim' | 'strict'
  /** What the parameters are called in the call's format; absent: as the rules call them. */
  readonly parameterNames?: Readonly<Record<string, string>>
  /** As the upstream names it. */
  readonly model: string
}

/**
 * The adjustment that the rules ask for (`noAdjustment` when the body needs none), or in strict mode the Problem
 * `unsupported_parameter` for the first parameter that would change. A parameter that the model takes and ignores is
 * no refusal in strict mode: what was asked for is sent.
 */
export const shimCall = ({ call, rules, mode, model, parameterNames }: ShimOrder): Adjustment | Problem => {
  if (call.payload.kind !== 'json') return noAdjustment
  const { top } = call.payload
  const body: Body = { top, names: parameterNames ?? null }
  const set: Record<string, string> = {}
  const rename: Record<string, string> = {}
  const cut: string[] = []
  const warnings: Warning[] = []
  const shims: string[] = []
  for (const [named, candidates] of Object.entries(rules)) {
    const parameter = memberOf(body, named)
    if (parameter === null || !hasMember(top, parameter)) continue
    const rule = ruleFor(body, candidates)
    const change = rule === undefined ? undefined : changeOf(body, rule, parameter)
    if (change === undefined) continue
    if (mode === 'strict' && (change.warning !== undefined || change.rename !== undefined) && change.shim !== 'ignored')
      return refusal(parameter, change, model)
    shims.push(`${parameter}:${change.shim}`)
    if (change.rename !== undefined && hasMember(top, change.rename)) {
      // The caller has given both names: the one that the model knows wins.
      cut.push(parameter)
      if (!sameJson(readMember(top, parameter), readMember(top, change.rename)))
        warnings.push({ field: parameter, reason: `${change.rename} was given too` })
      continue
    }
    if (change.cut === true) cut.push(parameter)
    else if (change.rename !== undefined) rename[parameter] = change.rename
    // `set` goes by the names after renaming.
    if (change.value !== undefined) set[change.rename ?? parameter] = change.value
    if (change.warning !== undefined) warnings.push({ field: parameter, reason: change.warning })
  }
  return shims.length === 0 ? noAdjustment : { edits: { set, cut, rename }, warnings, shims }
}
