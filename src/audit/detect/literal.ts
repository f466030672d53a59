/** Finds what is written outside of calls: addresses, model names, headers, environment variables. */

import type { Draft, Kind } from '#audit/finding.ts'
import { draft } from '#audit/finding.ts'
import { knownUrl, urlsIn } from '#audit/rule/host.ts'
import { modelProvider } from '#audit/rule/model-name.ts'
import { headerProvider, isLlmVariable, variableRole } from '#audit/rule/variable.ts'
import type { Node } from '#audit/syntax/node.ts'
import { environmentRead } from '#audit/trace/environment.ts'
import { injectedValue } from '#audit/trace/injected.ts'
import type { CallPlace, Scope, TextPlace } from '#audit/trace/scope.ts'
import { evaluate } from '#audit/trace/tracer.ts'
import type { Detector } from './detector.ts'
import { symbolOf } from './detector.ts'

const codeKinds = new Set<Kind>(['client', 'call', 'raw-http'])

/** Whether a finding that says it already contains the place. */
const isWithin = (spans: readonly Draft[], at: number): boolean =>
  spans.some(({ start, end }) => at >= start && at < end)

type Reporter = (kind: Kind, given: { readonly node: Node; readonly scope: Scope } & Partial<Draft>) => void

const reporter = (detector: Detector): Reporter => {
  const seen = new Set<string>()
  return (kind, { node, scope, ...rest }) => {
    const line = rest.line ?? node.line
    if (seen.has(`${line} ${kind}`)) return
    seen.add(`${line} ${kind}`)
    detector.drafts.push(
      draft({ kind, start: node.start, end: node.end, symbol: symbolOf(scope), ...rest, line, endLine: line }),
    )
  }
}

const textOfNode = (node: Node): string | null => {
  if (node.kind === 'text') return node.value
  if (node.kind !== 'template') return null
  return node.parts.map((part) => (typeof part === 'string' ? part : '{value}')).join('')
}

/** Labels under which an address is shown, not used. */
const shownLabels =
  /^(?:placeholder|title|alt|description|label|href|tooltip|help|help_?text|docs?|documentation|homepage|example)$/i

/** Labels under which a text that looks like a model is something else. */
const notModelLabels =
  /^(?:name|title|label|description|text|icon|slug|class(?:Name)?|href|src|alt|path|file|filename|version|tag|placeholder|image|id0|tokenizer|encoding)$/i

const isModelPlace = ({ role }: TextPlace): boolean => role === 'value' || role === 'default'

/** `openai.api_base = "…"`: the module itself is told where to ask, whatever the host is called. */
const isModuleAddress = ({ unit }: Detector, { node, scope, label }: TextPlace): boolean => {
  // `config.uri_base = "…"` in a block of OpenAI.configure.
  if (unit.language === 'ruby') return label === 'uri_base'
  if (unit.language !== 'python' || (label !== 'api_base' && label !== 'base_url')) return false
  const dotted = [...scope.bindings].find(
    ([name, bindings]) => name.endsWith(`.${label}`) && bindings.some(({ value }) => value === node),
  )?.[0]
  const root = dotted?.slice(0, -label.length - 1) ?? ''
  return (unit.root.bindings.get(root) ?? []).some(({ imported }) => imported?.module === 'openai')
}

/** A tag of a field of Go, or a value that Spring puts in: which variable is read, and what holds without it. */
const declaredDefault = (
  { unit }: Detector,
  text: string,
): { readonly name: string | null; readonly value: string } | null => {
  if (unit.language === 'go' && /^\w+:"/.test(text)) {
    const name = /\benv(?:config)?:"([A-Z][A-Z0-9_]+)/.exec(text)?.[1] ?? null
    const value = /\b(?:envDefault|default|env-default):"([^"]+)"/.exec(text)?.[1]
    return name === null && value === undefined ? null : { name, value: value ?? '' }
  }
  if (unit.language !== 'java' && unit.language !== 'kotlin') return null
  const value = /^\\?\$\{[\w.-]+:([^{}]+)\}$/.exec(text)?.[1]
  return value === undefined ? null : { name: null, value }
}

const reportDeclared = (
  detector: Detector,
  { node, scope }: TextPlace,
  {
    declared,
    report,
  }: { readonly declared: NonNullable<ReturnType<typeof declaredDefault>>; readonly report: Reporter },
): void => {
  const { name, value } = declared
  if (name !== null && isLlmVariable(name))
    report('env', {
      node,
      scope,
      auth: variableRole(name) === 'key' ? `env:${name}` : null,
      parameters: { variable: name },
    })
  const [first] = urlsIn(value)
  if (first !== undefined) {
    const known = knownUrl(first.url)
    report('base-url', {
      node,
      scope,
      provider: known?.provider ?? null,
      endpoint: known?.endpoint ?? null,
      baseUrl: first.url,
    })
    return
  }
  const provider = modelProvider(detector.names, value)
  if (provider !== null && provider !== 'other') report('model', { node, scope, model: value, provider })
}

