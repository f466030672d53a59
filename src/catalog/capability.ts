/** Parameter rules of the catalog as data: read from a file, merged for a model. Applying them is the provider room's work. */

import type { ParameterRule, ParameterRules } from '#base/parameter-rule.ts'
import type { RuleEntry, VendorFile } from './file.ts'
import type { RuleSet } from './model.ts'

/** Keys of which a rule says exactly one; `max` and `instead` come with `min` and `choices`. */
const sayings = ['free', 'fixed', 'min', 'choices', 'unsupported', 'ignored', 'rename'] as const

const jsonTexts = (value: unknown): readonly string[] =>
  Object.freeze((Array.isArray(value) ? value : [value]).map((one) => JSON.stringify(one)))

const whenOf = (entry: RuleEntry): Pick<ParameterRule, 'when'> =>
  entry.when === undefined
    ? {}
    : {
        when: Object.freeze(
          Object.fromEntries(Object.entries(entry.when).map(([path, value]) => [path, jsonTexts(value)])),
        ),
      }

const ruleOf = (entry: RuleEntry): ParameterRule => {
  const said = sayings.filter((saying) => entry[saying] !== undefined)
  if (said.length !== 1) throw new RangeError(`a rule must say exactly one of ${sayings.join(', ')}`)
  if ((entry.min === undefined) !== (entry.max === undefined)) throw new RangeError('"min" and "max" go together')
  if ((entry.choices === undefined) !== (entry.instead === undefined))
    throw new RangeError('"choices" and "instead" go together')
  return Object.freeze({
    ...whenOf(entry),
    ...(entry.free === undefined ? {} : { free: entry.free }),
    ...(entry.fixed === undefined ? {} : { fixed: JSON.stringify(entry.fixed) }),
    ...(entry.min === undefined ? {} : { min: entry.min }),
    ...(entry.max === undefined ? {} : { max: entry.max }),
    ...(entry.choices === undefined ? {} : { choices: jsonTexts(entry.choices) }),
    ...(entry.instead === undefined ? {} : { instead: JSON.stringify(entry.instead) }),
    ...(entry.unsupported === undefined ? {} : { unsupported: entry.unsupported }),
    ...(entry.ignored === undefined ? {} : { ignored: entry.ignored }),
    ...(entry.rename === undefined ? {} : { rename: entry.rename }),
  })
}

const parametersOf = (
  name: string,
  entries: Readonly<Record<string, RuleEntry | readonly RuleEntry[]>>,
): ParameterRules =>
  Object.freeze(
    Object.fromEntries(
      Object.entries(entries).map(([parameter, rules]) => {
        try {
          const list = Array.isArray(rules) ? (rules as readonly RuleEntry[]) : [rules as RuleEntry]
          return [parameter, Object.freeze(list.map(ruleOf))]
        } catch (error) {
          throw new RangeError(`rules.${name}.parameters.${parameter}: ${(error as Error).message}`, { cause: error })
        }
      }),
    ),
  )

/**
 * The rule sets of a file, by name.
 * @throws RangeError with the path, when a rule says nothing or more than one thing, or names an unknown source.
 */
export const ruleSetsOf = (file: VendorFile): ReadonlyMap<string, RuleSet> => {
  const sets = new Map<string, RuleSet>()
  for (const [name, entry] of Object.entries(file.rules ?? {})) {
    const source = file.sources[entry.source]
    if (source === undefined) throw new RangeError(`rules.${name}.source: "${entry.source}" is not among "sources"`)
    sets.set(name, Object.freeze({ name, source, parameters: parametersOf(name, entry.parameters) }))
  }
  return sets
}

/** All sets in one; of two that rule the same parameter, the first counts. */
export const mergedRules = (sets: readonly RuleSet[]): ParameterRules =>
  Object.freeze(Object.assign({}, ...[...sets].reverse().map((set) => set.parameters)) as ParameterRules)
