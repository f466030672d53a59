/** Finds addresses, models, variables and headers in files of settings, line by line: the forms differ, the pairs do not. */

import type { Draft, Kind } from '#audit/finding.ts'
import { draft } from '#audit/finding.ts'
import { knownUrl, urlsIn } from '#audit/rule/host.ts'
import type { ModelNames } from '#audit/rule/model-name.ts'
import { modelProvider } from '#audit/rule/model-name.ts'
import { headerProvider, isLlmVariable, variableRole } from '#audit/rule/variable.ts'
import { detectCommands } from './curl.ts'
import { statementsIn } from './statement.ts'

/** A line that is longer is data, not a setting. */
const lineCharactersMax = 2000

type Pair = { readonly key: string; readonly value: string }

const commentForms: Readonly<Record<string, RegExp>> = {
  json: /^\s*(?:\/\/|\/\*|\*)/,
  default: /^\s*(?:#|;|\/\/|<!--)/,
}

const pairForm = /["']?([A-Za-z_][\w.\-/]*)["']?\s*(?::=|\?=|[:=])\s*(.*)$/
const unquoted = (text: string): string =>
  text
    .trim()
    .replace(/\s+#.*$/, '')
    .replace(/\s\\$/, '')
    .replace(/[,;]\s*$/, '')
    .trim()
    .replace(/^["'`]|["'`]$/g, '')
    .trim()

/** `key: value`, `KEY=value`, `"key": "value"`, `ENV KEY value`, `- name: KEY`, `--model value`. */
const pairOf = (line: string): Pair | null => {
  const xml = /<([\w.-]+)(?:\s[^>]*)?>([^<]+)<\/\1>/.exec(line) ?? /<add\s+key="([^"]+)"\s+value="([^"]*)"/.exec(line)
  if (xml !== null) return { key: xml[1] ?? '', value: xml[2] ?? '' }
  const docker = /^\s*(?:ENV|ARG)\s+([A-Za-z_]\w*)(?:\s+|=)(.*)$/.exec(line)
  if (docker !== null) return { key: docker[1] ?? '', value: unquoted(docker[2] ?? '') }
  const bare = line
    .replace(/^\s*-\s+/, '')
    .replace(/^\s*(?:export|set|setx|declare(?:\s+-\w+)?|readonly|local|env)\s+/, '')
    .replace(/^\s*["']?(?=\w+=)/, '')
  const match = pairForm.exec(bare.trim())
  if (match === null) return null
  return { key: match[1] ?? '', value: unquoted(match[2] ?? '') }
}

const variablesIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?<![\w.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w(])/g)].map(([name]) => name).filter(isLlmVariable)

/** Whether a key says that its value is a model. */
const isModelKey = (key: string): boolean =>
  /(?:^|[._-])(?:model|models|engine|deployment|llm|embedder)(?:[._-]?(?:name|id|deployment))?$/i.test(key) ||
  /model(?:_?name|_?id)?$/i.test(key)

const variableOfKey = (key: string): string =>
  key
    .replace(/^.*[./]/, '')
    .replace(/^TF_VAR_/, '')
    .toUpperCase()
    .replaceAll('-', '_')

type Found = { readonly kind: Kind } & Partial<Draft>

/** An address within a sentence is a link. */
const isProse = (value: string): boolean => (value.match(/\s+/g) ?? []).length > 7 && !/^https?:/.test(value)

const ofAddress = (line: string, value: string): Found | null => {
  if (isProse(value)) return null
  const [first] = urlsIn(line)
  const bare = first === undefined && knownUrl(value)?.isHost === true && /\./.test(value) ? value : undefined
  const url = first?.url ?? bare
  if (url === undefined) return null
  const known = knownUrl(url)
  return { kind: 'base-url', baseUrl: url, provider: known?.provider ?? null, endpoint: known?.endpoint ?? null }
}

const ofModel = (pair: Pair, names: ModelNames): Found | null => {
  const values = pair.value
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map(unquoted)
  for (const value of values) {
    const fallback = /^\$\{\w+:-?([^}]+)\}$/.exec(value)?.[1] ?? value
    const provider = modelProvider(names, fallback)
    if (provider !== null && (provider !== 'other' || isModelKey(pair.key)))
      return { kind: 'model', model: fallback, provider: provider === 'other' ? null : provider }
  }
  return null
}

const ofVariable = (line: string, pair: Pair | null): Found | null => {
  const bare = pair === null ? '' : variableOfKey(pair.key)
  // `litellm_provider:` is a field of data, `OPENAI_API_KEY:` a variable.
  const key = pair !== null && /[A-Z]/.test(pair.key) && !/[a-z]/.test(pair.key.replace(/^TF_VAR_/, '')) ? bare : ''
  const [variable] = [
    ...(pair !== null && isLlmVariable(key) && !/^(?:MODEL|LLM)$/.test(key) ? [key] : []),
    ...variablesIn(line),
  ]
  if (variable === undefined) return null
  return { kind: 'env', auth: variableRole(variable) === 'key' ? `env:${variable}` : null, parameters: { variable } }
}

const ofHeader = (line: string): Found | null => {
  for (const match of line.matchAll(/(?<![\w-])([A-Za-z]+(?:-[A-Za-z]+)+)(?![\w-])/g)) {
    const provider = headerProvider(match[1] ?? '')
    if (provider !== null && provider !== 'openrouter') return { kind: 'header', provider }
  }
  return null
}

export type SettingsFile = { readonly language: string; readonly lines: readonly string[]; readonly names: ModelNames }

/** Keys under which addresses and names are prose or dependencies. */
const proseKeys =
  /^(?:description|summary|title|homepage|repository|documentation|docs?_?url|url_?docs|help|comment|readme|license|bugs|author|\$schema|\$id|uses|image|example|notes?)$/i

const findingOf = (line: string, { language, names }: SettingsFile): Found | null => {
  if (line.length > lineCharactersMax || line.trim() === '') return null
  if ((commentForms[language] ?? commentForms['default'])?.test(line)) return null
  const code = language === 'json' ? line : line.replace(/\s#\s.*$/, '')
  const pair = pairOf(code)
  if (pair !== null && proseKeys.test(pair.key)) return null
  if (language === 'shell' && /^\s*(?:echo|printf|if|elif|while|for|case|then|\[)/.test(code) && pair === null)
    return ofVariable(code, null)
  const flag = /--(?:model|llm|model-name|model-id)[=\s"',]+([\w./:@-]+)/.exec(code)
  const item = /^\s*-\s+["']?([\w./:@-]+)["']?\s*$/.exec(code) ?? /^\s*["']([\w./:@-]+)["'],?\s*$/.exec(code)
  const candidate =
    pair ??
    (flag !== null ? { key: 'model', value: flag[1] ?? '' } : item === null ? null : { key: '', value: item[1] ?? '' })
  return (
    ofAddress(code, candidate?.value ?? '') ??
    (candidate === null ? null : ofModel(candidate, names)) ??
    (flag === null ? null : ofModel({ key: 'model', value: flag[1] ?? '' }, names)) ??
    ofVariable(code, pair) ??
    ofHeader(code)
  )
}

/** A line may set several things; where none of its pieces says anything, it is read as a whole. */
const findingsOf = (line: string, file: SettingsFile): readonly Found[] => {
  const isData = line.length > lineCharactersMax
  const pieces = isData ? [] : statementsIn(line).flatMap((statement) => findingOf(statement, file) ?? [])
  if (pieces.length > 0) return pieces
  const whole = findingOf(line, file)
  return whole === null ? [] : [whole]
}

/** The findings of a file of settings or a script. */
export const detectSettings = (file: SettingsFile): readonly Draft[] => {
  const commands = detectCommands(file.lines)
  const found: Draft[] = [...commands]
  for (const [index, line] of file.lines.entries()) {
    const number = index + 1
    if (commands.some((command) => number >= command.line && number <= command.endLine)) continue
    found.push(...findingsOf(line, file).map((finding) => draft({ ...finding, line: number })))
  }
  return found.toSorted((one, other) => one.line - other.line)
}
