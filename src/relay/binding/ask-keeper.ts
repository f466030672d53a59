/** A request to the provider that keeps a thing. */

import { Buffer } from 'node:buffer'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import { Problem } from '#base/problem.ts'
import { hopsHeader, hopsTo } from '#http/hops.ts'
import type { UpstreamBody, UpstreamReply } from '#http/transport.ts'
import { protocols } from '#protocol/index.ts'
import type { Protocol } from '#protocol/protocol.ts'
import type { BindingForm } from '#resource/port.ts'
import type { Keeper } from './keeper.ts'

const connectTimeoutMs = 10_000
const headersTimeoutMs = 60_000
/** A provider may look through a large file before it answers. */
const uploadTimeoutMs = 600_000
const refusalBytesMax = 1_048_576
/** A document about a thing; one of more is not such a document. */
export const documentBytesMax = 8_388_608

/** Of a caller's headers those that mean something to the provider. */
const passedOn: Readonly<Record<BindingForm, readonly string[]>> = {
  openai: ['openai-beta'],
  anthropic: ['anthropic-version', 'anthropic-beta'],
}

/** Of the version that Drover speaks by itself. */
const ownHeaders: Readonly<Record<BindingForm, Readonly<Record<string, string>>>> = {
  openai: {},
  anthropic: { 'anthropic-version': '2023-06-01' },
}

export const protocolOf = (form: BindingForm): Protocol =>
  protocols[form === 'anthropic' ? 'anthropic-messages' : 'openai-chat']

export type KeeperAsk = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the version: `files/file-1/content`. */
  readonly path: string
  readonly query?: URLSearchParams
  readonly body?: UpstreamBody
  readonly contentType?: string
  /** The caller's; only some are passed on. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

const urlOf = ({ upstream, form }: Keeper, { path, query }: KeeperAsk): string => {
  const { vendor, provider } = upstream
  const endpoint = vendor.endpoint({ path, model: '', provider, protocol: protocolOf(form).name })
  const url = new URL(`${endpoint.baseUrl ?? provider.baseUrl}/${endpoint.path}`)
  // A key in the query is the caller's own.
  for (const [name, value] of query ?? []) if (name !== 'key') url.searchParams.append(name, value)
  for (const [name, value] of Object.entries(endpoint.query)) url.searchParams.set(name, value)
  return url.href
}

const headersOf = ({ upstream, form, credential }: Keeper, { headers, contentType }: KeeperAsk) => {
  const { vendor, provider } = upstream
  if (credential === null && !vendor.keyless)
    throw new Problem('upstream_error', {
      message: `Provider "${provider.name}" has no credential configured. The operator must set its api_key.`,
    })
  const own = Object.entries(provider.headers).map(([name, value]) => [name, value.reveal()] as const)
  const told = passedOn[form].flatMap((name) => {
    const value = headers?.[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...ownHeaders[form],
    ...Object.fromEntries(told),
    ...Object.fromEntries(own),
    'user-agent': 'drover',
    [hopsHeader]: hopsTo(headers ?? {}),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(credential === null ? {} : vendor.authorise(credential, protocolOf(form).name)),
  }
}

const collect = async (reply: UpstreamReply, bytesMax: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of reply.body) {
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) return null
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    reply.abort()
  }
}

const refusalOf = async ({ form }: Keeper, reply: UpstreamReply): Promise<Problem> => {
  const body = (await collect(reply, refusalBytesMax)) ?? Buffer.alloc(0)
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [name, typeof value === 'string' ? value : value.join(', ')]),
  )
  return protocolOf(form).client.readProblem({ status: reply.status, headers, body })
}

/** @throws Problem for what the provider refuses, and for a way that fails. */
export const askKeeper = async (keeper: Keeper, ask: KeeperAsk): Promise<UpstreamReply> => {
  const body = ask.body ?? { kind: 'none' }
  const reply = await keeper.upstream.transport.send({
    method: ask.method,
    url: urlOf(keeper, ask),
    headers: headersOf(keeper, ask),
    body,
    signal: ask.signal,
    connectTimeoutMs,
    headersTimeoutMs: body.kind === 'stream' ? uploadTimeoutMs : headersTimeoutMs,
  })
  if (reply.status >= 300) throw await refusalOf(keeper, reply)
  return reply
}

/** A document about a thing, read and as it came. */
export type KeeperDocument = { readonly text: string; readonly document: JsonObject }

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (cause instanceof SyntaxError) return null
    throw cause
  }
}

/** @throws Problem as `askKeeper`, and `upstream_error` where the answer is no JSON object of at most 8 MiB. */
export const askDocument = async (keeper: Keeper, ask: KeeperAsk): Promise<KeeperDocument> => {
  const bytes = await collect(await askKeeper(keeper, ask), documentBytesMax)
  const text = bytes?.toString('utf8') ?? ''
  const document = parse(text)
  if (isObject(document)) return { text, document }
  throw new Problem('upstream_error', {
    message: `Provider "${keeper.upstream.provider.name}" answered ${ask.method} ${ask.path.split('/')[0]} with something that is no JSON object.`,
    facts: { fault: 'protocol' },
  })
}

/** Whether a provider says that it has no such thing. */
export const isGone = (thrown: unknown): boolean => thrown instanceof Problem && thrown.status === 404

/** JSON as a body. */
export const jsonBody = (value: unknown): UpstreamBody => ({
  kind: 'bytes',
  bytes: Buffer.from(JSON.stringify(value)),
})
