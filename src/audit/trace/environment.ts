/** Reads of environment variables, in every language's way. */

import type { Node } from '#audit/syntax/node.ts'
import type { Scope } from './scope.ts'
import { dottedName } from './scope.ts'
import type { Value } from './value.ts'

/** Objects whose members or entries are variables. */
const objects = new Set([
  'process.env',
  'import.meta.env',
  'Deno.env',
  'Bun.env',
  'os.environ',
  'environ',
  'ENV',
  '$_ENV',
  '$_SERVER',
  'env',
  'Env',
  'config.env',
])
/** Functions that take the name, and sometimes a default. */
const functions =
  /^(?:os\.getenv|getenv|os\.environ\.get|environ\.get|environ\.setdefault|os\.environ\.setdefault|env|env\.str|env\.get|env\.string|config|decouple\.config|Deno\.env\.get|Bun\.env\.get|os\.Getenv|os\.LookupEnv|Getenv|getEnv|GetEnv|getEnvOrDefault|getEnvOr|envOr|getenvDefault|viper\.GetString|System\.getenv|System\.getProperty|Environment\.GetEnvironmentVariable|ENV\.fetch|ENV\.dig|std\.env\.var|env\.var|env\.var_os|dotenvy\.var|dotenv\.var|std\.env!|option_env|env!|userdata\.get|Sys\.getenv|\$_ENV\.get|getSecret|get_env|getRequiredEnv|requireEnv|mustGetenv|mustGetEnv|mustEnv|must_env|require_env|get_secret|st\.secrets\.get|dotenv\.get|System\.getenv\.get)$/

const variableForm = /^[A-Z][A-Z0-9_]*$/

const textOfNode = (node: Node | undefined): string | null => (node?.kind === 'text' ? node.value : null)

/** Whether the name that stands for the environment was imported or is the language's own. */
const isEnvironmentName = (dotted: string): boolean =>
  objects.has(dotted) || /(?:^|\.)(?:process\.env|import\.meta\.env|os\.environ)$/.test(dotted)

const bareImport = new Set(['environ', 'getenv'])

/** The variable that the expression reads, or null if it reads none. */
export const environmentRead = (node: Node, scope: Scope): Extract<Value, { kind: 'environment' }> | null => {
  if (node.kind === 'member') {
    const dotted = dottedName(node.object)
    const isScript = scope.unit.language === 'javascript' || scope.unit.language === 'typescript'
    if (dotted === null || !isScript || !variableForm.test(node.name)) return null
    return isEnvironmentName(dotted) || bareImport.has(dotted)
      ? { kind: 'environment', name: node.name, fallback: null }
      : null
  }
  if (node.kind === 'index') {
    const dotted = dottedName(node.object)
    const [only] = node.items
    const name = only?.kind === 'node' ? textOfNode(only.node) : null
    return dotted !== null && name !== null && isEnvironmentName(dotted)
      ? { kind: 'environment', name, fallback: null }
      : null
  }
  if (node.kind !== 'call') return null
  const dotted = dottedName(node.callee)?.replace(/^\\/, '')
  if (
    dotted === undefined ||
    !(
      functions.test(dotted) ||
      /(?:^|\.)(?:getenv|get_?env(?:_?or(?:_?default)?)?|GetEnvironmentVariable)$/i.test(dotted)
    )
  )
    return null
  const [first, second] = node.items
  const name = first?.kind === 'node' ? textOfNode(first.node) : null
  if (name === null || !variableForm.test(name)) return null
  const other =
    second?.kind === 'node'
      ? second.node
      : second?.kind === 'entry' && second.key === 'default'
        ? second.value
        : second?.kind === 'assign'
          ? second.value
          : undefined
  const block = node.brace?.[0]
  const fallback = textOfNode(other) ?? (block?.kind === 'node' ? textOfNode(block.node) : null)
  return { kind: 'environment', name, fallback }
}
