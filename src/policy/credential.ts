/** The one place where a caller's credential is taken from a request. */

import { Problem } from '#base/problem.ts'
import { keyLengthMax } from './key.ts'

/** Where a credential stood, as it is named to the caller. */
export type CredentialPlace = 'Authorization' | 'x-api-key' | 'x-goog-api-key' | '?key=' | 'Sec-WebSocket-Protocol'

export type Credential = { readonly key: string; readonly place: CredentialPlace }

export type CredentialRequest = {
  /** Lower-case names; a header sent twice is joined by `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly query: URLSearchParams
  readonly path: string
  readonly method: string
}

type Found =
  | { readonly place: CredentialPlace; readonly key: string }
  | { readonly place: CredentialPlace; readonly fault: string }

const howTo = 'Send it as "Authorization: Bearer KEY" or "x-api-key: KEY".'
const howToAsGoogle = 'Send it as "x-goog-api-key: KEY" or "Authorization: Bearer KEY".'

/** Browsers can give a WebSocket no headers: OpenAI's clients put the key into the list of protocols (openai-node, realtime/websocket, read 2026-11-29). */
export const socketKeyPrefix = 'openai-insecure-api-key.'

/** Google's SDKs upload beside their API, where they are told that nothing is kept for them. */
const isGemini = (path: string): boolean =>
  path === '/v1beta' || path.startsWith('/v1beta/') || path.startsWith('/upload/v1beta/')

/** Google's SDKs since 3 call `/v1`: methods of models there are Gemini's alone, and lists are theirs where they say who they are. */
const isGeminiAtV1 = ({ path, method, headers }: CredentialRequest): boolean =>
  method === 'POST'
    ? /^\/v1\/models\/.+:\w+$/.test(path)
    : headers['x-goog-api-client'] !== undefined && /^\/v1\/models(?:\/|$)/.test(path)

const takesGoogleHeader = (request: CredentialRequest): boolean => isGemini(request.path) || isGeminiAtV1(request)

/** A link that carries its key may list models and make calls, but never fetch content: links are logged and shared. */
const takesQueryKey = (path: string, method: string): boolean =>
  isGemini(path) && (method !== 'GET' || path === '/v1beta/models' || path.startsWith('/v1beta/models/'))

const none: readonly string[] = []

const pieces = (value: string | undefined): readonly string[] => {
  if (value === undefined) return none
  const all = value.includes(',') ? value.split(',') : [value]
  return all.map((piece) => piece.trim()).filter((piece) => piece !== '')
}

const plainBearer = /^bearer\s+(\S+)$/i

const bearer = (value: string): Found | null => {
  const plain = plainBearer.exec(value)?.[1]
  if (plain !== undefined) return { place: 'Authorization', key: plain }
  const [scheme = '', ...rest] = value.split(/\s+/)
  const place = 'Authorization'
  if (scheme.toLowerCase() === 'bearer') {
    if (rest.length === 0) return null
    return { place, fault: 'the Authorization header has something after the key.' }
  }
  if (rest.length === 0)
    return { place, fault: 'the Authorization header lacks its scheme: write "Authorization: Bearer KEY".' }
  const shown = /^[A-Za-z0-9-]{1,20}$/.test(scheme) ? scheme : 'another'
  return { place, fault: `the Authorization header uses the ${shown} scheme; this server takes Bearer.` }
}

const found = (request: CredentialRequest): readonly Found[] => {
  const { headers, query, path, method } = request
  const all: Found[] = []
  for (const value of pieces(headers['authorization'])) {
    const one = bearer(value)
    if (one !== null) all.push(one)
  }
  for (const name of pieces(headers['sec-websocket-protocol']))
    if (name.startsWith(socketKeyPrefix))
      all.push({ place: 'Sec-WebSocket-Protocol', key: name.slice(socketKeyPrefix.length) })
  for (const key of pieces(headers['x-api-key'])) all.push({ place: 'x-api-key', key })
  if (takesGoogleHeader(request))
    for (const key of pieces(headers['x-goog-api-key'])) all.push({ place: 'x-goog-api-key', key })
  if (takesQueryKey(path, method))
    for (const key of query.getAll('key')) if (key !== '') all.push({ place: '?key=', key })
  return all
}

const missing = (request: CredentialRequest): Problem => {
  const { headers, query } = request
  const misplaced =
    headers['x-goog-api-key'] !== undefined && !takesGoogleHeader(request)
      ? ' The header x-goog-api-key counts only under /v1beta and for methods of Gemini.'
      : query.has('key')
        ? ' The parameter ?key= counts only under /v1beta, and not for fetching content.'
        : ''
  const how = isGemini(request.path) ? howToAsGoogle : howTo
  return new Problem('invalid_api_key', { message: `Incorrect API key provided: there is none. ${how}${misplaced}` })
}

const ambiguous = (first: CredentialPlace, other: CredentialPlace): Problem =>
  new Problem('ambiguous_credentials', {
    message:
      first === other
        ? `${other} was sent more than once, with different credentials. Send one.`
        : `${first} and ${other} carry different credentials. Remove ${other}, or ${first} if ${other} holds the key that you mean.`,
    facts: { remove: other },
  })

/**
 * The credential of a request, or the refusal: `invalid_api_key` where there is none or it cannot be read,
 * `ambiguous_credentials` where two places carry different ones. The same key in two places passes.
 * `Authorization: Bearer`, `x-api-key`; under `/v1beta` also `x-goog-api-key` and `?key=`; for Google's SDKs at `/v1` also the former.
 */
export const credentialOf = (request: CredentialRequest): Credential | Problem => {
  const all = found(request)
  const [first, ...others] = all
  if (first === undefined) return missing(request)
  for (const other of others) {
    const same = 'key' in first && 'key' in other && first.key === other.key
    if (!same) return 'fault' in first ? ambiguous(other.place, first.place) : ambiguous(first.place, other.place)
  }
  if ('fault' in first)
    return new Problem('invalid_api_key', { message: `Incorrect API key provided: ${first.fault} ${howTo}` })
  // Short-lived keys carry their settings; the head of a request bounds them.
  if (first.key.length > keyLengthMax && !first.key.startsWith('ek_'))
    return new Problem('invalid_api_key', {
      message: `Incorrect API key provided: it has ${first.key.length} characters, and no key has more than ${keyLengthMax}.`,
    })
  return first
}
