/** Finds the rule that a name of a module falls under. */

import type { LanguageName } from '#audit/syntax/language.ts'
import type { Endpoint, SdkRule } from './sdk-rule.ts'

export type Found =
  | { readonly is: 'client'; readonly rule: SdkRule; readonly name: string; readonly rest: readonly string[] }
  | { readonly is: 'function'; readonly rule: SdkRule; readonly endpoint: Endpoint }
  | { readonly is: 'wrap'; readonly rule: SdkRule }

/** A path in the form in which rules are written. */
export const plainPath = (path: readonly string[]): string =>
  path
    .slice(path.lastIndexOf('build') + 1)
    .filter(
      (name) =>
        !/^(?:with_?raw_?response|with_?streaming_?response|beta|async_?|async|aio|as_?stream|with_options|withOptions|options|v2|copy|sync|query|header|headers|with_http_service|clone|getInstance|instance|with_max_retries)$/i.test(
          name,
        ),
    )
    .join('.')
    .replaceAll('_', '')
    .toLowerCase()

/** The endpoint that a path from a client calls, or null. */
export const endpointOf = (rule: SdkRule, path: readonly string[]): Endpoint | null => {
  const plain = plainPath(path)
  for (const [form, endpoint] of rule.calls) if (form.test(plain)) return endpoint
  return null
}

/** Words that make an object from its class, and are no path. */
const makers = new Set([
  'new',
  'builder',
  'fromEnv',
  'from_env',
  'Default',
  'default',
  'create',
  'builderFromEnv',
  'with_config',
  'Builder',
  'getInstance',
  'make',
  'Create',
  'CreateBuilder',
  'withApiKey',
  'factory',
  'client',
  'build',
])

type Named = { readonly module: string; readonly path: readonly string[] }
type Asker = { readonly language: LanguageName }

/** A way to cut a name in two: what it comes from, and what it is there. */
type Cut = { readonly from: string; readonly rest: readonly string[] }

/** Where the name of a module ends is not known in languages of dotted names: every cut is tried, the shortest module first. */
const cutsOf = ({ module, path }: Named, isPackage: boolean): readonly Cut[] => {
  if (isPackage) return [{ from: module, rest: path }]
  let from = module.replaceAll('\\', '.').replaceAll('::', '.')
  return path.map((name, split) => {
    const cut = { from, rest: path.slice(split) }
    from = from === '' ? name : `${from}.${name}`
    return cut
  })
}

const packaged = new Set<LanguageName>(['javascript', 'typescript', 'go'])

/** What a name is to an SDK, or null: a client (and the path behind it), a function that calls, a function that wraps a client. */
export const sdkFor = (sdks: readonly SdkRule[], named: Named, { language }: Asker): Found | null => {
  const isPackage = packaged.has(language)
  const cuts = cutsOf(named, isPackage)
  for (const rule of sdks) {
    if (!rule.languages.includes(language)) continue
    for (const cut of cuts) {
      if (!rule.from.test(cut.from) || (cut.from === '' && rule.isGlobal !== true)) continue
      const found = inRule(rule, cut, isPackage)
      if (found !== null) return found
    }
  }
  return null
}

const inRule = (rule: SdkRule, { rest }: Cut, isPackage: boolean): Found | null => {
  const [name, ...behind] = rest
  // `require('openai')` is called by its own name.
  if (name === undefined) return rule.clients.test('default') ? { is: 'client', rule, name: 'default', rest: [] } : null
  if (rule.wraps?.test(name) === true) return { is: 'wrap', rule }
  const endpoint = rule.functions?.find(([form]) => form.test(plainPath(rest)))?.[1]
  if (endpoint !== undefined) return { is: 'function', rule, endpoint }
  if (rule.clients.test(name)) return { is: 'client', rule, name, rest: behind.filter((one) => !makers.has(one)) }
  // `Anthropic.default`, `openai.OpenAI`: the client hangs on the module.
  const [second, ...further] = behind
  if (!isPackage || second === undefined || !rule.clients.test(second)) return null
  return { is: 'client', rule, name: second, rest: further }
}
