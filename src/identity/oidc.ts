/** Sign-in by OpenID Connect through openid-client: code with PKCE, state and nonce, one algorithm, signatures checked. */

import type { Configuration } from 'openid-client'
import type { Clock } from '#base/clock.ts'
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
  /** Where issuers send browsers back to. */
  readonly redirectUrl: () => string
}

/** How long what an issuer says of itself is believed. */
const believedMs = 3_600_000

type Known = { readonly configuration: Configuration; readonly readMs: number }

const failed = (issuer: IssuerConfig, cause: unknown): Problem =>
  new Problem('upstream_error', {
    ...saying('issuer_failed', { issuer: issuer.title }),
    cause,
  })

const textOf = (value: unknown, lengthMax: number): string | null =>
  typeof value === 'string' && value !== '' && value.length <= lengthMax ? value : null

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
      client.ClientSecretPost(issuer.clientSecret.reveal()),
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
          mail: isProven ? (textOf(claims['email'], 254)?.toLowerCase() ?? null) : null,
          name: textOf(claims['name'], 100),
          hasSecondFactor: saysSecondFactor({ amr: claims['amr'], acr: claims['acr'] }, issuer),
        }
      } catch (cause) {
        throw failed(issuer, cause)
      }
    },
  }
}

export type Issuers = ReturnType<typeof makeIssuers>
