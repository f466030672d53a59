/**
 * The token that Azure Key Vault is asked with: of an application with a secret, of one that a cluster vouches for, or of the managed identity
 * of this machine.
 */

import { Buffer } from 'node:buffer'
import type { Clock } from '#base/clock.ts'
import type { JsonObject } from '#base/json-type.ts'
import type { Ask, Token } from '#http/token-keeper.ts'
import { refusedBy } from './place.ts'
import type { AzureApplication, AzureManaged, AzurePlace } from './settings.ts'

export type AzureWays = {
  readonly ask: Ask
  /** Reaches addresses of the machine itself, and is used for tokens alone. */
  readonly askMachine: Ask
  /** A file that is written anew when the token in it ends. */
  readonly readFile: (path: string) => Promise<string>
  readonly clock: Pick<Clock, 'nowMs'>
}

type Parts = AzureWays & { readonly place: AzurePlace; readonly resource: string }

const secondsOf = (value: unknown): number | null =>
  typeof value === 'number' ? value : typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : null

/** `expires_in` is a number or its text, `expires_on` seconds since 1970; one of them is there. */
const endOf = (document: JsonObject | null, nowMs: number): number => {
  const [lifeS, atS] = [secondsOf(document?.['expires_in']), secondsOf(document?.['expires_on'])]
  if (lifeS !== null) return nowMs + lifeS * 1000
  return atS === null ? nowMs : atS * 1000
}

const assertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/**
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, read 2026-11-29: with a secret, or with a statement of
 * another issuer that the application trusts.
 */
const applicationToken = async (
  { ask, readFile, resource, clock }: Parts,
  { tenantId, clientId, proof, authority }: AzureApplication,
): Promise<Token> => {
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    scope: `${resource}/.default`,
    ...(proof.kind === 'secret'
      ? { client_secret: proof.secret.reveal() }
      : { client_assertion_type: assertion, client_assertion: (await readFile(proof.file)).trim() }),
  })
  const nowMs = clock.nowMs()
  const { status, document } = await ask({
    method: 'POST',
    url: `${authority}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'drover' },
    body: { kind: 'bytes', bytes: Buffer.from(form.toString()) },
  })
  const text = document?.['access_token']
  if (status !== 200 || typeof text !== 'string')
    throw refusedBy('Azure', status, 'the application got no token; look at tenant_id, client_id and client_secret')
  return { text, endsMs: endOf(document, nowMs) }
}

const instance = 'http://169.254.169.254'

/**
 * Virtual machines: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token. App Service and its like,
 * by two variables: https://learn.microsoft.com/azure/app-service/overview-managed-identity. Both read 2026-11-30.
 */
const managedToken = async ({ askMachine, resource, clock }: Parts, managed: AzureManaged): Promise<Token> => {
  const { clientId, service, metadata } = managed
  const url = new URL(service?.endpoint ?? `${metadata ?? instance}/metadata/identity/oauth2/token`)
  url.searchParams.set('api-version', service === null ? '2018-02-01' : '2019-08-01')
  url.searchParams.set('resource', resource)
  if (clientId !== null) url.searchParams.set('client_id', clientId)
  const own: Readonly<Record<string, string>> =
    service === null ? { metadata: 'true' } : { 'x-identity-header': service.header.reveal() }
  const nowMs = clock.nowMs()
  const headers = { ...own, 'user-agent': 'drover' }
  const { status, document } = await askMachine({ method: 'GET', url: url.href, headers, body: { kind: 'none' } })
  const text = document?.['access_token']
  if (status !== 200 || typeof text !== 'string')
    throw refusedBy(
      'The service of managed identities',
      status,
      'this machine has no such identity: give it one, or set secrets.azure.tenant_id, client_id and client_secret',
    )
  return { text, endsMs: endOf(document, nowMs) }
}

/** A new token for the resource. @throws Problem `upstream_error` where there is none. */
export const azureToken = (parts: Parts): Promise<Token> => {
  const { credentials } = parts.place
  return credentials.kind === 'application' ? applicationToken(parts, credentials) : managedToken(parts, credentials)
}
