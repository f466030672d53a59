/** Finds requests that are sent to LLM APIs without an SDK. */

import { draft } from '#audit/finding.ts'
import { knownUrl } from '#audit/rule/host.ts'
import { httpCallNames, httpLibrary, notHttp } from '#audit/rule/http-call.ts'
import type { CallNode, Item, Node } from '#audit/syntax/node.ts'
import { returnedValue } from '#audit/trace/call-value.ts'
import { curlOptions } from '#audit/trace/curl-options.ts'
import { environmentRead } from '#audit/trace/environment.ts'
import { addArguments, noGiven } from '#audit/trace/given.ts'
import { authOf, readGiven } from '#audit/trace/reading.ts'
import type { CallPlace, Scope } from '#audit/trace/scope.ts'
import { dottedName } from '#audit/trace/scope.ts'
import { braceItems, setLater } from '#audit/trace/set-on.ts'
import { deeper, evaluate } from '#audit/trace/tracer.ts'
import type { Seen, Value } from '#audit/trace/value.ts'
import type { Detector } from './detector.ts'
import { placeOf } from './sdk-call.ts'

const lastName = (node: CallNode): string =>
  node.callee.kind === 'name' || node.callee.kind === 'member' ? node.callee.name : ''

const nodeOf = (item: Item): Node | null => {
  if (item.kind === 'node') return item.node
  if (
    item.kind === 'entry' &&
    /^(?:url|uri|path|endpoint|baseURL|base_url|href|host|hostname|baseUrl)$/i.test(item.key ?? '')
  )
    return item.value
  const [target] = item.kind === 'assign' ? item.targets : []
  return item.kind === 'assign' && target?.kind === 'name' && /^(?:url|uri|path|endpoint)$/i.test(target.name)
    ? item.value
    : null
}

/** The text of an address argument; of `new URL(path, base)` and `hostname`/`path` records, both in one. */
const addressOf = (detector: Detector, { node, scope }: Seen): string | null => {
  const inside = (seen: Seen): string | null => deeper(detector.tracer, null, () => addressOf(detector, seen))
  const value = evaluate(detector.tracer, node, scope)
  if (value.kind === 'text') return value.value
  if (value.kind === 'environment') return value.fallback
  const maker = value.kind === 'made' ? lastName(value.node) : ''
  if (
    value.kind === 'made' &&
    /^(?:URL|URI|Uri|url|uri|parse|create|urljoin|Url|join|format|Format|Sprintf|sprintf|formatted|Parse|concat)$/.test(
      maker,
    )
  ) {
    for (const item of value.node.items) {
      const inner = item.kind === 'node' ? inside({ node: item.node, scope: value.scope }) : null
      if (inner !== null && knownUrl(inner) !== null) return inner
    }
  }
  if (value.kind === 'record') {
    const part = (key: string): string => {
      const entry = value.entries.find((one) => one.key === key)
      return entry === undefined ? '' : (inside(entry) ?? '')
    }
    const host = part('hostname') || part('host')
    return part('url') || (host === '' ? null : `https://${host}${part('path')}`)
  }
  return null
}

/** `base_uri "https://…"` in the body of a class that includes HTTParty, and `self.class.post`. */
const classBase = (
  detector: Detector,
  { scope }: CallPlace,
): { readonly url: string; readonly auth: string | null; readonly library: string } | null => {
  if (detector.unit.language !== 'ruby') return null
  let owner: Scope | null = scope
  while (owner !== null && owner.kind !== 'class') owner = owner.parent
  const said = detector.unit.calls.find(
    (one) => one.scope === owner && one.node.callee.kind === 'name' && one.node.callee.name === 'base_uri',
  )
  const [first] = said?.node.items ?? []
  const url = first?.kind === 'node' && owner !== null ? addressOf(detector, { node: first.node, scope: owner }) : null
  return url === null || knownUrl(url) === null ? null : { url, auth: null, library: 'HTTParty' }
}

const isConnection = ({ callee }: CallNode): boolean => /^Net\.HTTP\.(?:new|start)$/.test(dottedName(callee) ?? '')

/** `Net::HTTP.start(host)` opens the connection over which the requests of the same function go; they name a path only. */
const connectionBase = (
  detector: Detector,
  { node, scope }: CallPlace,
): { readonly url: string; readonly auth: string | null; readonly library: string } | null => {
  if (detector.unit.language !== 'ruby' || isConnection(node)) return null
  const opened = detector.unit.calls.find((one) => one.scope === scope && isConnection(one.node))
  const [first] = opened?.node.items ?? []
  const host = first?.kind === 'node' ? addressOf(detector, { node: first.node, scope }) : null
  return host === null || knownUrl(host)?.isHost !== true
    ? null
    : { url: host.includes('://') ? host : `https://${host}`, auth: null, library: 'Net.HTTP' }
}

type Base = { readonly url: string; readonly auth: string | null; readonly library: string }

