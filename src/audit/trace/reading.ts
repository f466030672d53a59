/** Reads base URL, model, credential and parameters off what a call or a client is given. */

import { knownUrl } from '#audit/rule/host.ts'
import type { ModelNames } from '#audit/rule/model-name.ts'
import { modelOfConstant, modelProvider } from '#audit/rule/model-name.ts'
import { variableRole } from '#audit/rule/variable.ts'
import type { Item, Node } from '#audit/syntax/node.ts'
import type { Json } from '#base/json-type.ts'
import type { Given } from './given.ts'
import type { Tracer } from './tracer.ts'
import { deeper, evaluate, textOf } from './tracer.ts'
import type { Seen, Value } from './value.ts'

const baseUrlNames = [
  'baseurl',
  'apibase',
  'endpoint',
  'azureendpoint',
  'apiendpoint',
  'uribase',
  'baseuri',
  'basepath',
  'apiurl',
  'serverurl',
  'apihost',
  'endpointurl',
  'host',
  'apibaseurl',
  'resourceendpoint',
  'bedrockendpoint',
  'url',
  'baseaddress',
  'openaiapibase',
  'anthropicapiurl',
  'domain',
  'resourcename',
  'apiendpointurl',
  'baseapiurl',
]
const authNames = [
  'apikey',
  'accesstoken',
  'apitoken',
  'token',
  'authtoken',
  'credential',
  'credentials',
  'azureadtokenprovider',
  'azureadtoken',
  'key',
  'accesskeyid',
  'secretkey',
  'authorization',
  'xapikey',
  'openaiapikey',
  'anthropicapikey',
  'googleapikey',
  'authkey',
  'apikeycredential',
  'tokenprovider',
  'xgoogapikey',
]
const modelNameKeys = [
  'model',
  'modelname',
  'modelid',
  'aimodelid',
  'azuredeployment',
  'deploymentname',
  'deployment',
  'deploymentid',
  'engine',
  'azureopenaiapideploymentname',
  'chatmodel',
  'llm',
  'defaultmodel',
  'deploymentormodelname',
  'modelkey',
  'chatmodelid',
  'generativemodel',
]
/** Content, plumbing and what is told elsewhere: no parameters. */
const notParameters = new Set([
  ...baseUrlNames,
  ...authNames,
  ...modelNameKeys,
  'messages',
  'prompt',
  'input',
  'contents',
  'content',
  'inputs',
  'query',
  'question',
  'text',
  'texts',
  'instructions',
  'system',
  'systemprompt',
  'systeminstruction',
  'preamble',
  'documents',
  'message',
  'history',
  'chathistory',
  'headers',
  'defaultheaders',
  'method',
  'body',
  'json',
  'data',
  'parameters',
  'config',
  'generationconfig',
  'options',
  'params',
  'requestoptions',
  'role',
  'httpclient',
  'client',
  'fetch',
  'context',
  'ctx',
  'httpagent',
  'contenttype',
  'accept',
  'file',
  'image',
  'addmessage',
  'addusermessage',
  'addsystemmessage',
  'usermessage',
  'systemmessage',
  'developermessage',
  'assistantmessage',
  'toolmessage',
  'user0',
  'signal',
  'configuration',
  'inferenceconfig',
  'clientoptions',
  'servicename',
  'regionname',
  'region',
  'awsregion',
  'callbacks',
  'callback',
  'organization',
  'orgid',
  'organizationid',
  'project',
  'projectid',
  'apiversion',
  'dangerouslyallowbrowser',
  'url',
  'uri',
  'post',
  'header',
  'addheader',
  'contentType',
  'requesttimeout0',
  'proxies',
  'verify',
  'auth',
  'cookies',
  'session',
  'span',
  'name',
  'extraheaders',
  'anthropicversion',
  'openaiorganization',
  'kwargs',
  'modelkwargs',
  'responsemodel0',
  'queryparams',
  'extrabody',
  'uribase',
  'logger',
  'output',
  'bufferencoding',
  'hostname',
  'port',
  'path',
  'protocol',
  'payload',
  'fields',
  'settings',
  'request',
  'clientconfig',
  'agent',
  'modelclient',
  'process',
  'agents',
  'task',
  'tasks',
  'goal',
  'backstory',
  'verbose',
])

export type Reading = {
  readonly baseUrl: string | null
  readonly model: string | null
  readonly auth: string | null
  /** A credential is given, whether or not the code tells from where. */
  readonly isAuthGiven: boolean
  readonly parameters: Readonly<Record<string, Json>>
}

type Context = { readonly tracer: Tracer; readonly names: ModelNames }

