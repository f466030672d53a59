/** A strict issuer of OpenID Connect on loopback, for tests: it checks what a client sends, and can be told to lie. */

import { createHash, generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'

export type Lie = {
  readonly claims?: Readonly<Record<string, unknown>>
  /** Signs with this instead of the key that it publishes. */
  readonly signs?: 'another key' | 'HS256' | 'none' | 'ES256'
}

/** What it takes the client's secret in, as it says of itself; absent: it says nothing, which means `client_secret_basic`. */
export type Taken = readonly ('client_secret_post' | 'client_secret_basic')[]

type Code = { readonly challenge: string; readonly nonce: string; readonly redirect: string }

export const clientId = 'drover'
export const clientSecret = 'the secret of the client'

const basicOf = (id: string, secret: string): string =>
  `Basic ${Buffer.from([id, secret].map((text) => new URLSearchParams({ _: text }).toString().slice(2)).join(':')).toString('base64')}`

const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = ''
  for await (const piece of request) text += String(piece)
  return new URLSearchParams(text)
}

const answer = (response: ServerResponse, status: number, value: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** Whether it is the client who asks, in one of the ways that are taken. */
const isClient = (form: URLSearchParams, head: string | undefined, taken: Taken | null): boolean => {
  const ways = taken ?? ['client_secret_basic']
  const inBody = form.get('client_id') === clientId && form.get('client_secret') === clientSecret
  const inHead = head === basicOf(clientId, clientSecret) && !form.has('client_secret')
  return (ways.includes('client_secret_post') && inBody) || (ways.includes('client_secret_basic') && inHead)
}

/** What an issuer says of itself. */
const descriptionOf = (origin: string, taken: Taken | null) => ({
  issuer: origin,
  authorization_endpoint: `${origin}/authorize`,
  token_endpoint: `${origin}/token`,
  jwks_uri: `${origin}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256'],
  code_challenge_methods_supported: ['S256'],
  ...(taken === null ? {} : { token_endpoint_auth_methods_supported: taken }),
})

/** What must stand in the address that a person is sent to; the text says what does not. */
const wrongIn = (given: (name: string) => string): string | null => {
  if (given('client_id') !== clientId) return 'client_id'
  if (given('response_type') !== 'code') return 'response_type'
  if (given('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(given('code_challenge'))) return 'code_challenge'
  if (!given('scope').split(' ').includes('openid')) return 'scope'
  if (!URL.canParse(given('redirect_uri'))) return 'redirect_uri'
  return given('state').length < 16 || given('nonce').length < 16 ? 'state or nonce' : null
}

/** Where a person says yes or no; a browser opens it. */
const consentPage = (back: string, yes: string, no: string): string => {
  const link = (query: string, text: string): string =>
    `<p><a href="${`${back}?${query}`.replaceAll('&', '&amp;')}">${text}</a></p>`
  return `<!doctype html><title>Issuer</title><h1>Who are you?</h1>${link(yes, 'It is me')}${link(no, 'Go back')}`
}

/** Listens until the test is over. `nowMs`: what it takes for now. */
export const startIssuer = async (context: Pick<TestContext, 'after'>, nowMs: () => number) => {
  const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keys = rsa()
  const others = { RS256: rsa(), ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }) }
  const codes = new Map<string, Code>()
  const refusals: string[] = []
  let taken: Taken | null = ['client_secret_basic', 'client_secret_post']
  let lie: Lie = {}
  let origin = ''
  let visits = 0
  let person: Readonly<Record<string, unknown>> = { sub: '42', email: 'ana@example.com', email_verified: true }

  const tokenOf = async (code: Code): Promise<string> => {
    const seconds = Math.floor(nowMs() / 1000)
    const times = { iat: seconds, exp: seconds + 300 }
    const claims = { iss: origin, aud: clientId, nonce: code.nonce, ...times, ...person, ...lie.claims }
    if (lie.signs === 'none') return new UnsecuredJWT(claims).encode()
    const alg = lie.signs === 'HS256' || lie.signs === 'ES256' ? lie.signs : 'RS256'
    const signed = new SignJWT(claims).setProtectedHeader({ alg, kid: 'one' })
    if (alg === 'HS256') return signed.sign(new TextEncoder().encode(clientSecret))
    if (alg === 'ES256') return signed.sign(others.ES256.privateKey)
    return signed.sign(lie.signs === 'another key' ? others.RS256.privateKey : keys.privateKey)
  }

  const refusalOf = (form: URLSearchParams, code: Code | undefined): string | null => {
    if (form.get('grant_type') !== 'authorization_code' || code === undefined) return 'invalid_grant'
    const verifier = form.get('code_verifier') ?? ''
    if (createHash('sha256').update(verifier).digest('base64url') !== code.challenge) return 'invalid_grant'
    return form.get('redirect_uri') === code.redirect ? null : 'invalid_grant'
  }

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = await bodyOf(request)
    const name = form.get('code') ?? ''
    const code = codes.get(name)
    codes.delete(name)
    const refusal = isClient(form, request.headers.authorization, taken) ? refusalOf(form, code) : 'invalid_client'
    if (refusal !== null || code === undefined) {
      refusals.push(refusal ?? '')
      return answer(response, 400, { error: refusal, error_description: `${refusal} it is` })
    }
    answer(response, 200, { access_token: 'x', token_type: 'Bearer', expires_in: 300, id_token: await tokenOf(code) })
  }

  const visit = (address: string): string => {
    const { searchParams } = new URL(address)
    const given = (name: string): string => searchParams.get(name) ?? ''
    const wrong = wrongIn(given)
    if (wrong !== null) throw new Error(`the issuer refuses ${wrong} of ${address}`)
    visits += 1
    const code = `code of visit ${visits}`
    codes.set(code, { challenge: given('code_challenge'), nonce: given('nonce'), redirect: given('redirect_uri') })
    return new URLSearchParams({ code, state: given('state'), iss: origin }).toString()
  }

  const authorize = (url: URL, response: ServerResponse): void => {
    const [state, back] = [url.searchParams.get('state') ?? '', url.searchParams.get('redirect_uri') ?? '']
    const no = new URLSearchParams({ error: 'access_denied', state, iss: origin }).toString()
    response.writeHead(200, { 'content-type': 'text/html' }).end(consentPage(back, visit(url.href), no))
  }

  const server = createServer(async (request, response) => {
    if (request.url === '/.well-known/openid-configuration') return answer(response, 200, descriptionOf(origin, taken))
    if (request.url === '/jwks')
      return answer(response, 200, { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] })
    if (request.url === '/token') return token(request, response)
    if (request.url?.startsWith('/authorize?') === true) return authorize(new URL(request.url, origin), response)
    answer(response, 404, { error: 'not_found' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    origin,
    refusals,
    lies: (next: Lie) => {
      lie = next
    },
    takes: (next: Taken | null) => {
      taken = next
    },
    is: (next: typeof person) => {
      person = next
    },
    /** What a person's browser brings back from a visit to this address. */
    visit,
  }
}
