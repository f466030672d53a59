/** Finds clients and calls of SDKs. */

import type { Draft } from '#audit/finding.ts'
import { draft } from '#audit/finding.ts'
import { knownUrl } from '#audit/rule/host.ts'
import { modelProvider } from '#audit/rule/model-name.ts'
import type { Found } from '#audit/rule/sdk-lookup.ts'
import { endpointOf, plainPath, sdkFor } from '#audit/rule/sdk-lookup.ts'
import type { Endpoint, SdkRule } from '#audit/rule/sdk-rule.ts'
import type { CallNode, Node } from '#audit/syntax/node.ts'
import type { Given } from '#audit/trace/given.ts'
import { addArguments, noGiven } from '#audit/trace/given.ts'
import type { Reading } from '#audit/trace/reading.ts'
import { readGiven } from '#audit/trace/reading.ts'
import type { CallPlace, Scope } from '#audit/trace/scope.ts'
import { dottedName } from '#audit/trace/scope.ts'
import { braceItems } from '#audit/trace/set-on.ts'
import { evaluate } from '#audit/trace/tracer.ts'
import type { ClientValue } from '#audit/trace/value.ts'
import type { Detector } from './detector.ts'
import { lineAt, symbolOf } from './detector.ts'

const none: Reading = { baseUrl: null, model: null, auth: null, isAuthGiven: false, parameters: {} }

/** What a client was made with. */
const clientReading = (detector: Detector, client: ClientValue): Reading => {
  const given = noGiven()
  // What was said last counts.
  for (const { node, scope } of client.made.toReversed()) {
    if (node.kind !== 'call') continue
    const last = node.callee.kind === 'member' ? node.callee.name : ''
    const [first] = node.items
    const isSetter =
      node.callee.kind === 'member' &&
      node.items.length === 1 &&
      first?.kind === 'node' &&
      evaluate(detector.tracer, node.callee, scope).kind === 'client' &&
      !/^(?:get|for|chat|prompt)/i.test(last)
    if (isSetter && first?.kind === 'node' && first.node.kind !== 'brace' && first.node.kind !== 'list')
      addArguments(detector.tracer, given, {
        items: [{ kind: 'entry', key: last, keyNode: first.node, value: first.node }, first],
        scope,
      })
    else addArguments(detector.tracer, given, { items: node.items, scope })
    addArguments(detector.tracer, given, { items: braceItems(node, { scope }), scope })
  }
  const { modelArgument } = client.rule
  const model = modelArgument === undefined ? undefined : given.named.get(modelArgument)
  if (modelArgument !== undefined && model !== undefined) {
    given.named.delete(modelArgument)
    given.named.set('model', model)
  }
  return readGiven(detector, given)
}

const variantOf = (client: ClientValue): { readonly sdk: string; readonly keyVariable: string | null } => {
  const variant = client.rule.variants?.find(([form]) => form.test(client.name))
  if (variant !== undefined) return { sdk: variant[1], keyVariable: variant[2] }
  return { sdk: client.rule.sdk, keyVariable: client.rule.keyVariable ?? client.wrapped?.keyVariable ?? null }
}

const providerOf = (
  detector: Detector,
  { rule, model, baseUrl }: { rule: SdkRule; model: string | null; baseUrl: string | null },
): string | null => {
  const byAddress = baseUrl === null ? null : (knownUrl(baseUrl)?.provider ?? null)
  if (byAddress !== null) return byAddress
  if (rule.provider !== null) return rule.provider
  const byModel = model === null ? null : modelProvider(detector.names, model)
  return byModel === 'other' ? null : byModel
}

type Place = Pick<Draft, 'line' | 'endLine' | 'start' | 'end' | 'symbol'>

export const placeOf = (detector: Detector, node: Node, scope: Scope): Place => ({
  line: node.line,
  endLine: lineAt(detector.unit.source, Math.max(node.start, node.end - 1)),
  start: node.start,
  end: node.end,
  symbol: symbolOf(scope),
})

