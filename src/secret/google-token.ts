/**
 * Access tokens of a Google service account: a signed statement exchanged for a token of an hour.
 * https://developers.google.com/identity/protocols/oauth2/service-account#httprest, read 2026-11-28.
 */

import { Buffer } from 'node:buffer'
import { importPKCS8, SignJWT } from 'jose'
import type { JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'
import type { Secret } from '#base/log.ts'
import { Problem } from '#base/problem.ts'
import { countOf } from '#base/usage.ts'
import type { Ask, Token } from '#http/token-keeper.ts'

const scope = 'https://www.googleapis.com/auth/cloud-platform'
const statementS = 3_600

/** Where service accounts are exchanged, unless their JSON says otherwise. */
export const googleTokenUrl = 'https://oauth2.googleapis.com/token'

export type ServiceAccount = {
  readonly email: string
  readonly privateKey: string
  readonly keyId: string | null
  readonly tokenUrl: string
  readonly project: string | null
}

const textAt = (document: JsonObject, name: string): string | null => {
  const value = document[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The service account that a credential is; `null` = it is a token or a key to be sent as it is. */
export const serviceAccountOf = (credential: Secret): ServiceAccount | null => {
  const text = credential.reveal().trim()
  if (!text.startsWith('{')) return null
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // Begins like JSON and is none: a key of another kind.
    return null
  }
  if (!isObject(document)) return null
  const [email, privateKey] = [textAt(document, 'client_email'), textAt(document, 'private_key')]
  if (email === null || privateKey === null) return null
  const tokenUrl = textAt(document, 'token_uri') ?? googleTokenUrl
  return {
    email,
    privateKey,
    keyId: textAt(document, 'private_key_id'),
    tokenUrl,
    project: textAt(document, 'project_id'),
  }
}

const refused = (message: string, status: number | null, cause?: unknown): Problem =>
  new Problem('upstream_error', {
    message: `${message} Your own key is fine: the operator has to mend the service account.`,
    facts: { fault: 'credential', ...(status === null ? {} : { upstream_status: status }) },
    ...(cause === undefined ? {} : { cause }),
  })

const statementOf = async (account: ServiceAccount, nowMs: number): Promise<string> => {
  const nowS = Math.floor(nowMs / 1000)
  try {
    const key = await importPKCS8(account.privateKey, 'RS256')
    return await new SignJWT({ scope })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(account.keyId === null ? {} : { kid: account.keyId }) })
      .setIssuer(account.email)
      .setAudience(account.tokenUrl)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + statementS)
      .sign(key)
  } catch (cause) {
    throw refused("The private key of the provider's service account cannot be read.", null, cause)
  }
}

/** A new token. @throws Problem with the fault `credential` where Google gives none. */
export const exchangeToken = async (
  account: ServiceAccount,
  { nowMs, ask }: { readonly nowMs: number; readonly ask: Ask },
): Promise<Token> => {
  const form = new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: await statementOf(account, nowMs),
  })
  const { status, document } = await ask({
    method: 'POST',
    url: account.tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'drover' },
    body: { kind: 'bytes', bytes: Buffer.from(form.toString()) },
  })
  const text = document === null ? null : textAt(document, 'access_token')
  if (status !== 200 || text === null) throw refused('The provider gave its service account no token.', status)
  const lifeS = countOf(document?.['expires_in']) ?? statementS
  return { text, endsMs: nowMs + lifeS * 1000 }
}