const wireName = (name: string): string =>
  name
    .replace(/^(?:With|with_|set(?=[A-Z])|Set(?=[A-Z]))/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase()

/** A value as JSON, as far as it is written out. */
const jsonOf = (context: Context, seen: Seen, depth: number): Json => {
  const value = evaluate(context.tracer, seen.node, seen.scope)
  if (value.kind === 'literal') return value.value
  if (value.kind === 'text') return value.isWhole && value.value.length <= 80 ? value.value : null
  if (value.kind === 'environment') return value.fallback === null ? `env:${value.name}` : numberOr(value.fallback)
  if (depth >= 3) return null
  if (value.kind === 'record' && value.rest.length === 0 && value.entries.length <= 12)
    return Object.fromEntries(value.entries.map((entry) => [entry.key, jsonOf(context, entry, depth + 1)]))
  if (value.kind === 'list' && value.items.length <= 8) {
    const items = value.items.map((item) => jsonOf(context, item, depth + 1))
    return items.every((item) => item !== null && typeof item !== 'object') ? items : null
  }
  if (value.kind === 'made' && value.node.items.length === 1) {
    const [only] = value.node.items
    if (only?.kind === 'node') return jsonOf(context, { node: only.node, scope: value.scope }, depth + 1)
  }
  return null
}

const numberOr = (text: string): Json => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)

const named = (given: Given, names: readonly string[]): (Seen & { readonly name: string }) | null => {
  for (const name of names) {
    const found = given.named.get(name)
    if (found !== undefined) return found
  }
  return null
}

const addressOf = (context: Context, seen: Seen): string | null => {
  const value = evaluate(context.tracer, seen.node, seen.scope)
  if (value.kind === 'text') return value.value === '' ? null : value.value
  if (value.kind === 'environment') return value.fallback ?? `env:${value.name}`
  if (value.kind === 'made' || seen.node.kind === 'join') {
    const first = value.kind === 'made' ? value.node.items[0] : undefined
    if (first?.kind === 'node' && value.kind === 'made')
      return deeper(context.tracer, null, () => addressOf(context, { node: first.node, scope: value.scope }))
    const { text } = textOf(context.tracer, seen.node, seen.scope)
    return /:\/\//.test(text) ? text : null
  }
  return null
}

/** What could be sent as a model: not the pattern of one, not a sentence. */
const isName = (text: string, isWhole: boolean): boolean =>
  /[A-Za-z0-9]/.test(isWhole ? text : text.replace(/\{[^}]*\}/g, '')) && !/\s/.test(text) && text.length <= 160

