/** Sign-in by OpenID Connect through openid-client: code with PKCE, state and nonce, one algorithm, signatures checked. */

import type { ClientAuth, Configuration } from 'openid-client'
import type { Clock } from '#base/clock.ts'
import type { Log } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { saying } from '#base/refusal.ts'
import type { FetchOptions } from '#http/fetch.ts'
import type { IssuerConfig } from './settings.ts'

/** What a browser keeps between its two visits. */
export type Going = {
  readonly issuer: string
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

/** Who came back. */
export type Arrived = {
  readonly subject: string
  /** `null` = the issuer gives none, or has not proven it. */
  readonly mail: string | null
  readonly name: string | null
  /** Whether it says that it has asked for a second factor, in a word that it is trusted for. */
  readonly hasSecondFactor: boolean
}

export type Fetch = (url: string, options: FetchOptions) => Promise<Response>

export type IssuerParts = {
  readonly fetch: (allowPrivate: boolean) => Fetch
  readonly clock: Clock
  /** Is told why a sign-in failed: whoever signs in is not. */
  readonly log: Pick<Log, 'warn'>
  /** Where issuers send browsers back to. */
  readonly redirectUrl: () => string
}

/** How long what an issuer says of itself is believed. */
const believedMs = 3_600_000

type Known = { readonly configuration: Configuration; readonly readMs: number }

const textOf = (value: unknown, lengthMax: number): string | null =>
  typeof value === 'string' && value !== '' && value.length <= lengthMax ? value : null

/** A line as any form here takes it. */
const lineOf = (value: unknown, lengthMax: number): string | null => {
  const text = typeof value === 'string' ? value.replace(/[\p{Cc}\s]+/gu, ' ').trim() : null
  return textOf(text, lengthMax)
}

const mailForm = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u

const mailOf = (value: unknown): string | null => {
  const text = textOf(value, 254)
  return text !== null && mailForm.test(text) ? text.toLowerCase() : null
}

/** What stood in the way, from the outside to the inside: words of ours and of the issuer, never what a token or a request held. */
const whyOf = (cause: unknown): string => {
  const words: string[] = []
  for (let at = cause; at instanceof Error && words.length < 4; at = at.cause) {
    const { error, error_description } = at as { error?: unknown; error_description?: unknown }
    const said = [lineOf(error, 100), lineOf(error_description, 300)].filter((text) => text !== null).join(': ')
    const status = at.cause instanceof Response ? ` ${at.cause.status}` : ''
    words.push(`${at.message}${status}${said === '' ? '' : ` (${said})`}`)
  }
  return words.join('; ')
}

/** As the issuer takes it: what it lists, else `client_secret_basic` (OpenID Connect Discovery 1.0, 3). */
const clientAuthOf = (client: typeof import('openid-client'), secret: string): ClientAuth => {
  const [inBody, inHead] = [client.ClientSecretPost(secret), client.ClientSecretBasic(secret)]
  return (server, ...request) => {
    const taken = server.token_endpoint_auth_methods_supported ?? []
    return (taken.includes('client_secret_post') ? inBody : inHead)(server, ...request)
  }
}

/** By `amr` (OpenID Connect Core 1.0, 2: a list of strings, as RFC 8176 has them) or `acr`; whatever else stands there is nothing. */
const saysSecondFactor = (
  { amr, acr }: { readonly amr?: unknown; readonly acr?: unknown },
  { trusted }: IssuerConfig,
): boolean =>
  (Array.isArray(amr) && amr.some((one) => typeof one === 'string' && trusted.amr.includes(one))) ||
  (typeof acr === 'string' && trusted.acr.includes(acr))

/** The issuers of the configuration; each is asked for its own description when it is first used. */
export const makeIssuers = (parts: IssuerParts) => {
  const known = new Map<string, Known>()

  const failed = (issuer: IssuerConfig, cause: unknown): Problem => {
    parts.log.warn('sign-in with an issuer failed', { issuer: issuer.id, why: whyOf(cause) })
    return new Problem('upstream_error', { ...saying('issuer_failed', { issuer: issuer.title }), cause })
  }

  const discover = async (issuer: IssuerConfig): Promise<Configuration> => {
    const before = known.get(issuer.id)
    if (before !== undefined && parts.clock.nowMs() - before.readMs < believedMs) return before.configuration
    const client = await import('openid-client')
    const fetch = parts.fetch(issuer.allowPrivate)
    const isPlain = issuer.allowPrivate && new URL(issuer.issuer).protocol === 'http:'
    const configuration = await client.discovery(
      new URL(issuer.issuer),
      issuer.clientId,
      { id_token_signed_response_alg: issuer.algorithm },
      clientAuthOf(client, issuer.clientSecret.reveal()),
      {
        [client.customFetch]: (url, options) => fetch(url, options as FetchOptions),
        // Without it a token that came over TLS is believed unsigned.
        execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
      },
    )
    known.set(issuer.id, { configuration, readMs: parts.clock.nowMs() })
    return configuration
  }

  return {
    /** What it says that it signs with; `null` = it does not say. Rejects with what is in the way, in words for the operator. */
    ask: async (issuer: IssuerConfig): Promise<{ readonly algorithms: readonly string[] | null }> => {
      try {
        const { id_token_signing_alg_values_supported: algorithms } = (await discover(issuer)).serverMetadata()
        return { algorithms: algorithms ?? null }
      } catch (cause) {
        throw new Error(whyOf(cause), { cause })
      }
    },
    /** Where the browser goes. @throws Problem `upstream_error`. */
    go: async (issuer: IssuerConfig): Promise<{ readonly url: string; readonly going: Going }> => {
      const client = await import('openid-client')
      try {
        const configuration = await discover(issuer)
        const verifier = client.randomPKCECodeVerifier()
        const going = { issuer: issuer.id, verifier, state: client.randomState(), nonce: client.randomNonce() }
        const url = client.buildAuthorizationUrl(configuration, {
          redirect_uri: parts.redirectUrl(),
          scope: issuer.scope,
          code_challenge: await client.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
          state: going.state,
          nonce: going.nonce,
        })
        return { url: url.href, going }
      } catch (cause) {
        throw failed(issuer, cause)
      }
    },
    /** `query`: what the issuer's redirect carried. @throws Problem `upstream_error` where any of it does not hold. */
    arrive: async (issuer: IssuerConfig, going: Going, query: string): Promise<Arrived> => {
      const client = await import('openid-client')
      try {
        const configuration = await discover(issuer)
        const url = new URL(parts.redirectUrl())
        url.search = query
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: going.verifier,
          expectedState: going.state,
          expectedNonce: going.nonce,
          idTokenExpected: true,
        })
        const claims = tokens.claims()
        if (claims === undefined) throw new Error('there is no ID token')
        const isProven = claims['email_verified'] === true
        return {
          subject: claims.sub,
          mail: isProven ? mailOf(claims['email']) : null,
          name: lineOf(claims['name'], 100),
          hasSecondFactor: saysSecondFactor({ amr: claims['amr'], acr: claims['acr'] }, issuer),
        }
      } catch (cause) {
        throw failed(issuer, cause)
      }
    },
  }
}

export type Issuers = ReturnType<typeof makeIssuers>