const isBedrockMaker = (node: CallNode): boolean =>
  node.items.some((item) => item.kind === 'node' && item.node.kind === 'text' && /^bedrock/.test(item.node.value))

/** Makers of clients of many services are only ours when they ask for this one. */
const isOurs = (client: ClientValue): boolean => {
  if (client.rule.sdk !== 'bedrock' || !['client', 'create_client', 'Session'].includes(client.name)) return true
  return client.made.some(
    ({ node }) =>
      node.kind === 'call' &&
      (isBedrockMaker(node) ||
        node.items.some(
          (item) => item.kind === 'assign' && item.value.kind === 'text' && /^bedrock/.test(item.value.value),
        )),
  )
}

/** Whether the rule's own names must be called with `new` or a maker to be clients here: `OpenAI` alone is a namespace in Ruby and PHP. */
const reportClient = (detector: Detector, { node, scope }: CallPlace, client: ClientValue): void => {
  // Spring hands a builder to the code, which makes the client from it.
  if (client.isDeclared && !(/Builder$/.test(client.name) && client.path.at(-1) === 'build')) return
  const first = client.made[0]?.node
  if (
    first === undefined ||
    first.start < node.start ||
    first.end > node.end ||
    client.made[0]?.scope.unit !== detector.unit
  )
    return
  if (detector.seen.has(first.start) || !isOurs(client)) return
  detector.seen.add(first.start)
  const reading = clientReading(detector, client)
  const { sdk, keyVariable } = variantOf(client)
  const { provider } = {
    provider: providerOf(detector, { rule: client.rule, model: reading.model, baseUrl: reading.baseUrl }),
  }
  detector.drafts.push(
    draft({
      kind: 'client',
      ...placeOf(detector, node, scope),
      sdk,
      provider,
      baseUrl: reading.baseUrl,
      model: reading.model,
      auth: reading.isAuthGiven || keyVariable === null ? reading.auth : `env:${keyVariable}`,
      parameters: reading.parameters,
    }),
  )
}

const argumentsOf = (detector: Detector, { node, scope }: CallPlace, { isInputFirst }: SdkRule): Given => {
  const given = noGiven()
  const isContent = isInputFirst === true && node.items[0]?.kind === 'node'
  addArguments(detector.tracer, given, { items: isContent ? node.items.slice(1) : node.items, scope })
  addArguments(detector.tracer, given, { items: braceItems(node, { scope }), scope })
  return given
}

/** Fluent calls say their parameters before the last link: `prompt().options(…).call()`. */
const chainGiven = (detector: Detector, { node, scope }: CallPlace, given: Given): void => {
  let inner: Node = node.callee
  for (let links = 0; links < 30 && inner.kind === 'member'; links += 1) {
    const object: Node = inner.object
    if (object.kind !== 'call') return
    addArguments(detector.tracer, given, { items: object.items, scope })
    inner = object.callee
  }
}

export type ApiCall = {
  readonly place: CallPlace
  readonly rule: SdkRule
  readonly sdk: string
  readonly endpoint: Endpoint
  readonly client: ClientValue | null
  readonly keyVariable: string | null
}

const reportCall = (detector: Detector, { place, rule, sdk, endpoint, client, keyVariable }: ApiCall): void => {
  const made = client === null ? none : clientReading(detector, client)
  const given = argumentsOf(detector, place, rule)
  if (client !== null) chainGiven(detector, place, given)
  const own = readGiven(detector, given)
  const model = own.model ?? made.model
  const baseUrl = own.baseUrl ?? made.baseUrl
  const isGiven = own.isAuthGiven || made.isAuthGiven || keyVariable === null
  const auth = isGiven ? (own.auth ?? made.auth) : `env:${keyVariable}`
  const inherited =
    client === null
      ? {}
      : Object.fromEntries(
          Object.entries(made.parameters).filter(
            ([name]) => !/^(?:timeout|max_retries|http_client|default_)/.test(name),
          ),
        )
  detector.reached.push(place)
  detector.drafts.push(
    draft({
      kind: 'call',
      ...placeOf(detector, place.node, place.scope),
      sdk,
      provider: providerOf(detector, { rule, model, baseUrl }),
      endpoint,
      baseUrl,
      model,
      auth,
      parameters: { ...inherited, ...own.parameters },
    }),
  )
}