/** What a client of HTTP was made with says where it asks; a link of a chain hands on what stands before it: `web.post().uri(…)`. */
const madeBase = (detector: Detector, value: Extract<Value, { kind: 'made' }>): Base | null => {
  const given = noGiven()
  addArguments(detector.tracer, given, { items: value.node.items, scope: value.scope })
  // `new HttpClient { BaseAddress = … }`, and `http.BaseAddress = …` on a line of its own.
  addArguments(detector.tracer, given, { items: braceItems(value.node, value), scope: value.scope })
  addArguments(detector.tracer, given, { items: setLater(value), scope: value.scope })
  const base =
    ['baseurl', 'baseuri', 'prefixurl', 'url', 'baseaddress']
      .map((name) => given.named.get(name))
      .find((one) => one !== undefined) ?? given.positional[0]
  const url = base === undefined ? null : addressOf(detector, base)
  if (url !== null && knownUrl(url) !== null) {
    const reading = readGiven(detector, given, { isHttp: true })
    return { url, auth: reading.auth, library: dottedName(value.node.callee) ?? '' }
  }
  if (value.node.callee.kind !== 'member') return null
  const before = evaluate(detector.tracer, value.node.callee.object, value.scope)
  return before.kind === 'made' ? deeper(detector.tracer, null, () => madeBase(detector, before)) : null
}

/** The base address of the HTTP client that is called through: `axios.create({ baseURL })`, `httpx.Client(base_url=…)`. */
const baseOf = (detector: Detector, { node, scope }: CallPlace): Base | null => {
  // A class of Ruby that includes HTTParty calls its own `post`.
  if (node.callee.kind !== 'member') return classBase(detector, { node, scope })
  const holder = evaluate(detector.tracer, node.callee.object, scope)
  // A method that makes the connection, called by its bare name.
  const value =
    holder.kind === 'function'
      ? deeper(detector.tracer, holder, () => returnedValue(detector.tracer, holder.scope))
      : holder
  if (value.kind !== 'made') return classBase(detector, { node, scope }) ?? connectionBase(detector, { node, scope })
  return madeBase(detector, value)
}

const libraryPath = (detector: Detector, { node, scope }: CallPlace): string => {
  let inner: Node = node.callee
  for (let links = 0; links < 40; links += 1) {
    const value = evaluate(detector.tracer, inner, scope)
    if (value.kind === 'symbol') return [value.module, ...value.path].filter((part) => part !== '').join('.')
    if (value.kind === 'made') {
      const made = evaluate(detector.tracer, value.node.callee, value.scope)
      if (made.kind === 'symbol') return [made.module, ...made.path].filter((part) => part !== '').join('.')
    }
    if (inner.kind === 'member') inner = inner.object
    else if (inner.kind === 'call') inner = inner.callee
    else break
  }
  return dottedName(node.callee) ?? ''
}

const joined = (base: string, path: string): string =>
  /^\w+:\/\//.test(path) ? path : `${base.replace(/\/$/, '')}/${path.replace(/^\//, '')}`

type Request = { readonly url: string; readonly auth: string | null; readonly library: string }