const reportText = (detector: Detector, place: TextPlace, report: Reporter): void => {
  const { node, scope } = place
  const text = textOfNode(node)
  if (text === null || text === '' || text.length > 20_000) return
  const declared = declaredDefault(detector, text)
  if (declared !== null) {
    reportDeclared(detector, place, { declared, report })
    return
  }
  if (place.role === 'prose') return
  if (/^https?:\/\/\S+$/.test(text) && isModuleAddress(detector, place)) {
    report('base-url', { node, scope, provider: knownUrl(text)?.provider ?? null, baseUrl: text })
    return
  }
  const urls = place.label !== null && shownLabels.test(place.label) ? [] : urlsIn(text)
  for (const { url, at } of urls) {
    const line = node.line + (text.slice(0, at).split('\n').length - 1)
    const known = knownUrl(url)
    // An address within a sentence is a link; one that is the text, or starts it, is used.
    if (/\s/.test(text.trim()) && !/^\s*(?:curl|https?:)/.test(text)) continue
    report('base-url', {
      node,
      scope,
      line,
      provider: known?.provider ?? null,
      endpoint: known?.endpoint ?? null,
      baseUrl: url,
    })
  }
  if (urls.length > 0 || text.length > 200) return
  if (node.kind === 'text' && /^[a-z0-9.-]+$/i.test(text) && knownUrl(text)?.isHost === true) {
    report('base-url', { node, scope, provider: knownUrl(text)?.provider ?? null, baseUrl: text })
    return
  }
  const header = headerProvider(text)
  if (header !== null && header !== 'openrouter') {
    report('header', { node, scope, provider: header })
    return
  }
  const provider = node.kind === 'text' && isModelPlace(place) ? modelProvider(detector.names, text) : null
  if (provider !== null && !(place.label !== null && notModelLabels.test(place.label)))
    report('model', { node, scope, model: text, provider: provider === 'other' ? null : provider })
}

const reportRead = (
  detector: Detector,
  { node, scope }: { readonly node: Node; readonly scope: Scope },
  { report, choices }: { readonly report: Reporter; readonly choices: readonly Choice[] },
): void => {
  const read = environmentRead(node, scope)
  if (read === null || !isLlmVariable(read.name)) return
  const choice = choices.find(({ name, start, end }) => name === read.name && node.start >= start && node.end <= end)
  const fallback = read.fallback ?? choice?.fallback ?? null
  report('env', {
    node,
    scope,
    auth: variableRole(read.name) === 'key' ? `env:${read.name}` : null,
    baseUrl: fallback !== null && /^https?:/.test(fallback) ? fallback : null,
    model: fallback !== null && modelProvider(detector.names, fallback) !== null ? fallback : null,
    parameters: { variable: read.name },
  })
}

type Choice = { readonly name: string; readonly start: number; readonly end: number; readonly fallback: string }

/** `@Value("${OPENAI_API_KEY}")`: a variable that Spring reads. One that has a default is told by that; what a file sets is told there. */
const reportInjected = (
  detector: Detector,
  { node, scope }: CallPlace,
  { report, spans }: { readonly report: Reporter; readonly spans: readonly Draft[] },
): void => {
  const value = isWithin(spans, node.start) ? null : injectedValue(detector.tracer, node, scope)
  if (value?.kind !== 'environment' || value.fallback !== null || !isLlmVariable(value.name)) return
  const { name } = value
  const auth = variableRole(name) === 'key' ? `env:${name}` : null
  report('env', { node, scope, auth, parameters: { variable: name } })
}

/** `process.env.NAME ?? "default"`: the default of a variable that is read within. */
const choicesOf = (detector: Detector): readonly Choice[] =>
  detector.unit.reads.flatMap(({ node, scope }) => {
    if (node.kind !== 'join') return []
    const value = evaluate(detector.tracer, node, scope)
    if (value.kind !== 'environment' || value.fallback === null) return []
    return [{ name: value.name, start: node.start, end: node.end, fallback: value.fallback }]
  })

export const detectLiterals = (detector: Detector): void => {
  const spans = detector.drafts.filter(({ kind }) => codeKinds.has(kind))
  const report = reporter(detector)
  const choices = choicesOf(detector)
  for (const place of [...detector.unit.reads, ...detector.unit.calls]) {
    if (!isWithin(spans, place.node.start)) reportRead(detector, place, { report, choices })
  }
  for (const place of detector.unit.calls) reportInjected(detector, place, { report, spans })
  for (const place of detector.unit.texts) {
    if (!isWithin(spans, place.node.start)) reportText(detector, place, report)
  }
}