/** Functions of Bedrock's clients take a command object; what it is called says what is done. */
const isCommandOfOther = (client: ClientValue, node: CallNode): boolean => {
  if (client.rule.sdk !== 'bedrock' || client.path.at(-1) !== 'send') return false
  const [first] = node.items
  const made =
    first?.kind === 'node' && first.node.kind === 'call' && first.node.callee.kind === 'name'
      ? first.node.callee.name
      : null
  return made !== null && !/^(?:InvokeModel|Converse|InvokeAgent|RetrieveAndGenerate)/.test(made)
}

/** The path of members that a callee ends with, and whether something stands before it. */
const tailOf = (node: Node): readonly string[] => {
  const path: string[] = []
  for (let inner: Node = node; ; ) {
    if (inner.kind === 'member') {
      path.unshift(inner.name)
      inner = inner.object
    } else if (inner.kind === 'call' && inner.items.length === 0) inner = inner.callee
    else return path
  }
}

/** `from ours import litellm`, where a module of ours hands an SDK on under its own name, loaded late. */
const handedOn = (detector: Detector, { node, scope }: CallPlace): Found | null => {
  const [root = '', ...path] = dottedName(node.callee)?.split('.') ?? []
  if (path.length === 0 || detector.unit.language !== 'python') return null
  const bindings = scope.unit.root.bindings.get(root) ?? []
  if (!bindings.some(({ imported }) => imported?.name === root)) return null
  return sdkFor(detector.tracer.sdks, { module: root, path }, detector.unit)
}

/** `client.chat(parameters: { model: … })`: nobody else asks so. */
const rubyParameters = (
  { unit, tracer }: Detector,
  { items }: CallNode,
  path: readonly string[],
): { readonly rule: SdkRule; readonly endpoint: Endpoint } | null => {
  if (unit.language !== 'ruby' || !items.some((item) => item.kind === 'entry' && item.key === 'parameters')) return null
  const rule = tracer.sdks.find(({ sdk }) => sdk === 'ruby-openai')
  const endpoint = rule === undefined ? null : endpointOf(rule, path.slice(-1))
  return rule === undefined || endpoint === null ? null : { rule, endpoint }
}

/** Words in the names of SDKs that are no maker's. */
const plainWords: ReadonlySet<string> = new Set(['go', 'ruby', 'php', 'java', 'kotlin', 'async', 'rust', 'llm', 'ai'])

/** A call through something unknown whose path tells what it is. */
const tellingRule = (
  detector: Detector,
  node: CallNode,
): { readonly rule: SdkRule; readonly endpoint: Endpoint } | null => {
  const path = tailOf(node.callee)
  const byParameters = rubyParameters(detector, node, path)
  if (byParameters !== null) return byParameters
  if (path.length < 2 && !/^create_?chat_?completion/i.test(path[0] ?? '')) return null
  const plain = plainPath(path)
  const named = [dottedName(node.callee)?.split('.')[0] ?? '', ...path].join('.')
  for (const rule of detector.tracer.sdks) {
    if (!rule.languages.includes(detector.unit.language) || rule.telling?.test(plain) !== true) continue
    // What stands before the SDK's own words is the way to its client.
    const endpoint = [path, ...[3, 2, 1].map((count) => path.slice(-count))].reduce<Endpoint | null>(
      (found, part) => found ?? endpointOf(rule, part),
      null,
    )
    // Paths that are somewhat general need the SDK to be imported.
    const isGeneral =
      !/chat\.completions|createchatcompletion|completechat|invokemodel|conversestream|chat\.createstream|models\.generatecontent/.test(
        plain,
      )
    const isImported = [...detector.unit.modules].some((module) => rule.from.test(module))
    // `openai.embeddings.create(…)` of a client that comes from elsewhere bears the name of its SDK.
    const isNamed = rule.sdk.split('-').some((word) => !plainWords.has(word) && new RegExp(word, 'i').test(named))
    if (endpoint !== null && (!isGeneral || isImported || isNamed)) return { rule, endpoint }
  }
  return null
}

