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
        !/^(?:with_?raw_?response|with_?streaming_?response|beta|async_?|async|aio|as_?stream|with_options|withOptions|options|v2|copy|sync|getInstance|instance|with_max_retries)$/i.test(
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
type Asker = {
  readonly language: LanguageName
  readonly modules: ReadonlySet<string>
  readonly wildcards: readonly string[]
}

/** What a name is to an SDK, or null: a client (and the path behind it), a function that calls, a function that wraps a client. */
export const sdkFor = (sdks: readonly SdkRule[], named: Named, asker: Asker): Found | null => {
  for (const rule of sdks) {
    if (!rule.languages.includes(asker.language)) continue
    const found = inRule(rule, named, asker)
    if (found !== null) return found
  }
  return null
}

const inRule = (rule: SdkRule, { module, path }: Named, asker: Asker): Found | null => {
  const isPackage = asker.language === 'javascript' || asker.language === 'typescript' || asker.language === 'go'
  const joint = (names: readonly string[]): string =>
    [module.replaceAll('\\', '.').replaceAll('::', '.'), ...names].filter((part) => part !== '').join('.')
  // Where the name of the SDK's module ends is not known: every split is tried, the shortest module first.
  for (let split = 0; split < path.length; split += 1) {
    const from = isPackage ? module : joint(path.slice(0, split))
    const rest = path.slice(split)
    if (!rule.from.test(from) && !(from.includes('.') && rule.from.test(from.replaceAll('.', '\\')))) {
      if (!(split === 0 && isPackage)) continue
      return null
    }
    if (from === '' && rule.isGlobal !== true) continue
    const [name = '', ...behind] = rest
    if (rule.wraps?.test(name) === true) return { is: 'wrap', rule }
    const endpoint = rule.functions?.find(([form]) => form.test(plainPath(rest)))?.[1]
    if (endpoint !== undefined) return { is: 'function', rule, endpoint }
    if (rule.clients.test(name)) return { is: 'client', rule, name, rest: behind.filter((one) => !makers.has(one)) }
    if (isPackage && behind.length > 0 && rule.clients.test(behind[0] ?? ''))
      return { is: 'client', rule, name: behind[0] ?? '', rest: behind.slice(1) }
    if (isPackage) return null
  }
  // `require('openai')` is called by its own name.
  if (path.length === 0 && isPackage && module !== '' && rule.from.test(module) && rule.clients.test('default'))
    return { is: 'client', rule, name: 'default', rest: [] }
  return null
}