/** The model that an expression names: a text, a variable, a constant of an SDK, `openai("name")`. */
export const modelOf = (context: Context, seen: Seen): string | null => {
  const { names } = context
  const inner = (one: Seen): string | null => deeper(context.tracer, null, () => modelOf(context, one))
  const value = evaluate(context.tracer, seen.node, seen.scope)
  switch (value.kind) {
    case 'text':
      return isName(value.value, value.isWhole) ? value.value : null
    case 'environment':
      return value.fallback ?? `env:${value.name}`
    case 'symbol': {
      const constant = value.path.at(-1) ?? ''
      return modelOfConstant(names, constant)
    }
    case 'client':
      return modelOfClient(context, value)
    case 'made': {
      const [first] = value.node.items
      const model = first?.kind === 'node' ? inner({ node: first.node, scope: value.scope }) : null
      // A pattern that is filled in while running is no name.
      return model === null || /[%{]/.test(model) ? null : model
    }
    case 'list': {
      const [first] = value.items
      return first === undefined ? null : inner(first)
    }
    default:
      // `ChatModel.GPT_4O` whose class is unknown.
      return seen.node.kind === 'member' ? modelOfConstant(names, seen.node.name) : null
  }
}

/** Where an argument may name a model: by its place, or by its name. */
const modelNode = (item: Item): Node | null => {
  if (item.kind === 'node') return item.node
  if (item.kind === 'entry') return item.key === 'model' ? item.value : null
  const [target] = item.kind === 'assign' ? item.targets : []
  return item.kind === 'assign' && target?.kind === 'name' && /^model(?:_id)?$/.test(target.name) ? item.value : null
}

const modelOfClient = (context: Context, value: Extract<Value, { kind: 'client' }>): string | null => {
  for (const { node, scope } of value.made.toReversed()) {
    if (node.kind !== 'call') continue
    for (const item of node.items) {
      const inner = modelNode(item)
      if (inner === null) continue
      const found = evaluate(context.tracer, inner, scope)
      if (found.kind === 'text' && modelProvider(context.names, found.value) !== null) return found.value
      const constant =
        found.kind === 'symbol' || found.kind === 'environment'
          ? deeper(context.tracer, null, () => modelOf(context, { node: inner, scope }))
          : null
      if (constant !== null) return constant
    }
  }
  return null
}

/** `env:NAME`, `literal`, or null when the code does not tell. */
export const authOf = (context: Context, seen: Seen): string | null => {
  const value = evaluate(context.tracer, seen.node, seen.scope)
  if (value.kind === 'environment') return `env:${value.name}`
  if (value.kind === 'text') {
    const variable = /\{([A-Z][A-Z0-9_]{3,})\}/.exec(value.value)?.[1]
    if (variable !== undefined) return `env:${variable}`
    return value.isWhole && value.value !== '' ? 'literal' : environmentWithin(context.tracer, seen)
  }
  if (value.kind === 'made') {
    for (const item of value.node.items) {
      const inner =
        item.kind === 'node'
          ? item.node
          : item.kind === 'entry'
            ? item.value
            : item.kind === 'assign'
              ? item.value
              : null
      const found =
        inner === null ? null : deeper(context.tracer, null, () => authOf(context, { node: inner, scope: value.scope }))
      if (found !== null) return found
    }
    const name = value.node.callee.kind === 'member' || value.node.callee.kind === 'name' ? value.node.callee.name : ''
    return /credential|token/i.test(name) ? 'credential' : null
  }
  return environmentWithin(context.tracer, seen)
}

/** The variable within `"Bearer " + key` or a template. */
const environmentWithin = (tracer: Tracer, { node, scope }: Seen): string | null => {
  const parts =
    node.kind === 'join'
      ? node.parts
      : node.kind === 'template'
        ? node.parts.filter((part) => typeof part !== 'string')
        : []
  for (const part of parts) {
    const value = evaluate(tracer, part, scope)
    if (value.kind === 'environment') return `env:${value.name}`
  }
  const direct = node.kind === 'name' ? evaluate(tracer, node, scope) : null
  return direct?.kind === 'environment' ? `env:${direct.name}` : null
}

/** What headers carry the credential. */
const headerAuth = (context: Context, given: Given): string | null => {
  const headers = named(given, ['headers', 'header', 'defaultheaders', 'extraheaders'])
  if (headers === null) return null
  const value = evaluate(context.tracer, headers.node, headers.scope)
  const entries = value.kind === 'record' ? value.entries : []
  for (const entry of entries) {
    if (!/^(?:authorization|x-api-key|api-key|x-goog-api-key)$/i.test(entry.key)) continue
    return authOf(context, entry) ?? `header:${entry.key.toLowerCase()}`
  }
  return null
}

/** Everything that is told; positional values are known by what they look like. */
export const readGiven = (context: Context, given: Given, { isHttp = false } = {}): Reading => {
  const { names } = context
  const base = named(given, isHttp ? ['baseurl'] : baseUrlNames)
  const modelGiven = named(given, modelNameKeys)
  const authGiven = named(given, isHttp ? ['apikey', 'authorization', 'xapikey'] : authNames)
  let baseUrl = base === null ? null : addressOf(context, base)
  let model = modelGiven === null ? null : modelOf(context, modelGiven)
  let auth = authGiven === null ? headerAuth(context, given) : authOf(context, authGiven)
  for (const seen of given.positional) {
    const value = evaluate(context.tracer, seen.node, seen.scope)
    if (value.kind === 'text') {
      if (/^https?:\/\//.test(value.value)) baseUrl ??= value.value
      else if (modelProvider(names, value.value) !== null) model ??= value.value
      else if (/^(?:sk|gsk|xai|AIza|r8|hf)[-_A-Za-z0-9]{12,}/.test(value.value)) auth ??= 'literal'
    } else if (value.kind === 'environment') {
      const role = variableRole(value.name)
      if (role === 'key') auth ??= `env:${value.name}`
      else if (role === 'base-url') baseUrl ??= value.fallback ?? `env:${value.name}`
      else if (role === 'model') model ??= value.fallback ?? `env:${value.name}`
    } else if (value.kind === 'symbol') model ??= modelOf(context, seen)
    else if (value.kind === 'client' && model === null) model = modelOfClient(context, value)
  }
  const parameters: Record<string, Json> = {}
  for (const [plain, seen] of given.named) {
    if (notParameters.has(plain) || plain.length > 40 || /[^a-z0-9]/.test(plain)) continue
    parameters[wireName(seen.name)] = jsonOf(context, seen, 0)
  }
  return {
    baseUrl:
      baseUrl !== null &&
      // A path alone is what is asked of a batch, not where.
      (baseUrl.startsWith('/') || knownUrl(baseUrl) === null) &&
      !/:\/\/|^env:|^[\w.-]+\.\w+(?::\d+)?(?:\/|$)|localhost/.test(baseUrl)
        ? null
        : baseUrl,
    model,
    auth,
    isAuthGiven: auth !== null || authGiven !== null,
    parameters,
  }
}