/** Whether the path of a client names the same API as another SDK whose rule fits its import better: Azure's and OpenAI's of C#. */
export const detectSdkCalls = (detector: Detector): void => {
  const inChain = new Set<CallNode>()
  for (const place of detector.unit.calls) {
    const { node, scope } = place
    const callee = evaluate(detector.tracer, node.callee, scope)
    if (callee.kind === 'client' && isOurs(callee) && !inChain.has(node)) {
      const endpoint = endpointOf(callee.rule, callee.path)
      const { sdk, keyVariable } = variantOf(callee)
      if (endpoint !== null && !isCommandOfOther(callee, node)) {
        reportCall(detector, { place, rule: callee.rule, sdk, endpoint, client: callee, keyVariable })
        markChain(node, inChain)
      }
    } else if (callee.kind === 'symbol' && !inChain.has(node)) {
      const found = sdkFor(detector.tracer.sdks, callee, detector.unit)
      // Of a module that nobody can look into, and of a name that is nowhere declared, the path alone tells.
      const call = found?.is === 'function' ? found : found === null ? tellingRule(detector, node) : null
      if (call !== null) {
        reportCall(detector, {
          place,
          rule: call.rule,
          sdk: call.rule.sdk,
          endpoint: call.endpoint,
          client: null,
          keyVariable: found?.is === 'function' ? found.rule.keyVariable : null,
        })
        markChain(node, inChain)
      }
    } else if (
      callee.kind !== 'client' &&
      callee.kind !== 'function' &&
      callee.kind !== 'class' &&
      !inChain.has(node)
    ) {
      const handed = handedOn(detector, place)
      const found = handed?.is === 'function' ? handed : tellingRule(detector, node)
      if (found !== null) {
        reportCall(detector, {
          place,
          rule: found.rule,
          sdk: found.rule.sdk,
          endpoint: found.endpoint,
          client: null,
          keyVariable: null,
        })
        markChain(node, inChain)
      }
    }
    const value = evaluate(detector.tracer, node, scope)
    if (value.kind === 'client') reportClient(detector, place, value)
  }
  detectSubclasses(detector)
}

const markChain = (node: CallNode, inChain: Set<CallNode>): void => {
  for (
    let inner: Node = node.callee;
    inner.kind === 'member' || inner.kind === 'call';
    inner = inner.kind === 'member' ? inner.object : inner.callee
  )
    if (inner.kind === 'call') inChain.add(inner)
}

/** A class that extends a client of an SDK is a wrapper of it. */
const detectSubclasses = (detector: Detector): void => {
  // What Go embeds is held, not extended.
  if (detector.unit.language === 'go') return
  for (const bindings of detector.unit.root.bindings.values()) {
    for (const { defines } of bindings) {
      if (defines?.kind !== 'class') continue
      for (const base of defines.bases) {
        const value = evaluate(detector.tracer, base.kind === 'call' ? base.callee : base, detector.unit.root)
        const found = value.kind === 'symbol' ? sdkFor(detector.tracer.sdks, value, detector.unit) : null
        if (found?.is !== 'client' || dottedName(base) === 'Kernel') continue
        detector.drafts.push(
          draft({
            kind: 'wrapper',
            line: defines.line,
            start: defines.start,
            end: defines.start,
            sdk: found.rule.sdk,
            provider: found.rule.provider,
            symbol: defines.name,
          }),
        )
      }
    }
  }
}