const requestOf = (detector: Detector, place: CallPlace): Request | null => {
  const { node, scope } = place
  const name = lastName(node)
  // A read of a variable with an address as its default asks for nothing.
  if (!httpCallNames.test(name) || environmentRead(node, scope) !== null) return null
  const base = baseOf(detector, place)
  for (const item of [...node.items, ...braceItems(node, place)].slice(0, 6)) {
    const inner = nodeOf(item)
    const text = inner === null ? null : addressOf(detector, { node: inner, scope })
    if (text === null || text === '' || /^(?:GET|POST|PUT|PATCH|DELETE)$/i.test(text)) continue
    // What is sent over a socket is no path.
    if (base !== null && !/\s|^(?:\{(?:"|\}$)|\[)/.test(text)) return { ...base, url: joined(base.url, text) }
    const known = knownUrl(text)
    if (known === null || (!known.isHost && !/^(?:https?:|\/|\{)/.test(text))) continue
    // A path alone is sent by a client whose address is not known; a router that serves it looks alike.
    if (!/:\/\//.test(text) && !/^\{/.test(text) && !known.isHost && isServer(node)) continue
    return { url: text, auth: null, library: libraryPath(detector, place) }
  }
  return null
}

const mocks =
  /^(?:nock|msw|respx|responses|httpretty|requests_mock|httpx_mock|wiremock|stub_request|WebMock|fetchMock|moxios)$/

const isMocked = (node: CallNode): boolean => {
  let inner: Node = node
  for (let links = 0; links < 40; links += 1) {
    if (inner.kind === 'member') inner = inner.object
    else if (inner.kind === 'call') inner = inner.callee
    else break
  }
  return inner.kind === 'name' && mocks.test(inner.name)
}

/** `app.post("/v1/chat/completions", handler)` serves. */
const isServer = (node: CallNode): boolean => {
  const object = node.callee.kind === 'member' ? (dottedName(node.callee.object) ?? '') : ''
  return (
    !/(?:client|http|session|axios|api|fetch|requests|conn|mock_?client)/i.test(object) ||
    node.items.some((item) => item.kind === 'node' && item.node.kind === 'function') ||
    /^(?:app|router|server|route|r|mux|test|nock|mock|page|fastify)$/i.test(object)
  )
}

/** A connection that nothing is sent through yet. */
const isNoRequest = ({ node, scope }: CallPlace, { library }: Request): boolean =>
  (lastName(node) === 'new' && /^(?:Faraday|Excon|HTTP)\b/.test(library)) ||
  (scope.unit.language === 'ruby' && isConnection(node))

const sending = /^(?:bearer_auth|basic_auth|header|headers|error_for_status)$/

/** Whether links of the chain do what only requests do. */
const isSending = ({ node }: CallPlace): boolean => {
  let inner: Node = node
  for (let links = 0; links < 40; links += 1) {
    if (inner.kind === 'call') {
      if (sending.test(lastName(inner))) return true
      inner = inner.callee
    } else if (inner.kind === 'member') inner = inner.object
    else return false
  }
  return false
}

const isMerelyAddress = (detector: Detector, place: CallPlace): boolean => {
  const name = lastName(place.node)
  if (!notHttp.test(name) || isSending(place)) return false
  // `new URL(x)`, `dict.get(x)`: only where the callee is a request or an HTTP library.
  return !/(?:http|request|fetch|client|session|axios|net|curl|webclient|webrequest|rest|faraday|guzzle|reqwest|ureq|got|ky)/i.test(
    libraryPath(detector, place),
  )
}

export const detectHttpCalls = (detector: Detector): void => {
  const taken: { readonly start: number; readonly end: number }[] = []
  for (const place of detector.unit.calls) {
    const { node } = place
    // The outermost call of a chain speaks for the whole of it.
    if (taken.some(({ start, end }) => node.start >= start && node.end <= end)) continue
    if (detector.drafts.some((one) => one.start === node.start && one.end === node.end)) continue
    const found = requestOf(detector, place) ?? chainRequest(detector, place)
    if (found === null || isMerelyAddress(detector, place) || isMocked(node) || isNoRequest(place, found)) continue
    taken.push({ start: node.start, end: node.end })
    report(detector, place, found)
  }
}

/** `HttpRequest.newBuilder().uri(…).header(…).build()`: the address is in an inner link. */
const chainRequest = (detector: Detector, { node, scope }: CallPlace): Request | null => {
  let inner: Node = node.callee
  for (let links = 0; links < 40; links += 1) {
    if (inner.kind === 'member') inner = inner.object
    else if (inner.kind === 'call') {
      const found = requestOf(detector, { node: inner, scope })
      if (found !== null) return found
      inner = inner.callee
    } else return null
  }
  return null
}

/** What the links of the call are given, and what is set on what it makes. */
const chainArguments = (detector: Detector, { node, scope }: CallPlace) => {
  const given = noGiven()
  let auth: string | null = null
  for (let inner: Node = node, links = 0; links < 40; links += 1) {
    if (inner.kind === 'call') {
      const name = lastName(inner)
      addArguments(detector.tracer, given, { items: inner.items, scope })
      addArguments(detector.tracer, given, { items: braceItems(inner, { scope }), scope })
      const [key, value] = inner.items
      if (
        /header/i.test(name) &&
        key?.kind === 'node' &&
        key.node.kind === 'text' &&
        value?.kind === 'node' &&
        /^(?:authorization|x-api-key|api-key|x-goog-api-key)$/i.test(key.node.value)
      )
        auth = authOf(detector, { node: value.node, scope }) ?? `header:${key.node.value.toLowerCase()}`
      if (/^(?:bearer_auth|bearerAuth|withToken)$/.test(name) && key?.kind === 'node')
        auth = authOf(detector, { node: key.node, scope })
      inner = inner.callee
    } else if (inner.kind === 'member') inner = inner.object
    else break
  }
  addArguments(detector.tracer, given, {
    items: [...setLater({ node, scope }), ...curlOptions({ node, scope })],
    scope,
  })
  return { given, auth }
}

const report = (detector: Detector, place: CallPlace, { url, auth, library }: Request): void => {
  const { given, auth: chained } = chainArguments(detector, place)
  const reading = readGiven(detector, given, { isHttp: true })
  const known = knownUrl(url)
  const inPath = /\/models\/([\w.-]+):|\/model\/([^/{}]+)\/(?:invoke|converse)|\/deployments\/([^/{}]+)\//.exec(url)
  const inQuery = /[?&]key=\{([A-Z0-9_]+)\}/.exec(url)?.[1]
  detector.reached.push(place)
  detector.drafts.push(
    draft({
      kind: 'raw-http',
      ...placeOf(detector, place.node, place.scope),
      sdk: httpLibrary(library, detector.unit),
      provider: known?.provider ?? null,
      endpoint: known?.endpoint ?? null,
      baseUrl: url,
      model: reading.model ?? inPath?.[1] ?? inPath?.[2] ?? inPath?.[3] ?? null,
      auth: chained ?? reading.auth ?? auth ?? (inQuery === undefined ? null : `env:${inQuery}`),
      parameters: reading.parameters,
    }),
  )
}
